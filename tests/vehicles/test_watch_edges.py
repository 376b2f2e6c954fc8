"""The watch list where facts come late, out of order, or are taken back."""

import uuid
from datetime import date, timedelta

import pytest

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from tests.factories import district, user
from tests.vehicles.capture_factories import NOW, capture
from tests.vehicles.station_makers import station
from tests.vehicles.test_objections import answered, confirmed, objected
from tests.vehicles.test_watchlist import confirm, listed, vehicle
from vehicles.models import (
    Inspection,
    RepairLoop,
    RoadCampaign,
    Vehicle,
    WatchEntry,
    WatchRule,
)
from vehicles.selectors.watch import timed_candidates
from vehicles.services import watchlist
from vehicles.services.roadchecks import Given, Reading, record_check

pytestmark = pytest.mark.django_db


def repeated() -> WatchEntry | None:
    return WatchEntry.objects.filter(trigger="repeated").first()


@pytest.mark.parametrize(("days", "counts"), [(180, True), (181, False)])
def test_two_captures_count_in_whatever_order_they_are_reviewed(
    days: int, counts: bool
) -> None:
    rule = WatchRule.objects.get(trigger="repeated")
    gap = timedelta(days=days - 180 + rule.days)
    early, late = capture(at=NOW - gap), capture(at=NOW)
    confirm(late)
    assert repeated() is None
    confirm(early)
    assert (repeated() is not None) is counts


def test_a_third_far_away_does_not_join_what_lies_too_far_apart() -> None:
    rule = WatchRule.objects.get(trigger="repeated")
    WatchRule.objects.filter(pk=rule.pk).update(count=3)
    span = timedelta(days=rule.days)
    for at in (NOW - span, NOW, NOW - span / 2 - timedelta(days=1) - span):
        confirm(capture(at=at))
    assert repeated() is None, "no window of that many days holds three"
    confirm(capture(at=NOW - span / 2))
    assert repeated() is not None


def test_when_the_first_of_two_is_withdrawn_the_vehicle_is_no_longer_repeated() -> None:
    first = confirmed()
    confirmed(NOW + timedelta(hours=9))
    entry = repeated()
    assert entry is not None
    answered(objected(first), upheld=True)
    entry.refresh_from_db()
    assert entry.left_at is not None
    assert "1 次" in entry.left_reason
    assert WatchEntry.objects.get(trigger="captured").left_at is None


def test_a_listed_plate_read_without_its_colour_is_told_as_uncertain() -> None:
    listed(vehicle())
    capture(plate="新E0K73X", plate_color="other")
    alert = Alert.objects.get(kind="watch")
    assert alert.subject_key == "vehicle:新E0K73X:yellow"
    assert alert.explanation["号牌识别"] == "待核对"


def passed(of: Vehicle, at) -> None:
    made = station()
    Inspection.objects.create(
        station=made, line=made.lines.get(), vehicle=of, session="S", state="done",
        outcome="pass", method="lugdown", category="periodic", attempt=1,
        opened_at=at, started_at=at, updated_at=at, ended_at=at, received=[],
    )  # fmt: skip


def road_failure(of: Vehicle, at) -> None:
    campaign = RoadCampaign.objects.create(
        name="路检", place="G30", district=district(), begins_at=at
    )
    given = Given(
        uuid.uuid4(), of.plate, of.plate_color, at,
        Reading("smoke_meter", "fail", smoke_k=3.0, limit_k=1.2),
    )  # fmt: skip
    record_check(campaign=campaign, given=given, actor=user(Role.OFFICER), now=NOW)


@pytest.mark.parametrize(("hours", "loops"), [(12, 0), (36, 1)])
def test_a_road_check_that_arrives_after_the_passed_retest_begins_no_loop(
    hours: int, loops: int
) -> None:
    of = vehicle()
    passed(of, NOW - timedelta(hours=hours))
    road_failure(of, NOW - timedelta(hours=24))
    assert RepairLoop.objects.count() == loops
    assert WatchEntry.objects.filter(trigger="road_check").count() == 1


@pytest.mark.parametrize(("before", "overdue"), [(90, False), (100, True)])
def test_a_test_passed_shortly_before_the_term_ends_is_that_terms_test(
    before: int, overdue: bool
) -> None:
    rule = WatchRule.objects.get(trigger="overdue")
    until = NOW.date() - timedelta(days=rule.days + 5)
    of = vehicle(inspection_until=until)
    passed(of, NOW - timedelta(days=rule.days + 5 + before))
    found = [c for c in timed_candidates(NOW) if c.trigger == "overdue"]
    assert bool(found) is overdue


def test_a_day_is_overdue_only_when_it_is_over() -> None:
    rule = WatchRule.objects.get(trigger="overdue")
    today = date(2026, 11, 23)
    assert NOW.date() == today, "the factory's day"
    vehicle("新E00001", inspection_until=today - timedelta(days=rule.days))
    vehicle("新E00002", inspection_until=today - timedelta(days=rule.days + 1))
    found = [c.vehicle.plate for c in timed_candidates(NOW) if c.trigger == "overdue"]
    assert found == ["新E00002"]


def test_nightly_twice_is_once() -> None:
    first = capture()
    confirm(first)
    confirm(capture(at=NOW - timedelta(days=3)))
    before = WatchEntry.objects.count()
    for _ in range(2):
        watchlist.recompute(now=NOW)
    assert WatchEntry.objects.count() == before
