"""When a rising value reaches its limit: Theil–Sen slopes and their interval by hand."""

import math
import random

import numpy as np
import pytest

from polluters.domain.trend import Forecast, slopes, will_exceed

HOURS = [float(i) for i in range(12)]
LINE = [50.0 + 2 * hour for hour in HOURS]


def test_a_straight_line_reaches_its_limit_on_time() -> None:
    found = will_exceed(HOURS, LINE, limit=92, horizon=12)
    # At 72 in the last hour, two an hour: 20 more take ten hours.
    assert found == Forecast(10, 10, 10, 2, 72, 92, 12)
    assert found.text("mg/m³") == (
        "按最近 12 个有效值的趋势（每小时上升 2 mg/m³，当前 72 mg/m³），约 10.0 小时后达到"
        "限值 92 mg/m³（90% 区间 10.0 至 10.0 小时）"
    )
    open_end = Forecast(1, 0.5, None, 0.25, 10, 20, 9).text("mg/L")
    assert "90% 区间 0.5 至 更久 小时" in open_end


@pytest.mark.parametrize(("horizon", "found"), [(10, True), (9.9, False)])
def test_beyond_the_horizon_nothing_is_told(horizon: float, found: bool) -> None:
    assert (will_exceed(HOURS, LINE, limit=92, horizon=horizon) is not None) is found


@pytest.mark.parametrize(("limit", "found"), [(72, False), (72.1, True), (60, False)])
def test_at_the_limit_there_is_nothing_to_foretell(limit: float, found: bool) -> None:
    assert (will_exceed(HOURS, LINE, limit=limit, horizon=12) is not None) is found


@pytest.mark.parametrize(("count", "found"), [(7, False), (8, True)])
def test_eight_values_at_least(count: int, found: bool) -> None:
    one = will_exceed(HOURS[:count], LINE[:count], limit=92, horizon=99)
    assert (one is not None) is found
    assert will_exceed(HOURS[:7], LINE[:7], limit=92, horizon=99, least=7) is not None


def test_a_slope_that_may_be_zero_is_none() -> None:
    assert will_exceed(HOURS, [50.0] * 12, limit=92, horizon=1e9) is None
    assert will_exceed(HOURS, LINE[::-1], limit=92, horizon=1e9) is None
    saw = [50.0 + hour % 2 * 8 + 0.5 * hour for hour in HOURS]
    assert will_exceed(HOURS, saw, limit=92, horizon=1e9) is None


def test_the_slopes_are_order_statistics_of_all_pairs() -> None:
    # Of 0, 1, 4, 9, 16, 25, 36, 49 each pair's slope is the sum of its places: 1 … 13.
    values = np.array([float(i * i) for i in range(8)])
    every = sorted(i + j for i in range(8) for j in range(i))
    width = 1.645 * math.sqrt(8 * 7 * (2 * 8 + 5) / 18)
    low = every[int((28 - width) / 2)]
    high = every[int((28 + width) / 2)]
    assert slopes(np.arange(8.0), values) == (low, 7.0, high)
    assert (low, high) == (5, 9)


def test_the_interval_is_ninety_per_cent_by_kendalls_variance() -> None:
    # Of 40 values 780 pairs: 1.645 √(40 × 39 × 85 / 18) = 141.2 of them are between.
    source = random.Random(3)
    values = [source.random() for _ in range(40)]
    every = sorted(
        (values[i] - values[j]) / (i - j) for i in range(40) for j in range(i)
    )
    found = slopes(np.arange(40.0), np.array(values))
    assert found[0] == pytest.approx(every[319])
    assert found[2] == pytest.approx(every[460])


def test_few_pairs_take_the_least_and_the_greatest() -> None:
    found = slopes(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0]))
    assert found == (1.0, 2.0, 3.0)
    assert slopes(np.array([1.0, 1.0]), np.array([0.0, 5.0])) == (0.0, 0.0, 0.0)
    # A pair at one time gives no slope.
    assert slopes(np.array([0.0, 0.0, 1.0]), np.array([0.0, 2.0, 4.0])) == (
        2.0,
        3.0,
        4.0,
    )


def test_the_interval_bounds_the_time() -> None:
    values = [float(i * i) for i in range(8)]
    found = will_exceed(HOURS[:8], values, limit=90, horizon=12)
    assert found is not None
    # Level: the median of x² + 7 (7 − x) for x = 0 … 7, of which 39 and 37 are the middle.
    level = float(np.median([x * x + 7 * (7 - x) for x in range(8)]))
    assert (found.level, found.slope, found.used) == (level, 7.0, 8)
    assert found.hours == pytest.approx((90 - level) / 7)
    assert found.early == pytest.approx((90 - level) / 9)
    assert found.late == pytest.approx((90 - level) / 5)


@pytest.mark.parametrize(("horizon", "told"), [(10.0, True), (9.9, False)])
def test_a_late_end_over_four_horizons_is_not_told(horizon: float, told: bool) -> None:
    hours, values = HOURS[:8], [0.0, 1.0, 2.0, 3.0, 40.0, 41.0, 42.0, 43.0]
    low, middle, _ = slopes(np.array(hours), np.array(values))
    assert low == 1  # twelve of the 28 pairs lie within a half
    level = float(np.median(np.array(values) + middle * (7 - np.array(hours))))
    # The slower slope takes forty hours to the limit, the middle one fewer than ten.
    found = will_exceed(hours, values, limit=level + 39.9999, horizon=horizon)
    assert found is not None
    assert found.late == (pytest.approx(40, abs=0.001) if told else None)


@pytest.mark.parametrize(("size", "found"), [(7.9, True), (8.1, False)])
def test_a_rise_within_the_noise_is_none(size: float, found: bool) -> None:
    # 119 hours of 0.1 are 11.9: over 1.4826 × 7.9 = 11.71, under 1.4826 × 8.1 = 12.01.
    hours = [float(i) for i in range(120)]
    values = [50 + 0.1 * i + (size if i % 2 else -size) for i in range(120)]
    one = will_exceed(hours, values, limit=200, horizon=1e9)
    assert (one is not None) is found


def test_a_long_record_is_thinned_to_240_values() -> None:
    hours = [i / 10 for i in range(1000)]
    values = [50 + 0.5 * hour for hour in hours]
    values[1] = 1e6  # not among those picked: 0, 4, 8 …
    found = will_exceed(hours, values, limit=110, horizon=99)
    assert found is not None
    assert (found.used, found.slope) == (1000, pytest.approx(0.5))
    assert found.early == pytest.approx(found.hours)
