"""Live cameras of every kind, watched as they play, cut and come back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.db import connection

from alerts.models import Alert
from bozhou_eco.common.loop import Stopper
from bozhou_eco.common.video import frames, probe
from tests.vehicles import capture_factories as make
from tests.vehicles.live_servers import (
    RATE,
    free_port,
    http_camera,
    road_clip,
    rtsp_camera,
)
from vehicles.ingest.watch import watcher
from vehicles.ingest.watch.looks import PictureHealth
from vehicles.models import Camera, Segment
from vehicles.services.segments import segment_file

live = pytest.mark.django_db(transaction=True)
PATIENCE_S = 90.0


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return road_clip(tmp_path / "road.mp4")


def until(ready: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.1)
    raise AssertionError(why)


def camera(address: str) -> Camera:
    return make.camera(
        source="stream", address=address, segment_seconds=2, margin_seconds=1
    )


@contextmanager
def watched(*cameras: Camera) -> Iterator[None]:
    stopper = Stopper()

    def watch(one: Camera) -> None:
        try:
            watcher.watch(one, stopper)
        finally:
            connection.close()

    threads = [threading.Thread(target=watch, args=(one,)) for one in cameras]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        stopper.event.set()
        for one in threads:
            one.join(20)


def state(of: Camera) -> str:
    return Camera.objects.get(pk=of.pk).state


@live
def test_every_kind_of_stream_is_cut_into_segments(clip: Path, tmp_path: Path) -> None:
    with (
        http_camera(clip, tmp_path / "hls") as (http, _),
        rtsp_camera(clip) as (rtsp, _),
    ):
        until(lambda: (tmp_path / "hls" / "live.m3u8").is_file(), "no HLS list")
        kinds = {
            "ts": camera(f"{http}/live.ts"),
            "flv": camera(f"{http}/live.flv"),
            "hls": camera(f"{http}/hls/live.m3u8"),
            "mjpeg": camera(f"{http}/live.mjpg"),
            "rtsp": camera(rtsp),
        }
        with watched(*kinds.values()):
            for name, one in kinds.items():
                until(
                    lambda one=one: one.segments.count() >= 2,
                    f"{name}: {Camera.objects.get(pk=one.pk).problem}",
                )
    for name, one in kinds.items():
        one.refresh_from_db()
        assert one.last_frame_at is not None, name
        assert one.sharpness, name
        segments = list(one.segments.order_by("begins"))
        for segment in segments[:2]:
            path = segment_file(segment)
            pictures = list(frames(path))
            assert len(pictures) >= RATE, (name, len(pictures))
            assert probe(path).width == 320, name
            assert segment.sha256, name
        gap = (segments[1].begins - segments[0].begins).total_seconds()
        # About a core apart. On a busy machine the first seconds become known late, so
        # nearer ones are right too; that cores touch is held without a clock elsewhere.
        assert 0.0 < gap < 4.0, (name, gap)


@live
def test_a_cut_camera_is_told_and_comes_back(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "FIRST_PAUSE", 0.2)
    port = free_port()
    of = camera(f"http://127.0.0.1:{port}/live.ts")
    with watched(of):
        until(lambda: state(of) == Camera.State.DOWN, "a dead camera looks alive")
        until(lambda: Alert.objects.count() == 1, "nobody was told")
        with http_camera(clip, tmp_path / "hls", port=port):
            until(lambda: state(of) == Camera.State.OK, "it did not come back")
            until(lambda: Segment.objects.count() >= 1, "no segment")
        until(lambda: state(of) == Camera.State.DOWN, "the cut was not noticed")
        kept = Segment.objects.count()
        with http_camera(clip, tmp_path / "hls", port=port):
            until(lambda: state(of) == Camera.State.OK, "it did not come back twice")
            until(lambda: Segment.objects.count() > kept, "no new segment")
    alert = Alert.objects.get()
    assert alert.state != "open" or alert.recurrences >= 1


@live
def test_a_server_that_speaks_no_video_is_named(tmp_path: Path) -> None:
    port = free_port()
    of = camera(f"rtsp://127.0.0.1:{port}/none")
    with watched(of):
        until(lambda: state(of) == Camera.State.DOWN, "not noticed")
    of.refresh_from_db()
    assert "无法连接" in of.problem


def picture(shift: int = 0) -> np.ndarray:
    rng = np.random.default_rng(8)
    blocks = rng.integers(40, 220, (24, 44)).astype(np.uint8)
    wide = cv2.resize(blocks, (704, 384), interpolation=cv2.INTER_NEAREST)
    moved = np.roll(wide, shift, axis=1)[:360, 32:672]
    return cv2.cvtColor(np.ascontiguousarray(moved), cv2.COLOR_GRAY2BGR)


def test_blur_darkness_and_a_moved_view_are_told() -> None:
    clear = picture()
    health = PictureHealth()
    health.use_reference(clear)
    for _ in range(5):
        health.see(clear)
    assert health.problem() == ""
    health.see(picture(28))
    assert "视角" in health.problem()
    health.see(cv2.GaussianBlur(clear, (0, 0), 9))
    assert health.problem() in ("画面模糊", "视角已移动，背景与点位需重新核定")
    health.see(np.full_like(clear, 4))
    assert "过暗" in health.problem()
