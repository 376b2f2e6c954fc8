"""The watch list: who enters, who is told of, who leaves; history of each."""

import time
from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from tests import factories
from tests.vehicles.capture_factories import NOW, camera, capture
from tests.vehicles.station_makers import NOON, ROOT, caller, honest, parts, post_whole
from vehicles.domain import plates
from vehicles.models import (
    Capture,
    Finding,
    Inspection,
    RepairLoop,
    Vehicle,
    WatchEntry,
    WatchEvent,
    WatchRule,
)
from vehicles.services import watchlist
from vehicles.services.findings import give_verdict
from vehicles.services.following import follow_confirmed

pytestmark = pytest.mark.django_db


def vehicle(
    plate: str = "新E0K73X", color: str = "yellow", **fields: object
) -> Vehicle:
    return Vehicle.objects.create(
        plate=plate, plate_color=color, near_key=plates.near_key(plate), **fields
    )


def listed(of: Vehicle, trigger: str = "captured", at=NOW) -> WatchEntry:
    made = watchlist.enter(
        vehicle=of, trigger=trigger, reason="测试", source=f"test:{trigger}", at=at,
        now=at,
    )  # fmt: skip
    assert made is not None
    return made


def confirm(of: Capture) -> None:
    Capture.objects.filter(pk=of.pk).update(
        state="confirmed",
        plate_final=of.plate,
        color_final=of.plate_color,
        level_final=3,
        register_gaps=[],
    )
    of.refresh_from_db()
    follow_confirmed(capture=of, now=of.captured_at)


def test_a_listed_plate_that_a_camera_reads_is_told_within_two_seconds():
    listed(vehicle())
    reverse("vehicles:captures")  # addresses are loaded when a process starts
    started = time.perf_counter()
    seen = capture(plate="新E0K73X")
    alert = Alert.objects.get(kind="watch")
    took = time.perf_counter() - started
    assert took < 2, f"{took:.2f} s"
    assert alert.subject_key == "vehicle:新E0K73X:yellow"
    assert seen.site.name in alert.summary
    entry = WatchEntry.objects.get()
    assert entry.matches == 1
    assert entry.matched_at == seen.captured_at
    assert entry.events.filter(kind="matched").count() == 1


def test_the_same_sighting_is_told_once_and_another_colour_not_at_all():
    listed(vehicle())
    seen = capture()
    assert watchlist.match_capture(capture=seen, now=NOW) == 0
    capture(plate="新E0K73X", plate_color="blue", at=NOW + timedelta(hours=1))
    assert Alert.objects.filter(kind="watch").count() == 1


def test_a_listed_vehicle_at_a_station_is_told_at_the_start_gate(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=1))
    by, given = caller(), parts(honest("lugdown"), "S-1")
    entry = given["session"]["vehicle"]
    plate = plates.parse(entry["plate"], entry.get("plate_color") or None)
    listed(vehicle(plate.text, plate.color.value), at=NOON)
    started = time.perf_counter()
    answer = by.client.post(f"{ROOT}sessions/", given["session"])
    assert answer.status_code == 201
    assert Alert.objects.filter(kind="watch", summary__contains="到达").count() == 1
    assert time.perf_counter() - started < 2


def test_a_confirmed_capture_lists_and_a_second_in_six_months_counts_as_repeated():
    cam = camera()
    confirm(capture(cam))
    assert [e.trigger for e in WatchEntry.objects.all()] == ["captured"]
    confirm(capture(cam, at=NOW + timedelta(days=40)))
    entries = {e.trigger: e for e in WatchEntry.objects.all()}
    assert set(entries) == {"captured", "repeated"}
    assert "2 次" in entries["repeated"].reason
    kinds = list(entries["captured"].events.values_list("kind", flat=True))
    assert kinds == ["entered", "matched", "renewed"]
    assert RepairLoop.objects.get().origin == "capture"


