"""过于平滑 and 未更新测量: too little change, and a sample time that stands still."""

import math
import random

import numpy as np
import pytest

from polluters.domain.checks import stale, too_smooth
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.profile import make_profile
from tests.domain.polluters.series_lab import (
    DAY,
    HOUR,
    STEP,
    T0,
    around,
    context,
    noise,
    series,
)

N = 720


def calm(
    factor: float, *, code: str = "a21026", begin: int = 300, end: int = 360
) -> list[Hit]:
    """Return what is found where the noise about 50 is ``factor`` of the usual."""
    values = noise(50, 0.1, N, digits=3)
    for i in range(begin, end):
        values[i] = round(50 + factor * (values[i] - 50), 3)
    return too_smooth.find(context(series(code, values)))


def test_a_smoothed_stretch_is_told_in_full() -> None:
    [hit] = calm(0.05)
    assert (hit.code, hit.check) == ("a21026", "too_smooth")
    assert T0 + 300 * STEP <= hit.begin < T0 + 306 * STEP
    assert T0 + 355 * STEP < hit.end <= T0 + 362 * STEP
    assert float(str(hit.data["share"])[:-1]) == pytest.approx(5, abs=2)
    assert hit.data["value"] == pytest.approx(0.05 * 5 * 2 / math.pi**0.5, rel=0.3)
    assert hit.data["usual"] == pytest.approx(5 * 0.954, rel=0.15)
    assert hit.score == pytest.approx(1 / 0.05, rel=0.35)


@pytest.mark.parametrize(("factor", "found"), [(0.6, False), (0.1, True)])
def test_values_that_vary_half_as_much_are_left_alone(
    factor: float, found: bool
) -> None:
    assert bool(calm(factor)) is found


@pytest.mark.parametrize(
    ("code", "found"),
    [("a21026", True), ("a00000", True), ("w00000", True), ("a19001", True),
     ("a01012", False), ("w01001", False)],
)  # fmt: skip
def test_concentrations_flow_and_oxygen_are_looked_at(code: str, found: bool) -> None:
    assert bool(calm(0.05, code=code)) is found


@pytest.mark.parametrize(
    ("interval", "shortest", "rows"),
    [(60, 5400, 90), (600, 5400, 20), (200, 5400, 27), (600, 15_000, 25),
     (1799, 5400, 20), (1800, 5400, 10), (3600, 5400, 10)],
)  # fmt: skip
def test_a_window_is_an_hour_and_a_half_and_twenty_values(
    interval: int, shortest: int, rows: int
) -> None:
    one = make_profile(series("a21026", noise(50, 0.1, 50), interval=interval), [])
    assert too_smooth.window_rows(one, shortest) == rows


def test_a_window_of_batches_is_ten() -> None:
    held = [value for value in noise(50, 0.1, 20) for _ in range(3)]
    one = make_profile(series("w01018", held), [])
    assert one.row_interval == 1800
    fast = make_profile(series("w01018", held, interval=60), [])
    assert (fast.batch, too_smooth.window_rows(fast, 5400)) == (180, 10)


def steps(*changes: float) -> list[float]:
    """Return values that alternate about 100 by these half changes in turn."""
    return [100 + (half if i % 2 else -half) for i, half in enumerate(changes)]


def loose(count: int, *, seed: int) -> list[float]:
    """Return half changes of about 10, so that windows differ by about a hundredth."""
    source = random.Random(seed)
    return [round(source.uniform(9, 11), 2) for _ in range(count)]


def hits(values: list[float]) -> list[Hit]:
    return too_smooth.find(context(series("a21026", values)))


def test_six_windows_at_least_are_judged() -> None:
    usual, small = [10.0] * 100, [1.0] * 20
    assert hits(steps(*usual[:99], *small)) == []  # 119 values, six windows are 120
    [hit] = hits(steps(*usual, *small))
    # Windows begin each fifth value: the last one is of the values 95 to 115.
    assert hit.end == T0 + 116 * STEP


