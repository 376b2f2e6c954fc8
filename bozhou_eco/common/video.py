"""Reading and cutting video: open, step through frames, snapshot, cut without re-encoding.

FFmpeg (through PyAV) does the work. Nothing here raises anything but VideoError for a bad
file: corrupt, empty, truncated or of an unknown codec.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from bozhou_eco.common.outbound import OutboundRefusedError
from bozhou_eco.common.playlists import stream_options

Image = NDArray[np.uint8]

# Pictures above this are shrunk while decoding, so 8K cannot exhaust memory.
MOST_PIXELS = 3840 * 2160


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
def _opened(source: str | Path, **options: str) -> Iterator[Any]:
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
        container = av.open(str(source), options=options, timeout=(10.0, 10.0))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"无法打开视频：{_plain(error)}") from error
    try:
        if not container.streams.video:
            raise VideoError("文件中没有视频流")
        yield container
    finally:
        container.close()


def _plain(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error))[:120]


def probe(source: str | Path) -> VideoFacts:
    """Facts about a video's stream; VideoError if it cannot be opened."""
    with _opened(source) as container:
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise VideoError("没有此编码的解码器")
        average, base = stream.average_rate, stream.guessed_rate
        seconds = 0.0
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            seconds = container.duration / av.time_base
        return VideoFacts(
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            codec=stream.codec_context.name,
            rate=float(average or base or 0),
            seconds=seconds,
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


def frames(
    source: str | Path, *, per_second: float | None = None, strict: bool = False
) -> Generator[Frame, None, None]:
    """Frames in time order, at most ``per_second`` of them a second.

    A stream that breaks off after some frames ends quietly, unless ``strict``; one
    without a single frame raises VideoError. Times follow the stream's time stamps, so
    a variable rate keeps its true pace.
    """
    gap = 1.0 / per_second if per_second else 0.0
    first: float | None = None
    due, count = 0.0, 0
    with _opened(source) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            for frame in container.decode(stream):
                stamp = float(frame.time) if frame.time is not None else count / 25.0
                first = stamp if first is None else first
                at = stamp - first
                count += 1
                if at + 1e-6 < due:
                    continue
                due = due + gap if due + gap > at else at + gap
                yield Frame(at, _upright(frame))
        except (av.error.FFmpegError, ValueError) as error:
            if count == 0:
                raise VideoError(f"无法解码：{_plain(error)}") from error
            if strict:
                raise VideoError(f"第 {count} 帧后中断：{_plain(error)}") from error
    if count == 0:
        raise VideoError("没有可解码的画面")


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
    raise VideoError("没有可解码的画面")


def cut(source: str | Path, target: Path, *, start: float, end: float) -> float:
    """Copy packets from ``start`` to ``end`` (seconds) to an MP4, without re-encoding.

    Begins at the key frame at or before ``start``; returns the real start. Raises
    VideoError when nothing could be copied.
    """
    with _opened(source) as container, av.open(str(target), "w", format="mp4") as out:
        stream = container.streams.video[0]
        copy = out.add_stream_from_template(stream)
        base: Fraction = stream.time_base or Fraction(1, 90000)
        origin = stream.start_time or 0
        if start > 0:
            container.seek(int(origin + start / base), stream=stream, backward=True)
        begun: int | None = None
        shown = 0
        try:
            for packet in container.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                at = float((packet.pts - origin) * base)
                if begun is None:
                    if not packet.is_keyframe:
                        continue
                    begun, shown = min(packet.dts, packet.pts), packet.pts
                if at > end:
                    break
                packet.pts, packet.dts = packet.pts - begun, packet.dts - begun
                packet.stream = copy
                out.mux(packet)
        except (av.error.FFmpegError, ValueError) as error:
            if begun is None:
                raise VideoError(f"无法截取：{_plain(error)}") from error
    if begun is None:
        raise VideoError("所求时段没有画面")
    return float((shown - origin) * base)


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
