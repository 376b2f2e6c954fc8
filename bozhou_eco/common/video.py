"""Reading and cutting video: open, step through frames, snapshot, cut without re-encoding.

FFmpeg (through PyAV) does the work. Nothing here raises anything but VideoError for a bad
file: corrupt, empty, truncated or of an unknown codec.
"""

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.hwaccel import HWAccel
from django.conf import settings
from numpy.typing import NDArray

from bozhou_eco.common.outbound import OutboundRefusedError
from bozhou_eco.common.playlists import stream_options

logger = logging.getLogger(__name__)

Image = NDArray[np.uint8]

# Seconds to open a source and to wait for its next packet.
PATIENCE = (10.0, 10.0)
# Pictures above this are shrunk while decoding, so 8K cannot exhaust memory.
MOST_PIXELS = 3840 * 2160
# A raw stream has no time stamps; FFmpeg's own tools take it to be of this rate.
UNSTAMPED_RATE = 25.0
# Told: a video that much shorter than its container says, gaps that differ that much
# from the usual one if there are so many of them.
SHORT_SECONDS, SHORT_SHARE = 1.0, 0.05
ODD_GAP, ODD_SHARE = 0.4, 0.1
LEAST_GAPS, MOST_GAPS = 10, 5000
NOTHING, NO_DECODER = "没有可解码的画面", "没有此编码的解码器"
# Names under which recordings come.
VIDEO_NAMES = frozenset(
    {".mp4", ".mkv", ".avi", ".mov", ".ts", ".flv", ".webm", ".m4v", ".h264", ".h265"}
    | {".mpg", ".mpeg", ".wmv", ".3gp", ".m2ts", ".dav", ".ps"}
)


class VideoError(ValueError):
    """A video that cannot be used; the message says why, in Chinese."""


@dataclass(frozen=True)
class VideoFacts:
    """What a container says of its video stream; durations in seconds."""

    width: int
    height: int
    codec: str
    rate: float
    seconds: float
    variable_rate: bool


@dataclass(frozen=True)
class Frame:
    """A picture (H×W×3 BGR, upright) and its time from the start, in seconds."""

    at: float
    image: Image


@contextmanager
def opened(source: str | Path, *, hardware: str = "", **options: str) -> Iterator[Any]:
    """A container with a video stream; VideoError where it cannot be opened.

    ``hardware`` names a device that decodes (``cuda``, ``qsv``); where there is none, or
    it does not know the codec, the processor decodes.
    """
    path = Path(str(source))
    if "://" not in str(source):
        if not path.is_file():
            raise VideoError(f"文件不存在：{path.name}")
        if path.stat().st_size == 0:
            raise VideoError("文件为 0 字节")
    try:
        options |= stream_options(str(source))
    except OutboundRefusedError as error:
        raise VideoError(str(error)) from error
    try:
        container = _container(str(source), hardware, options)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"无法打开视频：{plain(error)}") from error
    try:
        if not container.streams.video:
            raise VideoError("文件中没有视频流")
        yield container
    finally:
        container.close()


def _container(source: str, hardware: str, options: dict[str, str]) -> Any:
    if hardware:
        try:
            return av.open(
                source, options=options, timeout=PATIENCE, hwaccel=HWAccel(hardware)
            )
        except (av.error.FFmpegError, OSError, RuntimeError, ValueError) as error:
            logger.info("%s decodes nothing here: %s", hardware, error)
    return av.open(source, options=options, timeout=PATIENCE)


def plain(error: Exception) -> str:
    """An error of FFmpeg in a few words."""
    return (getattr(error, "strerror", None) or str(error))[:120]


def probe(source: str | Path) -> VideoFacts:
    """Facts about a video's stream; VideoError if it cannot be opened."""
    with opened(source) as container:
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise VideoError(NO_DECODER)
        average, base = stream.average_rate, stream.guessed_rate
        return VideoFacts(
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            codec=stream.codec_context.name,
            rate=float(average or base or 0),
            seconds=_declared(container, stream),
            variable_rate=bool(average and base and abs(average - base) > 1),
        )


