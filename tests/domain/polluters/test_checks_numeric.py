"""The robust statistics that every check rests on, worked by hand."""

import numpy as np
import pytest

from polluters.domain.checks.numeric import (
    covered,
    equal_runs,
    join_spans,
    likely_run,
    median_sd,
    overlap,
    resolution,
    robust_sd,
    spans,
    usual_delay,
)


def mask(signs: str) -> np.ndarray:
    return np.array([sign == "x" for sign in signs], dtype=bool)


@pytest.mark.parametrize(
    ("signs", "wanted"),
    [
        ("", []),
        (".", []),
        ("x", [(0, 1)]),
        (".xx.x", [(1, 3), (4, 5)]),
        ("xx.", [(0, 2)]),
        ("xxx", [(0, 3)]),
    ],
)
def test_spans_are_half_open(signs: str, wanted: list[tuple[int, int]]) -> None:
    assert spans(mask(signs)) == wanted


@pytest.mark.parametrize(
    ("values", "breaks", "starts", "ends"),
    [
        ([], "", [], []),
        ([7], "x", [0], [1]),
        ([1, 1, 2, 2, 2, 1], "x.....", [0, 2, 5], [2, 5, 6]),
        ([1, 1, 1, 1], "x.x.", [0, 2], [2, 4]),
        ([1, 1, 1], "...", [0], [3]),
        ([1, 2, 2], "xxx", [0, 1, 2], [1, 2, 3]),
    ],
)
def test_runs_end_where_the_value_changes_or_a_gap_lies(
    values: list[float], breaks: str, starts: list[int], ends: list[int]
) -> None:
    found = equal_runs(np.array(values, dtype=float), mask(breaks))
    assert [part.tolist() for part in found] == [starts, ends]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], 0.0),
        ([5.0], 0.0),
        ([1.0, 3.0], 1.4826),
        ([0.1, 0.3], 0.14826),
        ([1.0, 2.0, 3.0, 4.0, 100.0], 1.4826),
        # More than half equal: from the 10th to the 90th percentile over 2.56.
        ([-2.0, -2.0, *[0.0] * 7, 10.0, 20.0], 12 / 2.56),
        # Less than a tenth differs: the standard deviation, √(0.05 × 0.95).
        ([0.0] * 19 + [1.0], 0.0475**0.5),
        ([4.0] * 5, 0.0),
    ],
)
def test_robust_spread(values: list[float], wanted: float) -> None:
    assert robust_sd(np.array(values)) == pytest.approx(wanted)


def test_a_minority_never_widens_the_median_spread() -> None:
    assert median_sd(np.array([0.0] * 6 + [9.0] * 5)) == 0
    assert median_sd(np.array([1.0, 2.0, 3.0, 4.0, 100.0])) == 1.4826


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], 1.0),
        ([3.0, -20.0], 1.0),
        ([1.0, 0.5], 0.1),
        ([0.25, 3.0], 0.01),
        ([1.001], 1e-3),
        ([0.000001], 1e-6),
        ([1 / 3], 1e-7),
        ([1 + 1.9e-9], 1.0),
        ([1 + 2.6e-9], 1e-7),
        ([0.25 + 1.0e-9], 0.01),
        ([0.25 + 5e-8], 1e-7),
    ],
)
def test_values_are_written_in_steps_of_a_power_of_ten(
    values: list[float], wanted: float
) -> None:
    assert resolution(np.array(values)) == wanted


def test_a_long_series_is_sampled_for_its_resolution() -> None:
    values = np.zeros(4000)
    values[1] = 0.5
    assert resolution(values[:3999]) == 0.1
    assert resolution(values) == 1.0


@pytest.mark.parametrize(
    ("found", "gap", "wanted"),
    [
        ([], 0, []),
        ([(0, 10), (15, 20)], 5, [(0, 20)]),
        ([(0, 10), (15, 20)], 4, [(0, 10), (15, 20)]),
        ([(15, 20), (0, 10)], 5, [(0, 20)]),
        ([(0, 100), (10, 20), (100, 110)], 0, [(0, 110)]),
        ([(0, 10), (11, 20), (21, 30)], 1, [(0, 30)]),
    ],
)
def test_spans_join_up_to_the_gap(
    found: list[tuple[int, int]], gap: int, wanted: list[tuple[int, int]]
) -> None:
    assert join_spans(found, gap) == wanted


