"""Effective transmission rates from stored hour means, down to the missing hour."""

from datetime import datetime, timedelta

import pytest

from bozhou_eco.common import clock
from polluters.models import Mean, Period, Point
from polluters.selectors import rates
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, tzinfo=clock.BEIJING)
NOW = START + timedelta(hours=25)


def mean(point: Point, hour: int, *, valid: bool = True, flags: str = "N") -> None:
    Mean.objects.create(
        point=point, period=Period.HOUR, time=START + timedelta(hours=hour), due=60,
        got=60, valid_count=60 if valid else 9, valid=valid, flags={flags: 60},
        state="closed", computed_at=NOW,
    )  # fmt: skip


def test_it_works_down_to_the_missing_hour() -> None:
    point, officer = factories.point(), factories.user("officer")
    for hour in range(24):
        if hour != 5:
            mean(point, hour, valid=hour != 7)
    [found] = rates.point_rates(officer, month=START.date(), now=NOW)
    assert (found.rate.due, found.rate.got, found.rate.valid) == (24, 23, 22)
    assert found.rate.effective == pytest.approx(22 / 24)
    assert [moment.hour for moment in found.lacking] == [5, 7]


def test_stopped_hours_are_out_of_the_period() -> None:
    point, officer = factories.point(), factories.user("officer")
    for hour in range(24):
        mean(point, hour, valid=hour < 12, flags="N" if hour < 12 else "F")
    [found] = rates.point_rates(officer, month=START.date(), now=NOW)
    assert (found.rate.due, found.rate.stopped, found.rate.effective) == (12, 12, 1.0)
    assert found.lacking == ()


def test_groups_are_ranked_and_kept_to_the_district() -> None:
    good, bad = factories.point(), factories.point()
    for hour in range(24):
        mean(good, hour)
        mean(bad, hour, valid=hour < 12)
    officer = factories.user("officer")
    found = rates.point_rates(officer, month=START.date(), now=NOW)
    names = [group.name for group in rates.grouped(found, "enterprise")]
    assert names == [bad.outlet.enterprise.name, good.outlet.enterprise.name]
    [district] = rates.grouped(found, "district")
    assert district.rate.effective == pytest.approx(36 / 48)
    other = factories.department(factories.district("652723", "温泉县"))
    outsider = factories.user("officer", organisation=other)
    assert rates.point_rates(outsider, month=START.date(), now=NOW) == []
