"""What is usual for a series: steady values, batches, gaps, and the scale of changes."""

import math

import numpy as np
import pytest

from polluters.domain.checks.profile import (
    Profile,
    flag_spans,
    make_profile,
    stop_spans,
    transients,
)
from tests.domain.polluters.series_lab import HOUR, STEP, T0, series, station


def profile(code: str, values: list[float], **fields: object) -> Profile:
    return make_profile(series(code, values, **fields), [])  # type: ignore[arg-type]


def held(*lengths: int) -> list[float]:
    """Return values held for these many samples each, no two neighbours equal."""
    return [float(i + 1) for i, length in enumerate(lengths) for _ in range(length)]


# Spans.


def test_flagged_spans_end_with_their_last_interval() -> None:
    one = series("a21026", [1] * 7, flags="CNCDMNC")
    assert flag_spans(one, "C") == [
        (T0, T0 + 600), (T0 + 1200, T0 + 1800), (T0 + 3600, T0 + 4200),
    ]  # fmt: skip
    assert flag_spans(one, "DM") == [(T0 + 1800, T0 + 3000)]
    assert flag_spans(one, "F") == []


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (("NFFN", "NNNN"), [(T0 + 600, T0 + 1800)]),
        (("NFFN", "NNNN", "NNNN"), []),
        (("NFFN", "NNNN", "NNFF"), [(T0 + 1200, T0 + 1800)]),
        (("FFNN", "FFNN", "NNNN", "NNNN"), [(T0, T0 + 1200)]),
        (("NNNN",), []),
        ((), []),
    ],
)
def test_a_stop_is_where_half_the_factors_are_flagged_so(
    flags: tuple[str, ...], wanted: list[tuple[int, int]]
) -> None:
    codes = ("a21026", "a34013", "a19001", "a00000")
    found = [
        series(code, [1] * 4, flags=own)
        for code, own in zip(codes, flags, strict=False)
    ]
    assert stop_spans(station(*found)) == wanted


@pytest.mark.parametrize(
    ("interval", "before", "after"),
    [(60, 900, 3600), (600, 900, 3600), (1800, 1800, 3600), (3600, 3600, 7200)],
)
def test_transients_reach_a_quarter_before_and_an_hour_after(
    interval: int, before: int, after: int
) -> None:
    one = series("a21026", [1] * 3, flags="NCN", interval=interval)
    mark = T0 + interval
    assert transients(one, [(0, 10)]) == [
        (-before, 10 + after), (mark - before, mark + interval + after),
    ]  # fmt: skip


@pytest.mark.parametrize("flag", list("FMSDCTB"))
def test_every_flag_but_normal_leaves_a_transient(flag: str) -> None:
    one = profile("a21026", [5] * 20, flags="N" * 8 + flag + "N" * 11)
    # Left out: 900 s before (one value), the flagged one, 3600 s after (six values).
    assert (one.times - T0).tolist() == [i * STEP for i in range(20) if not 7 <= i < 15]


def test_values_are_steady_outside_stops_and_gaps_break_them() -> None:
    one = make_profile(series("a21026", [5] * 20), [(T0 + 4800, T0 + 5400)])
    assert (one.times - T0).tolist() == [i * STEP for i in range(20) if not 7 <= i < 15]
    assert np.flatnonzero(one.breaks).tolist() == [0, 7]


@pytest.mark.parametrize(
    ("interval", "gap", "broken"),
    [
        (60, 1800, False), (60, 1801, True),
        (600, 1800, False), (600, 1801, True),
        (900, 2700, False), (900, 2701, True),
    ],
)  # fmt: skip
def test_a_gap_is_over_three_intervals_and_over_half_an_hour(
    interval: int, gap: int, broken: bool
) -> None:
    one = profile("a21026", [1, 2], times=[T0, T0 + gap], interval=interval)
    assert one.breaks.tolist() == [True, broken]


# Figures.


def test_median_spread_and_resolution_are_of_the_steady_values() -> None:
    one = profile("a21026", [9.5, 10.5, 9.5, 10.5, 10.0])
    assert (one.median, one.resolution) == (10.0, 0.1)
    assert one.spread == pytest.approx(1.4826 * 0.5)
    assert math.isnan(profile("a21026", []).median)


