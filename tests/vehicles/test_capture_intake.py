"""Segments and vendors' events: once each, whatever is repeated or broken off."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.vehicles import capture_factories as make
from vehicles.models import Capture, CaptureFile, Segment
from vehicles.services.cameras import issue_device_key
from vehicles.services.captures import finish_segment
from vehicles.services.segments import (
    CLAIM_LASTS,
    claim_segment,
    fail_segment,
    sweep_segments,
)

pytestmark = pytest.mark.django_db
NOW = make.NOW
JPEG = b"\xff\xd8\xff\xe0" + b"p" * 400


def test_same_beginning_is_the_same_segment() -> None:
    of = make.camera()
    assert make.segment(of).pk == make.segment(of).pk
    assert Segment.objects.count() == 1


def test_one_worker_claims_a_segment() -> None:
    made = make.segment(make.camera())
    assert claim_segment(segment_id=made.pk, now=NOW) is not None
    assert claim_segment(segment_id=made.pk, now=NOW + timedelta(minutes=1)) is None


def test_killed_worker_loses_nothing_and_makes_no_double() -> None:
    made = make.segment(make.camera())
    dead = claim_segment(segment_id=made.pk, now=NOW)
    later = NOW + CLAIM_LASTS + timedelta(seconds=1)
    heir = claim_segment(segment_id=made.pk, now=later)
    assert dead is not None
    assert heir is not None
    draft = make.draft("segment:1:1")
    assert finish_segment(segment=dead, drafts=[draft], report={}, now=later) == []
    assert not CaptureFile.objects.exists()
    assert len(finish_segment(segment=heir, drafts=[draft], report={}, now=later)) == 1
    assert Capture.objects.count() == 1
    made.refresh_from_db()
    assert (made.state, made.tries) == (Segment.State.DONE, 2)


def test_forgotten_segments_fail_after_four_tries() -> None:
    made = make.segment(make.camera())
    at = NOW
    for _ in range(4):
        at += CLAIM_LASTS + timedelta(seconds=1)
        assert claim_segment(segment_id=made.pk, now=at) is not None
    sweep_segments(now=at + CLAIM_LASTS + timedelta(seconds=1))
    made.refresh_from_db()
    assert (made.state, made.error) == (Segment.State.FAILED, "多次分析未完成")


def test_broken_segment_is_kept_with_its_reason_and_counts_as_an_error() -> None:
    of = make.camera()
    held = claim_segment(segment_id=make.segment(of).pk, now=NOW)
    assert held is not None
    assert fail_segment(segment=held, reason="文件为 0 字节", now=NOW)
    of.refresh_from_db()
    assert of.decode_errors == 1


def test_the_same_passing_in_neighbouring_segments_is_one_capture() -> None:
    of = make.camera()
    make.capture(of)
    held = claim_segment(segment_id=make.segment(of, begins=NOW).pk, now=NOW)
    assert held is not None
    again = make.draft("segment:other:7", at=NOW + timedelta(seconds=6))
    assert finish_segment(segment=held, drafts=[again], report={}, now=NOW) == []
    assert Capture.objects.count() == 1


def test_originals_are_sealed_at_birth_with_place_and_versions() -> None:
    capture = make.capture()
    frame = capture.files.get(kind="frame", place=1)
    assert frame.sealed.chain == capture.site.chain
    assert frame.sealed.meta["device"] == capture.camera.code
    assert frame.sealed.meta["clock_offset_s"] == 0.3
    assert capture.files.count() == 5


def post(client: Client, key: str, **event: object) -> object:
    body = {"id": "E-1", "captured_at": "2026-11-23T12:00:00+08:00"} | event
    return client.post(
        "/api/v1/captures/vendor/",
        {
            "event": json.dumps(body),
            "picture1": SimpleUploadedFile("a.jpg", JPEG, "image/jpeg"),
        },
        headers={"X-Device-Key": key},
    )


@pytest.fixture
def device_key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("vehicles.api.captures.views.clock.now", lambda: NOW)
    of = make.camera(source="device")
    return issue_device_key(camera=of, actor=None, now=NOW)


def test_vendor_event_is_stored_once_beside_its_own_verdict(
    client: Client, device_key: str
) -> None:
    first = post(client, device_key, plate="新E·0K73X", level=3)
    again = post(client, device_key, plate="新E·0K73X", level=3)
    assert (first.status_code, again.status_code) == (201, 200)
    capture = Capture.objects.get()
    assert capture.origin == "vendor"
    assert capture.vendor_verdict["level"] == 3
    assert (capture.plate, capture.level) == ("新E0K73X", None)


def test_unknown_device_is_refused(client: Client, device_key: str) -> None:
    answer = post(client, "bzc_wrong")
    assert answer.status_code == 401
    assert not Capture.objects.exists()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"captured_at": "2026-11-23T12:00:00"}, "时区"),
        ({"captured_at": "2026-11-23T13:00:00+08:00"}, "超前"),
        ({"level": 7}, "0–5"),
        ({"id": ""}, "事件编号"),
    ],
)
def test_bad_events_are_refused_with_the_reason(
    client: Client, device_key: str, event: dict[str, object], words: str
) -> None:
    answer = post(client, device_key, **event)
    assert answer.status_code == 422
    assert words in answer.json()["title"]
    assert not Capture.objects.exists()
