"""A real clip through watcher, worker and queue to the reviewer's page; bad files too."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.cutting import cut
from bozhou_eco.common.video import VideoError, encode, frames, probe
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.demo import CLIPS
from vehicles.ingest.watch.folder import FolderWatch
from vehicles.models import Camera, Capture, Segment
from vehicles.vision import worker


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path


def camera_with(tmp_path: Path, clip: str) -> Camera:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.mp4").write_bytes((CLIPS / f"{clip}.mp4").read_bytes())
    of = make.camera(address=str(inbox))
    path = inbox / "a.mp4"
    past = clock.now().timestamp() - 5
    set_time(path, past)
    return of


def set_time(path: Path, moment: float) -> None:
    os.utime(path, (moment, moment))


@pytest.mark.django_db
def test_a_smoking_truck_reaches_the_review_page(media: Path) -> None:
    of = camera_with(media, "g3018-level3")
    watch = FolderWatch(of)
    assert watch.step()
    assert not watch.step()
    segment = Segment.objects.get()
    assert worker.analyse_segment(segment.pk) == 1
    assert worker.analyse_segment(segment.pk) == 0
    capture = Capture.objects.get()
    assert (capture.plate, capture.level) == ("新E0K73X", 3)
    assert capture.proposal == "smoke"
    kinds = sorted(capture.files.values_list("kind", flat=True))
    assert kinds.count("frame") == 3
    assert {"clip", "panorama", "plate", "background", "record"} <= set(kinds)
    person = user(Role.REVIEWER)
    client = Client()
    client.force_login(person)
    page = client.get("/vehicles/review/")
    assert page.status_code == 200
    assert "新E0K73X" in page.content.decode()
    clip = capture.files.get(kind="clip")
    part = client.get(
        f"/vehicles/captures/{capture.pk}/files/{clip.pk}/",
        headers={"Range": "bytes=0-99"},
    )
    assert (part.status_code, len(part.content)) == (206, 100)
    assert client.get(f"/vehicles/captures/{capture.pk}/").status_code == 200
    assert client.get("/vehicles/cameras/").status_code == 200
    assert client.get(f"/vehicles/cameras/{of.pk}/").status_code == 200
    assert client.get("/vehicles/captures/").status_code == 200
    assert client.get("/vehicles/review/agreement/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("clip", ["g30-clean", "bole-shadow"])
def test_clean_truck_and_dark_shadow_make_no_capture(media: Path, clip: str) -> None:
    FolderWatch(camera_with(media, clip)).step()
    assert worker.analyse_segment(Segment.objects.get().pk) == 0
    assert Segment.objects.get().report["vehicles"] >= 1
    assert not Capture.objects.exists()


@pytest.mark.django_db
def test_a_broken_file_is_told_by_the_camera_and_stops_nothing(media: Path) -> None:
    of = camera_with(media, "g30-clean")
    bad = Path(of.address) / "0-bad.mp4"
    bad.write_bytes(b"not a video at all")
    set_time(bad, clock.now().timestamp() - 5)
    watch = FolderWatch(of)
    assert watch.step()
    of.refresh_from_db()
    assert of.state == Camera.State.DEGRADED
    assert "0-bad.mp4" in of.problem
    assert watch.step()
    assert Segment.objects.count() == 1


@pytest.mark.django_db
def test_a_vanished_segment_file_is_a_failed_segment(media: Path) -> None:
    made = make.segment(make.camera(), path="segments/gone.mp4")
    assert worker.analyse_segment(made.pk) == 0
    made.refresh_from_db()
    assert made.state == Segment.State.FAILED
    assert "不存在" in made.error


def small(
    tmp_path: Path, *, width: int = 160, height: int = 96, count: int = 30
) -> Path:
    pictures = (np.full((height, width, 3), 90 + n, np.uint8) for n in range(count))
    path = tmp_path / "small.mp4"
    encode(path, pictures, rate=10)
    return path


def test_cut_copies_packets_from_the_key_frame_before(tmp_path: Path) -> None:
    source = small(tmp_path)
    target = tmp_path / "cut.mp4"
    assert cut(source, target, start=1.4, end=2.6) == pytest.approx(1.0)
    assert probe(target).codec == "h264"
    assert len(list(frames(target))) >= 16


def test_portrait_video_and_thinning(tmp_path: Path) -> None:
    source = small(tmp_path, width=96, height=160)
    found = list(frames(source, per_second=5))
    assert found[0].image.shape == (160, 96, 3)
    assert [round(one.at, 1) for one in found[:3]] == [0.0, 0.2, 0.4]


@pytest.mark.parametrize("content", [b"", b"garbage", b"\0" * 5000])
def test_unreadable_videos_say_why(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError):
        list(frames(path))


def test_detect_smoke_prints_a_line_for_every_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "grey.jpg"
    cv2.imwrite(str(picture), np.full((200, 300, 3), 120, np.uint8))
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "bad.jpg").write_bytes(picture.read_bytes()[:200])
    names = [
        str(picture),
        str(tmp_path / "empty.mp4"),
        str(tmp_path / "bad.jpg"),
        "none.png",
    ]
    call_command("detect_smoke", *names)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == names
    assert lines[0]["smoke"] == []
    assert "error" not in lines[0]
    assert lines[1]["error"] == "文件为 0 字节"
    assert all("error" in line for line in lines[1:])