def _upright(frame: Any) -> Image:
    image: Image = _sized(frame).to_ndarray(format="bgr24")
    turns = (-int(getattr(frame, "rotation", 0) or 0) // 90) % 4
    return np.ascontiguousarray(np.rot90(image, -turns)) if turns else image


def _sized(frame: Any) -> Any:
    pixels = frame.width * frame.height
    if pixels <= MOST_PIXELS:
        return frame
    factor = (MOST_PIXELS / pixels) ** 0.5
    return frame.reformat(
        width=int(frame.width * factor) // 2 * 2,
        height=int(frame.height * factor) // 2 * 2,
    )


@dataclass
class Reading:
    """What was noticed while a video was read; ``remarks`` says it in words."""

    size: tuple[int, int] = (0, 0)
    shown: tuple[int, int] = (0, 0)
    last: float = 0.0
    count: int = 0
    unstamped: bool = False
    damaged: int = 0
    broken: str = ""
    gaps: list[float] = field(default_factory=list)

    def see(self, frame: Any) -> float:
        """Take a decoded frame into account; its time, by its stamp where it has one."""
        stamp = frame.time
        at = float(stamp) if stamp is not None else self.count / UNSTAMPED_RATE
        if self.count and len(self.gaps) < MOST_GAPS:
            self.gaps.append(at - self.last)
        self.size = frame.width, frame.height
        self.last, self.count = at, self.count + 1
        return at

    def remarks(self, declared: float, first: float) -> list[str]:
        """What somebody who judges by this video should know of it."""
        seen = self.last - first + (float(np.median(self.gaps)) if self.gaps else 0.0)
        found = []
        if self.broken:
            found.append(f"视频在 {seen:.1f} s 处中断（{self.broken}），只分析到此处")
        elif declared - seen > max(SHORT_SECONDS, SHORT_SHARE * declared):
            found.append(f"视频标称 {declared:.1f} s，只解出 {seen:.1f} s")
        if self.damaged:
            found.append(f"视频有 {self.damaged} 处损坏，略过到其后的关键帧")
        if self.unstamped:
            found.append(f"码流没有时间戳，按每秒 {UNSTAMPED_RATE:.0f} 帧计时")
        if self.uneven():
            found.append(
                f"帧率不固定（帧间 {min(self.gaps):.3f}–{max(self.gaps):.3f} s），"
                "按时间戳取画面"
            )
        if self.shown != self.size and self.shown != self.size[::-1]:
            found.append("画面 {}×{} 缩小为 {}×{} 分析".format(*self.size, *self.shown))
        if self.shown[1] > self.shown[0]:
            found.append("画面为竖幅")
        return found

    def uneven(self) -> bool:
        """Whether frames follow each other at no fixed pace."""
        if len(self.gaps) < LEAST_GAPS:
            return False
        gaps = np.asarray(self.gaps)
        usual = float(np.median(gaps))
        odd = np.abs(gaps - usual) > ODD_GAP * usual
        return bool(odd.mean() > ODD_SHARE)


def frames(
    source: str | Path,
    *,
    per_second: float | None = None,
    strict: bool = False,
    notes: list[str] | None = None,
) -> Generator[Frame, None, None]:
    """Frames in time order, at most ``per_second`` of them a second.

    Damaged pictures are left out up to the next key frame and a stream that breaks off
    ends, unless ``strict``; one without a single frame raises VideoError. Times follow
    the stream's time stamps, so a variable rate keeps its true pace. What was noticed is
    added to ``notes`` at the end.
    """
    gap = 1.0 / per_second if per_second else 0.0
    first: float | None = None
    due, reading = 0.0, Reading()
    with opened(source, hardware=settings.VIDEO_HARDWARE) as container:
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise VideoError(NO_DECODER)
        stream.thread_type = "AUTO"
        for frame in _decoded(container, stream, reading, strict=strict):
            stamp = reading.see(frame)
            first = stamp if first is None else first
            at = stamp - first
            if at + 1e-6 < due:
                continue
            due = due + gap if due + gap > at else at + gap
            image = _upright(frame)
            reading.shown = image.shape[1], image.shape[0]
            yield Frame(at, image)
        if first is None:
            raise VideoError(
                f"无法解码：{reading.broken}" if reading.broken else NOTHING
            )
        if notes is not None:
            notes.extend(reading.remarks(_declared(container, stream), first))


def _decoded(
    container: Any, stream: Any, reading: Reading, *, strict: bool
) -> Iterator[Any]:
    """Decoded frames as far as the container can be read."""
    skipping = False
    try:
        for packet in container.demux(stream):
            if skipping and packet.size and not packet.is_keyframe:
                continue
            if packet.size and packet.pts is None and packet.dts is None:
                reading.unstamped = True
            try:
                pictures = packet.decode()
            except (av.error.FFmpegError, ValueError) as error:
                if strict or not packet.size:
                    raise
                reading.damaged, reading.broken = reading.damaged + 1, plain(error)
                skipping = True
                stream.codec_context.flush_buffers()
                continue
            skipping = False
            yield from pictures
            reading.broken = ""
    except (av.error.FFmpegError, ValueError) as error:
        reading.broken = plain(error)
        if strict and reading.count:
            raise VideoError(f"第 {reading.count} 帧后中断：{plain(error)}") from error


def _declared(container: Any, stream: Any) -> float:
    """The length in seconds that the container tells, 0 where it tells none."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration is not None else 0.0


def frames_at(source: str | Path, times: list[float]) -> dict[float, Image]:
    """The frames nearest at or after the given times (seconds from the start)."""
    wanted = sorted(times)
    found: dict[float, Image] = {}
    last: Frame | None = None
    for frame in frames(source):
        last = frame
        while wanted and frame.at + 1e-3 >= wanted[0]:
            found[wanted.pop(0)] = frame.image
        if not wanted:
            break
    if last is not None:
        found.update(dict.fromkeys(wanted, last.image))
    return found


def snapshot(source: str | Path) -> Image:
    """The first picture of a source; VideoError if there is none."""
    for frame in frames(source):
        return frame.image
    raise VideoError(NOTHING)


def encode(target: Path, pictures: Iterator[Image], *, rate: int) -> int:
    """Write pictures as H.264 (yuv420p, one key frame a second); returns their number."""
    count = 0
    with av.open(str(target), "w", format="mp4") as out:
        stream = None
        for picture in pictures:
            if stream is None:
                stream = out.add_stream("libx264", rate=rate)
                stream.height, stream.width = (
                    side // 2 * 2 for side in picture.shape[:2]
                )
                stream.pix_fmt = "yuv420p"
                stream.options = {"crf": "25", "preset": "veryfast", "g": str(rate)}
            shaped = np.ascontiguousarray(picture[: stream.height, : stream.width])
            frame = av.VideoFrame.from_ndarray(shaped, format="bgr24")
            out.mux(stream.encode(frame))
            count += 1
        if stream is not None:
            out.mux(stream.encode())
    return count
