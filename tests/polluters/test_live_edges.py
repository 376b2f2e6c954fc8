"""What a live or still picture is refused for, and when reading a channel ends."""

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bozhou_eco.common import clock
from bozhou_eco.common.video import VideoError, encode
from polluters.models import VideoChannel
from polluters.services import relay as relays
from polluters.services import video
from polluters.services.relay import Relay, Shot
from tests.polluters.test_live_video import LIMIT_S, camera, run, until

__all__ = ["camera"]
GB = VideoChannel(protocol="gb28181", name="国标")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def channel(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> VideoChannel:
    """A channel that no database knows: two seconds of ten pictures."""
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(VideoChannel, "save", lambda self: None)
    pictures = (np.full((48, 64, 3), 20 * n, np.uint8) for n in range(10))
    encode(tmp_path / "loop.mp4", pictures, rate=5)
    return VideoChannel(pk=1, name="全景", protocol="file", file="loop.mp4")


def test_a_national_channel_says_what_it_needs() -> None:
    with pytest.raises(VideoError, match="须由视频平台转出 HLS 或 RTSP 地址"):
        next(relays.shots(GB, threading.Event()))
    with pytest.raises(VideoError, match="须由视频平台转出 HLS 或 RTSP 地址"):
        video.picture(GB, now=NOW)


def test_a_picture_that_jpeg_cannot_hold_is_refused_in_words() -> None:
    tall = np.zeros((70_000, 1, 3), np.uint8)  # JPEG ends at 65,500
    for make in (relays.jpeg, video.jpeg):
        with pytest.raises(VideoError, match="画面无法编码"):
            make(tall)


def test_a_still_of_a_file_is_that_of_the_moment(channel: VideoChannel) -> None:
    """Two seconds of ten pictures, each 20 brighter than the one before."""
    for second, level in ((0.0, 0), (1.0, 100), (3.6, 160)):
        shown = video.picture(channel, now=datetime.fromtimestamp(1000 + second, UTC))
        assert abs(float(shown.mean()) - level) < 12
    channel.file = "../loop.mp4"
    with pytest.raises(VideoError, match="录像文件不存在"):
        video.picture(channel, now=NOW)


def test_a_still_of_a_stream_comes_from_named_networks_only(
    camera: VideoChannel, settings: Any
) -> None:
    assert video.picture(camera, now=NOW).shape == (48, 64, 3)
    settings.OUTBOUND_NETWORKS = []
    with pytest.raises(VideoError, match="内部地址"):
        video.picture(camera, now=NOW)


def test_a_stream_ends_within_a_picture_of_its_stop(
    camera: VideoChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    frames = relays.frames

    def counted(*given: Any, **more: Any) -> Iterator[Any]:
        try:
            yield from frames(*given, **more)
        finally:
            closed.append(True)

    monkeypatch.setattr(relays, "frames", counted)
    stop = threading.Event()
    found = relays.shots(camera, stop)
    assert next(found).jpeg.startswith(b"\xff\xd8")
    stop.set()
    assert next(found, None) is None
    assert closed == [True], "the capture is let go"


def test_a_loop_ends_before_it_begins_and_between_two_turns(
    channel: VideoChannel, tmp_path: Path
) -> None:
    pictures = (np.full((48, 64, 3), 200 * n, np.uint8) for n in range(2))
    encode(tmp_path / "loop.mp4", pictures, rate=4)
    stop = threading.Event()
    found = relays.shots(channel, stop)
    last, begun = None, time.monotonic()
    for shot in found:
        assert time.monotonic() - begun < LIMIT_S
        image = cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        last = shot
        if image.mean() > 100:  # the last picture of a turn
            stop.set()
    assert last is not None
    assert last.at <= clock.now().timestamp() + 0.2
    assert list(relays.shots(channel, stop)) == []


def test_who_comes_later_sees_the_last_picture_at_once(channel: VideoChannel) -> None:
    def source(_: VideoChannel, stop: threading.Event) -> Iterator[Shot]:
        yield Shot(1.0, b"only")
        stop.wait(LIMIT_S)

    hub = Relay(source)

    async def look() -> None:
        first = hub.join(channel)
        assert (await asyncio.wait_for(first.get(), LIMIT_S)).jpeg == b"only"
        later = hub.join(channel)
        assert later.get_nowait().jpeg == b"only"
        for box in (first, later):
            hub.leave(channel.pk, box)
        await until(lambda: not any(one.is_alive() for one in hub.threads))

    run(look)


def test_a_source_that_does_not_heed_its_stop_is_left(channel: VideoChannel) -> None:
    def source(_: VideoChannel, stop: threading.Event) -> Iterator[Shot]:
        while True:
            yield Shot(1.0, b"again")
            time.sleep(0.002)

    hub = Relay(source)

    async def look() -> None:
        box = hub.join(channel)
        await asyncio.wait_for(box.get(), LIMIT_S)
        hub.leave(channel.pk, box)
        await until(lambda: not any(one.is_alive() for one in hub.threads))

    run(look)
