"""Live pictures: one capture for all, freed when nobody looks, refused to strangers."""

import asyncio
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from channels.routing import URLRouter

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from bozhou_eco.common.video import VideoError, encode
from polluters import consumers
from polluters.models import VideoChannel
from polluters.routing import websocket_urlpatterns
from polluters.services import relay as relays
from polluters.services.relay import FullError, Relay, Shot
from tests import factories
from tests.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)
application = URLRouter(websocket_urlpatterns)
LIMIT_S = 30.0


@pytest.fixture
def channel(settings: Any, tmp_path: Path) -> VideoChannel:
    settings.MEDIA_ROOT = str(tmp_path)
    pictures = (np.full((48, 64, 3), 20 * n, np.uint8) for n in range(10))
    encode(tmp_path / "loop.mp4", pictures, rate=5)
    return VideoChannel.objects.create(
        outlet=factories.outlet(), name="全景", place="outlet", protocol="file",
        file="loop.mp4",
    )  # fmt: skip


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await asyncio.sleep(0.01)


class Counted:
    """A source that counts how often it was opened and closed."""

    def __init__(self) -> None:
        self.opened = self.closed = 0

    def __call__(self, channel: VideoChannel, stop: threading.Event) -> Iterator[Shot]:
        self.opened += 1
        try:
            while not stop.wait(0.005):
                yield Shot(time.time(), b"jpeg")
        finally:
            self.closed += 1


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 2 * LIMIT_S))


def test_many_viewers_share_one_capture_and_the_last_one_closes_it(
    channel: VideoChannel,
) -> None:
    source = Counted()
    hub = Relay(source)

    async def look() -> None:
        boxes = [hub.join(channel) for _ in range(5)]
        for box in boxes:
            assert (await asyncio.wait_for(box.get(), LIMIT_S)).jpeg == b"jpeg"
        assert (source.opened, hub.viewers) == (1, 5)
        for box in boxes[1:]:
            hub.leave(channel.pk, box)
        assert (await asyncio.wait_for(boxes[0].get(), LIMIT_S)).jpeg == b"jpeg"
        assert source.closed == 0
        hub.leave(channel.pk, boxes[0])
        hub.leave(channel.pk, boxes[0])
        await until(lambda: source.closed == 1)
        await until(lambda: not any(one.is_alive() for one in hub.threads))
        assert hub.feeds == {}
        again = hub.join(channel)
        await until(lambda: source.opened == 2)
        hub.leave(channel.pk, again)
        await until(lambda: source.closed == 2)

    run(look)


def test_a_slow_viewer_holds_up_nobody_and_gets_the_newest(
    channel: VideoChannel,
) -> None:
    hub = Relay(Counted())

    async def look() -> None:
        slow, quick = hub.join(channel), hub.join(channel)
        taken = [await asyncio.wait_for(quick.get(), LIMIT_S) for _ in range(50)]
        assert slow.qsize() == 1
        assert (await slow.get()).at >= taken[-2].at
        for box in (slow, quick):
            hub.leave(channel.pk, box)

    run(look)


def test_places_are_bounded(channel: VideoChannel, settings: Any) -> None:
    settings.VIDEO_FEEDS, settings.VIDEO_VIEWERS = 1, 2
    other = VideoChannel.objects.create(
        outlet=channel.outlet, name="站房", place="house", protocol="file", file="x.mp4"
    )
    hub = Relay(Counted())

    async def look() -> None:
        boxes = [hub.join(channel)]
        with pytest.raises(FullError, match="通道"):
            hub.join(other)
        boxes.append(hub.join(channel))
        with pytest.raises(FullError, match="人数"):
            hub.join(channel)
        for box in boxes:
            hub.leave(channel.pk, box)

    run(look)


def test_a_broken_source_is_told_and_opened_anew(channel: VideoChannel) -> None:
    def source(_: VideoChannel, stop: threading.Event) -> Iterator[Shot]:
        yield Shot(1.0, b"one")
        raise VideoError("没有画面")

    hub = Relay(source)

    async def look() -> None:
        box = hub.join(channel)
        async with asyncio.timeout(LIMIT_S):
            shot = await box.get()
            while not shot.problem:
                shot = await box.get()
        assert shot.problem == "没有画面"
        assert channel.pk not in hub.feeds

    run(look)