@pytest.mark.parametrize(("half", "found"), [(3.4, False), (3.3, True)])
def test_the_change_must_be_under_a_third(half: float, found: bool) -> None:
    # On the logarithm's scale, with its floor of 10.03: a third of 0.1823 is 0.0608,
    # and 2 × 3.342 / 110.03 is as much.
    values = steps(*loose(160, seed=1), *[half] * 40, *loose(160, seed=2))
    struck = hits(values)
    assert bool(struck) is found
    if struck:
        [hit] = struck
        assert (hit.begin, hit.end) == (T0 + 160 * STEP, T0 + 196 * STEP)
        assert hit.data["share"] == "33%"
        assert hit.data["value"] == pytest.approx(6.6)
        assert hit.data["usual"] == pytest.approx(20, rel=0.02)
        assert hit.score == pytest.approx(3.04, rel=0.02)
        # Windows from 160, 165, 170 and 175.
        assert hit.count == 4 * 20


@pytest.mark.parametrize(("half", "found"), [(1.25, False), (0.9, True)])
def test_where_windows_differ_much_the_change_must_be_far_less(
    half: float, found: bool
) -> None:
    # Blocks of 7.4 and 13.5 by turns: the windows' logarithms deviate by about 0.28, so
    # the bar is exp(−5.5 × 1.4826 × 0.28) = 0.1 of about 10.4.
    blocks = [7.4] * 60 + [13.5] * 60
    values = steps(*blocks * 4, *[half] * 60, *blocks * 4)
    assert bool(hits(values)) is found


def test_the_first_window_is_measured_like_the_others() -> None:
    [hit] = hits(steps(*[3.3] * 21, *loose(300, seed=1)))
    assert (hit.begin, hit.end, hit.count) == (T0, T0 + 21 * STEP, 20)
    assert hit.score == pytest.approx(3.04, rel=0.02)


@pytest.mark.parametrize(("values", "found"), [(5, True), (4, False)])
def test_four_fifths_of_the_changes_of_a_window_are_known(
    values: int, found: bool
) -> None:
    # An hour's gap after every fifth value leaves 16 of 20 changes.
    listed = steps(*loose(200, seed=1), *[2.5] * 60, *loose(200, seed=2))
    times, at = [], T0
    for i in range(len(listed)):
        at += 3600 if 180 < i < 280 and i % values == 0 else STEP
        times.append(at)
    one = series("a21026", listed, times=times)
    assert bool(too_smooth.find(context(one))) is found


@pytest.mark.parametrize(("half", "found"), [(0.5, False), (1.0, True)])
def test_usual_changes_are_over_one_and_a_half_steps(half: float, found: bool) -> None:
    # A step of 1 about 100 is 0.0088 on the logarithm's scale, 1.5 steps are 0.015.
    level = 100.5 if half == 0.5 else 100.0
    usual = [level + (half if i % 2 else -half) for i in range(300)]
    quiet = [101.0 if i % 15 == 7 else 100.0 for i in range(45)]
    assert bool(hits(usual + quiet + usual)) is found


def test_a_still_value_is_constant_and_not_smooth() -> None:
    # Only windows that hold some change are told, and these are far from still.
    found = hits([*around(100, 10, 160), *[100.0] * 60, *around(100, 10, 160)])
    assert all(hit.score < 100 for hit in found)
    almost = [100.0, *[100.01] * 59]
    found = hits([*around(100, 10, 160), *almost, *around(100, 10, 160)])
    assert max(hit.score for hit in found) == 1000


def test_a_series_as_coarse_as_its_changes_is_left_alone() -> None:
    # Each fourth change is one step: a quarter of a step on average, under 1.5.
    values = [100.0, 100.0, 101.0, 101.0] * 80
    quiet = [100.0] * 30 + [101.0] * 10
    assert hits(values + quiet + values) == []


