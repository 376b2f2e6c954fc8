"""The speed that was driven against the cycle that was set."""

import pytest

from tests.domain.vehicles.tests_lab import curve, inspected, reports, told
from vehicles.domain.fraud.timing import (
    SpeedParams,
    SpeedTracking,
)
from vehicles.domain.inspection.cycle import TARGETS


def tracked(*tests, **params):
    return told(SpeedTracking(SpeedParams(**params)), *tests)


def away(count, size, *rows):
    """Return 50 km/h, but for those rows."""
    return [50.0 + size * (row in rows) for row in range(count)]


def driven(speeds, targets=None, report="R1", phases="cycle", **more):
    columns = {"speed_kmh": speeds}
    if targets is not None:
        columns["target_speed_kmh"] = targets
    return inspected(report, process=curve(phases, **columns), **more)


@pytest.mark.parametrize(
    ("speeds", "named"),
    [
        (away(60, 2.0, *range(60)), False),
        (away(60, 2.1, 10, 11, 12), False),
        (away(60, 2.1, 10, 11, 12, 13), True),
        (away(60, -2.1, 10, 11, 12, 13), True),
        (away(60, -2.0, *range(60)), False),
        (away(60, 3.0, *range(0, 45, 3)), False),
        (away(60, 3.0, *range(0, 48, 3)), True),
        ([50.0] * 20 + [None] * 40, False),
    ],
    ids=[
        "two kilometres off",
        "three seconds further off",
        "four seconds in a row",
        "too slow",
        "two kilometres too slow",
        "fifteen seconds in all",
        "sixteen",
        "speeds that were not sent",
    ],
)
def test_the_driver_keeps_to_the_set_speed(speeds, named) -> None:
    assert bool(tracked(driven(speeds, [50.0] * 60))) is named


def test_decimals_do_not_make_two_kilometres_more() -> None:
    assert tracked(driven([4.4] * 20, [2.4] * 20)) == []


@pytest.mark.parametrize(
    ("targets", "speeds", "rows"),
    [
        ([10.0] * 10 + [30.0] * 10, [10.0] * 11 + [30.0] * 9, 0),
        ([10.0] * 10 + [30.0] * 10, [10.0] * 9 + [30.0] * 11, 0),
        ([10.0] * 10 + [30.0] * 10, [10.0] * 15 + [30.0] * 5, 4),
        ([10.0] * 10 + [30.0] * 10, [10.0] * 5 + [30.0] * 15, 4),
        ([10.0] * 10 + [30.0] * 10, [30.0] * 20, 9),
        ([None] * 10 + [0.0] * 10, [2.5] * 20, 20),
        ([30.0] + [10.0] * 19, [30.0] + [35.0] * 3 + [10.0] * 16, 0),
        ([10.0] * 5, [10.0] + [20.0] * 4, 4),
    ],
    ids=[
        "a second late",
        "a second early",
        "five seconds late",
        "five seconds early",
        "at the first rows nothing lies before",
        "a set speed that was not sent is zero",
        "the first second",
        "at the last row nothing lies after",
    ],
)
def test_a_set_speed_may_be_met_a_second_early_or_late(targets, speeds, rows) -> None:
    found = tracked(driven(speeds, targets))
    assert [item.numbers["rows"] for item in found] == ([rows] if rows else [])


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, True),
        ({"method": "transient"}, True),
        ({"method": "asm"}, False),
        ({"outcome": "aborted"}, False),
        ({"outcome": "invalid"}, False),
        ({"outcome": "fail"}, True),
        ({"phases": ["prepare"] * 20 + ["cycle"] * 40}, False),
        ({"phases": [""] * 60}, True),
    ],
    ids=[
        "VMAS",
        "transient",
        "another method",
        "aborted",
        "invalid",
        "failed",
        "while preparing",
        "phases unknown",
    ],
)
def test_only_a_counted_cycle_must_be_followed(more, named) -> None:
    speeds = away(60, 9.0, *range(5, 15))
    assert bool(tracked(driven(speeds, [50.0] * 60, **more))) is named


def test_without_speeds_there_is_nothing_to_follow() -> None:
    test = inspected(process=curve(target_speed_kmh=[50.0] * 30))
    assert tracked(test) == []


def test_the_longest_stretch_off_the_cycle_is_told() -> None:
    speeds = away(60, 3.0, 5, 20, 21, 22, 23, 24)
    speeds[40] = 55.26
    process = curve(
        speed_kmh=speeds,
        target_speed_kmh=[50.0] * 60,
        t=[float(row + 1) for row in range(60)],
    )
    (found,) = tracked(inspected(process=process))
    assert (found.rule, found.score) == ("speed_out_of_tolerance", 0.77)
    assert found.second == 21
    assert found.numbers == {"rows": 7, "longest": 5}
    assert found.why == (
        "车速超出 ±2 km/h 共 7 s，最长连续 5 s（允许连续 3 s、累计 15 s），最大偏差 5.3 km/h，"
        "检测应作废"
    )


