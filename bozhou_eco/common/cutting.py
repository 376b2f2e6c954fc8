"""Cutting recordings by copying packets; what cannot be copied is encoded anew.

A cut begins at the key frame at or before the wanted start, wherever the container's own
seeking lands. Errors of the source are VideoError, those of the disk OSError.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from bozhou_eco.common.video import VideoError, frames, opened, plain

# Containers without an index seek to somewhere near: they are entered this much before.
LOOK_BACK_SECONDS = 12.0
MILLISECONDS = Fraction(1, 1000)
KEY_EVERY = 50


class NotCopiedError(VideoError):
    """Packets that no MP4 can hold as they are: an old codec, or no time stamps."""


def cut(source: str | Path, target: Path, *, start: float, end: float) -> float:
    """Copy packets from ``start`` to ``end`` (seconds) to an MP4, without re-encoding.

    Begins at the key frame at or before ``start``; returns the real start. Raises
    VideoError when nothing could be copied, NotCopiedError when an MP4 cannot hold it.
    """
    near = max(start - LOOK_BACK_SECONDS, 0.0)
    for entry in (near, 0.0) if near else (0.0,):
        with opened(source) as container:
            stream = container.streams.video[0]
            base: Fraction = stream.time_base or Fraction(1, 90000)
            origin = stream.start_time or 0
            try:
                if entry:
                    container.seek(int(origin + entry / base), stream=stream)
                packets = _stamped(
                    _wanted(container, stream, origin * base, start, end)
                )
                first = next(packets, None)
            except (av.error.FFmpegError, ValueError) as error:
                if isinstance(error, VideoError):
                    raise
                raise VideoError(f"无法截取：{plain(error)}") from error
            if first is None:
                continue
            shown = float((first.pts - origin) * base)
            if entry and shown > start:
                continue  # the container's seeking landed too late
            _write(target, stream, first, packets)
            return shown
    raise VideoError("所求时段没有画面")


def _wanted(
    container: Any, stream: Any, origin: Fraction, start: float, end: float
) -> Iterator[Any]:
    """Packets from the last key frame at or before ``start`` (else the first) on."""
    held: list[Any] = []
    begun = False
    for packet in container.demux(stream):
        if packet.pts is None:
            if packet.size:
                raise NotCopiedError("码流没有时间戳")
            continue
        at = float(packet.pts * packet.time_base - origin)
        if begun and at > end:
            return
        if begun:
            yield packet
            continue
        if packet.is_keyframe and (at <= start + 1e-6 or not held):
            held = [packet]
        elif held:
            held.append(packet)
        if held and at > start:
            begun = True
            yield from held
    if not begun:
        yield from held


def _stamped(packets: Iterator[Any]) -> Iterator[Any]:
    """Packets that all have a decoding time: Matroska leaves out the first ones."""
    early: list[Any] = []
    known = False
    for packet in packets:
        if known:
            if packet.dts is not None:
                yield packet
            continue
        early.append(packet)
        known = packet.dts is not None
        if known:
            least = min(packet.dts, *(one.pts for one in early), packet.pts)
            step = max(int(packet.duration or 0), 1)
            for number, one in enumerate(reversed(early)):
                one.dts = least - step * number
            yield from early
    if early and not known:
        raise NotCopiedError("码流没有解码时间")


def _write(target: Path, stream: Any, first: Any, rest: Iterator[Any]) -> None:
    """Mux packets as far as the source can be read; OSError when the disk refuses."""
    begun = min(first.dts, first.pts)
    try:
        with av.open(str(target), "w", format="mp4") as out:
            try:
                copy = out.add_stream_from_template(stream)
            except ValueError as error:
                name = stream.codec_context.name
                raise NotCopiedError(f"编码 {name} 不能原样封装为 MP4") from error
            for packet in _until_broken(first, rest):
                packet.pts, packet.dts = packet.pts - begun, packet.dts - begun
                packet.stream = copy
                out.mux(packet)
    except av.error.FFmpegError as error:
        raise OSError(error.errno or 0, plain(error)) from error


def _until_broken(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    try:
        yield from rest
    except (av.error.FFmpegError, ValueError):
        return


def recode(source: str | Path, target: Path) -> None:
    """Encode a whole recording as H.264 at its own pace, upright.

    For what ``cut`` cannot copy. Raises VideoError for the source, OSError for the disk.
    """
    pictures = frames(source)
    first = next(pictures)
    try:
        with av.open(str(target), "w", format="mp4") as out:
            stream = out.add_stream("libx264", rate=25)
            stream.height, stream.width = (n // 2 * 2 for n in first.image.shape[:2])
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "18", "preset": "veryfast", "g": str(KEY_EVERY)}
            stream.codec_context.time_base = MILLISECONDS
            for frame in _same_size(first, pictures):
                image = frame.image[: stream.height, : stream.width]
                shaped = np.ascontiguousarray(image)
                made = av.VideoFrame.from_ndarray(shaped, format="bgr24")
                made.pts, made.time_base = round(frame.at * 1000), MILLISECONDS
                out.mux(stream.encode(made))
            out.mux(stream.encode())
    except av.error.FFmpegError as error:
        raise OSError(error.errno or 0, plain(error)) from error


def _same_size(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    last = first.at
    for frame in rest:
        if frame.image.shape == first.image.shape and frame.at > last + 5e-4:
            last = frame.at
            yield frame