@pytest.mark.parametrize(("pattern", "found"), [(5, True), (4, False)])
def test_a_window_of_which_over_a_fifth_is_zero_is_idle(
    pattern: int, found: bool
) -> None:
    quiet = [0.0 if i % pattern == 2 else 0.4 + 0.1 * (i % 2) for i in range(60)]
    values = steps(*loose(200, seed=1)) + quiet + steps(*loose(200, seed=2))
    assert bool(hits(values)) is found


# 未更新测量.


def aged(*held: int, cycle: int = 7200, per: int = 12) -> list[Hit]:
    """Return what is found where samples of ``cycle`` s are held these many cycles."""
    sampled: list[int] = []
    for length in held:
        at = T0 + len(sampled) * STEP
        sampled += [at] * (length * per)
    one = series("w01018", noise(30, 0.1, len(sampled)), sampled=sampled)
    return stale.find(context(one))


def test_a_sample_that_grows_old_is_told_in_full() -> None:
    [hit] = aged(1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1)
    assert (hit.code, hit.check, hit.count) == ("w01018", "stale", 36)
    assert (hit.begin, hit.end) == (T0 + 10 * HOUR, T0 + 16 * HOUR)
    assert hit.data == {"value": "2026-03-02 10:00", "usual": "2 小时"}
    assert hit.score == pytest.approx(6 / 5)  # two and a half cycles are five hours


@pytest.mark.parametrize(
    ("cycle", "values", "found"),
    [
        (12, 30, False), (12, 31, True),  # 2 h: two and a half cycles, 5 h
        (3, 15, False), (3, 16, True),  # 30 min: two hours more, 2.5 h
    ],
)  # fmt: skip
def test_a_sample_may_be_two_and_a_half_cycles_old_or_two_hours_more(
    cycle: int, values: int, found: bool
) -> None:
    held = [cycle] * 20 + [values] + [cycle] * 20
    starts = np.cumsum([0, *held[:-1]])
    sampled = [
        T0 + int(s) * STEP for s, n in zip(starts, held, strict=True) for _ in range(n)
    ]
    one = series("w01018", noise(30, 0.1, len(sampled)), sampled=sampled)
    assert bool(stale.find(context(one))) is found


def test_an_irregular_analyser_may_take_longer() -> None:
    # A fifth of its cycles take 5 h; 1.3 of the 90th percentile are 6.5 h.
    held = [12, 12, 12, 12, 30] * 6
    for values, found in ((39, False), (40, True)):
        listed = [*held, values, *held]
        starts = np.cumsum([0, *listed[:-1]])
        sampled = [
            T0 + int(s) * STEP
            for s, n in zip(starts, listed, strict=True)
            for _ in range(n)
        ]
        one = series("w01018", noise(30, 0.1, len(sampled)), sampled=sampled)
        assert bool(stale.find(context(one))) is found


def test_three_samples_or_unknown_times_say_nothing() -> None:
    assert aged(1, 1, 5) == []
    assert len(aged(1, 1, 1, 5)) == 1
    plain = series("w01018", noise(30, 0.1, 100))
    assert stale.find(context(plain)) == []
    unknown = series("w01018", noise(30, 0.1, 200), sampled=[0] * 200)
    assert stale.find(context(unknown)) == []
    partly = [0] * 12 + [T0 + i // 12 * 7200 for i in range(24)] + [T0 + 14_400] * 60
    three = series("w01018", noise(30, 0.1, len(partly)), sampled=partly)
    assert stale.find(context(three)) == []


def test_flagged_values_need_no_fresh_sample() -> None:
    sampled = [T0 + i // 12 * 7200 for i in range(120)] + [T0 + 9 * 7200] * 40
    flags = "N" * 120 + "M" * 40
    one = series("w01018", noise(30, 0.1, 160), sampled=sampled, flags=flags)
    assert stale.find(context(one)) == []
    assert DAY == 24 * HOUR
