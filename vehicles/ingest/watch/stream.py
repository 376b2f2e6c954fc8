"""A live stream cut into overlapping pieces by copying packets, never re-encoding.

A piece holds a core of L seconds of stream time and a margin on both sides; where key
frames are farther apart than that, a core is as many times L as fit between them. Cores
touch, so a passing belongs to exactly one piece. Only key frames are decoded here.
"""

import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av

from bozhou_eco.common import clock
from bozhou_eco.common.outbound import OutboundRefusedError
from bozhou_eco.common.playlists import stream_options
from bozhou_eco.common.video import NO_DECODER, Image, VideoError
from vehicles.services.segments import PART_ENDING

OPEN_OPTIONS = {"rtsp_transport": "tcp", "stimeout": "5000000", "timeout": "5000000"}
MOST_WAITING = 6
# Every picture of these stands alone, and some of their streams carry no time stamps.
INTRA_CODECS = frozenset({"mjpeg", "mjpegb"})
# A reader further behind the camera than this stops looking until it has caught up.
LATE_SECONDS = 8.0
# A server first sends what it has kept; within this time the live edge becomes known.
SETTLE_SECONDS = 5.0
# Time stamps that step back by more, or ahead by more, begin a new count: the camera's
# clock was set, or its publisher started again behind the same address.
STEP_BACK_SECONDS, STEP_AHEAD_SECONDS = 1.0, 15.0


@dataclass
class Held:
    """A packet in the ring with its stream time in seconds."""

    at: float
    key: bool
    packet: Any


@dataclass
class Piece:
    """Packets of one piece; ``begins`` is the wall time of its first packet."""

    begins: datetime
    seconds: float
    core: tuple[float, float]
    packets: list[Held]
    template: Any
    moved: bool = True


@dataclass
class Look:
    """A decoded key frame and its stream time."""

    at: float
    image: Image


class StreamCutter:
    """Turns packets into pieces. Feed it packets in order; it never blocks."""

    def __init__(self, *, core: float, margin: float, started: datetime) -> None:
        self.core, self.margin, self.started = max(core, 1.0), margin, started
        self._ring: deque[Held] = deque()
        # Cores told so far, each of ``core`` seconds.
        self._number = 0
        self.last_at = 0.0

    def add(self, held: Held, template: Any) -> Piece | None:
        """Take a packet; returns a piece when one is complete."""
        if not self._ring and not held.key:
            return None  # nothing can be seen before the first key frame
        self._ring.append(held)
        self.last_at = max(self.last_at, held.at)
        if not held.key:
            return None
        cores = int((held.at - self.margin) / self.core + 1e-9) - self._number
        return self._cut(template, cores=cores) if cores > 0 else None

    def flush(self, template: Any) -> Piece | None:
        """What is left when the stream ends, if it has any core."""
        if self.last_at <= self._number * self.core + 0.5:
            return None
        return self._cut(template, cores=0)

    def _cut(self, template: Any, *, cores: int) -> Piece | None:
        """A piece with the next ``cores``, with 0 with all that is left."""
        last = cores == 0
        core_begins = self._number * self.core
        core_ends = self.last_at if last else core_begins + cores * self.core
        wanted = max(core_begins - self.margin, 0.0)
        start = 0
        for index, held in enumerate(self._ring):
            if held.at > wanted:
                break
            if held.key:
                start = index
        packets = list(self._ring)[start:]
        self._number += max(cores, 1)
        self._forget(core_ends - self.margin)
        if not packets or not packets[0].key:
            return None
        first = packets[0].at
        return Piece(
            begins=self.started + timedelta(seconds=first),
            seconds=packets[-1].at - first,
            core=(
                max(core_begins - first, 0.0),
                core_ends - first + (1e-3 if last else 0),
            ),
            packets=packets,
            template=template,
        )

    def _forget(self, before: float) -> None:
        """Drop packets older than the last key frame before the next piece."""
        keys = [
            i for i, held in enumerate(self._ring) if held.key and held.at <= before
        ]
        for _ in range(keys[-1] if keys else 0):
            self._ring.popleft()


def write_piece(piece: Piece, path: Path) -> None:
    """Mux a piece's packets into an MP4; the file appears whole or not at all.

    Raises OSError when the disk refuses it; the packets stay usable for another try.
    """
    part = path.with_suffix(PART_ENDING)
    first = piece.packets[0].packet
    offset = min(first.pts, first.dts)
    base = first.time_base
    try:
        with av.open(str(part), "w", format="mp4") as out:
            stream = out.add_stream_from_template(piece.template)
            for held in piece.packets:
                packet = av.Packet(bytes(held.packet))
                packet.pts = held.packet.pts - offset
                packet.dts = held.packet.dts - offset
                packet.time_base = base
                packet.is_keyframe = held.key
                packet.stream = stream
                out.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        part.unlink(missing_ok=True)
        raise OSError(str(error)) from error
    part.replace(path)


