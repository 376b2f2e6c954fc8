"""What a clock shows: end of the last day, days used and left, share, pauses by months."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bozhou_eco.common.calendar import national
from enforcement.domain.deadlines import (
    BEIJING,
    ClockState,
    Pause,
    Rule,
    Standing,
    Unit,
    days_used,
    last_lawful_day,
    standing,
)

CALENDAR = national()
SEVEN = Rule("service", "送达", 7, Unit.WORKING, "行政处罚法第六十一条")
NINETY = Rule("case_total", "办案", 90, Unit.NATURAL, "行政处罚法第六十条")
HALF_YEAR = Rule("suit", "起诉", 6, Unit.MONTH, "行政诉讼法第四十六条")


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def test_a_rule_is_statutory_confirmed_and_does_not_roll_unless_said() -> None:
    assert (SEVEN.roll, SEVEN.statutory, SEVEN.confirmed) == (False, True, True)


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, None),
        (date(2026, 11, 30), datetime(2026, 12, 1, tzinfo=BEIJING)),
    ],
    ids=["none", "last"],
)
def test_a_clock_is_due_at_the_end_of_its_last_day(
    last: date | None, due: datetime | None
) -> None:
    assert Standing(ClockState.RUNNING, last, 7, 1, 6, 0.1).due_at == due


@pytest.mark.parametrize(
    ("day", "covered"), [(9, False), (10, True), (19, True), (20, False), (21, False)]
)
def test_a_pause_has_its_first_day_and_not_the_day_counting_goes_on(
    day: int, covered: bool
) -> None:
    assert (
        Pause(date(2026, 3, 10), date(2026, 3, 20)).covers(date(2026, 3, day))
        is covered
    )
    assert Pause(date(2026, 3, 10), None).covers(date(2026, 3, day)) is (day >= 10)


@pytest.mark.parametrize(
    ("first", "end", "last"),
    [
        ("2026-01-20", "2026-02-05", "2026-08-04"),
        ("2026-01-01", "2026-01-10", "2026-08-01"),
        ("2026-02-02", "2026-02-03", "2026-08-02"),
        ("2026-08-01", "2026-08-03", "2026-08-03"),
        ("2026-08-02", "2026-08-05", "2026-08-01"),
    ],
    ids=["from-before", "all-before", "first-day", "last-day", "after"],
)
def test_months_are_lengthened_by_the_paused_days_that_fall_into_them(
    first: str, end: str, last: str
) -> None:
    """Six months from 1 February end on 1 August; 2 February is the first counted."""
    pause = Pause(date.fromisoformat(first), date.fromisoformat(end))
    found = last_lawful_day(HALF_YEAR, date(2026, 2, 1), CALENDAR, pauses=[pause])
    assert found == date.fromisoformat(last)


def test_a_second_pause_may_lie_in_what_the_first_added() -> None:
    pauses = [
        Pause(date(2026, 3, 1), date(2026, 3, 11)),
        Pause(date(2026, 8, 5), date(2026, 8, 7)),
    ]
    found = last_lawful_day(HALF_YEAR, date(2026, 2, 1), CALENDAR, pauses=pauses)
    assert found == date(2026, 8, 13)


def test_an_extension_of_months_is_in_months() -> None:
    found = last_lawful_day(HALF_YEAR, date(2026, 2, 1), CALENDAR, extra=1)
    assert found == date(2026, 9, 1)


def test_a_clock_into_an_unknown_year_shows_only_its_length() -> None:
    start = date(2026, 12, 28)
    assert standing(SEVEN, start, at(start), CALENDAR, extra=2) == Standing(
        ClockState.UNKNOWN, None, 9, 0, 0, 0.0, 2027
    )


@pytest.mark.parametrize(
    ("rule", "extra", "total"),
    [(SEVEN, 0, 7), (SEVEN, 1, 8), (NINETY, 10, 100), (HALF_YEAR, 1, 212)],
    ids=["working", "working-extended", "natural-extended", "months-extended"],
)
def test_a_paused_clock_keeps_total_used_left_and_share(
    rule: Rule, extra: int, total: int
) -> None:
    """Monday 2 February 2026; two days run, then it stands still. To 2 September: 212."""
    start = date(2026, 2, 2)
    seen = standing(
        rule,
        start,
        at(date(2026, 2, 11)),
        CALENDAR,
        pauses=[Pause(date(2026, 2, 5), None)],
        extra=extra,
    )
    assert seen == Standing(
        ClockState.PAUSED, None, total, 2, total - 2, pytest.approx(2 / total)
    )


@pytest.mark.parametrize(
    ("pauses", "state", "share"),
    [
        ([], ClockState.NEAR, 1.0),
        ([Pause(date(2026, 3, 3), None)], ClockState.PAUSED, 0.0),
    ],
    ids=["running", "paused"],
)
def test_a_period_of_no_days_is_used_up_at_once(
    pauses: list[Pause], state: ClockState, share: float
) -> None:
    start = date(2026, 3, 2)
    rule = Rule("x", "即日", 0, Unit.NATURAL, "x")
    seen = standing(rule, start, at(start), CALENDAR, pauses=pauses)
    assert (seen.state, seen.total, seen.used, seen.left) == (state, 0, 0, 0)
    assert seen.share == share


@pytest.mark.parametrize(
    ("day", "used", "left", "share"),
    [
        (0, 0, 181, 0.0),
        (100, 100, 81, 100 / 181),
        (181, 181, 0, 1.0),
        (200, 200, -19, 1.0),
    ],
)
def test_a_clock_of_months_counts_natural_days(
    day: int, used: int, left: int, share: float
) -> None:
    """1 February to 1 August 2026 are 181 days."""
    start = date(2026, 2, 1)
    seen = standing(HALF_YEAR, start, at(start + timedelta(days=day)), CALENDAR)
    assert (seen.last_day, seen.total) == (date(2026, 8, 1), 181)
    assert (seen.used, seen.left) == (used, left)
    assert seen.share == pytest.approx(share)


def test_a_clock_of_months_grows_by_its_pauses() -> None:
    start = date(2026, 2, 1)
    pause = Pause(date(2026, 3, 10), date(2026, 3, 20))
    seen = standing(HALF_YEAR, start, at(date(2026, 3, 25)), CALENDAR, pauses=[pause])
    assert (seen.total, seen.used, seen.left) == (191, 42, 139)


@pytest.mark.parametrize(
    ("day", "left", "state"),
    [
        (11, 0, ClockState.NEAR),
        (12, -1, ClockState.OVERDUE),
        (14, -2, ClockState.OVERDUE),
        (16, -3, ClockState.OVERDUE),
    ],
)
def test_overdue_days_are_counted_in_the_rules_unit(
    day: int, left: int, state: ClockState
) -> None:
    """Seven working days from Monday 2 November 2026 end on the 11th."""
    seen = standing(SEVEN, date(2026, 11, 2), at(date(2026, 11, day)), CALENDAR)
    assert (seen.left, seen.state) == (left, state)


@pytest.mark.parametrize(
    ("stopped", "state"), [(11, ClockState.MET), (12, ClockState.LATE)]
)
def test_an_act_done_is_judged_by_its_day_whatever_today_is(
    stopped: int, state: ClockState
) -> None:
    seen = standing(
        SEVEN,
        date(2026, 11, 2),
        at(date(2026, 11, 3)),
        CALENDAR,
        stopped=date(2026, 11, stopped),
    )
    assert (seen.state, seen.used) == (state, stopped - 4)


def test_the_first_day_is_not_counted_and_today_is() -> None:
    start = date(2026, 11, 2)
    pause = [Pause(date(2026, 11, 3), date(2026, 11, 4))]
    assert days_used(SEVEN, start, start, CALENDAR) == 0
    assert days_used(SEVEN, start, date(2026, 11, 3), CALENDAR) == 1
    assert days_used(SEVEN, start, date(2026, 11, 8), CALENDAR) == 4
    assert days_used(NINETY, start, date(2026, 11, 8), CALENDAR) == 6
    assert days_used(NINETY, start, date(2026, 11, 8), CALENDAR, pause) == 5


@pytest.mark.parametrize(
    ("length", "used", "state"),
    [
        (90, 59, ClockState.RUNNING),
        (90, 60, ClockState.NEAR),
        (3, 1, ClockState.RUNNING),
        (3, 2, ClockState.NEAR),
    ],
)
def test_two_thirds_of_a_period_used_are_near(
    length: int, used: int, state: ClockState
) -> None:
    rule = Rule("x", "期限", length, Unit.NATURAL, "x")
    start = date(2026, 3, 2)
    seen = standing(rule, start, at(start + timedelta(days=used)), CALENDAR)
    assert (seen.state, seen.left) == (state, length - used)