@pytest.mark.parametrize(
    ("code", "level", "wanted"),
    [
        ("a21026", 5, True), ("a00000", 5, True), ("w00000", 5, True),
        ("a01011", 5, True), ("a01012", 5, False), ("w01001", 5, False),
        ("a21026", 0, False), ("a21026", -1, False),
    ],
)  # fmt: skip
def test_concentrations_and_flows_are_compared_by_ratio(
    code: str, level: float, wanted: bool
) -> None:
    assert profile(code, [level] * 3).positive is wanted


def test_the_scale_of_changes_is_a_logarithm_with_a_floor() -> None:
    # Floor: a tenth of the median and three steps, 0.1 × 10 + 3 × 1 (or × 0.1).
    scaled = profile("a21026", [9, 10, 11]).scaled(np.array([10.0, 0.0, -5.0]))
    assert scaled.tolist() == pytest.approx([math.log(14), math.log(4), math.log(4)])
    fine = profile("a21026", [9, 10, 11.5, 10, 9]).scaled(np.array([10.0]))
    assert fine.tolist() == pytest.approx([math.log(10 + 1 + 0.3)])
    plain = np.array([10.0, -5.0])
    assert profile("a01012", [9, 10, 11]).scaled(plain) is plain


# Batches.


@pytest.mark.parametrize(
    ("code", "lengths", "wanted"),
    [
        pytest.param("w01018", [12] * 6, 7200, id="held two hours each"),
        pytest.param("w01001", [12] * 6, 0, id="no concentration"),
        pytest.param("w01018", [1, 1, 1, 1, 1], 0, id="five values"),
        pytest.param("w01018", [2, 2, 2], 0, id="three runs"),
        pytest.param("w01018", [2, 2, 2, 2], 1200, id="four runs"),
        pytest.param("w01018", [1] * 12, 0, id="no value twice"),
        pytest.param("w01018", [12] * 6 + [90], 7200, id="the longest run is left out"),
        # 20th and 80th percentile 5 and 8: 1.6 apart, and more than half about 5.
        pytest.param("w01018", [5] * 8 + [8] * 4, 3000, id="1.6 apart is regular"),
        pytest.param("w01018", [3] * 8 + [5] * 4, 0, id="1.67 apart and short"),
        pytest.param("w01018", [5] * 8 + [9] * 4, 3000, id="1.8 apart but slow"),
        # 45 minutes are 4.5 values: 4 held are too short, 5 long enough.
        pytest.param("w01018", [4] * 8 + [7] * 4, 0, id="40 min, irregular"),
        pytest.param("w01018", [5] * 8 + [25] * 4, 3000, id="slow, five times as long"),
        # Over five times as long: known by time, 104 of 144 values are in holds of 26.
        pytest.param("w01018", [5] * 8 + [26] * 4, 15_600, id="over five times"),
    ],
)
def test_a_batch_is_known_by_how_long_values_are_held(
    code: str, lengths: list[int], wanted: int
) -> None:
    assert profile(code, held(*lengths)).batch == wanted


@pytest.mark.parametrize(
    ("lengths", "wanted"),
    [
        pytest.param([5] * 8 + [8] * 4, 300, id="1.6 apart"),
        pytest.param([5] * 8 + [9] * 4, 0, id="1.8 apart"),
        # All but the longest: of 10 to 16 three of seven lie within 15 % of 13.
        pytest.param([*range(10, 17), 40], 0, id="three of seven"),
        # 9, 9, 12 × 4, 15, 15: half of them within 1.8 of 12.
        pytest.param([9, 9, 12, 12, 12, 12, 15, 15, 15], 720, id="half"),
        # 7 × 3, 9, 11 × 3: alone within 1.35 of 9.
        pytest.param([7, 7, 7, 9, 11, 11, 11, 11], 0, id="one of seven"),
        pytest.param([2, 2, 3, 3, 3, 3, 3], 180, id="one value apart is the same"),
    ],
)
def test_minutes_are_a_batch_where_most_are_held_as_long(
    lengths: list[int], wanted: int
) -> None:
    assert profile("w01018", held(*lengths), interval=60).batch == wanted