def test_scattered_seconds_are_told_from_the_first_on() -> None:
    (found,) = tracked(
        driven(away(60, 3.0, 4, *range(8, 56, 4), 5, 6, 57, 59), [50.0] * 60)
    )
    assert (found.second, found.numbers) == (4, {"rows": 17, "longest": 3})
    (found,) = tracked(
        driven(away(60, 3.0, 2, *range(6, 54, 4), 55, 56, 57), [50.0] * 60)
    )
    assert (found.second, found.numbers) == (2, {"rows": 16, "longest": 3})
    (found,) = tracked(
        driven(away(90, 3.0, 2, *range(10, 14), *range(30, 55)), [50.0] * 90)
    )
    assert (found.second, found.score) == (30, 0.99)


def published(*rows: int, by: float = 2.5, until: int = 195) -> list[float]:
    """Return the published cycle, but for those rows faster than all it sets there."""
    return [
        max(TARGETS[max(row - 1, 0) : row + 2]) + by if row in rows else speed
        for row, speed in enumerate(TARGETS[:until])
    ]


@pytest.mark.parametrize(
    ("speeds", "named"),
    [
        (published(), False),
        (published(70, 71, 72), False),
        (published(70, 71, 72, 73), True),
        (published(*range(97)), True),
        (published(*range(98)), False),
        (published(192, 193, 194) + [99.0] * 10, False),
        ([], False),
        ([None] * 195, False),
    ],
    ids=[
        "as published",
        "three seconds off",
        "four seconds off",
        "off for less than half of its time",
        "off for half of it is another cycle",
        "what comes after the cycle is not judged",
        "no rows",
        "no speeds",
    ],
)
def test_without_set_speeds_the_published_cycle_stands_in(speeds, named) -> None:
    assert bool(tracked(driven(speeds))) is named


def test_half_of_an_even_time_is_another_cycle() -> None:
    speeds = published(*range(60), until=120)
    assert tracked(driven(speeds)) == []
    assert tracked(driven(published(*range(59), until=120)))


def test_the_cycle_begins_after_the_preparation_and_seconds_are_those_sent() -> None:
    phases = ["prepare"] * 10 + ["cycle"] * 195
    times = [100.0 + row for row in range(205)]
    process = curve(
        phases, speed_kmh=[0.0] * 10 + published(70, 71, 72, 73, 74, by=5.0), t=times
    )
    (found,) = tracked(inspected(process=process))
    assert found.second == 180
    assert found.numbers == {"rows": 5, "longest": 5}
    assert found.why.endswith("最大偏差 5.0 km/h，检测应作废")


def drivers(count, rows, odd=()):
    """Return tests that drive the published cycle, but for those seconds."""
    return [driven(published(*rows), report=f"R{n}") for n in range(count)] + [
        driven(speeds, report=f"ODD{n}") for n, speeds in enumerate(odd)
    ]


@pytest.mark.parametrize(
    ("count", "rows", "named"),
    [
        (7, range(61, 77), ["R0", "R1", "R2", "R3", "R4", "R5", "R6"]),
        (7, range(61, 76), ["R0", "R1", "R2", "R3", "R4", "R5", "R6"]),
        (8, range(61, 77), []),
        (8, range(61, 76), ["R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7"]),
    ],
    ids=[
        "seven tests cannot agree on another one",
        "nor on fifteen seconds",
        "eight tests agree on sixteen seconds",
        "fifteen seconds are not another cycle",
    ],
)
def test_what_most_tests_drive_is_the_cycle(count, rows, named) -> None:
    assert reports(tracked(*drivers(count, rows))) == named


def test_who_drives_the_published_cycle_among_others_is_off() -> None:
    odd = [published()]
    assert reports(tracked(*drivers(9, range(61, 77), odd))) == ["ODD0"]


def spread(count: int, rows: int, by: float) -> list:
    """Return tests on another cycle that part by ``by`` in so many seconds."""
    return [
        driven(
            [
                speed + 20.0 + by * (n % 2) * (row < rows)
                for row, speed in enumerate(TARGETS)
            ],
            report=f"R{n}",
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "by", "agreed"),
    [(19, 3.0, True), (20, 3.0, False), (60, 2.0, True), (60, 2.1, False)],
    ids=[
        "apart in less than a tenth of the time",
        "apart in more",
        "a kilometre from the middle is near",
        "more is not",
    ],
)
def test_tests_that_do_not_agree_set_no_cycle(rows, by, agreed) -> None:
    odd = [
        t + 20.0 + by / 2 * (n < rows) + 9.0 * (100 <= n < 110)
        for n, t in enumerate(TARGETS)
    ]
    found = tracked(*spread(10, rows, by), driven(odd, report="ODD"))
    assert ("ODD" in reports(found)) is agreed


def test_seconds_that_nobody_drove_do_not_part_the_tests() -> None:
    own = range(61, 81)
    odd = published(*own, *range(30, 36), until=120)
    short = [driven(published(*own, until=120), report=f"R{n}") for n in range(9)]
    found = tracked(*short, driven(odd, report="ODD"), tolerance_kmh=1.0)
    assert reports(found) == ["ODD"]
