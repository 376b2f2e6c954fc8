"""What the gases tell: diluted samples, and analysers that do not move."""

import pytest

from tests.domain.vehicles.tests_lab import curve, inspected, told
from vehicles.domain.fraud.gases import (
    Constant,
    ConstantParams,
    Diluted,
    DilutedParams,
)

GOOD, LOW = 12.0, 3.0


def diluted(co2, *, phases="cycle", method="vmas", params=None, **columns):
    process = curve(phases, co2_pct=co2, **columns)
    rule = Diluted(params or DilutedParams())
    return told(rule, inspected(method=method, process=process))


def low_at(count, *rows):
    return [LOW if row in rows else GOOD for row in range(count)]


@pytest.mark.parametrize(
    ("co2", "named"),
    [
        (low_at(100, *range(10, 18)), True),
        (low_at(100, *range(10, 17)), False),
        (low_at(100, *range(10, 17), *range(18, 25)), False),
        (low_at(20, 1, 5, 9, 13, 17), True),
        (low_at(21, 1, 5, 9, 13, 17), False),
        ([LOW] * 8, True),
        ([LOW] * 7, False),
        ([LOW] * 7 + [None], False),
        ([6.0] * 20, False),
        ([5.99] * 20, True),
        ([None] * 20, False),
    ],
    ids=[
        "eight seconds in a row",
        "seven",
        "never eight in a row",
        "a quarter of the rows",
        "less than a quarter",
        "eight rows in all",
        "seven rows are too few",
        "a missing value is no row",
        "six percent",
        "less than six",
        "nothing was measured",
    ],
)
def test_co_and_co2_stay_above_six_percent(co2, named) -> None:
    assert bool(diluted(co2)) is named


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ({}, 20),
        ({"co_pct": [3.0] * 20}, 0),
        ({"co_pct": [2.99] * 20}, 20),
        ({"co_pct": [None] * 20}, 20),
        ({"rpm": [299.0] * 10 + [300.0] * 10}, 10),
        ({"rpm": [None] * 5 + [900.0] * 15}, 20),
        ({"phases": ["prepare"] * 9 + ["cycle"] * 11}, 11),
        (
            {"phases": ["low_hold"] * 9 + ["low_sample"] * 11, "method": "double_idle"},
            11,
        ),
        ({"method": "lugdown"}, 0),
    ],
    ids=[
        "CO₂ alone",
        "with three percent CO",
        "with a little less",
        "missing CO is none",
        "an engine that runs turns 300 a minute",
        "an unknown speed is running",
        "not while preparing",
        "not while idling before the sample",
        "diesel is not sampled so",
    ],
)
def test_rows_of_a_running_engine_in_the_sample_count(columns, rows) -> None:
    found = diluted([LOW] * 20, **columns)
    assert [item.numbers["rows"] for item in found] == ([rows] if rows else [])


@pytest.mark.parametrize(
    ("speeds", "rows"),
    [
        ([50.0] * 20, 20),
        ([50.0 - 0.5 * n for n in range(20)], 20),
        ([50.0 - 0.51 * n for n in range(20)], 0),
        ([20.0 + n for n in range(20)], 20),
        ([50.0, 48.0] + [48.0] * 18, 10),
        ([50.0] * 19 + [48.0], 18),
        ([50.0] * 5 + [None] + [40.0] * 14, 11),
        ([50.0] * 5 + [None, None] + [40.0] * 13, 20),
        ([50.0] * 8 + [48.0] * 12, 10),
    ],
    ids=[
        "steady",
        "one kilometre in two seconds",
        "a little faster",
        "accelerating",
        "braking at the start and eight seconds after it",
        "braking at the end",
        "unknown between",
        "unknown for longer",
        "braking in the middle",
    ],
)  # fmt: skip
def test_rows_while_the_speed_falls_and_eight_seconds_after_are_left_out(
    speeds, rows
) -> None:
    found = diluted([LOW] * 20, speed_kmh=speeds)
    assert [item.numbers["rows"] for item in found] == ([rows] if rows else [])


def test_the_longest_shortfall_is_told() -> None:
    co2 = low_at(30, 2, 3, *range(10, 18))
    co2[12] = 1.23456
    (found,) = diluted(co2, t=[float(n + 100) for n in range(30)])
    assert (found.rule, found.score, found.second) == ("low_co_co2", 0.77, 110)
    assert found.numbers == {"rows": 10, "longest": 8, "least": 1.235}
    assert found.why == (
        "取样过程 CO+CO₂ 低于 6% 共 10 s（占 33%，最长连续 8 s，最低 1.23%），"
        "自第 110 s 起，应中止检测"
    )
    assert diluted([LOW] * 20)[0].score == 0.99


def test_where_nothing_is_low_nothing_is_long() -> None:
    assert diluted([GOOD] * 20, params=DilutedParams(seconds=1)) == []


def moving(count: int, size: float = 1.0) -> list[float]:
    """Return values of which none equals the one before."""
    return [10.0 + size * (n % 2) for n in range(count)]


