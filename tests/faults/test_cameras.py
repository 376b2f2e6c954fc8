"""Cameras and the vision worker when things break: nothing is lost, health tells."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from bozhou_eco.common import clock
from tests.vehicles import capture_factories as make
from tests.vehicles.live_servers import http_camera, road_clip
from tests.vehicles.test_streams import camera, until, watched
from vehicles.demo import CLIPS
from vehicles.ingest.watch import watcher
from vehicles.models import Camera, Capture, Segment
from vehicles.services.segments import CLAIM_LASTS
from vehicles.vision import worker

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


def smoking_segment(media: Path) -> Segment:
    folder = media / "segments"
    folder.mkdir(parents=True)
    shutil.copy(CLIPS / "g3018-level3.mp4", folder / "a.mp4")
    made = make.segment(make.camera(), path="segments/a.mp4")
    Segment.objects.filter(pk=made.pk).update(
        seconds=12.0, core_begins=0.0, core_ends=12.0
    )
    return made


def apart(segment: Segment, media: Path) -> subprocess.Popen[bytes]:
    """A worker of its own on the same database."""
    name = str(connection.settings_dict["NAME"])
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    code = (
        "import django; django.setup();"
        "from vehicles.vision.worker import analyse_segment;"
        f"analyse_segment({segment.pk})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "bozhou_eco.settings",
            "DATABASE_URL": urlunsplit(address),
            "MEDIA_ROOT": str(media),
            "PYTHONPATH": str(ROOT),
        },
    )


def test_a_worker_killed_during_inference_loses_nothing_and_makes_no_double(
    media: Path,
) -> None:
    segment = smoking_segment(media)
    process = apart(segment, media)
    try:
        until(
            lambda: (
                Segment.objects.get().state == Segment.State.CLAIMED
                or process.poll() is not None
            ),
            "it never began",
        )
        time.sleep(0.4)
        assert process.poll() is None, "it was done before it could be killed"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    segment.refresh_from_db()
    assert (segment.state, Capture.objects.count()) == (Segment.State.CLAIMED, 0)
    # Nobody takes it from a worker that may be alive; later anybody does.
    assert worker.analyse_segment(segment.pk) == 0
    Segment.objects.update(claimed_at=clock.now() - CLAIM_LASTS - timedelta(seconds=1))
    assert worker.analyse_segment(segment.pk) == 1
    assert worker.analyse_segment(segment.pk) == 0
    capture = Capture.objects.get()
    assert (capture.plate, capture.level) == ("新E0K73X", 3)


def test_a_truncated_clip_is_a_failed_segment_with_its_reason(media: Path) -> None:
    segment = smoking_segment(media)
    path = media / "segments" / "a.mp4"
    os.truncate(path, path.stat().st_size // 2)
    assert worker.analyse_segment(segment.pk) == 0
    segment.refresh_from_db()
    assert segment.state == Segment.State.FAILED
    assert segment.error
    assert Camera.objects.get().decode_errors == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("a small disk can only be made by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_is_told_and_what_waits_is_written_later(
    small_disk: Path,
    tmp_path: Path,
    settings: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MEDIA_ROOT = str(small_disk)
    monkeypatch.setattr(watcher, "REPORT_SECONDS", 1.0)
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(4096))
    clip = road_clip(tmp_path / "road.mp4")
    with http_camera(clip, tmp_path / "hls") as (http, _):
        of = camera(f"{http}/live.ts")
        with watched(of):
            until(
                lambda: "无法写盘" in Camera.objects.get(pk=of.pk).problem,
                "the full disk was not told",
            )
            assert Camera.objects.get(pk=of.pk).state == Camera.State.DEGRADED
            assert not Segment.objects.exists()
            filler.unlink()
            until(lambda: Segment.objects.count() >= 2, "nothing was written later")
            until(
                lambda: Camera.objects.get(pk=of.pk).state == Camera.State.OK,
                "it stays degraded",
            )
    begins = list(Segment.objects.order_by("begins").values_list("begins", flat=True))
    gaps = [
        (after - before).total_seconds()
        for before, after in zip(begins[:-1], begins[1:], strict=True)
    ]
    assert max(gaps) < 4.0, "a piece that waited for the disk is missing"