@dataclass
class Counters:
    """What happened since the last report."""

    packets: int = 0
    errors: int = 0
    dropped: int = 0
    drift: float = 0.0


class Stream:
    """An opened stream: iterate over key frames and finished pieces as they come."""

    def __init__(self, address: str, *, core: float, margin: float) -> None:
        try:
            options = stream_options(address)
        except OutboundRefusedError as error:
            raise VideoError(str(error)) from error
        try:
            options |= OPEN_OPTIONS if address.startswith("rtsp") else {}
            self._container = av.open(address, options=options, timeout=(8.0, 8.0))
        except (av.error.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise VideoError(f"无法连接：{reason[:120]}") from error
        try:
            self._video = self._usable()
        except VideoError:
            self._container.close()
            raise
        self._video.codec_context.skip_frame = "NONKEY"
        self._lengths = core, margin
        self.counters = Counters()
        self._intra = self._video.codec_context.name in INTRA_CODECS
        self._begin()

    def _usable(self) -> Any:
        """The video of the container, if it can be decoded and kept in an MP4."""
        if not self._container.streams.video:
            raise VideoError("流中没有视频，只有声音或数据")
        video = self._container.streams.video[0]
        if video.codec_context is None:
            raise VideoError(NO_DECODER)
        try:
            with av.open(io.BytesIO(), "w", format="mp4") as trial:
                trial.add_stream_from_template(video)
        except ValueError as error:
            name = video.codec_context.name
            raise VideoError(
                f"编码 {name} 不能封装为 MP4，请把摄像机设为 H.264 或 H.265"
            ) from error
        return video

    def _begin(self) -> None:
        """Count stream time from now on."""
        core, margin = self._lengths
        self.started = clock.now()
        self.cutter = StreamCutter(core=core, margin=margin, started=self.started)
        self._edge = 0.0
        self._decoded_at: float | None = None

    def close(self) -> None:
        """Let the connection go."""
        self._container.close()

    def read(self) -> Iterator[Look | Piece]:
        """Key frames and pieces until the stream ends; VideoError when it breaks."""
        origin: float | None = None
        try:
            for packet in self._container.demux(self._video):
                if packet.size and self._intra and packet.dts is None:
                    self._stamp(packet)
                if packet.pts is None or packet.dts is None:
                    continue
                stamp = float(packet.pts * packet.time_base)
                if self._stepped(float(packet.dts * packet.time_base)):
                    rest = self.rest()
                    if rest is not None:
                        yield rest
                    self.counters.errors += 1
                    self._begin()
                    origin = None
                origin = stamp if origin is None else origin
                at = stamp - origin
                self.counters.packets += 1
                late = self._keep_time(at)
                if packet.is_keyframe:
                    yield from self._look(packet, at, late=late > LATE_SECONDS)
                piece = self.cutter.add(
                    Held(at, packet.is_keyframe, packet), self._video
                )
                if piece is not None:
                    yield piece
        except (av.error.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise VideoError(f"视频流中断：{reason[:120]}") from error

    def _stepped(self, decoded_at: float) -> bool:
        """Whether the time stamps do not go on from those before."""
        before, self._decoded_at = self._decoded_at, decoded_at
        if before is None:
            return False
        step = decoded_at - before
        return step < -STEP_BACK_SECONDS or step > STEP_AHEAD_SECONDS

    def _keep_time(self, at: float) -> float:
        """Follow the camera's clock against ours; seconds by which a packet is late.

        What a server kept and sends at once lies in the past: the wall time of stream
        time is set by the newest packet of the first seconds.
        """
        elapsed = (clock.now() - self.started).total_seconds()
        if elapsed <= SETTLE_SECONDS and at - elapsed > self._edge:
            self._edge = at - elapsed
            self.cutter.started = self.started - timedelta(seconds=self._edge)
        self.counters.drift = at - elapsed - self._edge
        return -self.counters.drift

    def _stamp(self, packet: Any) -> None:
        """Give a picture without a time stamp the time of its arrival."""
        elapsed = (clock.now() - self.started).total_seconds()
        packet.pts = packet.dts = int(elapsed / packet.time_base)

    def rest(self) -> Piece | None:
        """The unfinished piece when the stream has ended or broken off."""
        return self.cutter.flush(self._video)

    def _look(self, packet: Any, at: float, *, late: bool) -> Iterator[Look]:
        if late:
            self.counters.dropped += 1
            return
        try:
            for frame in packet.decode():
                yield Look(at, frame.to_ndarray(format="bgr24"))
        except (av.error.FFmpegError, ValueError):
            self.counters.errors += 1
