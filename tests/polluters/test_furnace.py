"""Furnace temperatures of incineration: judged with the day, settled, mended, exempted."""

from datetime import datetime, timedelta

import pytest

from alerts.models import Alert
from bozhou_eco.common import clock
from polluters.models import ClosedPeriod, DirtyHour, Exceedance, Limit, Point, Reading
from polluters.services import closing, partitions
from tests import factories

pytestmark = pytest.mark.django_db
DAY, FIVE = timedelta(days=1), timedelta(minutes=5)


def day_start() -> datetime:
    local = clock.beijing(clock.now()) - DAY
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def furnace() -> Point:
    outlet = factories.outlet()
    outlet.judging = "incineration"
    outlet.save()
    factories.pollutant("a01901", name="炉膛温度", short="炉温", unit="degC")
    point = factories.point(
        factories.logger(outlet), "a01901", high=None, range_high=1300
    )
    point.unit = "degC"
    point.save()
    Limit.objects.create(
        point=point,
        kind="standard",
        averaging="5min",
        low=850,
        standard="GB 18485-2014",
        source="测试",
        valid_from="2020-01-01",
    )
    return point


def heat(
    point: Point, day: datetime, cold: int, *, flag: str = "N", only: int = 288
) -> None:
    """Write minutes of ``only`` spans of five minutes, the first ``cold`` too cold.

    In each of them three minutes are hotter than the bound: the mean counts.
    """
    partitions.ensure_months({partitions.month_of(day), partitions.month_of(day + DAY)})
    rows = []
    for span in range(only):
        for minute in range(5):
            low = span < cold
            value = (851.0 if minute < 3 else 790.0) if low else 930.0
            rows.append(
                Reading(
                    point=point,
                    period=1,
                    time=day + span * FIVE + timedelta(minutes=minute),
                    value=value,
                    flag=flag if low else "N",
                    quality=0,
                    received_at=day,
                )
            )
    Reading.objects.bulk_create(rows)


def close(day: datetime) -> None:
    closing.close_day(day=day, now=day + DAY + timedelta(hours=2))


def test_six_cold_means_are_an_exceedance(furnace: Point) -> None:
    day = day_start()
    heat(furnace, day, 6)
    close(day)
    row = Exceedance.objects.get()
    assert (row.averaging, row.state, row.time) == ("5min", "warning", day)
    assert row.value == pytest.approx((3 * 851 + 2 * 790) / 5)
    assert row.bound == 850
    assert len(row.explanation["used"]) == 6
    alert = Alert.objects.get()
    assert "五分钟均值 6 次低于 850 ℃" in alert.summary
    assert dict(alert.explanation["lines"])["限值"].startswith(
        "≥ 850，一日低于此值不超过 5 次"
    )
    late = closing.settle_time(day) + timedelta(minutes=1)
    assert closing.settle(now=late) == 1
    assert Exceedance.objects.get().state == "exceeded"


def test_five_are_not(furnace: Point) -> None:
    day = day_start()
    heat(furnace, day, 5)
    close(day)
    assert Exceedance.objects.count() == 0


def test_marked_minutes_do_not_count(furnace: Point) -> None:
    day = day_start()
    heat(furnace, day, 6, flag="M")
    close(day)
    assert Exceedance.objects.count() == 0


def test_other_outlets_are_not_judged_by_it(furnace: Point) -> None:
    furnace.outlet.judging = "day"
    furnace.outlet.save()
    day = day_start()
    heat(furnace, day, 9)
    close(day)
    assert Exceedance.objects.count() == 0


def test_minutes_that_come_late_change_the_record_without_an_alarm(
    furnace: Point,
) -> None:
    day = day_start()
    close(day)
    ClosedPeriod.objects.get_or_create(
        period=2, time=day, defaults={"points": 1, "closed_at": day}
    )
    heat(furnace, day, 8, only=12)
    DirtyHour.objects.create(point=furnace, hour=day, noted_at=clock.now())
    closing.mend_hours(now=clock.now())
    row = Exceedance.objects.get()
    assert (row.averaging, row.live) == ("5min", False)
    assert Alert.objects.count() == 0


def test_a_mended_day_falls_away(furnace: Point) -> None:
    day = day_start()
    heat(furnace, day, 6)
    close(day)
    Reading.objects.filter(time__lt=day + FIVE).update(value=900)
    closing.mend_day(day=day, ids=[furnace.pk], now=clock.now())
    assert Exceedance.objects.get().state == "withdrawn"
    assert Alert.objects.get().returned_at is not None
