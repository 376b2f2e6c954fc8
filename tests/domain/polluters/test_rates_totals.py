"""有效传输率 counted by hand, masses and quotas, and what stands in for an hour."""

import math
from datetime import date, timedelta

import pytest

from polluters.domain.rates import HourState, Rate, rate_from, rate_of, total
from polluters.domain.substitution import Steps, stand_for
from polluters.domain.totals import (
    HourOfEmission,
    QuotaForecast,
    Total,
    forecast_pace,
    forecast_quota,
    hour_mass,
    total_mass,
)

GOOD = HourState(got=True, valid=True)
BAD = HourState(got=True, valid=False)
LATE = HourState(got=True, valid=True, late=True)
GONE = HourState(got=False, valid=False)
STOP = HourState(got=True, valid=False, stopped=True)


@pytest.mark.parametrize(
    ("rate", "transmission", "validity", "effective"),
    [
        (Rate(24, 18, 9, 0), 0.75, 0.5, 0.375), (Rate(24, 0, 0, 0), 0.0, 0.0, 0.0),
        (Rate(0, 0, 0, 24), None, None, None), (Rate(10, 12, 15, 0), 1.0, 1.0, 1.0),
        (Rate(24, 24, 24, 0), 1.0, 1.0, 1.0),
    ],
)  # fmt: skip
def test_effective_is_transmission_times_validity(
    rate: Rate,
    transmission: float | None,
    validity: float | None,
    effective: float | None,
) -> None:
    assert (rate.transmission, rate.validity, rate.effective) == (
        transmission, validity, effective,
    )  # fmt: skip


def test_rates_add_up_by_hours() -> None:
    one, two = Rate(24, 20, 18, 1, 2), Rate(10, 9, 8, 3, 4)
    assert one + two == Rate(34, 29, 26, 4, 6)
    assert total([one, two]) == Rate(34, 29, 26, 4, 6)
    assert total([]) == Rate(0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("hours", "wanted"),
    [
        ([GOOD] * 20 + [BAD] * 2 + [GONE, None], Rate(24, 22, 20, 0)),
        ([GOOD] * 10 + [STOP] * 14, Rate(10, 10, 10, 14)),
        ([STOP] * 24, Rate(0, 0, 0, 24)), ([None] * 24, Rate(24, 0, 0, 0)),
        ([GOOD] * 18 + [LATE] * 6, Rate(24, 24, 24, 0)), ([], Rate(0, 0, 0, 0)),
    ],
)  # fmt: skip
def test_hours_are_counted(hours: list[HourState | None], wanted: Rate) -> None:
    assert rate_of(hours, code="a21026", days=1) == wanted


def test_late_hours_are_not_received_in_real_time() -> None:
    found = rate_of([GOOD] * 18 + [LATE] * 6, code="a21026", days=1, backfilled=False)
    assert found == Rate(24, 18, 18, 0)
    assert HourState(True, True) == HourState(True, True, False, False)


