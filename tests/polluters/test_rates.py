"""Effective transmission rates from stored hour means, down to the missing hour."""

from datetime import datetime, timedelta

import pytest

from bozhou_eco.common import clock
from polluters.models import (
    Mark,
    MarkKind,
    Mean,
    NationalParcel,
    NationalRate,
    Period,
    Point,
    Shortfall,
)
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


def one(point: Point, user: object, span: str = "day") -> rates.PointRate:
    found = rates.point_rates(user, span=span, day=START.date(), now=NOW)  # type: ignore[arg-type]
    return next(row for row in found if row.point == point)


def test_it_works_down_to_the_missing_hour() -> None:
    point, officer = factories.point(), factories.user("officer")
    for hour in range(24):
        if hour != 5:
            mean(point, hour, valid=hour != 7)
    found = one(point, officer)
    assert (found.rate.due, found.rate.got, found.rate.valid) == (24, 23, 22)
    assert found.rate.effective == pytest.approx(22 / 24)
    cells = rates.hour_cells(point, start=START, end=START + timedelta(days=1), now=NOW)
    assert [(c.time.hour, c.mark) for c in cells if c.mark != "N"] == [
        (5, "0"),
        (7, "D"),
    ]
    assert cells[7].word == "无效：有效值不足"


def test_before_and_after_backfill() -> None:
    point, officer = factories.point(), factories.user("officer")
    for hour in range(24):
        mean(point, hour)
    for hour in (3, 4):
        Shortfall.objects.create(
            point=point, hour=START + timedelta(hours=hour), due=60,
            got=0 if hour == 3 else 10, valid_count=0, closed_at=NOW,
        )  # fmt: skip
    found = one(point, officer)
    assert found.rate.effective == 1.0
    assert (found.before.due, found.before.got, found.before.valid) == (24, 23, 22)


def test_stopped_hours_are_out_of_the_period() -> None:
    point, officer = factories.point(), factories.user("officer")
    for hour in range(24):
        mean(point, hour, valid=hour < 12, flags="N" if hour < 12 else "F")
    found = one(point, officer)
    assert (found.rate.due, found.rate.stopped, found.rate.effective) == (12, 12, 1.0)


@pytest.mark.parametrize(("origin", "due"), [("national", 20), ("logger", 24)])
def test_a_stop_mark_with_effect_takes_hours_out(origin: str, due: int) -> None:
    point, officer = factories.point(), factories.user("officer")
    for hour in range(24):
        mean(point, hour, valid=not 4 <= hour < 8)
    kind, _ = MarkKind.objects.get_or_create(
        code="stopped", defaults={"name": "停运", "group": "production", "stops": True}
    )
    Mark.objects.create(
        outlet=point.outlet, kind=kind, begin=START + timedelta(hours=4),
        end=START + timedelta(hours=8), origin=origin, made_at=START, received_at=NOW,
        deadline=NOW,
    )  # fmt: skip
    assert one(point, officer).rate.due == due


def test_the_self_check_hour_of_wastewater_is_not_due() -> None:
    point = factories.point(code="w01018")
    for hour in range(24):
        mean(point, hour, valid=hour != 3, flags="N" if hour != 3 else "C")
    found = one(point, factories.user("officer"))
    assert (found.rate.due, found.rate.effective) == (23, 1.0)


def test_the_national_rate_stands_beside_ours() -> None:
    point, officer = factories.point(), factories.user("officer")
    mean(point, 0)
    parcel = NationalParcel.objects.create(
        number="1", kind="rates", way="folder", state="taken", received_at=NOW
    )
    NationalRate.objects.create(
        point=point, period=Period.DAY, time=START, effective=0.93, parcel=parcel
    )
    assert one(point, officer).national == 0.93


def test_groups_are_ranked_and_kept_to_the_district() -> None:
    good, bad = factories.point(), factories.point()
    for hour in range(24):
        mean(good, hour)
        mean(bad, hour, valid=hour < 12)
    officer = factories.user("officer")
    found = rates.point_rates(officer, span="month", day=START.date(), now=NOW)
    names = [group.name for group in rates.grouped(found, "enterprise")]
    assert names == [bad.outlet.enterprise.name, good.outlet.enterprise.name]
    [district] = rates.grouped(found, "district")
    assert district.rate.effective == pytest.approx(36 / 48)
    assert district.lacking == 12
    other = factories.department(factories.district("652723", "温泉县"))
    outsider = factories.user("officer", organisation=other)
    assert rates.point_rates(outsider, span="month", day=START.date(), now=NOW) == []


def test_spans() -> None:
    start, end = rates.span_bounds("quarter", datetime(2026, 5, 9).date())  # noqa: DTZ001
    assert (start.month, end.month) == (4, 7)
