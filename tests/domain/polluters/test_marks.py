"""Marks: lateness, effect, what lies under them, and flagged hours without one."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polluters.domain.hj212.frame import BEIJING
from polluters.domain.marks import (
    Flagged,
    MarkView,
    covered,
    deadline_of,
    has_effect,
    hours_in,
    runs_of,
    unmarked,
)

START = datetime(2026, 3, 1, tzinfo=BEIJING)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def mark(begin: float, end: float, **fields: object) -> MarkView:
    values: dict[str, object] = {
        "kind": "starting", "name": "启炉", "point": None, "begin": START + begin * HOUR,
        "end": START + end * HOUR, "made_at": START, "deadline": START + 36 * HOUR,
    }  # fmt: skip
    return MarkView(**(values | fields))  # type: ignore[arg-type]


def test_a_mark_without_more_exempts_but_does_not_stop_and_has_no_force() -> None:
    plain = mark(0, 1)
    assert (plain.legal, plain.from_logger, plain.exempts, plain.stops) == (
        False, False, True, False,
    )  # fmt: skip


@pytest.mark.parametrize(("hour", "wanted"), [(12, 36), (0, 24), (9.5, 33.5)])
def test_the_deadline_is_an_hour_of_the_next_day(hour: float, wanted: float) -> None:
    for begin in (START, START + 8 * HOUR, START + 24 * HOUR - MINUTE):
        assert deadline_of(begin, hour=hour) == START + wanted * HOUR


@pytest.mark.parametrize(
    ("made", "from_logger", "late"),
    [(36, False, False), (36.1, False, True), (36.1, True, False), (0, False, False)],
)
def test_a_mark_after_its_deadline_is_late(
    made: float, from_logger: bool, late: bool
) -> None:
    one = mark(0, 1, made_at=START + made * HOUR, from_logger=from_logger)
    assert one.late is late


@pytest.mark.parametrize(
    ("fields", "in_scope", "own", "effect"),
    [
        ({"legal": True}, True, False, True), ({}, True, True, False),
        ({}, False, True, True), ({}, False, False, False),
        ({"made_at": START + 37 * HOUR}, False, True, False),
        ({"from_logger": True}, False, True, False),
        ({"from_logger": True, "legal": True}, True, True, True),
    ],
)  # fmt: skip
def test_which_marks_have_effect(
    fields: dict[str, object], in_scope: bool, own: bool, effect: bool
) -> None:
    assert has_effect(mark(0, 1, **fields), in_scope=in_scope, own_counts=own) is effect


@pytest.mark.parametrize(
    ("begin", "end", "touches"),
    [(0, 1, False), (0, 2, True), (3, 4, True), (4, 5, False), (2, 3, True)],
)
def test_a_mark_touches_a_span_it_shares_time_with(
    begin: int, end: int, touches: bool
) -> None:
    assert mark(1, 4).touches(START + begin * HOUR, START + end * HOUR) is touches
    assert mark(1, 4).concerns(7) is True
    assert mark(1, 4, point=7).concerns(7) is True
    assert mark(1, 4, point=7).concerns(8) is False


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([], 0), ([(0, 5)], 5), ([(-3, 2)], 2), ([(8, 99)], 2), ([(20, 30)], 0),
        ([(0, 3), (2, 5)], 5), ([(2, 5), (0, 3)], 5), ([(0, 5), (1, 2)], 5),
        ([(0, 1), (4, 6), (5, 5.5)], 3), ([(1, 2), (2, 3)], 2), ([(-5, 50), (1, 2)], 10),
    ],
)  # fmt: skip
def test_overlaps_under_marks_count_once(
    spans: list[tuple[float, float]], wanted: float
) -> None:
    marks = [mark(a, b) for a, b in spans]
    end = START + 10 * HOUR
    assert covered(START, end, marks) == wanted * HOUR
    assert hours_in(marks, START, end) == wanted


SPANS = st.lists(
    st.tuples(st.integers(0, 48), st.integers(1, 12)).map(
        lambda pair: mark(pair[0], pair[0] + pair[1])
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(SPANS)
def test_overlapping_marks_count_once_in_any_order(marks: list[MarkView]) -> None:
    end = START + 60 * HOUR
    hours = {
        hour
        for one in marks
        for hour in range(60)
        if one.touches(START + hour * HOUR, START + (hour + 1) * HOUR)
    }
    assert hours_in(marks, START, end) == len(hours)
    assert covered(START, end, marks) == covered(START, end, marks[::-1])


def test_neighbouring_hours_of_one_flag_are_a_run() -> None:
    hours = [
        (1, START + 2 * HOUR, "M"), (1, START, "M"), (1, START + HOUR, "M"),
        (1, START + 3 * HOUR, "C"), (1, START + 5 * HOUR, "C"), (2, START + HOUR, "M"),
    ]  # fmt: skip
    assert runs_of(hours) == [
        Flagged(1, START, START + 3 * HOUR, "M"),
        Flagged(1, START + 3 * HOUR, START + 4 * HOUR, "C"),
        Flagged(1, START + 5 * HOUR, START + 6 * HOUR, "C"),
        Flagged(2, START + HOUR, START + 2 * HOUR, "M"),
    ]
    assert runs_of([]) == []


@pytest.mark.parametrize(
    ("length", "under", "now", "found"),
    [
        (2, 0, 37, True), (2, 0, 36, False), (1.9, 0, 37, False), (5, 3, 37, True),
        (5, 3.1, 37, False), (5, 0, 37, True),
    ],
)  # fmt: skip
def test_hours_past_their_deadline_of_which_two_lie_under_no_mark(
    length: float, under: float, now: float, found: bool
) -> None:
    run = Flagged(7, START, START + length * HOUR, "M")
    marks = [mark(0, under, legal=True)] if under else []
    listed = unmarked([run], marks, now=START + now * HOUR, hour=12, least=2 * HOUR)
    assert listed == ([run] if found else [])


def test_only_marks_with_force_for_this_point_count() -> None:
    run = Flagged(7, START, START + 5 * HOUR, "M")
    for fields, found in (
        ({"legal": True}, 0), ({"legal": True, "point": 7}, 0),
        ({"legal": True, "point": 8}, 1), ({}, 1),
    ):  # fmt: skip
        listed = unmarked(
            [run],
            [mark(0, 9, **fields)],
            now=START + 40 * HOUR,
            hour=12,
            least=2 * HOUR,
        )
        assert len(listed) == found