@pytest.mark.parametrize(
    ("due", "got", "valid", "days", "wanted"),
    [
        (24, 24, 24, 1, Rate(24, 24, 24, 0, 0)),  # nothing lacks: nothing to excuse
        (24, 24, 23, 1, Rate(23, 23, 23, 0, 1)),  # the check came and was not valid
        (24, 23, 23, 1, Rate(23, 23, 23, 0, 1)),  # the check did not come
        (24, 22, 21, 1, Rate(23, 22, 21, 0, 1)),  # what is missing takes its place first
        (24, 22, 20, 3, Rate(21, 21, 20, 0, 3)),  # two missing, one invalid
        (48, 48, 40, 2.9, Rate(46, 46, 40, 0, 2)), (24, 24, 20, 0.9, Rate(24, 24, 20, 0, 0)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("code", ["w01018", "w21003", "w21011", "w21001"])
def test_one_hour_a_day_is_the_analysers_own_check(
    code: str, due: int, got: int, valid: int, days: float, wanted: Rate
) -> None:
    assert (
        rate_from(due=due, got=got, valid=valid, stopped=0, code=code, days=days)
        == wanted
    )
    other = rate_from(
        due=due, got=got, valid=valid, stopped=5, code="w01001", days=days
    )
    assert other == Rate(due, got, valid, 5, 0)


# Masses.


def test_the_mass_of_an_hour() -> None:
    gas = HourOfEmission(50, 100_000)
    assert hour_mass(gas, medium="gas") == pytest.approx(5)
    # 100 L/s are 360 m3 an hour; 30 mg/L of it are 10.8 kg.
    assert hour_mass(HourOfEmission(30, 100), medium="water") == pytest.approx(10.8)
    assert hour_mass(HourOfEmission(None, 1), medium="gas") is None
    assert hour_mass(HourOfEmission(1, None), medium="gas") is None
    assert HourOfEmission(1, 1).stopped is False


def test_missing_hours_are_substituted_beside_the_measured() -> None:
    hours = [
        HourOfEmission(50, 100_000), HourOfEmission(150, 100_000), HourOfEmission(None, 1),
        HourOfEmission(None, None), HourOfEmission(None, None), HourOfEmission(9, 9, stopped=True),
    ]  # fmt: skip
    found = total_mass(hours, medium="gas")
    assert found == Total(pytest.approx(20), pytest.approx(30), 6, 3, 1)
    assert found.tonnes == pytest.approx(0.02)
    negative = total_mass([HourOfEmission(-50, 100_000), hours[0]], medium="gas")
    assert negative.measured == pytest.approx(5)
    assert total_mass([HourOfEmission(None, None)], medium="gas") == Total(
        0, 0, 1, 1, 0
    )


TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("used", "pace", "runs_out"),
    [
        (60, 1, TODAY + timedelta(days=40)), (60, 3, TODAY + timedelta(days=14)),
        (100, 1, TODAY), (99.9, 1, TODAY + timedelta(days=1)), (60, 0, None),
        (60, 40 / 305, date(2026, 12, 31)), (60, 40 / 306, None), (120, 0, TODAY),
    ],
)  # fmt: skip
def test_a_quota_runs_out_at_the_pace(
    used: float, pace: float, runs_out: date | None
) -> None:
    found = forecast_pace(used, pace, quota=100, today=TODAY)
    # 305 days remain from 1 March to 31 December.
    assert found == QuotaForecast(
        100, used, pace, runs_out, pytest.approx(used + 305 * pace)
    )
    assert found.share == pytest.approx(used / 100)
    assert forecast_pace(5, 0, quota=0, today=TODAY).share == math.inf


def test_the_pace_is_of_the_last_thirty_days_of_this_year() -> None:
    daily = [(TODAY - timedelta(days=n), 1.0 if n < 30 else 9.0) for n in range(59)]
    found = forecast_quota(
        [*daily, (date(2025, 12, 31), 500.0)], quota=1000, today=TODAY
    )
    assert (found.daily, found.used) == (1.0, 30 + 9 * 29)
    later = forecast_quota(
        [*daily, (TODAY + timedelta(days=1), 500.0)], quota=1000, today=TODAY
    )
    assert later.daily == 1.0
    week = forecast_quota(daily, quota=1000, today=TODAY, window=31)
    assert week.daily == pytest.approx(39 / 31)
    assert forecast_quota([], quota=1000, today=TODAY).daily == 0.0


# What stands in.


@pytest.mark.parametrize(
    ("share", "looked", "value", "method"),
    [
        (0.95, 180, 1.0, "前 180 个有效小时的最大值（季度捕集率 95.0%；HJ 75-2017，待与标准原文核对）"),
        (0.9, 180, 1.0, "前 180 个有效小时的最大值（季度捕集率 90.0%；HJ 75-2017，待与标准原文核对）"),
        (0.899, 720, 5.0, "前 720 个有效小时的最大值（季度捕集率 89.9%；HJ 75-2017，待与标准原文核对）"),
        (0.75, 720, 5.0, "前 720 个有效小时的最大值（季度捕集率 75.0%；HJ 75-2017，待与标准原文核对）"),
        (0.749, 720, 5.0, "前 720 个有效小时的最大值（季度捕集率 74.9%，捕集率低于 75%；"
         "HJ 75-2017，待与标准原文核对）"),
    ],
)  # fmt: skip
def test_the_highest_of_earlier_hours_stands_in(
    share: float, looked: int, value: float, method: str
) -> None:
    earlier = [1.0] * 180 + [5.0] * 540 + [99.0] * 10
    found = stand_for(earlier, share=share, steps=Steps())
    assert found is not None
    assert (found.value, found.looked_at, found.share, found.method) == (
        value, looked, share, method,
    )  # fmt: skip


def test_fewer_hours_are_taken_as_they_are() -> None:
    found = stand_for([2.0, 3.0], share=1, steps=Steps())
    assert found is not None
    assert (found.value, found.looked_at) == (3.0, 2)
    assert stand_for([], share=1, steps=Steps()) is None
    assert Steps() == Steps(0.9, 0.75, 180, 720)
