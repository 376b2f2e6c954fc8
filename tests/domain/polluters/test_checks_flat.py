"""贴限: piled up under a limit, under the range, or under a cap of their own."""

import random

import numpy as np
import pytest

from polluters.domain.checks import flat_top
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.profile import Profile, make_profile
from polluters.domain.checks.series import PointLimit, Series
from polluters.domain.checks.thresholds import Thresholds
from tests.domain.polluters.series_lab import STEP, T0, context, noise, series

N = 432
ROWS = 18  # three hours
LIMIT = (PointLimit(100.0),)
OFTEN = Thresholds(per_month=99)


def hugging(
    low: float, high: float, *, begin: int = 200, length: int = 36, seed: int = 5
) -> list[float]:
    """Return noise of a tenth about 50, within ``low`` … ``high`` in a part."""
    values = noise(50, 0.1, N)
    source = random.Random(seed)
    values[begin : begin + length] = [
        round(source.uniform(low, high), 2) for _ in range(length)
    ]
    return values


def found(one: Series, rules: Thresholds = OFTEN) -> list[Hit]:
    return flat_top.find(context(one, rules=rules))


def test_values_under_the_limit_are_told_in_full() -> None:
    [hit] = found(series("a21026", hugging(95, 99.5), limits=LIMIT))
    assert (hit.code, hit.check) == ("a21026", "flat_top")
    # Windows of eighteen values, each third one: whole from 200 to 236, nearly so beside.
    assert T0 + 192 * STEP <= hit.begin <= T0 + 201 * STEP
    assert T0 + 234 * STEP <= hit.end <= T0 + 243 * STEP
    assert hit.score == 1
    assert hit.data == {
        "share": "100%", "low": pytest.approx(94), "limit": 100.0,
        "what": "紧贴限值 100", "usual": f"{100 * 36 / N:.1f}%",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "hits"),
    [(94.0, 99, True), (93.0, 93.9, False), (99, 100.2, True), (99.5, 103, False)],
)
def test_the_band_is_six_per_cent_under_and_a_hair_over(
    low: float, high: float, hits: bool
) -> None:
    assert bool(found(series("a21026", hugging(low, high), limits=LIMIT))) is hits


def test_the_range_is_a_ceiling_too_and_the_first_word_stays() -> None:
    [hit] = found(series("a21026", hugging(95, 99.5), high=100))
    assert hit.data["what"] == "紧贴量程上限 100"
    open_end = series("a21026", hugging(95, 99.5), limits=(PointLimit(None, low=1),))
    assert found(open_end) == []
    assert found(series("a21026", hugging(95, 99.5), high=0)) == []


def test_converted_values_are_held_against_the_limit_where_they_are_sent() -> None:
    raw = noise(50, 0.1, N)
    sent = hugging(95, 99.5)
    one = series("a21026", raw, converted=sent, limits=LIMIT)
    [hit] = found(one)
    assert hit.data["what"] == "折算值紧贴限值 100"
    half = [v if i % 2 else float("nan") for i, v in enumerate(sent)]
    assert found(series("a21026", raw, converted=half, limits=LIMIT)) == []


def struck(values: list[float]) -> list[Hit]:
    known = context(series("a21026", values))
    profile = known.profile(known.station.main["a21026"])
    starts = np.arange(0, len(values) - ROWS + 1, ROWS)
    return flat_top._hugging(
        known, profile, profile.row_values, 100.0, "贴限", starts, ROWS
    )


REST = [40.0 + 20 * (i % 2) for i in range(N - ROWS)]


@pytest.mark.parametrize(("inside", "hits"), [(11, 1), (10, 0)])
def test_six_in_ten_of_a_window_hug_the_limit(inside: int, hits: int) -> None:
    part = [98 + 0.2 * (i % 2) for i in range(inside)] + [90.0] * (ROWS - inside)
    listed = struck(part + REST)
    assert len(listed) == hits
    if hits:
        [hit] = listed
        assert (hit.begin, hit.end) == (T0, T0 + ROWS * STEP)
        assert (hit.count, hit.score) == (ROWS, pytest.approx(11 / 18))
        assert hit.data["usual"] == f"{100 * 11 / N:.1f}%"


def test_one_value_over_the_limit_in_a_hundred_is_let_pass() -> None:
    assert len(struck([98.0, 98.2] * 9 + REST)) == 1
    assert len(struck([99.9, 100.1] * 9 + REST)) == 1
    assert len(struck([94.0, 94.2] * 9 + REST)) == 1
    assert struck([98.0, 98.2] * 8 + [98.0, 100.3] + REST) == []
    assert len(struck([98.0, 98.2] * 8 + [98.0, 100.2] + REST)) == 1


@pytest.mark.parametrize(("size", "hits"), [(5.3, 0), (4.8, 1)])
def test_values_near_the_limit_vary_half_as_much_as_usual(
    size: float, hits: int
) -> None:
    # Usually 40 and 60: a fifth of their mean; 0.55 of it is 0.11. Of a window about
    # 94.75 … 100 by turns with others lower: s / m.
    high, low = 99.0, 99.0 - 4 * size
    part = [high] * 11 + [low] * 7
    mean = sum(part) / 18
    spread = (sum(x * x for x in part) / 18 - mean**2) ** 0.5
    assert (spread / mean <= 0.11) is bool(hits)
    assert len(struck(part + REST)) == hits


