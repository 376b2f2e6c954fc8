"""A vendor's pictures and clip looked at by our own model, kept beside the vendor's word."""

import json
from datetime import timedelta
from pathlib import Path

import cv2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bozhou_eco.common import clock
from bozhou_eco.common.video import frames_at
from bozhou_eco.evidence.services import read_file
from tests.vehicles import capture_factories as make
from vehicles.demo import CLIPS
from vehicles.models import Capture, CaptureFile
from vehicles.services import vendor_looks
from vehicles.services.cameras import issue_device_key
from vehicles.vision.vendor_look import look_at_vendor_capture

pytestmark = pytest.mark.django_db
TRUCK = CLIPS / "g3018-level3.mp4"


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def picture(at: float) -> bytes:
    image = frames_at(TRUCK, [at])[at]
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 93])
    assert done
    return bytes(data)


def post(pictures: list[bytes], clip: bytes | None = None, **event: object) -> Capture:
    of = make.camera(source="device", vendor="plain")
    key = issue_device_key(camera=of, actor=None, now=clock.now())
    told = {"id": "E1", "captured_at": clock.now().isoformat()} | event
    data: dict[str, object] = {"event": json.dumps(told)}
    for number, content in enumerate(pictures, 1):
        data[f"picture{number}"] = SimpleUploadedFile(
            f"{number}.jpg", content, "image/jpeg"
        )
    if clip is not None:
        data["clip"] = SimpleUploadedFile("c.mp4", clip, "video/mp4")
    answer = Client().post(
        "/api/v1/captures/vendor/", data, headers={"X-Device-Key": key}
    )
    assert answer.status_code == 201, answer.content
    return Capture.objects.get(pk=answer.json()["id"])


def test_a_clip_is_measured_and_the_vendors_word_stays() -> None:
    capture = post(
        [picture(4.0)], TRUCK.read_bytes(), plate="新E0K73X", plate_color="yellow",
        level=5, verdict={"confidence": 88},
    )  # fmt: skip
    assert look_at_vendor_capture(capture.pk)
    assert not look_at_vendor_capture(capture.pk)
    capture.refresh_from_db()
    assert (capture.proposal, capture.level) == ("smoke", 3)
    assert capture.vendor_verdict["level"] == 5
    assert capture.vendor_verdict["confidence"] == 88
    assert capture.plate == "新E0K73X"
    assert capture.plate_problem == ""
    assert capture.curve
    assert "smoke_openvino_model" in capture.versions["model"]
    records = capture.files.filter(kind=CaptureFile.Kind.RECORD).order_by("place")
    assert [one.place for one in records] == [0, 1]
    told = json.loads(read_file(records[1].sealed))
    assert told["level"]["grade"] == 3
    assert told["vendor_verdict"]["level"] == 5
    frame = capture.files.get(kind=CaptureFile.Kind.FRAME)
    assert frame.vehicle_box


def test_pictures_alone_give_no_level_and_a_missing_plate_is_read() -> None:
    capture = post([picture(3.0), picture(3.6)])
    assert look_at_vendor_capture(capture.pk)
    capture.refresh_from_db()
    assert capture.level is None
    assert capture.level_reason
    assert capture.plate.endswith("E0K73X")
    assert "2 张" in capture.detector


def test_a_different_plate_goes_to_a_person() -> None:
    capture = post([picture(3.0)], plate="甘B12345", plate_color="yellow")
    look_at_vendor_capture(capture.pk)
    capture.refresh_from_db()
    assert capture.plate == "甘B12345"
    assert "与厂商所报不一致" in capture.plate_problem


def test_broken_pictures_and_clip_are_told_and_lose_nothing() -> None:
    whole = picture(3.0)
    clip = TRUCK.read_bytes()[:5000]
    capture = post([whole[: len(whole) // 3]], clip, level=2)
    assert look_at_vendor_capture(capture.pk)
    capture.refresh_from_db()
    assert any("不完整" in note for note in capture.notes)
    assert any("视频不能分析" in note for note in capture.notes)
    assert capture.physics == "没有可分析的画面"
    assert capture.vendor_verdict["level"] == 2
    assert capture.files.filter(kind=CaptureFile.Kind.FRAME).count() == 1


def test_lost_tasks_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = post([picture(3.0)])
    sent: list[int] = []
    monkeypatch.setattr(vendor_looks, "send", lambda _, pk: sent.append(pk) or True)
    later = clock.now() + timedelta(minutes=5)
    assert vendor_looks.sweep_vendor_captures(now=later) == 1
    assert sent == [capture.pk]
    look_at_vendor_capture(capture.pk)
    assert vendor_looks.sweep_vendor_captures(now=later) == 0