def test_a_time_is_covered_from_the_begin_to_before_the_end() -> None:
    times = np.array([9, 10, 19, 20, 30, 39, 40])
    found = [(30, 40), (10, 15), (12, 20)]
    assert covered(times, found).tolist() == [
        False, True, True, False, True, True, False,
    ]  # fmt: skip
    assert covered(times, []).tolist() == [False] * 7
    assert covered(np.array([20]), [(10, 20), (21, 30)]).tolist() == [False]


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ((0, 10), (10, 20), 0),
        ((0, 10), (9, 20), 1),
        ((0, 10), (12, 20), 0),
        ((5, 10), (0, 20), 5),
        ((0, 20), (5, 30), 15),
    ],
)
def test_overlap_in_seconds(
    one: tuple[int, int], other: tuple[int, int], wanted: int
) -> None:
    assert overlap(one, other) == wanted
    assert overlap(other, one) == wanted


def runs(*lengths: int, total: int) -> np.ndarray:
    """Return a mask of ``total`` signs with runs of these lengths, one apart."""
    signs = ".".join("x" * length for length in lengths)
    return mask(signs.ljust(total, "."))


def likely(found: np.ndarray, odds: float) -> float:
    breaks = np.zeros(len(found), dtype=bool)
    return likely_run(found, breaks, odds)


def test_no_run_or_a_single_one_makes_nothing_likely() -> None:
    assert likely(mask(""), 0.01) == 0
    assert likely(mask("....."), 0.01) == 0
    assert likely(mask("..xxxx.."), 0.01) == 0


def test_a_likely_run_follows_from_the_share_without_the_longest() -> None:
    # 2 of 20 true beside the longest: share 0.1; 20 / 0.0002 = 10^5, so 5 in a row.
    assert likely(runs(1, 1, 9, total=20), 0.0002) == pytest.approx(5.0)
    assert likely(runs(9, 1, 1, total=20), 0.0002) == pytest.approx(5.0)


def test_a_likely_run_is_thrice_the_longer_usual_ones() -> None:
    # Share 0.1 as 3 of 30; 30 / 0.03 = 10^3 gives 3; 3 × the 99th percentile of 1, 2.
    assert likely(runs(1, 2, 8, total=30), 0.03) == pytest.approx(3 * 1.99)


def test_one_run_in_twenty_is_left_out_beside_the_longest() -> None:
    twenty = likely(runs(*[1] * 18, 5, 5, total=180), 0.0018)
    assert twenty == pytest.approx(5.0)  # 18 / 180 = 0.1; 180 / 0.0018 = 10^5
    nineteen = likely(runs(*[1] * 17, 5, 5, total=220), 0.022)
    assert nineteen == pytest.approx(3 * (1 + 4 * 0.83))  # 0.83 on to the 18th of 18


def test_a_gap_cuts_a_run_in_two() -> None:
    found = runs(2, total=20)
    breaks = np.zeros(20, dtype=bool)
    breaks[1] = True
    assert likely_run(found, breaks, 0.0005) == pytest.approx(
        np.log(40_000) / np.log(20)
    )


@pytest.mark.parametrize(
    ("data", "lag", "wanted"),
    [
        ([0, 600, 1200], 60, 60),
        ([0, 600, 1200], 600, 600),
        ([0, 600, 1200], 5000, 600),
        ([0, 600, 600, 1200, 4800], 5000, 600),
        ([0, 600, 1200], -30, -30),
        ([0, 600], 5000, 600),
        ([600], 5000, 5000),
        ([600, 600], -40, -40),
    ],
)
def test_a_usual_delay_is_one_interval_at_most(
    data: list[int], lag: int, wanted: float
) -> None:
    times = np.array(data, dtype=np.int64)
    assert usual_delay(times, times + lag) == wanted
