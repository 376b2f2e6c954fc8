"""恒值: how likely a value comes again, and which run is longer than chance allows."""

import math

import numpy as np
import pytest

from polluters.domain.checks import constant
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.profile import Profile, make_profile
from tests.domain.polluters.series_lab import (
    STEP,
    T0,
    around,
    context,
    noise,
    series,
)

N = 200


def stuck(
    code: str, length: int, *, value: float = 50.0, level: float = 50, **fields: object
) -> list[Hit]:
    """Return what is found where ``length`` of 200 noisy values are the same."""
    values = noise(level, 0.3, N)
    values[100 : 100 + length] = [value] * length
    return constant.find(context(series(code, values, **fields)))  # type: ignore[arg-type]


def profile(values: list[float], code: str = "a21026") -> Profile:
    return make_profile(series(code, values), [])


def test_a_run_of_one_value_is_told_in_full() -> None:
    [hit] = stuck("a21026", 12)
    assert (hit.code, hit.check, hit.count) == ("a21026", "constant", 12)
    assert (hit.begin, hit.end) == (T0 + 100 * STEP, T0 + 112 * STEP)
    assert hit.score == pytest.approx(12 / 6)  # an hour is six values
    assert hit.data == {"value": 50.0, "usual": "10 分钟"}


@pytest.mark.parametrize(
    ("code", "interval", "length", "found"),
    [
        ("a21026", 600, 5, False), ("a21026", 600, 6, True),
        ("a21026", 60, 59, False), ("a21026", 60, 60, True),
        ("a21026", 900, 4, False), ("a21026", 900, 5, True),
        ("a21026", 3600, 4, False), ("a21026", 3600, 5, True),
        ("a01012", 600, 17, False), ("a01012", 600, 18, True),
        ("a01012", 1800, 11, False), ("a01012", 1800, 12, True),
    ],
)  # fmt: skip
def test_a_run_lasts_an_hour_and_five_values_and_states_more(
    code: str, interval: int, length: int, found: bool
) -> None:
    assert bool(stuck(code, length, interval=interval)) is found


def test_a_run_of_zero_is_the_matter_of_another_check() -> None:
    assert stuck("a21026", 12, value=0.0) == []


def test_ten_values_at_least_are_judged() -> None:
    for before, found in ((3, False), (4, True)):
        values = [*noise(50, 0.3, before), *[50.0] * 6]
        assert bool(constant.find(context(series("a21026", values)))) is found


def test_a_value_comes_again_as_often_as_all_but_the_longest_runs_say() -> None:
    # Eight single values and a run of three beside the longest: 2 of 11.
    one = profile(noise(50, 0.3, N))
    lengths = np.array([1, 9, 1, 1, 1, 3, 1, 1, 1, 1])
    assert constant.equal_share(lengths, one) == pytest.approx(2 / 11)
    # Of fifty runs two are left out.
    fifty = np.array([1] * 47 + [4, 8, 9])
    assert constant.equal_share(fifty, one) == pytest.approx(3 / 51)
    fewer = np.array([1] * 46 + [4, 8, 9])
    assert constant.equal_share(fewer, one) == pytest.approx(10 / 58)
    assert constant.equal_share(np.array([4]), one) == pytest.approx(3 / 4)


def test_a_value_comes_again_by_its_coarse_steps_alone() -> None:
    # 90 and 110 by turns: the spread is the lesser of 14.826 and that of the changes,
    # (20 + 20) / 2.56 / 1.41 = 11.08; a step of 1 in 3.5 of them.
    one = profile(around(100, 10, 100))
    assert constant.equal_share(np.array([1] * 100), one) == pytest.approx(
        1 / (3.5 * (40 / 2.56 / 1.41))
    )


def test_a_slow_series_is_judged_by_its_spread_over_its_changes() -> None:
    # 0, 1, 2 … 99: the changes are all 1 and say nothing; the spread is 1.4826 × 25.
    one = profile([float(i) for i in range(100)])
    share = constant.equal_share(np.array([1] * 100), one)
    assert share == pytest.approx(1 / (3.5 * 1.4826 * 25))


def test_the_share_has_a_floor_and_a_ceiling() -> None:
    wide = profile(around(5000, 4999, 100))
    assert constant.equal_share(np.array([1] * 100), wide) == 0.002
    assert constant.FLOOR == 0.002
    still = profile([5.0] * 100)
    assert constant.equal_share(np.array([100]), still) == 0.98


def test_a_likely_run_is_by_chance_or_thrice_the_usual_longest() -> None:
    one = profile(noise(50, 0.3, N))
    lengths = np.array([1, 9, 1, 1, 1, 3, 1, 1, 1, 1])
    # 200 / 0.02 = 10^4 against a share of 2/11: 1 + 9.2103 / 1.7047 = 6.403; the
    # 99.5th percentile of the nine lesser is 2.92, thrice that 8.76.
    assert constant.longest_likely(lengths, one, 0.02) == pytest.approx(
        3 * (1 + 2 * 0.96)
    )
    rare = constant.longest_likely(lengths, one, 2e-6)
    assert rare == pytest.approx(1 + math.log(1e8) / math.log(5.5))
    # Of fifty runs two are left out here too.
    fifty = constant.longest_likely(np.array([1] * 47 + [40, 80, 90]), one, 0.02)
    assert fifty == pytest.approx(3 * (1 + 39 * (47 * 0.995 - 46)))


def batches(values: list[float], per: int = 12, **fields: object) -> list[Hit]:
    """Return what is found in batches of two hours with a sample time of their own."""
    held = [value for value in values for _ in range(per)]
    sampled = [T0 + i * per * STEP for i in range(len(values)) for _ in range(per)]
    one = series("w01018", held, sampled=sampled, **fields)  # type: ignore[arg-type]
    return constant.find(context(one))


def test_three_equal_batches_are_too_many_two_are_not() -> None:
    values = noise(50, 0.3, 60)
    assert batches([*values[:30], 50.0, 50.0, *values[32:]]) == []
    [hit] = batches([*values[:30], 50.0, 50.0, 50.0, *values[33:]])
    assert (hit.begin, hit.end) == (T0 + 360 * STEP, T0 + 396 * STEP)
    assert hit.count == 36
    assert hit.score == pytest.approx(3 / 2.75)
    # 58 runs: the 99th percentile lies 0.43 of the way from one batch to three.
    assert hit.data == {"value": 50.0, "usual": "3.7 小时"}


def test_batches_that_often_repeat_need_a_day_and_a_half() -> None:
    # Five equal batches are usual, share 0.8: chance allows 39; 36 hours are 18.
    source = [value for value in noise(50, 0.3, 24) for _ in range(5)]
    for length, found in ((17, False), (18, True)):
        values = [*source[:60], *[50.0] * length, *source[60:]]
        assert bool(batches(values)) is found
    low = min(source) - 1
    assert batches([*source[:60], *[low] * 18, *source[60:]]) == []  # its floor
    very = [value for value in noise(50, 0.3, 12) for _ in range(11)]
    assert batches([*very[:66], *[50.0] * 30, *very[66:]]) == []  # share over 0.9


def test_the_usual_length_is_the_99th_percentile() -> None:
    values = noise(50, 0.3, 600)
    for begin in (50, 100, 150, 200, 250, 300, 350):
        values[begin : begin + 2] = [50.0, 50.0]
    values[400:430] = [50.0] * 30
    [hit] = constant.find(context(series("a21026", values)))
    assert hit.data["usual"] == "20 分钟"