def test_a_looped_file_shows_the_same_moment_to_all(channel: VideoChannel) -> None:
    stop = threading.Event()
    found = relays.shots(channel, stop)
    seen = [next(found) for _ in range(13)]  # more than one loop of two seconds
    stop.set()
    assert next(found, None) is None
    now = clock.now().timestamp()
    assert all(a.at < b.at for a, b in zip(seen, seen[1:], strict=False))
    assert abs(seen[-1].at - now) < LIMIT_S
    for shot in seen[:10]:
        picture = cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR)
        place = (shot.at % 2.0) / 0.2  # ten pictures in two seconds, 20 brighter each
        assert picture is not None
        assert abs(float(picture.mean()) - 20 * round(place)) < 12


@pytest.fixture
def camera(channel: VideoChannel, tmp_path: Path) -> Iterator[VideoChannel]:
    """A channel whose stream comes over HTTP from this machine."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    channel.protocol = "hls"
    channel.url = f"http://127.0.0.1:{server.server_port}/loop.mp4"
    channel.save()
    yield channel
    server.shutdown()
    server.server_close()
    thread.join(LIMIT_S)


def test_a_stream_is_opened_only_where_the_network_is_named(
    camera: VideoChannel, settings: Any
) -> None:
    settings.OUTBOUND_NETWORKS = []
    with pytest.raises(VideoError, match="内部地址"):
        next(relays.shots(camera, threading.Event()))
    settings.OUTBOUND_NETWORKS = [ip_network("127.0.0.0/8")]
    seen = list(relays.shots(camera, threading.Event()))
    assert len(seen) == 10
    assert seen[-1].at - seen[0].at > 1.0, "paced, not poured out"


def test_a_wide_picture_is_shrunk() -> None:
    sent = relays.jpeg(np.zeros((1080, 1920, 3), np.uint8))
    picture = cv2.imdecode(np.frombuffer(sent, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (720, 1280, 3)


async def opened(channel: VideoChannel, user: User) -> Socket:
    socket = Socket(application, f"/ws/video/{channel.pk}/", user)
    assert await socket.connect()
    return socket


async def bytes_of(socket: Socket) -> tuple[float, bytes]:
    output = await socket.talk.receive_output(LIMIT_S)
    assert output["type"] == "websocket.send", output
    data = output["bytes"]
    return struct.unpack(">d", data[:8])[0], data[8:]


def test_pictures_come_over_the_socket_and_looking_is_recorded(
    channel: VideoChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Relay()
    monkeypatch.setattr(consumers, "relay", hub)
    officer = factories.user(Role.OFFICER)

    async def look() -> None:
        socket = await opened(channel, officer)
        at, jpeg = await bytes_of(socket)
        assert jpeg.startswith(b"\xff\xd8")
        assert abs(at - time.time()) < LIMIT_S
        later, _ = await bytes_of(socket)
        assert later > at
        await socket.disconnect()
        await until(lambda: hub.viewers == 0)
        await until(lambda: not any(one.is_alive() for one in hub.threads))

    run(look)
    entry = AuditEntry.objects.get(act="video.live")
    assert (entry.actor, entry.subject) == (officer, f"channel:{channel.pk}")


def test_strangers_are_refused(
    channel: VideoChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Counted()
    monkeypatch.setattr(consumers, "relay", Relay(source))
    away = factories.department(factories.district("652723", "温泉县"))
    people = [
        factories.user(Role.OFFICER, organisation=away),
        factories.user(Role.ADMIN),
        factories.user(
            Role.ENTERPRISE, organisation=channel.outlet.enterprise.organisation
        ),
    ]

    async def look() -> None:
        for user in people:
            socket = await opened(channel, user)
            assert await socket.closed() == 4403

    run(look)
    assert source.opened == 0
    assert not AuditEntry.objects.filter(act="video.live").exists()


def test_a_full_house_is_told(
    channel: VideoChannel, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VIDEO_VIEWERS = 0
    monkeypatch.setattr(consumers, "relay", Relay(Counted()))
    officer = factories.user(Role.OFFICER)

    async def look() -> None:
        socket = await opened(channel, officer)
        assert "已达上限" in (await socket.heard())["text"]
        assert await socket.closed() == 4429

    run(look)


def test_a_view_ends_after_its_time(
    channel: VideoChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Relay(Counted())
    monkeypatch.setattr(consumers, "relay", hub)
    monkeypatch.setattr(consumers, "LONGEST_S", 0.05)
    officer = factories.user(Role.OFFICER)

    async def look() -> None:
        socket = await opened(channel, officer)
        async with asyncio.timeout(LIMIT_S):
            output = await socket.talk.receive_output(LIMIT_S)
            while output["type"] == "websocket.send":
                output = await socket.talk.receive_output(LIMIT_S)
        assert (output["type"], output["code"]) == ("websocket.close", 4408)
        await socket.disconnect()
        await until(lambda: hub.viewers == 0)

    run(look)