def test_nightly_run_finds_what_events_missed_and_is_idempotent():
    seen = capture()
    Capture.objects.filter(pk=seen.pk).update(
        state="confirmed", plate_final="新E0K73X", color_final="yellow", level_final=2
    )
    vehicle("新E11111", inspection_until=(NOW - timedelta(days=60)).date())
    vehicle("新E22222", inspection_until=(NOW - timedelta(days=10)).date())
    vehicle("新E33333", remote_obd_fault="P20EE", remote_obd_at=NOW)
    slow = vehicle("新E44444")
    RepairLoop.objects.create(
        vehicle=slow,
        origin="test",
        source="inspection:1",
        failed_at=NOW - timedelta(days=40),
        due_on=(NOW - timedelta(days=25)).date(),
    )
    watchlist.recompute(now=NOW)
    found = {(e.vehicle.plate, e.trigger) for e in WatchEntry.objects.all()}
    assert found == {
        ("新E0K73X", "captured"),
        ("新E11111", "overdue"),
        ("新E33333", "remote_obd"),
        ("新E44444", "not_retested"),
    }
    events = WatchEvent.objects.count()
    watchlist.recompute(now=NOW + timedelta(hours=1))
    assert WatchEvent.objects.count() == events


def test_a_rule_that_is_off_lists_nobody():
    WatchRule.objects.filter(trigger="overdue").update(enabled=False)
    vehicle(inspection_until=(NOW - timedelta(days=60)).date())
    watchlist.recompute(now=NOW)
    assert not WatchEntry.objects.exists()


def test_a_passed_retest_and_clean_months_end_an_entry(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=6))
    by, given = caller(), parts(honest("vmas"), "S-1")
    entry = given["session"]["vehicle"]
    plate = plates.parse(entry["plate"], entry.get("plate_color") or None)
    car = vehicle(plate.text, plate.color.value)
    early = listed(car, at=NOON - timedelta(days=300))
    late = listed(car, "finding", at=NOON - timedelta(days=20))
    assert post_whole(by, given).json()["outcome"] == "pass"
    early.refresh_from_db()
    late.refresh_from_db()
    assert early.left_at is not None
    assert "复检合格" in early.left_reason
    assert late.left_at is None
    assert early.events.last().kind == "left"


def test_a_failed_test_opens_a_loop_and_the_passed_retest_closes_it(monkeypatch):
    now = NOON + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: now)
    by, given = caller(), parts(honest("vmas"), "S-1")
    given["results"]["results"]["co_g_km"] = 99
    assert post_whole(by, given).json()["outcome"] == "fail"
    loop = RepairLoop.objects.get()
    assert loop.closed_at is None
    assert loop.source.startswith("inspection:")
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=1))
    again = parts(honest("vmas"), "S-2", NOON + timedelta(days=1))
    again["session"]["attempt"] = 2
    assert post_whole(by, again).json()["outcome"] == "pass"
    loop.refresh_from_db()
    assert loop.closed_at is not None
    assert loop.retests == 1
    assert loop.closed_by == Inspection.objects.get(session="S-2").report


def test_a_finding_held_to_be_true_lists_the_vehicle(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=6))
    by = caller()
    post_whole(by, parts(honest("vmas"), "S-1"))
    test = Inspection.objects.get()
    made = Finding.objects.create(
        station=test.station, inspection=test, rule="obd_vin_mismatch", score=0.9,
        why="VIN 不符", occurred_at=test.started_at, at=NOON,
    )  # fmt: skip
    give_verdict(
        finding=made,
        verdict="confirmed",
        note="",
        actor=factories.user(Role.REVIEWER),
        now=NOON,
    )
    assert WatchEntry.objects.get().trigger == "obd_tamper"


def test_by_hand_wants_a_reason_and_leaves_a_trail():
    officer = factories.user(Role.OFFICER)
    with pytest.raises(watchlist.WatchRefusedError, match="原因"):
        watchlist.enter_by_hand(
            plate="新E12345", color="yellow", reason="", owner=None, actor=officer,
            now=NOW,
        )  # fmt: skip
    with pytest.raises(watchlist.WatchRefusedError, match="号牌"):
        watchlist.enter_by_hand(
            plate="新E1", color="yellow", reason="群众举报", owner=None, actor=officer,
            now=NOW,
        )  # fmt: skip
    entry = watchlist.enter_by_hand(
        plate="新E·12345", color="yellow", reason="群众举报冒黑烟", owner=None,
        actor=officer, now=NOW,
    )  # fmt: skip
    assert entry.owner == officer
    watchlist.leave(entry=entry, reason="核实不属实", actor=officer, now=NOW)
    with pytest.raises(watchlist.WatchRefusedError, match="已移出"):
        watchlist.leave(entry=entry, reason="核实不属实", actor=officer, now=NOW)
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"watch.enter", "watch.leave"} <= acts
    assert [e.kind for e in entry.events.all()] == ["entered", "left"]