@pytest.mark.parametrize(
    ("lengths", "wanted"),
    [
        # Half of 14: the run of 4 holds 8 of 14, too little; of 5 it is 10 of 15.
        pytest.param([1] * 6 + [4, 4], 0, id="57 % held"),
        pytest.param([1] * 5 + [5, 5], 3000, id="67 % held"),
        pytest.param([1] * 3 + [3, 3], 0, id="held for three"),
        pytest.param([1] * 4 + [4, 4], 2400, id="held for four"),
        pytest.param([1] * 13 + [20, 22, 18], 12_000, id="a tenth apart is the same"),
        pytest.param([1] * 13 + [20, 23, 17], 0, id="over a tenth apart"),
        pytest.param([1] * 7 + [4, 4, 5, 5], 2400, id="one value apart is the same"),
    ],
)
def test_a_batch_is_known_by_the_time_spent_in_it(
    lengths: list[int], wanted: int
) -> None:
    assert profile("w01018", held(*lengths)).batch == wanted


@pytest.mark.parametrize(
    ("interval", "lengths", "wanted"),
    [(1200, [3] * 8 + [5] * 4, 3600), (1800, [2] * 8 + [5] * 4, 0)],
)
def test_a_slow_analyser_holds_for_three_values_at_least(
    interval: int, lengths: list[int], wanted: int
) -> None:
    assert profile("w01018", held(*lengths), interval=interval).batch == wanted


def sampled(*cycle: int, per: int, first: int = T0) -> list[int]:
    """Return sample times of batches ``cycle`` seconds apart, ``per`` values each."""
    moments = [first]
    for step in cycle:
        moments.append(moments[-1] + step)
    return [moment for moment in moments for _ in range(per)]


@pytest.mark.parametrize(
    ("moments", "wanted"),
    [
        pytest.param(sampled(7200, 7200, 9000, per=3), 7200, id="the median cycle"),
        pytest.param(sampled(7200, per=6), 0, id="two samples"),
        pytest.param(sampled(7200, 7200, per=4), 7200, id="three samples"),
        pytest.param([0] * 4 + sampled(7200, per=4), 0, id="unknown times count not"),
        pytest.param(sampled(1200, 1200, per=3), 1200, id="two values a sample"),
        pytest.param(sampled(1199, 1199, per=3), 0, id="hardly two values a sample"),
    ],
)
def test_a_batch_is_known_by_its_sample_times(moments: list[int], wanted: int) -> None:
    values = [float(i % 7) for i in range(len(moments))]
    assert profile("w01018", values, sampled=moments).batch == wanted


def test_rows_are_samples_or_batches_and_a_stuck_value_counts_as_many() -> None:
    plain = profile("a21026", [3.0, 4.0, 5.0, 9.0])
    assert plain.rows[0].tolist() == [0, 1, 2, 3]
    assert plain.rows[1].tolist() == [1, 2, 3, 4]
    assert (plain.row_interval, plain.batch) == (600, 0)
    batched = profile("w01018", held(12, 12, 12, 12, 30, 5))
    assert batched.batch == 7200
    # 30 values are 2.5 batches: cut in two; the last, of 5, stays one.
    assert batched.rows[0].tolist() == [0, 12, 24, 36, 48, 63, 78]
    assert batched.rows[1].tolist() == [12, 24, 36, 48, 63, 78, 83]
    assert batched.row_values.tolist() == [1, 2, 3, 4, 5, 5, 6]
    assert (batched.row_times[:2] - T0).tolist() == [0, 7200]
    assert batched.row_interval == 7200
    assert batched.end_of(0) == T0 + 2 * HOUR
    assert batched.end_of(6) == T0 + 83 * STEP


def test_a_row_after_a_gap_does_not_follow_the_one_before() -> None:
    times = [T0 + i * STEP + (7200 if i >= 30 else 0) for i in range(60)]
    one = profile("w01018", held(12, 12, 6, 6, 12, 12), times=times)
    assert one.batch == 7200
    assert one.row_breaks.tolist() == [True, False, False, True, False, False]
