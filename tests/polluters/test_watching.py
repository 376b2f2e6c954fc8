"""Findings of marks, upkeep, figures and forecasts: made once, in words, ended with a reason."""

from datetime import date, datetime, timedelta

import pytest

from alerts.models import Alert
from bozhou_eco.common import clock
from polluters.models import (
    CheckSetting,
    Consumable,
    DailyMass,
    DeviceInfo,
    Exceedance,
    Finding,
    Installation,
    Maintainer,
    MaintainerStaff,
    Mark,
    MarkKind,
    MarkScope,
    Mean,
    NationalMean,
    NationalParcel,
    ParameterChange,
    Period,
    PermitQuota,
    Point,
    Reading,
    Service,
    Substitute,
    Upkeep,
)
from polluters.services import masses, partitions
from polluters.services.watching import figures, forecasts, ledger, marks
from tests import factories

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return clock.beijing(clock.now()).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


def codes() -> set[str]:
    return set(Finding.objects.values_list("check_code", flat=True))


def kind(code: str, **fields: object) -> MarkKind:
    defaults = {"name": code, "group": "production", "source": "测试"} | fields
    return MarkKind.objects.update_or_create(code=code, defaults=defaults)[0]


def mark(
    point: Point, of: MarkKind, begin: datetime, hours: float, **more: object
) -> Mark:
    values = {
        "outlet": point.outlet, "kind": of, "begin": begin,
        "end": begin + timedelta(hours=hours), "origin": "national",
        "key": f"K{Mark.objects.count()}", "made_at": begin, "received_at": begin,
        "deadline": begin + DAY,
    }  # fmt: skip
    return Mark.objects.create(**(values | more))


def mean(
    point: Point, time: datetime, value: float | None = 50.0, **more: object
) -> Mean:
    values = {
        "due": 60, "got": 60, "valid_count": 60, "valid": value is not None,
        "flags": {"N": 60}, "state": "closed", "computed_at": time + DAY,
    }  # fmt: skip
    return Mean.objects.create(
        point=point, period=Period.HOUR, time=time, computed=value, **(values | more)
    )


def bind() -> None:
    MarkScope.objects.get_or_create(
        industry="水泥制造", defaults={"valid_from": date(2023, 1, 1), "source": "测试"}
    )


def test_a_late_mark_is_a_finding_only_where_the_rule_binds(
    point: Point, now: datetime
) -> None:
    begin = now - 5 * DAY
    mark(point, kind("starting"), begin, 2, made_at=begin + 3 * DAY)
    MarkScope.objects.all().delete()
    assert marks.look(now=now) == 0
    bind()
    assert marks.look(now=now) == 1
    assert marks.look(now=now + HOUR) == 0
    row = Finding.objects.get()
    assert row.check_code == "late_mark"
    assert "晚于时限" in row.why
    assert "国家平台标记" in row.why


def test_flagged_hours_without_a_mark_are_named_after_the_deadline(
    point: Point, now: datetime
) -> None:
    bind()
    begin = now - 3 * DAY
    for hour in range(4):
        mean(point, begin + hour * HOUR, None, flags={"M": 60})
    assert marks.look(now=now) == 1
    row = Finding.objects.get()
    assert (row.check_code, row.factor) == ("unmarked", "")
    assert "氮氧化物" in row.why
    assert row.end - row.begin == 4 * HOUR
    assert "维护" in row.why
    mark(point, kind("maintenance"), begin, 4)
    assert marks.look(now=now) == 0
    row.refresh_from_db()
    assert row.state == "open"


def test_a_mark_after_the_exceedance_was_known_is_a_suspicion(
    point: Point, now: datetime
) -> None:
    begin = now - 4 * DAY
    Exceedance.objects.create(
        point=point, averaging="hour", time=begin, value=150, bound=100, multiple=0.5,
        state="warning", found_at=begin + HOUR,
    )  # fmt: skip
    MarkScope.objects.all().delete()
    mark(point, kind("starting"), begin, 2, made_at=begin + 2 * DAY)
    assert marks.look(now=now) == 1
    assert codes() == {"backdated_mark"}


def test_allowances_of_a_year_are_counted(point: Point, now: datetime) -> None:
    bind()
    start = kind("starting")
    MarkKind.objects.update(yearly_hours=6)
    begin = max(now - 30 * DAY, now.replace(month=1, day=1, hour=0))
    mark(point, start, begin, 4)
    assert marks.look(now=now) == 0
    mark(point, start, begin + 10 * HOUR, 4, key="again")
    mark(point, kind("accident", each_hours=1), begin + 30 * HOUR, 3, key="long")
    marks.look(now=now)
    assert codes() == {"mark_allowance", "mark_too_long"}
    assert "超过允许的" in Finding.objects.get(check_code="mark_allowance").why


