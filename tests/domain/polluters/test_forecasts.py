"""Trend, seasonal baseline, multivariate oddity, rates, totals, quotas, AQI."""

import random
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from polluters.domain.aqi import TABLE, daily_aqi, good_share
from polluters.domain.hj212 import BEIJING
from polluters.domain.multivariate import chi_square, find_odd
from polluters.domain.rates import HourState, Rate, rate_of, total
from polluters.domain.seasonal import hour_of_week, learn
from polluters.domain.totals import (
    HourOfEmission,
    forecast_quota,
    hour_mass,
    total_mass,
)
from polluters.domain.trend import will_exceed

START = int(datetime(2026, 3, 2, tzinfo=BEIJING).timestamp())  # a Monday
GOOD = HourState(got=True, valid=True)


def test_rising_values_reach_the_limit_in_time() -> None:
    source = random.Random(1)
    hours = [i / 2 for i in range(24)]
    values = [40 + 3 * h + source.gauss(0, 0.5) for h in hours]
    found = will_exceed(hours, values, limit=100, horizon=12)
    assert found is not None
    assert found.hours == pytest.approx((100 - 40 - 3 * 11.5) / 3, abs=0.6)
    assert found.late is not None
    assert found.early < found.hours < found.late
    assert "90% 区间" in found.text("mg/m³")


def test_a_spike_does_not_turn_the_trend() -> None:
    hours = [float(i) for i in range(12)]
    values = [50 + h for h in hours]
    values[6] = 500
    found = will_exceed(hours, values, limit=100, horizon=60)
    assert found is not None
    assert found.slope == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("kind", ["flat", "falling", "over", "few", "far"])
def test_nothing_is_forecast_without_reason(kind: str) -> None:
    source = random.Random(2)
    hours = [float(i) for i in range(24)]
    values = {
        "flat": [50 + source.gauss(0, 3) for _ in hours],
        "falling": [90 - h for h in hours],
        "over": [120 + h for h in hours],
        "few": [90.0, 95.0, 99.0],
        "far": [10 + 0.1 * h for h in hours],
    }[kind]
    assert will_exceed(hours[: len(values)], values, limit=100, horizon=12) is None


def test_baseline_knows_the_hour_of_the_week() -> None:
    assert hour_of_week(np.array([START, START + 3600, START - 3600])).tolist() == [
        0, 1, 167,
    ]  # fmt: skip
    source = random.Random(3)
    times = [START + i * 3600 for i in range(24 * 7 * 6)]
    level = [80 if 8 <= i % 24 < 20 else 30 for i in range(len(times))]
    values = [v + source.gauss(0, 2) for v in level]
    baseline = learn(times, values)
    night = START + 24 * 3600 * 7 * 6 + 2 * 3600
    assert baseline.judge(night, 31.0) is None
    found = baseline.judge(night, 80.0)
    assert found is not None
    assert found.expected == pytest.approx(30, abs=2)
    assert "本周同一时刻" in found.text("mg/m³")
    assert baseline.judge(night + 10 * 3600, 80.0) is None


def test_odd_hour_names_the_factor_that_drives_it() -> None:
    source = np.random.default_rng(4)
    load = source.normal(1, 0.1, 600)
    rows = np.stack(
        (
            1000 * load + source.normal(0, 10, 600),
            50 * load + source.normal(0, 1, 600),
            9 + source.normal(0, 0.2, 600),
        ),
        axis=1,
    )
    assert find_odd(["a00000", "a21026", "a19001"], rows) == []
    rows[300, 1] = 20.0  # usual on its own scale of load, impossible with this flow
    [found] = find_odd(["a00000", "a21026", "a19001"], rows)
    assert found.index == 300
    assert found.drivers[0][0] == "a21026"
    assert found.drivers[0][2] == 20.0
    assert find_odd(["a"], rows[:, :1]) == []
    assert find_odd(["a", "b", "c"], rows[:50]) == []


def test_chi_square_quantile_is_near_the_table() -> None:
    assert chi_square(0.05, 3) == pytest.approx(7.815, rel=0.01)
    assert chi_square(0.001, 6) == pytest.approx(22.458, rel=0.01)


def test_rate_is_transmission_times_validity() -> None:
    hours = [GOOD] * 20 + [HourState(got=True, valid=False)] * 2 + [None] * 2
    rate = rate_of(hours, code="a21026", days=1)
    assert (rate.due, rate.got, rate.valid) == (24, 22, 20)
    assert rate.transmission == pytest.approx(22 / 24)
    assert rate.validity == pytest.approx(20 / 22)
    assert rate.effective == pytest.approx(20 / 24)


def test_stopped_hours_are_out_and_a_stopped_day_has_no_rate() -> None:
    stop = HourState(got=True, valid=False, stopped=True)
    rate = rate_of([GOOD] * 10 + [stop] * 14, code="a21026", days=1)
    assert (rate.due, rate.stopped, rate.effective) == (10, 14, 1.0)
    assert rate_of([stop] * 24, code="a21026", days=1).effective is None


