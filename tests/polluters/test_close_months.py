"""Months, quarters and what closing leaves alone; judged again as at the first time."""

from datetime import datetime, timedelta

import pytest

from bozhou_eco.common import clock
from polluters.models import (
    ClosedPeriod,
    DirtyHour,
    Exceedance,
    Limit,
    Mean,
    Period,
    Point,
)
from polluters.services import closing
from tests import factories

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARCH = datetime(2026, 3, 1, tzinfo=clock.BEIJING)
APRIL = datetime(2026, 4, 1, tzinfo=clock.BEIJING)
QUARTER = datetime(2026, 1, 1, tzinfo=clock.BEIJING)
SETTLED = APRIL + 12 * HOUR
MONTHLY = [
    (Period.MONTH.value, MARCH, APRIL),
    (Period.QUARTER.value, QUARTER, APRIL),
]


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


def mean(point: Point, period: int, time: datetime, value: float | None) -> Mean:
    return Mean.objects.create(
        point=point, period=period, time=time, computed=value, due=60, got=60,
        valid_count=60 if value else 0, valid=value is not None, flags={"N": 60},
        state="closed", computed_at=time,
    )  # fmt: skip


def march(point: Point, valid: int = 31) -> None:
    """Close every day of March, the first ``valid`` with a valid mean."""
    for day in range(31):
        time = MARCH + day * DAY
        ClosedPeriod.objects.create(
            period=Period.DAY, time=time, points=1, closed_at=time + DAY
        )
        mean(point, Period.DAY.value, time, 10.0 + day if day < valid else None)


def test_a_month_waits_for_the_marks_of_its_last_day(point: Point) -> None:
    assert closing.due_long(SETTLED) == [], "without a closed day there is no month"
    march(point)
    assert closing.due_long(SETTLED - timedelta(minutes=1)) == []
    assert closing.due_long(SETTLED) == MONTHLY
    assert closing.close_due(now=SETTLED) == 3, "the last hour, the month, the quarter"
    assert closing.due_long(SETTLED) == []
    assert closing.close_due(now=SETTLED) == 0
    made = Mean.objects.get(period=Period.MONTH)
    assert (made.time, made.due, made.valid_count, made.valid) == (MARCH, 31, 31, True)
    assert made.computed == pytest.approx(25.0)
    quarter = Mean.objects.get(period=Period.QUARTER)
    assert (quarter.time, quarter.due, quarter.valid) == (QUARTER, 90, False)
    kept = ClosedPeriod.objects.get(period=Period.MONTH)
    assert (kept.time, kept.points, kept.closed_at) == (MARCH, 1, SETTLED)


@pytest.mark.parametrize(("days", "valid"), [(23, False), (24, True)])
def test_a_month_is_valid_with_three_quarters_of_its_days(
    point: Point, days: int, valid: bool
) -> None:
    march(point, valid=days)
    period, start, end = MONTHLY[0]
    assert closing.close_long(period=period, start=start, end=end, now=SETTLED) == 1
    made = Mean.objects.get(period=Period.MONTH)
    assert (made.valid_count, made.valid) == (days, valid)
    Mean.objects.filter(period=Period.DAY).update(computed=1)
    assert closing.close_long(period=period, start=start, end=end, now=SETTLED) == 0
    again = Mean.objects.get(period=Period.MONTH)
    assert (again.computed, again.computed_at) == (made.computed, made.computed_at)


def test_a_mended_day_mends_its_month_and_only_a_closed_one(point: Point) -> None:
    march(point)
    period, start, end = MONTHLY[0]
    closing.close_long(period=period, start=start, end=end, now=SETTLED)
    for hour in range(24):
        mean(point, Period.HOUR.value, MARCH + hour * HOUR, 41.0)
    closing.mend_day(day=MARCH, ids=[point.pk], now=SETTLED + HOUR)
    assert Mean.objects.get(period=Period.DAY, time=MARCH).computed == 41
    made = Mean.objects.get(period=Period.MONTH)
    assert made.computed == pytest.approx(25.0 + 31 / 31)
    assert not Mean.objects.filter(period=Period.QUARTER).exists()


def test_a_day_is_closed_once(point: Point) -> None:
    for hour in range(24):
        mean(point, Period.HOUR.value, MARCH + hour * HOUR, 50.0)
    now = MARCH + DAY + 2 * HOUR
    assert closing.close_day(day=MARCH, now=now) == 1
    Mean.objects.filter(period=Period.HOUR).update(computed=60.0)
    assert closing.close_day(day=MARCH, now=now + HOUR) == 0
    made = Mean.objects.get(period=Period.DAY)
    assert (made.computed, made.computed_at) == (50.0, now)