def test_what_is_overdue_in_the_ledger_is_found_and_ends_when_done(
    point: Point, now: datetime
) -> None:
    outlet, today = point.outlet, now.date()
    firm = Maintainer.objects.create(name="虚构运维")
    MaintainerStaff.objects.create(
        maintainer=firm, name="李", certificate_until=today - 9 * DAY
    )
    Service.objects.create(
        outlet=outlet, maintainer=firm, valid_from=today - 400 * DAY,
        valid_to=today - 3 * DAY,
    )  # fmt: skip
    task = Upkeep.objects.create(
        outlet=outlet, kind="calibration", planned_from=now - 3 * DAY,
        planned_to=now - 2 * DAY,
    )  # fmt: skip
    Upkeep.objects.create(
        outlet=outlet, kind="comparison", planned_from=now - 9 * DAY,
        planned_to=now - 8 * DAY, done_at=now - 8 * DAY, result="failed",
        standard_value=50, measured_value=60,
    )  # fmt: skip
    Consumable.objects.create(
        outlet=outlet, kind="gas", name="NO 标气", expires_on=today - DAY
    )
    Installation.objects.create(
        outlet=outlet, pollutant=point.pollutant, required_by=today - 30 * DAY,
        source="名录",
    )  # fmt: skip
    assert ledger.look(now=now) == 6
    assert ledger.look(now=now + HOUR) == 0
    assert codes() == {
        "certificate_expired", "service_lapsed", "upkeep_overdue", "upkeep_failed",
        "consumable_expired", "installation_overdue",
    }  # fmt: skip
    assert "相对误差 20.0%" in Finding.objects.get(check_code="upkeep_failed").why
    key = f"anomaly:{point.logger_id}:upkeep_overdue:upkeep{task.pk}"
    assert Alert.objects.filter(key=key, returned_at=None).exists()
    task.done_at, task.result = now, "passed"
    task.save()
    ledger.look(now=now + 2 * HOUR)
    assert not Alert.objects.filter(key=key, returned_at=None).exists()


@pytest.mark.parametrize("declared", [True, False])
def test_a_parameter_change_must_be_declared(
    point: Point, now: datetime, declared: bool
) -> None:
    at = now - 3 * DAY
    DeviceInfo.objects.create(
        logger=point.logger, time=at, cn="3020", code="i11001",
        values={"Info": "//修改量程参数//"}, received_at=at,
    )  # fmt: skip
    if declared:
        ParameterChange.objects.create(
            outlet=point.outlet, parameter="量程", changed_at=at, origin="declared",
            recorded_at=at + HOUR, reason="更换量程",
        )  # fmt: skip
    ledger.look(now=now)
    assert ("parameter_undeclared" in codes()) is not declared
    assert ParameterChange.objects.filter(origin="logger").count() == 1


def test_masses_come_of_measured_values_with_substitutes_beside(now: datetime) -> None:
    logger = factories.logger()
    point = factories.point(logger, "a21026")
    flow = factories.point(logger, "a00000", high=None)
    day = (now - 2 * DAY).replace(hour=0)
    for hour in range(48):
        moment = day - DAY + hour * HOUR
        mean(point, moment, None if hour == 30 else 100.0)
        mean(flow, moment, 20_000.0)
    masses.sum_day(day=day.date(), now=now)
    row = DailyMass.objects.get(point=point)
    assert row.measured == pytest.approx(23 * 2.0)
    assert (row.hours, row.missing, row.substituted) == (23, 1, pytest.approx(2.0))
    stand = Substitute.objects.get()
    assert (stand.value, stand.hour) == (100.0, day + 6 * HOUR)
    assert Mean.objects.get(point=point, time=stand.hour).computed is None
    Mean.objects.filter(point=point, time=stand.hour).update(computed=50, valid=True)
    masses.sum_day(day=day.date(), now=now)
    row.refresh_from_db()
    assert row.measured == pytest.approx(23 * 2.0 + 1.0)
    assert not Substitute.objects.exists()


def test_a_quota_that_runs_out_is_announced(point: Point, now: datetime) -> None:
    today = now.date()
    first = max(date(today.year, 1, 1), today - 20 * DAY)
    days = (today - first).days
    for back in range(1, days + 1):
        DailyMass.objects.create(
            point=point, day=today - back * DAY, measured=1000, hours=24, missing=0,
            stopped=0, computed_at=now,
        )  # fmt: skip
    PermitQuota.objects.create(
        enterprise=point.outlet.enterprise, pollutant=point.pollutant,
        year=today.year, tonnes=days + 5, source="许可证",
    )  # fmt: skip
    assert figures.look(now=now) == 1
    why = Finding.objects.get().why
    assert "占许可量" in why
    assert "将于" in why or today.month == 12


