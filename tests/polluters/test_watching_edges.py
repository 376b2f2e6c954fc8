"""What the watches leave alone, and what they put together."""

from datetime import date, datetime, timedelta

import pytest

from bozhou_eco.common import clock
from polluters.domain.rulebook import SHARED_ALLOWANCE
from polluters.models import (
    DailyMass,
    DeviceInfo,
    Finding,
    Limit,
    Logger,
    Maintainer,
    MarkKind,
    Mean,
    ParameterChange,
    Period,
    PermitQuota,
    Point,
    Service,
)
from polluters.services.watching import figures, forecasts, kit, ledger, marks
from tests import factories
from tests.polluters.test_watching import bind, kind, mark, mean, now, point, rising

__all__ = ["now", "point"]
pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_rise_is_measured_by_the_limits_in_force(point: Point, now: datetime) -> None:
    """Without a limit, or with one that has ended, there is nothing to reach."""
    rising(point, now, slope=6.0)
    limits = Limit.objects.filter(point=point)
    limits.update(valid_to=now.date() - DAY)
    assert forecasts.look_ahead(now=now) == 0
    limits.update(valid_to=now.date(), kind="design")
    assert forecasts.look_ahead(now=now) == 0
    limits.update(kind="permit")
    assert forecasts.look_ahead(now=now) == 1


def test_a_converted_limit_needs_converted_values(point: Point, now: datetime) -> None:
    rising(point, now, slope=6.0)
    Point.objects.filter(pk=point.pk).update(converted=True)
    assert forecasts.look_ahead(now=now) == 0
    assert not Finding.objects.exists()


def states(now: datetime, *odd: int) -> None:
    """Store twenty days of two factors that go together but in the ``odd`` hours."""
    logger = factories.logger()
    one = factories.point(logger, "a21026")
    two = factories.point(logger, "a00000", high=None)
    rows = []
    for back in range(24 * 20, 0, -1):
        load, noise = (back * 7919 % 997) / 997, (back * 104729 % 991) / 991
        value = 200 + back if back in odd else 50 + 20 * load + noise
        rows += [
            Mean(
                point=of, period=Period.HOUR, time=now - back * HOUR, computed=figure,
                valid=True, state="closed", computed_at=now,
            )
            for of, figure in ((one, value), (two, 1000 + 400 * load + 10 * noise))
        ]  # fmt: skip
    Mean.objects.bulk_create(rows)


def test_odd_hours_on_end_are_one_finding_and_old_ones_none(now: datetime) -> None:
    states(now, 3, 4, 9, 40)
    assert forecasts.look_at_states(now=now) == 2
    spans = Finding.objects.order_by("begin").values_list("begin", "end")
    assert list(spans) == [
        (now - 9 * HOUR, now - 8 * HOUR),
        (now - 4 * HOUR, now - 2 * HOUR),
    ]
    why = Finding.objects.latest("begin").why
    assert "204" in why, "the words of the stronger hour"


@pytest.mark.parametrize(
    ("fields", "told"), [({}, 1), ({"active": False}, 0)], ids=["in-use", "off"]
)
def test_a_quota_is_told_at_an_outlet_that_has_a_logger(
    point: Point, fields: dict[str, bool], told: int
) -> None:
    now = datetime(2026, 6, 30, 10, tzinfo=clock.BEIJING)
    DailyMass.objects.create(
        point=point, day=date(2026, 6, 1), measured=99_000, hours=24, missing=0,
        stopped=0, computed_at=now,
    )  # fmt: skip
    assert figures.look(now=now) == 0, "without a quota there is nothing to use up"
    PermitQuota.objects.create(
        enterprise=point.outlet.enterprise, pollutant=point.pollutant, year=2026,
        tonnes=100, source="许可证",
    )  # fmt: skip
    Logger.objects.filter(pk=point.logger_id).update(**fields)
    assert figures.look(now=now) == told
    assert Finding.objects.filter(check_code="quota_high").count() == told


def test_an_outlet_with_two_loggers_is_one_place(point: Point) -> None:
    second = factories.point(factories.logger(point.outlet), "a21026")
    (place,) = kit.places()
    assert place.logger == point.logger
    assert set(place.points) == {point, second}
    assert place.unit("a21026") == "mg/m3"
    assert place.unit("a99999") == ""


def test_an_open_contract_goes_on_whatever_was_signed_later(
    point: Point, now: datetime
) -> None:
    firm = Maintainer.objects.create(name="甲运维")
    old = Service.objects.create(
        outlet=point.outlet, maintainer=firm, valid_from=now.date() - 300 * DAY
    )
    Service.objects.create(
        outlet=point.outlet, maintainer=firm, valid_from=now.date() - 200 * DAY,
        valid_to=now.date() - 100 * DAY,
    )  # fmt: skip
    ledger.look(now=now)
    assert not Finding.objects.filter(check_code="service_lapsed").exists()
    Service.objects.filter(pk=old.pk).update(valid_to=now.date() - 250 * DAY)
    ledger.look(now=now)
    row = Finding.objects.get(check_code="service_lapsed")
    assert clock.beijing(row.begin).date() == (now - 99 * DAY).date()


def test_only_changes_of_parameters_are_noted(point: Point, now: datetime) -> None:
    for number, text in enumerate(("//开门//", "//修改量程参数//")):
        DeviceInfo.objects.create(
            logger=point.logger, time=now - DAY + number * HOUR, cn="3020",
            code="i11001", values={"Info": text}, received_at=now,
        )  # fmt: skip
    assert ledger.note_changes(now=now) == 1
    assert ledger.note_changes(now=now) == 0
    assert ParameterChange.objects.get().parameter == "修改量程参数"


def test_flags_of_two_factors_at_once_are_one_finding(
    point: Point, now: datetime
) -> None:
    bind()
    second = factories.point(point.logger, "a21026")
    begin = now - 3 * DAY
    for hour in range(4):
        mean(point, begin + hour * HOUR, None, flags={"M": 60})
        mean(second, begin + (hour + 2) * HOUR, None, flags={"M": 60})
    assert marks.look(now=now) == 1
    row = Finding.objects.get()
    assert (row.begin, row.end) == (begin, begin + 6 * HOUR)
    assert "氮氧化物" in row.why
    assert "二氧化硫" in row.why


def test_an_allowance_switched_off_is_not_counted(point: Point, now: datetime) -> None:
    now = now.replace(month=6, day=30)
    bind()
    starting = kind("starting", yearly_hours=5.0)
    mark(point, starting, now - 10 * DAY, 6)
    MarkKind.objects.filter(code__in=SHARED_ALLOWANCE).update(active=False)
    marks.look(now=now)
    assert not Finding.objects.filter(check_code="allowance_exceeded").exists()
    before = set(Finding.objects.values_list("check_code", flat=True))
    MarkKind.objects.filter(pk=starting.pk).update(active=True)
    marks.look(now=now)
    new = set(Finding.objects.values_list("check_code", flat=True)) - before
    assert len(new) == 1
    assert not Mean.objects.exists()