def test_an_hour_not_closed_yet_keeps_its_note_and_an_old_one_is_mended(
    point: Point,
) -> None:
    now = MARCH + 5 * DAY
    hours = (now - HOUR, now - closing.LOOK_BACK, now - closing.LOOK_BACK - HOUR)
    for hour in hours:
        DirtyHour.objects.create(point=point, hour=hour, noted_at=now)
    assert closing.mend_hours(now=now) == 1
    assert set(DirtyHour.objects.values_list("hour", flat=True)) == set(hours[:2])
    assert [row.time for row in Mean.objects.all()] == [hours[2]]
    assert closing.mend_hours(now=now) == 0


def test_a_site_without_points_closes_its_hours_too() -> None:
    assert closing.close_hour(hour=MARCH, now=MARCH + 2 * HOUR) == 0
    assert closing.close_day(day=MARCH, now=MARCH + 2 * DAY) == 0
    assert ClosedPeriod.objects.filter(time=MARCH, points=0).count() == 2
    assert not Mean.objects.exists()


def test_a_day_over_the_limit_is_decided_at_noon_and_not_before(point: Point) -> None:
    Limit.objects.filter(point=point).update(averaging="day")
    for hour in range(24):
        mean(point, Period.HOUR.value, MARCH + hour * HOUR, 150.0)
    closing.close_day(day=MARCH, now=MARCH + DAY + 2 * HOUR)
    noon = MARCH + DAY + 12 * HOUR
    row = Exceedance.objects.get()
    assert (row.averaging, row.state) == ("day", "warning")
    assert closing.settle(now=noon - timedelta(minutes=1)) == 0
    row.refresh_from_db()
    assert row.state == "warning"
    Mean.objects.filter(period=Period.HOUR).update(computed=140.0)
    assert closing.settle(now=noon) == 1
    row.refresh_from_db()
    assert (row.state, row.value) == ("exceeded", pytest.approx(140.0))


def test_a_conditional_limit_is_settled_by_the_stored_mean_it_asks_for() -> None:
    """NH3-N of 9 mg/L in water of 9 degC: over the 8 of cold water, not over the 5."""
    logger = factories.logger(factories.outlet(medium="water"))
    ammonia = factories.point(logger, "w21003", high=5.0)
    water = factories.point(logger, "w01010", high=None)
    condition = {"code": "w01010", "op": "<=", "value": 12, "high": 8}
    Limit.objects.filter(point=ammonia).update(averaging="day", condition=condition)
    for point, value in ((ammonia, 9.0), (water, 9.0)):
        for hour in range(24):
            mean(point, Period.HOUR.value, MARCH + hour * HOUR, value)
    closing.close_day(day=MARCH, now=MARCH + DAY + 2 * HOUR)
    row = Exceedance.objects.get()
    assert (row.value, row.bound, row.multiple) == (9.0, 8.0, pytest.approx(1 / 8))
    noon = MARCH + DAY + 12 * HOUR
    closing.settle(now=noon)
    row.refresh_from_db()
    assert (row.state, row.bound) == ("exceeded", 8.0)
    span = {"outlet": ammonia.outlet_id, "begin": MARCH, "end": MARCH + DAY}
    kept = Mean.objects.filter(point=water, period=Period.HOUR)
    kept.update(computed=15.0)
    assert closing.rejudge(**span, now=noon) == 1
    row.refresh_from_db()
    assert row.bound == 5.0, "warm water: the plain limit"
    assert row.multiple == pytest.approx(4 / 5)
    kept.update(computed=9.0, valid=False)
    closing.rejudge(**span, now=noon)
    row.refresh_from_db()
    assert row.bound == 5.0, "an invalid mean says nothing"
    kept.update(computed=None, valid=True)
    closing.rejudge(**span, now=noon)
    row.refresh_from_db()
    assert row.bound == 5.0


def test_below_the_lower_bound_that_bound_is_the_limit_on_record() -> None:
    ph = factories.point(
        factories.logger(factories.outlet(medium="water")), "w01001", high=9.0
    )
    Limit.objects.filter(point=ph).update(averaging="day", low=6.0)
    for hour in range(24):
        mean(ph, Period.HOUR.value, MARCH + hour * HOUR, 5.0)
    closing.close_day(day=MARCH, now=MARCH + DAY + 2 * HOUR)
    row = Exceedance.objects.get()
    assert (row.value, row.bound, row.multiple) == (5.0, 6.0, None)