@pytest.mark.parametrize("gap", [None, HourState(got=True, valid=False)])
def test_one_self_check_hour_of_wastewater_is_not_due(gap: HourState | None) -> None:
    assert rate_of([GOOD] * 23 + [gap], code="w01018", days=1).effective == 1.0
    two = rate_of([GOOD] * 22 + [gap] * 2, code="w01018", days=1)
    assert two.effective == pytest.approx(22 / 23)
    assert rate_of([GOOD] * 23 + [gap], code="w01001", days=1).effective == (
        pytest.approx(23 / 24)
    )


def test_late_hours_count_only_after_backfill() -> None:
    hours = [GOOD] * 18 + [HourState(got=True, valid=True, late=True)] * 6
    assert rate_of(hours, code="a21026", days=1, backfilled=False).effective == 0.75
    assert rate_of(hours, code="a21026", days=1).effective == 1.0


def test_rates_of_points_add_up_by_hours() -> None:
    whole = total([Rate(24, 24, 24, 0), Rate(24, 12, 12, 0), Rate(0, 0, 0, 24)])
    assert (whole.due, whole.effective) == (48, 0.75)
    assert total([]).effective is None


def test_mass_uses_measured_concentration_and_flow() -> None:
    gas = HourOfEmission(concentration=50, flow=100_000)
    assert hour_mass(gas, medium="gas") == pytest.approx(5)
    water = HourOfEmission(concentration=30, flow=100)
    assert hour_mass(water, medium="water") == pytest.approx(10.8)
    hours = [
        gas,
        gas,
        HourOfEmission(None, 100_000),
        HourOfEmission(9, 9, stopped=True),
    ]
    found = total_mass(hours, medium="gas")
    assert found.measured == pytest.approx(10)
    assert found.substituted == pytest.approx(5)
    assert (found.missing, found.stopped, found.tonnes) == (1, 1, pytest.approx(0.01))


def test_quota_runs_out_on_a_day() -> None:
    first = date(2026, 1, 1)
    daily = [(first + timedelta(days=i), 1.0) for i in range(60)]
    today = daily[-1][0]
    found = forecast_quota(daily, quota=100, today=today)
    assert (found.used, found.daily, found.share) == (60, 1, 0.6)
    assert found.runs_out == today + timedelta(days=40)
    assert forecast_quota(daily, quota=1000, today=today).runs_out is None
    assert forecast_quota(daily, quota=50, today=today).runs_out == today


def test_aqi_follows_the_table_of_its_day() -> None:
    values = {"SO2": 20, "NO2": 40, "PM10": 150, "PM2.5": 75, "CO": 1, "O3": 100}
    found = daily_aqi(values, day=date(2025, 5, 1))
    assert found is not None
    assert (found.value, found.level, found.good) == (100, "良", True)
    assert found.primary == ("PM10", "PM2.5")
    assert found.parts["NO2"] == 50
    assert found.notes == ()
    dusty = daily_aqi(values | {"PM10": 900}, day=date(2025, 5, 1))
    assert dusty is not None
    assert (dusty.value, dusty.level) == (500, "严重污染")


def test_aqi_says_what_is_missing_or_out_of_date() -> None:
    old = [row for row in TABLE if row.version == "HJ 633-2012"]
    found = daily_aqi({"PM2.5": 36}, day=date(2026, 5, 1), table=old)
    assert found is not None
    assert found.value == 52
    assert "缺少 CO、NO2、O3、PM10、SO2" in found.notes[0]
    assert "尚未录入" in found.notes[1]
    assert daily_aqi({}, day=date(2025, 5, 1)) is None
    assert daily_aqi({"PM2.5": 36}, day=date(2010, 1, 1)) is None
    with pytest.raises(KeyError, match="NOX"):
        daily_aqi({"NOX": 1}, day=date(2025, 5, 1))


@pytest.mark.parametrize(
    ("day", "version", "value", "good"),
    [
        (date(2026, 2, 28), "HJ 633-2012", 82, True),
        (date(2026, 3, 1), "HJ 633-2026", 101, False),
    ],
)
def test_the_renewed_table_holds_from_its_first_day(
    day: date, version: str, value: int, good: bool
) -> None:
    found = daily_aqi({"PM2.5": 60.5}, day=day)
    assert found is not None
    assert (found.version, found.value, found.good) == (version, value, good)
    assert any("待与标准原文核对" in note for note in found.notes) is not good


def test_share_of_good_days_leaves_unknown_days_out() -> None:
    good = daily_aqi({"PM2.5": 20}, day=date(2025, 5, 1))
    bad = daily_aqi({"PM2.5": 120}, day=date(2025, 5, 1))
    assert good_share([good, good, bad, None]) == pytest.approx(2 / 3)
    assert good_share([None]) is None
