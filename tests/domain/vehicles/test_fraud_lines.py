"""What one line can do: one vehicle at a time, so many an hour and a day."""

import pytest

from tests.domain.vehicles.tests_lab import inspected, reports, told
from vehicles.domain.fraud.lines import (
    CapacityParams,
    LineOverlap,
    OverCapacity,
    OverlapParams,
)


def overlapping(*tests, **params):
    return told(LineOverlap(OverlapParams(**params)), *tests)


@pytest.mark.parametrize(
    ("minute", "more", "named"),
    [
        (10.0, {}, []),
        (9.5, {}, []),
        (9.49, {}, ["R2"]),
        (5.0, {"line": "2"}, []),
        (5.0, {"station": "652702001"}, []),
        (5.0, {"report": "R1", "session": "S-R1"}, []),
        (5.0, {"report": "R1", "session": "S2"}, ["R1"]),
        (5.0, {"session": "S-R1"}, ["R2"]),
        (5.0, {"started_at": None}, []),
        (5.0, {"ended_at": None}, []),
        (5.0, {"lasts": 0.0}, []),
        (5.0, {"lasts": -1.0}, []),
        (-20.0, {"lasts": 25.0}, ["R1"]),
    ],
    ids=[
        "one after the other",
        "thirty seconds together",
        "a little longer",
        "on another line",
        "at another station",
        "the same test twice",
        "one report of two sessions",
        "two reports of one session",
        "no start",
        "no end",
        "no length",
        "ends before it starts",
        "the later one is named",
    ],
)
def test_a_line_has_one_vehicle_at_a_time(minute, more, named) -> None:
    given = {"report": "R2", "minute": minute, **more}
    assert reports(overlapping(inspected("R1"), inspected(**given))) == named


@pytest.mark.parametrize(
    ("minute", "lasts", "seconds", "score"),
    [(7.9, 10.0, 126, 0.83), (2.0, 3.0, 180, 0.88), (1.0, 60.0, 540, 0.97)],
    ids=["at its end", "inside the other", "certainty ends below one"],
)
def test_who_was_on_the_line_and_how_long_is_told(
    minute, lasts, seconds, score
) -> None:
    (found,) = overlapping(inspected("R1"), inspected("R2", minute=minute, lasts=lasts))
    assert (found.rule, found.related) == ("line_overlap", ("R1",))
    assert found.numbers == {"seconds": seconds}
    assert found.score == score
    assert found.why == (
        f"1 线同时检验两车：本次 03-02 09:0{int(minute)} 开始时，报告 R1 自 03-02 09:00 "
        f"起在检，重叠 {seconds} s"
    )


@pytest.mark.parametrize(
    ("many", "named"),
    [(2, ["R0", "R1"]), (3, ["LONG"])],
    ids=["over two others", "over three others"],
)
def test_the_test_that_overlaps_many_is_the_one_at_fault(many, named) -> None:
    long = inspected("LONG", lasts=200.0)
    others = [inspected(f"R{n}", minute=20.0 + 20 * n) for n in range(many)]
    assert reports(overlapping(long, *others)) == named


def test_of_equals_the_later_one_is_named_and_nobody_twice() -> None:
    pile = [inspected(f"R{n}", minute=n, lasts=60.0) for n in range(4)]
    assert reports(overlapping(*pile)) == ["R1", "R2", "R3"]


def waves(alone: int, together: int) -> list:
    """Return tests one after the other, and pairs that share the line."""
    tests = [inspected(f"A{n}", minute=20.0 * n) for n in range(alone)]
    for n in range(together):
        start = 10_000.0 + 20 * n
        tests += [
            inspected(f"P{n}", minute=start),
            inspected(f"Q{n}", minute=start + 5),
        ]
    return tests


@pytest.mark.parametrize(
    ("alone", "together", "named"),
    [(7, 6, 6), (8, 6, 6), (6, 7, 0), (5, 7, 7), (10, 8, 0)],
    ids=[
        "19 tests are too few to know",
        "60 percent",
        "14 of 20 are more",
        "14 of 19 are too few to know",
        "16 of 26 are more",
    ],
)
def test_where_most_tests_overlap_the_times_are_not_those_on_the_line(
    alone, together, named
) -> None:
    assert len(overlapping(*waves(alone, together))) == named


def busy(count: int, *, every: float, first: float = 0.0, **more) -> list:
    return [inspected(f"R{n}", minute=first + every * n, **more) for n in range(count)]


def crowded(*tests, **params):
    return told(OverCapacity(CapacityParams(**params)), *tests)


@pytest.mark.parametrize(
    ("tests", "named"),
    [
        (busy(20, every=2), 0),
        (busy(21, every=2), 21),
        (busy(21, every=2, first=30), 0),
        (busy(100, every=4), 0),
        (busy(101, every=4), 101),
        (busy(101, every=4, first=11 * 60), 0),
        (busy(101, every=4, first=-540), 101),
        (busy(101, every=4, first=-541), 0),
        (busy(11, every=2) + busy(11, every=2, line="2"), 0),
        (busy(11, every=2) + busy(11, every=2, station="652702001"), 0),
    ],
    ids=[
        "twenty an hour",
        "twenty-one",
        "twenty-one in two hours of the clock",
        "a hundred a day",
        "one more",
        "one more, past midnight",
        "one more, from midnight on",
        "one of them before midnight",
        "on two lines",
        "at two stations",
    ],
)
def test_a_line_takes_a_hundred_a_day_and_twenty_an_hour(tests, named) -> None:
    assert len(crowded(*tests)) == named


@pytest.mark.parametrize(
    ("more", "named"),
    [({"started_at": None}, 2), ({"ended_at": None}, 2),
     ({"started_at": None, "ended_at": None}, 0)],
    ids=["only an end", "only a start", "no time"],
)  # fmt: skip
def test_a_test_needs_a_time_to_be_counted(more, named) -> None:
    tests = inspected("R1", **more), inspected("R2", **more)
    assert len(crowded(*tests, per_hour=1)) == named


def test_the_overfull_hour_is_told() -> None:
    found = crowded(*busy(26, every=2))
    assert len({item.report for item in found}) == len(found) == 26
    assert {(item.rule, item.score) for item in found} == {("over_capacity", 0.69)}
    assert found[0].subject == "line:652701001/1"
    assert found[0].numbers == {"tests": 26, "limit": 20}
    assert found[0].why == "1 线 2026-03-02 09时 检验 26 次，超过每小时 20 次的能力"


def test_the_overfull_day_is_told_once() -> None:
    found = crowded(*busy(112, every=1))
    assert len(found) == 112
    assert {item.score for item in found} == {0.64}
    assert found[0].numbers == {"tests": 112, "limit": 100}
    assert found[0].why == "1 线 2026-03-02 检验 112 次，超过每日 100 次的能力"


def test_certainty_ends_below_one() -> None:
    assert {item.score for item in crowded(*busy(59, every=1))} == {0.97}
