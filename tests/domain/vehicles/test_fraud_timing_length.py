"""How many rows the cycle has, and how long a test took."""

import pytest

from tests.domain.vehicles.tests_lab import curve, inspected, told
from vehicles.domain.fraud.timing import (
    RowCount,
    RowParams,
    ShortParams,
    TooShort,
    cycle_rows,
)
from vehicles.domain.inspection.results import Results


def test_the_preparation_is_no_part_of_the_cycle() -> None:
    phases = ("prepare", "cycle", "", "odd")
    assert cycle_rows(curve(phases, speed_kmh=[1.0] * 4)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("rows", "more", "named"),
    [
        (195, {}, False),
        (194, {}, True),
        (196, {}, True),
        (194, {"outcome": "aborted"}, False),
        (194, {"outcome": "invalid"}, False),
        (194, {"outcome": "fail"}, True),
        (194, {"method": "transient"}, True),
        (194, {"method": "asm"}, False),
        (0, {}, False),
    ],
    ids=[
        "as it must be",
        "one is gone",
        "one too many",
        "aborted",
        "invalid",
        "failed",
        "transient",
        "another method",
        "no rows at all",
    ],
)
def test_the_cycle_has_195_rows(rows, more, named) -> None:
    process = curve(
        ["prepare"] * 3 * bool(rows) + ["cycle"] * rows,
        speed_kmh=[0.0] * (rows + 3 * bool(rows)),
    )
    found = told(RowCount(RowParams()), inspected(process=process, **more))
    assert bool(found) is named
    for item in found:
        assert (item.rule, item.score) == ("rows_not_195", 0.9)
        assert item.numbers == {"rows": rows}
        assert item.why.endswith(f"过程数据 {rows} 行，应为 195 行")


def short(*tests, **params):
    return told(TooShort(ShortParams(**params)), *tests)


def lasted(seconds, method="double_idle", report="R1", rows=None, **more):
    given = {"results": Results(co_g_km=1.0), **more}
    if rows is not None:
        given["process"] = curve("", rpm=[900.0] * rows)
    return inspected(report, method=method, lasts=seconds / 60, **given)


@pytest.mark.parametrize(
    ("method", "bar", "needed"),
    [
        ("double_idle", 114.0, 120),
        ("asm", 23.75, 25),
        ("vmas", 185.25, 195),
        ("transient", 185.25, 195),
        ("lugdown", 23.75, 25),
        ("free_acceleration", 32.3, 34),
    ],
)
def test_a_test_takes_the_time_of_its_phases_less_five_percent(
    method, bar, needed
) -> None:
    assert short(lasted(bar, method)) == []
    (found,) = short(lasted(bar - 0.05, method))
    assert found.numbers == {"seconds": bar - 0.05, "needed": needed}


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, True),
        ({"method": "none"}, False),
        ({"outcome": "aborted"}, False),
        ({"outcome": "invalid"}, False),
        ({"outcome": "fail"}, True),
        ({"started_at": None}, False),
        ({"ended_at": None}, False),
        ({"results": Results()}, False),
        ({"results": Results(co_g_km=0.0)}, True),
        ({"results": Results(), "rows": 200}, True),
        ({"started_at": None, "rows": 100}, True),
        ({"method": "vmas", "started_at": None, "rows": 100}, False),
    ],
    ids=[
        "short",
        "no method",
        "aborted",
        "invalid",
        "failed",
        "no start",
        "no end",
        "nothing was measured",
        "zero was measured",
        "rows were sent",
        "short by its rows",
        "rows of a cycle have a rule of their own",
    ],
)
def test_only_finished_measurements_have_a_length(more, named) -> None:
    assert bool(short(lasted(**({"seconds": 60} | more)))) is named


def test_seconds_are_those_that_were_sent() -> None:
    process = curve("", t=[10.0, 40.0, 120.0], rpm=[900.0] * 3)
    (found,) = short(inspected(method="double_idle", started_at=None, process=process))
    assert found.numbers["seconds"] == 111


@pytest.mark.parametrize(
    ("rows", "named"), [(114, False), (113, True)], ids=["114 rows", "113 rows"]
)
def test_rows_count_from_the_first_to_the_last(rows, named) -> None:
    assert bool(short(lasted(300, rows=rows))) is named


@pytest.mark.parametrize(
    ("seconds", "rows", "what", "told_s"),
    [
        (50, 60, "起止时间相差", 50),
        (60, 50, "过程数据只覆盖", 50),
        (50, 200, "起止时间相差", 50),
        (50, 50, "起止时间相差", 50),
        (200, 50, "过程数据只覆盖", 50),
    ],
    ids=["the clock", "the rows", "the clock alone", "both", "the rows alone"],
)
def test_the_worse_measure_is_told_once(seconds, rows, what, told_s) -> None:
    (found,) = short(lasted(seconds, rows=rows))
    assert (found.rule, found.score) == ("test_too_short", 0.9)
    assert found.numbers == {"seconds": told_s, "needed": 120}
    assert found.why == f"双怠速法{what} {told_s} s，短于各阶段所需 120 s"


def test_certainty_ends_below_one() -> None:
    assert [item.score for item in short(lasted(-30))] == [0.99]
    assert [item.score for item in short(lasted(0))] == [0.99]


@pytest.mark.parametrize(
    ("lengths", "named"),
    [
        ([50] * 4 + [60] * 3, 7),
        ([100] * 4 + [120] * 4, 4),
        ([114] * 4 + [100] + [300] * 3, 1),
        ([60] * 5 + [300] * 3, 0),
        ([60] * 7 + [29], 1),
        ([60] * 7 + [30], 0),
        ([50] * 5 + [300] * 3 + [25], 0),
        ([50] * 5 + [300] * 3 + [24], 1),
    ],
    ids=[
        "seven tests are too few to know",
        "half of eight",
        "at the bar is not short",
        "more than half of eight",
        "less than half of the usual stands out",
        "half of it does not",
        "half of the median",
        "less than half of the median",
    ],
)
def test_where_most_are_short_only_those_under_half_stand_out(lengths, named) -> None:
    tests = [lasted(s, report=f"R{n}") for n, s in enumerate(lengths)]
    assert len(short(*tests)) == named
