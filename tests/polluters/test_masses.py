"""Daily masses: summed when due and not again, stops and first days, hours behind a day."""

from datetime import datetime, timedelta

import pytest

from bozhou_eco.common import clock
from polluters.models import (
    ClosedPeriod,
    DailyMass,
    MarkKind,
    MarkScope,
    Mean,
    Period,
    Point,
    Substitute,
)
from polluters.services import closing, marks, masses
from tests import factories
from tests.polluters.test_watching import mean

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 3, 10, tzinfo=clock.BEIJING)
FLOW = 20_000.0
KG = 2.0  # 100 mg/m3 in 20,000 m3
STOPPED = {"flags": {"F": 60}}


@pytest.fixture
def point() -> Point:
    """A gas outlet with one factor and its flow."""
    logger = factories.logger()
    factories.point(logger, "a00000", high=None)
    return factories.point(logger, "a21026")


def flow_of(point: Point) -> Point:
    return Point.objects.get(outlet=point.outlet, pollutant__code="a00000")


def fill(point: Point, start: datetime, hours: int = 24, first: int = 0) -> None:
    for hour in range(first, hours):
        mean(point, start + hour * HOUR, 100.0)
        mean(flow_of(point), start + hour * HOUR, FLOW)


def closed(day: datetime) -> None:
    ClosedPeriod.objects.create(
        period=Period.DAY, time=day, points=1, closed_at=day + DAY
    )


def test_closed_days_are_summed_once_and_again_when_an_hour_changed(
    point: Point,
) -> None:
    fill(point, START)
    fill(point, START + DAY)
    closed(START)
    now = START + 3 * DAY
    assert masses.sum_due(now=now) == 1, "the second day is not closed"
    assert masses.sum_due(now=now + HOUR) == 0
    row = DailyMass.objects.get()
    assert (row.day, row.measured) == (START.date(), pytest.approx(24 * KG))
    closed(START + DAY)
    assert masses.sum_due(now=now + HOUR) == 1
    Mean.objects.filter(point=point, time=START).update(
        computed=200.0, computed_at=now + 2 * HOUR
    )
    assert masses.sum_due(now=now + 3 * HOUR) == 1
    row.refresh_from_db()
    assert row.measured == pytest.approx(25 * KG)
    assert DailyMass.objects.count() == 2


@pytest.mark.parametrize(("back", "done"), [(masses.BACK, 1), (masses.BACK + 1, 0)])
def test_only_the_last_weeks_are_looked_at_and_never_today(
    point: Point, back: int, done: int
) -> None:
    now = START + back * DAY + 5 * HOUR
    closed(START)
    closed(clock.beijing(now).replace(hour=0))
    assert masses.sum_due(now=now) == done


def test_a_stop_is_neither_missing_nor_filled(point: Point) -> None:
    fill(point, START - DAY)
    fill(point, START, first=4)
    for hour in range(3):
        mean(point, START + hour * HOUR, None, **STOPPED)
    mean(point, START + 3 * HOUR, None, flags={"F": 30, "N": 30})
    masses.sum_day(day=START.date(), now=START + 2 * DAY)
    row = DailyMass.objects.get()
    assert (row.hours, row.missing, row.stopped) == (20, 1, 3)
    assert row.measured == pytest.approx(20 * KG)
    stands = Substitute.objects.filter(point=point)
    assert [one.hour for one in stands] == [START + 3 * HOUR]
    hours = masses.hours_of(point=point, day=START.date())
    assert hours == [None] * 4 + [pytest.approx(KG)] * 20


def test_what_is_still_missing_keeps_its_substitute(point: Point) -> None:
    fill(point, START - DAY)
    fill(point, START, first=1)
    masses.sum_day(day=START.date(), now=START + 2 * DAY)
    before = set(Substitute.objects.values_list("pk", "point", "hour", "value"))
    assert {row[2] for row in before} == {START}
    masses.sum_day(day=START.date(), now=START + 3 * DAY)
    assert set(Substitute.objects.values_list("pk", "point", "hour", "value")) == before
    row = DailyMass.objects.get()
    assert (row.missing, row.substituted) == (1, pytest.approx(KG))


def test_before_the_first_valid_hour_nothing_stands_in(point: Point) -> None:
    fill(point, START, first=6)
    masses.sum_day(day=START.date(), now=START + 2 * DAY)
    row = DailyMass.objects.get()
    assert (row.hours, row.missing, row.substituted) == (18, 6, 0)
    assert not Substitute.objects.exists()


def test_without_a_flow_no_hour_is_known(point: Point) -> None:
    fill(point, START)
    Point.objects.filter(pk=flow_of(point).pk).update(active=False)
    assert masses.hours_of(point=point, day=START.date()) == [None] * 24
    assert masses.sum_day(day=START.date(), now=START + 2 * DAY) == 0


def test_a_stop_that_is_marked_or_withdrawn_later_changes_the_mass(
    point: Point,
) -> None:
    fill(point, START)
    Mean.objects.update(computed_at=START + DAY)
    MarkScope.objects.all().delete()
    kind = MarkKind.objects.filter(stops=True).first() or MarkKind.objects.create(
        code="stopped", name="停运", group="production", stops=True, source="测试"
    )
    closing.close_day(day=START, now=START + DAY + HOUR)
    now = START + DAY + 2 * HOUR
    assert masses.sum_due(now=now) == 1
    assert masses.sum_due(now=now) == 0
    officer = factories.user("officer")
    draft = marks.Draft(point.outlet, kind, START, START + 6 * HOUR, "检修停运")
    made = marks.make_mark(draft=draft, actor=officer, now=now + HOUR)
    assert masses.sum_due(now=now + 2 * HOUR) == 1
    row = DailyMass.objects.get()
    assert (row.stopped, row.measured) == (6, pytest.approx(18 * KG))
    marks.withdraw_mark(mark=made, reason="填错", actor=officer, now=now + 3 * HOUR)
    assert masses.sum_due(now=now + 4 * HOUR) == 1
    row.refresh_from_db()
    assert (row.stopped, row.measured) == (0, pytest.approx(24 * KG))
    assert masses.sum_due(now=now + 5 * HOUR) == 0
