"""A vehicle registered as purely electric is put forward by no camera, and it is told."""

from datetime import timedelta

import pytest

from bozhou_eco.audit.models import AuditEntry
from tests.vehicles import capture_factories as make
from vehicles.domain.smoke.camera_settings import wrong_thresholds
from vehicles.models import Capture, Segment, Vehicle
from vehicles.services.captures import finish_segment, record_vendor_capture
from vehicles.services.segments import MOST_TRIES, claim_segment
from vehicles.services.vehicles import file_of
from vehicles.vision import worker

NOW = make.NOW
GREEN = "新ED12345"


def registered(fuel: str, plate: str = GREEN, color: str = "green") -> Vehicle:
    made = file_of(plate=plate, color=color)
    Vehicle.objects.filter(pk=made.pk).update(fuel=fuel)
    return made


def finished(**draft: object) -> Segment:
    segment = make.segment(make.camera())
    held = claim_segment(segment_id=segment.pk, now=NOW)
    values = {"plate": GREEN, "plate_color": "green"} | draft
    one = make.draft("segment:1:1", **values)
    finish_segment(
        segment=held, drafts=[one], report={"notes": ["画面为竖幅"]}, now=NOW
    )
    segment.refresh_from_db()
    return segment


@pytest.mark.django_db
def test_only_a_registered_pure_electric_vehicle_is_suppressed() -> None:
    registered("C")
    segment = finished()
    assert not Capture.objects.exists()
    assert segment.state == Segment.State.DONE
    assert segment.report["notes"][0] == "画面为竖幅"
    assert "登记为纯电动" in segment.report["notes"][1]
    entry = AuditEntry.objects.get(act="capture.suppress")
    assert entry.detail["plate"] == GREEN


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fuel", "draft"),
    [
        ("AC", {}),
        ("O", {}),
        ("", {}),
        ("B", {}),
        ("C", {"plate_problem": "仅一帧读到，需人工核对"}),
        ("C", {"plate": "新ED12346"}),
        ("C", {"plate": "", "plate_problem": "号牌不可辨，需人工录入"}),
        ("C", {"plate_color": "blue"}),
    ],
)
def test_everything_else_is_put_forward(fuel: str, draft: dict[str, str]) -> None:
    registered(fuel)
    finished(**draft)
    assert Capture.objects.count() == 1


@pytest.mark.django_db
def test_a_vendors_event_stays_and_says_it() -> None:
    registered("C", color="yellow_green")
    of = make.camera(source="device")
    draft = make.draft("vendor:1", plate=GREEN, plate_color="green")
    capture, made = record_vendor_capture(camera=of, draft=draft, now=NOW)
    assert made
    assert any("纯电动" in note for note in capture.notes)


@pytest.mark.django_db
def test_a_segment_that_cannot_be_analysed_says_why(
    settings: object, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    segment = make.segment(make.camera(), path=make.media_file("a.mp4", b"v"))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a kernel that fails")

    monkeypatch.setattr(worker, "look_through", broken)
    for number in range(1, MOST_TRIES + 1):
        assert worker.analyse_segment(segment.pk) == 0
        segment.refresh_from_db()
        assert segment.tries == number
    assert segment.state == Segment.State.FAILED
    assert "RuntimeError a kernel that fails" in segment.error
    assert segment.begins < NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ""),
        ({"home": "甘", "home_share": 0.4, "detector": 0.2, "least_frames": 4}, ""),
        ({"home": ""}, ""),
        ([1], "JSON 对象"),
        ({"home": "甘青"}, "home"),
        ({"home": 3}, "home"),
        ({"detectr": 0.2}, "detectr"),
        ({"detector": "0.2"}, "detector"),
        ({"detector": True}, "detector"),
        ({"detector": -1}, "detector"),
        ({"detector": float("nan")}, "detector"),
        ({"least_frames": 2.5}, "整数"),
        ({"home_share": 3}, "home_share"),
    ],
)
def test_thresholds_are_checked_by_name(given: object, words: str) -> None:
    found = wrong_thresholds(given)
    assert words in found
    assert bool(found) is bool(words)
