"""Closing hours and days: valid means, the right word, one alert, settlement."""

import random
from datetime import datetime, timedelta

import pytest

from alerts.models import Alert
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
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import take

pytestmark = pytest.mark.django_db


def hour_start() -> datetime:
    """Return the start of the last hour that is due at ``due``, mid-day in Beijing."""
    local = clock.beijing(clock.now()).replace(minute=0, second=0, microsecond=0)
    return local - timedelta(hours=2)


def due(hour: datetime) -> datetime:
    return hour + timedelta(hours=1, minutes=11)


def send(point: Point, hour: datetime, value: float, count: int = 60, **more) -> None:
    """Send minute values of an hour as they came at the time."""
    flag = more.get("flag", "N")
    frames = [
        data_frame(
            point.logger,
            hour + timedelta(minutes=n),
            f"{point.wire_code}-Avg={value},{point.wire_code}-Flag={flag}",
            cn="2051",
        )
        for n in range(more.get("first", 0), more.get("first", 0) + count)
    ]
    take(*frames, at=hour + timedelta(minutes=59, seconds=59))


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


def close(hour: datetime, now: datetime | None = None) -> None:
    closing.close_hour(hour=hour, now=now or due(hour))


def test_it_works(point: Point) -> None:
    hour = hour_start()
    send(point, hour, 42.0)
    close(hour)
    mean = Mean.objects.get(period=Period.HOUR)
    assert (mean.computed, mean.valid, mean.due, mean.got) == (42.0, True, 60, 60)
    assert mean.flags == {"N": 60}
    assert Exceedance.objects.count() == Alert.objects.count() == 0


def test_a_valid_hour_over_the_limit_is_a_warning_with_one_alert(point: Point) -> None:
    hour = hour_start()
    send(point, hour, 130.0)
    close(hour)
    close(hour)
    row = Exceedance.objects.get()
    assert (row.state, row.value, row.bound) == ("warning", 130.0, 100.0)
    assert row.multiple == pytest.approx(0.3)
    alert = Alert.objects.get(key=f"exceedance:{point.pk}")
    assert alert.summary.startswith("超标预警")
    assert alert.severity == "major"
    assert alert.explanation["judgement"]["valid_count"] == 60
    assert dict(alert.explanation["lines"])["标准"] == "排污许可证"


def test_44_minutes_are_no_valid_hour(point: Point) -> None:
    hour = hour_start()
    send(point, hour, 130.0, count=44)
    close(hour)
    assert Mean.objects.get(period=Period.HOUR).valid is False
    assert Exceedance.objects.count() == 0


def test_45_minutes_are(point: Point) -> None:
    hour = hour_start()
    send(point, hour, 130.0, count=45)
    close(hour)
    assert Mean.objects.get(period=Period.HOUR).valid is True
    assert Exceedance.objects.count() == 1


def test_marked_minutes_do_not_count(point: Point) -> None:
    hour = hour_start()
    send(point, hour, 50.0, count=45)
    send(point, hour, 900.0, count=15, first=45, flag="C")
    close(hour)
    mean = Mean.objects.get(period=Period.HOUR)
    assert (mean.computed, mean.flags) == (50.0, {"C": 15, "N": 45})
    assert Exceedance.objects.count() == 0


def test_after_the_deadline_for_marks_the_word_is_exceeded(point: Point) -> None:
    hour = hour_start()
    send(point, hour, 130.0)
    close(hour)
    assert closing.settle(now=due(hour)) == 0
    late = closing.settle_time(hour) + timedelta(minutes=1)
    assert closing.settle(now=late) == 1
    row = Exceedance.objects.get()
    assert (row.state, row.settled_at) == ("exceeded", late)
    alert = Alert.objects.get(key=f"exceedance:{point.pk}")
    assert alert.summary.startswith("超标：")
    assert closing.settle(now=late) == 0