def held(count: int, start: int, length: int, value: float = 9.0) -> list[float]:
    values = moving(count)
    values[start : start + length] = [value] * length
    return values


def turning(count: int, start: int, moved: float) -> list[float]:
    """Return a steady engine speed, but for the row ``start``."""
    return [1000.0 + moved * (n == start) for n in range(count)]


def constant(*, method="vmas", phases="cycle", params=None, **columns):
    process = curve(phases, **columns)
    rule = Constant(params or ConstantParams())
    return told(rule, inspected(method=method, process=process))


def together(length: int, moved: float = 200.0, at: int = 20, **more):
    """Return what is said of CO₂ and HC that stand still from row 20 on."""
    return constant(
        co2_pct=held(60, 20, length),
        hc_ppm=held(60, 20, length, 40.0),
        rpm=turning(60, at, moved),
        **more,
    )


@pytest.mark.parametrize(
    ("length", "moved", "at", "named"),
    [
        (10, 200.0, 20, True),
        (9, 200.0, 20, False),
        (10, 199.0, 20, False),
        (10, 200.0, 29, True),
        (10, 900.0, 19, False),
        (10, 900.0, 30, False),
    ],
    ids=[
        "ten seconds while the speed moves by 200",
        "nine seconds",
        "while it moves by less",
        "at the end of the run",
        "it moved before",
        "it moved after",
    ],
)
def test_all_gases_do_not_stand_still_while_the_engine_speed_moves(
    length, moved, at, named
) -> None:
    assert bool(together(length, moved, at)) is named


def test_what_stood_still_is_told() -> None:
    (found,) = together(12, 234.4)
    assert (found.rule, found.score, found.second) == ("gas_constant", 0.95, 20)
    assert found.numbers == {"rows": 12, "rpm_moved": 234}
    assert found.why == (
        "第 20 s 起连续 12 s 气体值不变（CO₂ 9%、HC 4010⁻⁶），同时发动机转速变化 234 r/min"
    )


@pytest.mark.parametrize(
    ("columns", "score"),
    [
        ({"co2_pct": held(40, 20, 12)}, 0.8),
        ({"co2_pct": held(40, 20, 12), "no_ppm": moving(40)}, None),
        ({"co_pct": held(40, 20, 12, 0.05), "hc_ppm": held(40, 20, 12, 12.0)}, None),
        ({"co_pct": held(40, 20, 12, 0.051), "hc_ppm": held(40, 20, 12, 12.0)}, 0.95),
        ({"co_pct": held(40, 20, 12, 0.05), "hc_ppm": held(40, 20, 12, 12.1)}, 0.95),
        ({"no_ppm": held(40, 20, 12, 8.0)}, None),
        ({"no_ppm": held(40, 20, 12, 8.1)}, 0.8),
        ({"k_m1": held(40, 20, 12, 0.05), "method": "lugdown"}, None),
        ({"k_m1": held(40, 20, 12, 0.051), "method": "lugdown"}, 0.8),
        ({"nox_ppm": held(40, 20, 12, 0.0), "method": "free_acceleration"}, 0.8),
        ({"o2_pct": held(40, 20, 12)}, None),
        ({"k_m1": held(40, 20, 12)}, None),
        ({"co2_pct": held(40, 20, 12), "method": "none"}, None),
        ({"co2_pct": [None] * 40}, None),
        ({"co2_pct": [None] * 30 + moving(10)}, None),
    ],
    ids=[
        "one gas alone was measured",
        "another one moves",
        "a clean engine",
        "CO above clean",
        "HC above clean",
        "clean NO",
        "NO above clean",
        "clean smoke",
        "smoke above clean",
        "NOx is never clean",
        "oxygen does not count",
        "smoke of a petrol engine does not count",
        "no method",
        "nothing was measured",
        "missing values are not equal",
    ],
)
def test_a_clean_engine_is_not_a_stuck_analyser(columns, score) -> None:
    found = constant(rpm=turning(40, 25, 300.0), **columns)
    assert [item.score for item in found] == ([] if score is None else [score])


def test_without_engine_speed_nothing_is_said() -> None:
    assert constant(co2_pct=held(40, 20, 12)) == []
    assert constant(co2_pct=held(40, 20, 12), rpm=[None] * 40) == []
    still = ConstantParams(rpm_move=0.0)
    assert constant(co2_pct=held(40, 20, 12), params=still) == []
    assert constant(co2_pct=held(40, 20, 12), rpm=[900.0] * 40, params=still)


def test_where_the_engine_speed_is_not_known_it_does_not_move() -> None:
    one = [None] * 25 + [1000.0] + [None] * 14
    before = [1000.0, 3000.0] + [None] * 38
    for rpm in (one, before):
        params = ConstantParams(rpm_move=1.0)
        assert constant(co2_pct=held(40, 20, 12), rpm=rpm, params=params) == []


def repeating(*lengths: int) -> list[float]:
    """Return values that repeat so often each."""
    return [float(10 + n) for n, length in enumerate(lengths) for _ in range(length)]