def test_means_unlike_the_national_ones_are_found(point: Point, now: datetime) -> None:
    day = (now - DAY).replace(hour=0)
    parcel = NationalParcel.objects.create(
        number="1", kind="hour", way="folder", state="taken", received_at=now
    )
    for hour in range(6):
        mean(point, day + hour * HOUR, 50.0)
        NationalMean.objects.create(
            point=point, period=Period.HOUR, time=day + hour * HOUR,
            value=50.5 if hour else 60, parcel=parcel,
        )  # fmt: skip
    figures.look(now=now)
    row = Finding.objects.get(check_code="national_mismatch")
    assert row.data["count"] == 1
    assert "国家平台 60" in row.why


@pytest.mark.parametrize(("day", "count"), [(3, 0), (4, 1), (31, 1)])
def test_a_low_rate_is_found_per_outlet(point: Point, day: int, count: int) -> None:
    now = datetime(2026, 3, day, 10, tzinfo=clock.BEIJING)
    moment = now.replace(day=1, hour=0)
    while moment < now - HOUR:
        mean(point, moment, 50.0 if moment.hour < 18 else None)
        moment += HOUR
    figures.look(now=now)
    told = Finding.objects.filter(check_code="rate_low")
    assert told.count() == count, "three days of a month are judged, fewer are not"
    assert all("2026 年 3 月" in row.why and "低于目标" in row.why for row in told)


def rising(point: Point, now: datetime, *, slope: float, flag: str = "N") -> None:
    partitions.ensure_months({partitions.month_of(now), partitions.month_of(now - DAY)})
    rows = []
    for minute in range(300):
        time = now - timedelta(minutes=300 - minute)
        value = 60 + slope * minute / 60 + (minute * 7919 % 101) / 101
        rows.append(
            Reading(
                point=point, period=Period.MINUTE, time=time, value=value, flag=flag,
                received_at=time,
            )
        )  # fmt: skip
    Reading.objects.bulk_create(rows)


@pytest.mark.parametrize(
    ("slope", "flag", "found"), [(6.0, "N", 1), (0.0, "N", 0), (6.0, "M", 0)]
)
def test_a_rise_towards_the_limit_is_told_in_hours(
    point: Point, now: datetime, slope: float, flag: str, found: int
) -> None:
    rising(point, now, slope=slope, flag=flag)
    assert forecasts.look_ahead(now=now) == found
    if found:
        row = Finding.objects.get()
        assert row.check_code == "will_exceed"
        assert row.data["early"] <= row.data["hours"]
        assert "90% 区间" in row.why
        assert Alert.objects.get().severity == "minor"
        assert forecasts.look_ahead(now=now + timedelta(minutes=15)) == 0


def test_nothing_is_foretold_of_a_marked_plant(point: Point, now: datetime) -> None:
    rising(point, now, slope=6.0)
    mark(point, kind("starting"), now - HOUR, 3)
    assert forecasts.look_ahead(now=now) == 0


def test_an_unusual_hour_is_told_against_its_hour_of_the_week(
    point: Point, now: datetime
) -> None:
    for back in range(24 * 21, 0, -1):
        moment = now - back * HOUR
        mean(point, moment, 50 + 5 * (moment.hour % 6) + (back * 7919 % 101) / 50)
    assert forecasts.look_at_levels(now=now) == 0
    Mean.objects.filter(point=point, time=now - HOUR).update(computed=120)
    assert forecasts.look_at_levels(now=now) == 1
    assert "高于" in Finding.objects.get().why


def test_an_installation_may_silence_and_reword_a_check(
    point: Point, now: datetime
) -> None:
    rising(point, now, slope=6.0)
    CheckSetting.objects.create(
        code="will_exceed", severity="major", text="注意：{factor}{text}", source="测试",
        announce=False,
    )  # fmt: skip
    assert forecasts.look_ahead(now=now) == 1
    row = Finding.objects.get()
    assert row.severity == "major"
    assert row.why.startswith("注意：")
    assert not Alert.objects.exists()
    CheckSetting.objects.update(active=False)
    Finding.objects.all().delete()
    assert forecasts.look_ahead(now=now) == 0


def test_an_odd_combination_names_its_drivers(now: datetime) -> None:
    logger = factories.logger()
    one = factories.point(logger, "a21026")
    two = factories.point(logger, "a00000", high=None)
    for back in range(24 * 20, 0, -1):
        moment = now - back * HOUR
        load = (back * 7919 % 997) / 997
        noise = (back * 104729 % 991) / 991
        mean(one, moment, 50 + 20 * load + noise)
        mean(two, moment, 1000 + 400 * load + 10 * noise)
    Mean.objects.filter(point=one, time=now - 3 * HOUR).update(computed=200)
    assert forecasts.look_at_states(now=now) == 1
    row = Finding.objects.get()
    assert row.begin == now - 3 * HOUR
    assert "主要由" in row.why