def test_a_series_that_lies_there_three_tenths_of_its_time_is_left_alone() -> None:
    # 132 of 432 are more than that, 128 are not and fill seven windows.
    assert struck([98.0, 98.2] * 66 + REST[:300]) == []
    assert len(struck([98.0, 98.2] * 64 + REST[:304])) == 7


# A cap of its own.


def capped(cap: float, part: int, **fields: object) -> list[Hit]:
    """Return what is found where a part is cut off at ``cap``."""
    values = noise(50, 0.1, N)
    values[200 : 200 + part] = [min(v, cap) for v in values[200 : 200 + part]]
    return found(series("a21026", values, **fields))  # type: ignore[arg-type]


def test_a_highest_value_that_comes_again_and_again_is_told() -> None:
    [hit] = capped(50, 72)
    assert hit.data["what"] == "最高值 50 反复出现"
    assert hit.data["limit"] == 50.0
    assert 0.25 <= hit.score < 0.9
    assert hit.data["low"] < 50
    assert capped(80, 72) == []
    assert capped(29, 72) == []  # under 0.6 of the median, and nearly all equal


def caps(*parts: list[float]) -> list[Hit]:
    """Return the hits of windows of 20 values, one for each part."""
    values = [value for part in parts for value in part]
    one = series("a21026", values)
    profile: Profile = make_profile(one, [])
    return flat_top._capped(profile, np.arange(0, len(values), 20), 20)


RISING = [30.0 + i for i in range(20)]


def cap(share: float, level: float = 45.0) -> list[float]:
    count = round(20 * share)
    return [level] * count + [20.0 + i for i in range(20 - count)]


def test_a_quarter_of_a_window_at_its_highest_is_a_cap() -> None:
    others = [RISING] * 19
    [hit] = caps(cap(0.25), *others)
    assert (hit.begin, hit.end, hit.count) == (T0, T0 + 20 * STEP, 20)
    assert hit.score == pytest.approx(0.25)
    assert hit.data == {
        "share": "25%", "low": 20.0, "limit": 45.0, "what": "最高值 45 反复出现",
        "usual": "5.0%",
    }  # fmt: skip
    assert caps(cap(0.2), *others) == []


def test_nine_tenths_at_the_highest_are_constant() -> None:
    others = [RISING] * 19
    assert len(caps(cap(0.85), *others)) == 1
    assert caps(cap(0.9), *others) == []


def test_where_the_highest_often_comes_twice_the_bar_is_four_times_that() -> None:
    twice = [*RISING[:-1], 48.0]  # 2 of 20, four times is 0.4
    others = [twice] * 19
    assert caps(cap(0.35), *others) == []
    assert len(caps(cap(0.4), *others)) == 1


def test_a_cap_is_over_six_tenths_of_the_usual() -> None:
    # The median of 30 … 49 is about 39.5; six tenths are 23.7.
    others = [RISING] * 19
    assert len(caps([24.0] * 8 + [10.0 + i for i in range(12)], *others)) == 1
    assert caps([23.0] * 8 + [10.0 + i for i in range(12)], *others) == []


def test_half_a_step_under_the_highest_is_the_highest() -> None:
    others = [RISING] * 19
    near = [45.0, 44.6] * 4 + [20.0 + i for i in range(12)]
    # Steps of 0.1: half of it, 44.95, is not reached by 44.6: four of twenty.
    assert caps(near, *others) == []
    assert len(caps([45.0] * 5 + [20.0 + i for i in range(15)], *others)) == 1


def test_three_windows_are_the_shortest_record() -> None:
    values = [30 + 0.37 * i for i in range(46)] + [60.0] * 8
    assert len(found(series("a21026", values))) == 1
    assert found(series("a21026", values[1:])) == []


@pytest.mark.parametrize(("size", "hits"), [(2, 0), (3, 1)])
def test_a_spread_under_three_steps_is_too_coarse(size: int, hits: int) -> None:
    values = [50.0 + size * (i % 3) for i in range(N)]
    values[200:236] = [98.0, 99.0] * 18
    assert len(found(series("a21026", values, limits=LIMIT))) == hits


def test_states_and_empty_series_are_not_looked_at() -> None:
    assert found(series("a01012", hugging(95, 99.5), limits=LIMIT)) == []
    assert found(series("a21026", [], limits=LIMIT)) == []


@pytest.mark.parametrize(
    ("interval", "rows"), [(60, 180), (600, 18), (900, 12), (3600, 12)]
)
def test_a_window_is_three_hours_and_twelve_values(interval: int, rows: int) -> None:
    # Hugging for one window at the start of twelve: a hit counts the window's values.
    count = 12 * rows
    values = [98 + 0.2 * (i % 2) for i in range(rows)]
    values += [40.0 + 20 * (i % 2) for i in range(count - rows)]
    [hit] = found(series("a21026", values, limits=LIMIT, interval=interval))
    assert hit.begin == T0
    assert hit.count % rows == 0


def test_what_is_flat_every_day_is_a_habit() -> None:
    values = noise(50, 0.1, 1200)
    for begin in (100, 400, 700, 1000):
        values[begin : begin + 36] = hugging(95, 99.5)[200:236]
    one = series("a21026", values, limits=LIMIT)
    assert len(found(one)) == 4
    assert flat_top.find(context(one)) == []