@pytest.mark.parametrize(
    ("lengths", "named"),
    [
        ((12, 1, 4), True),
        ((11, 1, 4), False),
        ((1, 11, 1, 3, 1), True),
        ((12, 1, 8, 1, 4, 1, 2, 1, 2), True),
        ((11, 1, 8, 1, 4, 1, 2, 1, 2), False),
        ((12, 1, 8, 1, 4, 1, 2), False),
        ((24, 1, 8, 1, 4, 1, 2), True),
        ((12, 1, 4, 4, 4), True),
        ((14, 1, 5, 1, 4, 4, 4, 4, 4, 4, 4), True),
    ],
    ids=[
        "three times the only other run",
        "less than that",
        "three times and a bit",
        "three times the second of four",
        "less than that",
        "of three the longest counts",
        "three times the longest",
        "three times each of the others",
        "three times the third of nine",
    ],
)
def test_a_stuck_analyser_stands_out_among_coarse_ones(lengths, named) -> None:
    values = repeating(*lengths)
    rpm = turning(len(values), values.index(10.0 if lengths[0] > 1 else 11.0), 300.0)
    assert bool(constant(co2_pct=values, rpm=rpm)) is named


def test_where_nothing_else_repeats_three_times_one_row_is_enough() -> None:
    params = ConstantParams(seconds=3)
    values = held(20, 5, 3)
    assert constant(co2_pct=values, rpm=turning(20, 5, 300.0), params=params)


def test_the_longest_run_in_which_the_speed_moves_is_taken() -> None:
    values = repeating(12, *[1] * 5, 36, *[1] * 5, 50)
    rpm = turning(len(values), 3, 300.0)
    rpm[20] = 1300.0
    assert constant(co2_pct=values, rpm=rpm) == []
    (found,) = constant(co2_pct=values[:-40], rpm=rpm[:-40])
    assert (found.second, found.numbers["rows"]) == (17, 36)


@pytest.mark.parametrize(
    ("columns", "moved", "named"),
    [
        ({"hc_ppm": held(90, 20, 60, 40.0)}, 500.0, True),
        ({"hc_ppm": held(90, 20, 59, 40.0)}, 500.0, False),
        ({"hc_ppm": held(90, 20, 60, 40.0)}, 499.0, False),
        ({"hc_ppm": held(90, 20, 60, 12.0)}, 500.0, False),
        ({"no_ppm": held(90, 20, 60, 40.0)}, 500.0, True),
    ],
    ids=[
        "a minute while the speed moves by 500",
        "a second less",
        "moves by less",
        "a clean engine",
        "another gas",
    ],
)
def test_one_gas_does_not_stand_still_for_a_minute(columns, moved, named) -> None:
    found = constant(co2_pct=moving(90), rpm=turning(90, 20, moved), **columns)
    assert [item.score for item in found] == ([0.7] if named else [])
    assert [item.numbers["rows"] for item in found] == ([60] if named else [])


def test_the_value_at_which_it_stood_decides_whether_it_is_clean() -> None:
    columns = {"co2_pct": moving(90), "rpm": turning(90, 0, 500.0)}
    assert constant(hc_ppm=held(90, 0, 60, 40.0), **columns)
    assert not constant(hc_ppm=held(90, 0, 60, 5.0), **columns)


ZEROS = {"co_pct": [0.0] * 10, "hc_ppm": [0.0] * 10}


@pytest.mark.parametrize(
    ("columns", "moved", "rows"),
    [
        (ZEROS, 200.0, 10),
        (ZEROS, 199.0, 0),
        ({"co_pct": [0.0] * 9, "hc_ppm": [0.0] * 9}, 200.0, 0),
        ({"hc_ppm": [0.0] * 10}, 200.0, 0),
        ({**ZEROS, "hc_ppm": [0.0] * 9 + [1.0]}, 200.0, 0),
        ({**ZEROS, "no_ppm": [0.0] * 5 + [None] * 5}, 200.0, 10),
        ({**ZEROS, "no_ppm": [None] * 5 + [3.0] * 5}, 200.0, 0),
        ({"k_m1": [0.0] * 10, "nox_ppm": [0.0] * 10, "method": "lugdown"}, 200.0, 10),
    ],
    ids=[
        "ten seconds",
        "while the speed stands",
        "nine seconds",
        "one gas",
        "a value at last",
        "a third gas is zero or missing",
        "a third gas is not",
        "diesel",
    ],
)
def test_pollutants_are_not_all_zero_while_the_engine_speed_moves(
    columns, moved, rows
) -> None:
    count = len(next(iter(columns.values())))
    found = constant(co2_pct=moving(count), rpm=turning(count, 0, moved), **columns)
    assert [item.numbers["rows"] for item in found] == ([rows] if rows else [])
    assert all((item.score, item.second) == (0.8, 0) for item in found)


def test_missing_values_are_told_as_zero() -> None:
    columns = {"co_pct": [None] + [0.0] * 9, "hc_ppm": [0.0] * 10}
    (found,) = constant(co2_pct=moving(10), rpm=turning(10, 3, 300.0), **columns)
    assert "（CO 0%、HC 010⁻⁶）" in found.why