def test_late_data_change_the_record_without_a_live_alarm(point: Point) -> None:
    hour = hour_start() - timedelta(hours=20)
    close(hour)
    assert Mean.objects.get().got == 0
    frames = [
        data_frame(
            point.logger,
            hour + timedelta(minutes=n),
            "a21002-Avg=130,a21002-Flag=N",
            cn="2051",
        )
        for n in range(60)
    ]
    random.Random(3).shuffle(frames)
    take(*frames)
    assert DirtyHour.objects.count() == 1
    assert closing.mend_hours(now=clock.now()) == 1
    assert DirtyHour.objects.count() == 0
    assert Mean.objects.get().computed == 130
    row = Exceedance.objects.get()
    assert row.live is False
    assert Alert.objects.count() == 0


def test_a_mended_hour_back_under_the_limit_falls_away(point: Point) -> None:
    hour = hour_start() - timedelta(hours=3)
    send(point, hour, 130.0, count=45)
    closing.close_hour(hour=hour, now=due(hour))
    assert Exceedance.objects.get().state == "warning"
    frames = [
        data_frame(
            point.logger,
            hour + timedelta(minutes=n),
            "a21002-Avg=0,a21002-Flag=N",
            cn="2051",
        )
        for n in range(45, 60)
    ]
    take(*frames)
    closing.mend_hours(now=clock.now())
    assert Mean.objects.get().computed == pytest.approx(97.5)
    assert Exceedance.objects.get().state == "withdrawn"


def test_only_its_own_windows_are_computed_again(point: Point) -> None:
    other = factories.point(high=100.0)
    hour = hour_start() - timedelta(hours=20)
    close(hour)
    before = dict(Mean.objects.values_list("point_id", "computed_at"))
    take(data_frame(point.logger, hour, "a21002-Avg=5,a21002-Flag=N", cn="2051"))
    closing.mend_hours(now=clock.now())
    after = dict(Mean.objects.values_list("point_id", "computed_at"))
    assert after[other.pk] == before[other.pk]
    assert after[point.pk] > before[point.pk]


def test_a_wastewater_day_is_judged_by_its_day_mean() -> None:
    outlet = factories.outlet(medium="water")
    point = factories.point(
        factories.logger(outlet), "w01018", high=None, range_high=500
    )
    Limit.objects.create(
        point=point,
        kind="standard",
        averaging="day",
        high=50,
        standard="GB 18918-2002",
        source="测试",
        valid_from="2020-01-01",
    )
    day = clock.beijing(clock.now()).replace(
        hour=0, minute=0, second=0, microsecond=0
    ) - timedelta(days=1)
    Mean.objects.bulk_create(
        Mean(
            point=point,
            period=Period.HOUR,
            time=day + timedelta(hours=n),
            computed=60.0 if n < 20 else 20.0,
            valid=True,
            due=60,
            got=60,
            valid_count=60,
            flags={"N": 60},
            state="closed",
            computed_at=clock.now(),
        )
        for n in range(24)
    )
    closing.close_day(day=day, now=day + timedelta(days=1, hours=2))
    mean = Mean.objects.get(period=Period.DAY)
    assert mean.computed == pytest.approx((20 * 60 + 4 * 20) / 24)
    row = Exceedance.objects.get()
    assert (row.averaging, row.state) == ("day", "warning")


def test_a_new_site_begins_with_the_last_hour(point: Point) -> None:
    now = clock.now()
    assert closing.close_due(now=now) == 2
    assert ClosedPeriod.objects.filter(period=Period.HOUR).count() == 1
    assert closing.close_due(now=now) == 0


def test_close_due_catches_up_after_an_outage(point: Point) -> None:
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
    ClosedPeriod.objects.create(period=Period.HOUR, time=hour, points=1, closed_at=now)
    assert len(closing.due_hours(now)) == (28 if now.minute < 10 else 29)
    closing.close_due(now=now)
    assert closing.due_hours(now) == []
    assert closing.close_due(now=now) == 0
