"""Hours of a logger that sends real-time values only, with and without oxygen."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.models import Alert
from bozhou_eco.common import clock
from polluters.domain.limits import Averaging
from polluters.models import Exceedance, Logger, Mean, Outlet, Period, Point, Reading
from polluters.services import closing, live, partitions
from tests import factories

pytestmark = pytest.mark.django_db
HOUR, TEN = timedelta(hours=1), timedelta(minutes=10)
START = datetime(2026, 3, 2, 10, tzinfo=clock.BEIJING)


def store(point: Point, period: int, step: timedelta, *values: float) -> None:
    partitions.ensure_months({partitions.month_of(START)})
    Reading.objects.bulk_create(
        Reading(
            point=point, period=period, time=START + n * step, value=value, flag="N",
            received_at=START + n * step,
        )
        for n, value in enumerate(values)
    )  # fmt: skip


def close() -> None:
    closing.close_hour(hour=START, now=START + HOUR + timedelta(minutes=11))


@pytest.fixture
def point() -> Point:
    logger = factories.logger(rtd_interval_s=600)
    Outlet.objects.filter(pk=logger.outlet_id).update(reference_o2=11)
    logger.outlet.refresh_from_db()
    return factories.point(logger)


@pytest.mark.parametrize(("count", "valid"), [(4, False), (5, True)])
def test_as_many_are_due_as_the_logger_sends_in_real_time(
    point: Point, count: int, valid: bool
) -> None:
    store(point, Period.REAL_TIME.value, TEN, *([120.0] * count))
    close()
    made = Mean.objects.get(period=Period.HOUR)
    assert (made.computed, made.due, made.valid) == (120.0, 6, valid)
    assert Exceedance.objects.count() == valid


def test_oxygen_by_the_minute_converts_spans_of_ten_minutes(point: Point) -> None:
    """Over ten minutes 11 and 13 % make 12: values are 10/9 of what was measured."""
    Point.objects.filter(pk=point.pk).update(converted=True)
    second = Logger.objects.create(outlet=point.outlet, mn="O2".rjust(24, "0"))
    oxygen = factories.point(second, "a19001", high=None)
    store(oxygen, Period.MINUTE.value, timedelta(minutes=1), *([11.0, 13.0] * 30))
    store(point, Period.REAL_TIME.value, TEN, *([90.0] * 6))
    close()
    made = Mean.objects.get(point=point)
    assert (made.computed, made.due) == (90.0, 6)
    assert made.computed_converted == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("averaging", "start"),
    [
        (Averaging.MIN5, "10:35"), (Averaging.HOUR, "10:00"), (Averaging.DAY, "00:00"),
        (Averaging.H24, "00:00"),
    ],
    ids=["5min", "hour", "day", "24h"],
)  # fmt: skip
def test_a_period_begins_in_beijing(averaging: Averaging, start: str) -> None:
    moment = datetime(2026, 3, 2, 10, 39, 59, tzinfo=clock.BEIJING)
    found = live.period_start(moment.astimezone(UTC), averaging)
    assert f"{found:%m-%d %H:%M:%S}" == f"03-02 {start}:00"


def test_without_a_limit_in_force_nothing_is_said(point: Point) -> None:
    at = clock.now()
    partitions.ensure_months({partitions.month_of(at)})
    row = Reading(
        point=point, period=Period.REAL_TIME, time=at, value=900.0, flag="N",
        received_at=at,
    )  # fmt: skip
    row.save()
    point.limits.update(valid_from=clock.beijing(at).date() + timedelta(days=2))
    assert not point.limits.filter(valid_from__lte=at).exists()
    live.judge({point.pk: row}, over={point.pk}, now=at)
    assert not Alert.objects.exists()
    point.limits.update(valid_from=clock.beijing(at).date())
    live.judge({point.pk: row}, over={point.pk}, now=at)
    alert = Alert.objects.get()
    assert (alert.key, alert.returned_at) == (live.exceedance_key(point.pk), None)
    point.limits.update(valid_to=clock.beijing(at).date() - timedelta(days=1))
    live.judge({point.pk: row}, over=set(), now=at)
    alert.refresh_from_db()
    assert alert.returned_at == at, "a limit that has ended holds up no alert"
    assert alert.events.get(action="clear").reason == "已没有现行限值"
