"""Live pictures of a channel: one capture, however many people look; none when nobody does.

A thread opens the channel with the first viewer, paces its pictures, and closes it within
one picture of the last viewer leaving. A viewer who is slow misses pictures, nobody waits
for anybody. Feeds and viewers of a process are bounded, since decoding is what costs.
"""

import asyncio
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import cv2
from django.conf import settings

from bozhou_eco.common import clock
from bozhou_eco.common.outbound import STREAMS, OutboundRefusedError, check_url
from bozhou_eco.common.video import Image, VideoError, frames, probe
from polluters.models import VideoChannel
from polluters.services.video import file_of

WIDEST = 1280
QUALITY = 72
# Of a stream that gives nothing at all, its reader gives up by itself after 10 s.
END = "画面已中断，正在重新连接"


class FullError(Exception):
    """No place is free; the text says so to the viewer."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as JPEG with its moment, or why there is none."""

    at: float
    jpeg: bytes = b""
    problem: str = ""

    def packed(self) -> bytes:
        """Return what goes over the wire: the moment as a big-endian double, the JPEG."""
        return struct.pack(">d", self.at) + self.jpeg


Mailbox = asyncio.Queue[Shot]
Source = Callable[[VideoChannel, threading.Event], Iterator[Shot]]


def shots(channel: VideoChannel, stop: threading.Event) -> Iterator[Shot]:
    """Yield what a channel shows, as it shows it, until ``stop``; VideoError if nothing."""
    if channel.protocol == VideoChannel.Protocol.GB28181:
        raise VideoError("国标通道须由视频平台转出 HLS 或 RTSP 地址后接入")
    if channel.protocol == VideoChannel.Protocol.FILE:
        yield from _looped(file_of(channel), stop)
        return
    try:
        check_url(channel.url, schemes=STREAMS)
    except OutboundRefusedError as error:
        raise VideoError(str(error)) from error
    began = time.monotonic()
    with closing(frames(channel.url, per_second=settings.VIDEO_RATE)) as found:
        for frame in found:
            # HLS comes in bursts of seconds: shown at the pace it was taken.
            if stop.wait(max(0.0, began + frame.at - time.monotonic())):
                return
            yield Shot(clock.now().timestamp(), jpeg(frame.image))


def _looped(path: Path, stop: threading.Event) -> Iterator[Shot]:
    """Yield a file again and again, at the same moment for everybody."""
    seconds = max(probe(path).seconds, 0.1)
    while not stop.is_set():
        begin = clock.now().timestamp()
        begin -= begin % seconds
        with closing(frames(path, per_second=settings.VIDEO_RATE)) as found:
            for frame in found:
                ahead = begin + frame.at - clock.now().timestamp()
                if ahead < -1.0 / settings.VIDEO_RATE:
                    continue  # the loop is already further
                if stop.wait(max(0.0, ahead)):
                    return
                yield Shot(begin + frame.at, jpeg(frame.image))
        if stop.wait(max(0.0, begin + seconds - clock.now().timestamp())):
            return


def jpeg(image: Image) -> bytes:
    """Return a picture as JPEG, no wider than a page shows."""
    height, width = image.shape[:2]
    if width > WIDEST:
        size = (WIDEST, max(1, round(height * WIDEST / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not good:
        raise VideoError("画面无法编码")
    return bytes(data)


@dataclass
class _Feed:
    """A channel that somebody looks at."""

    channel: VideoChannel
    loop: asyncio.AbstractEventLoop
    viewers: set[Mailbox] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)
    last: Shot | None = None
    over: bool = False


class Relay:
    """The feeds of one process; called from its event loop only."""

    def __init__(self, source: Source = shots) -> None:
        self.source = source
        self.feeds: dict[int, _Feed] = {}
        self.threads: set[threading.Thread] = set()

    @property
    def viewers(self) -> int:
        """How many people look."""
        return sum(len(feed.viewers) for feed in self.feeds.values())

    def join(self, channel: VideoChannel) -> Mailbox:
        """Return a mailbox that holds the newest picture; `FullError` if no place is free."""
        if self.viewers >= settings.VIDEO_VIEWERS:
            raise FullError("同时观看的人数已达上限，请稍后再试")
        feed = self.feeds.get(channel.pk)
        if feed is None:
            self.threads = {one for one in self.threads if one.is_alive()}
            if len(self.threads) >= settings.VIDEO_FEEDS:
                raise FullError("同时打开的通道已达上限，请稍后再试")
            feed = self.feeds[channel.pk] = _Feed(channel, asyncio.get_running_loop())
            thread = threading.Thread(
                target=self._run, args=(feed,), name=f"video-{channel.pk}", daemon=True
            )
            self.threads.add(thread)
            thread.start()
        box: Mailbox = asyncio.Queue(maxsize=1)
        feed.viewers.add(box)
        if feed.last is not None:
            box.put_nowait(feed.last)
        return box

    def leave(self, channel_id: int, box: Mailbox) -> None:
        """Take a viewer away; the last one closes the channel."""
        feed = self.feeds.get(channel_id)
        if feed is None or box not in feed.viewers:
            return
        feed.viewers.discard(box)
        if not feed.viewers:
            feed.stop.set()
            del self.feeds[channel_id]

    def _run(self, feed: _Feed) -> None:
        """Read the channel in a thread of its own."""
        problem = END
        try:
            for shot in self.source(feed.channel, feed.stop):
                if feed.stop.is_set():
                    break
                self._tell(feed, shot)
        except VideoError as error:
            problem = str(error)
        finally:
            last = Shot(clock.now().timestamp(), problem=problem)
            self._tell(feed, last)

    def _tell(self, feed: _Feed, shot: Shot) -> None:
        if feed.loop.is_closed():
            feed.stop.set()
            return
        feed.loop.call_soon_threadsafe(self._publish, feed, shot)

    def _publish(self, feed: _Feed, shot: Shot) -> None:
        if shot.problem and self.feeds.get(feed.channel.pk) is feed:
            del self.feeds[feed.channel.pk]  # the next viewer opens it anew
        feed.last = shot
        for box in feed.viewers:
            if box.full():
                box.get_nowait()
            box.put_nowait(shot)


relay = Relay()
