"""The roster: turns over working days and holidays, swaps, gaps, who is on duty."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.domain.roster import (
    Days,
    Level,
    Plan,
    RosterError,
    Shift,
    gaps,
    make_shifts,
    on_duty,
    swap,
)
from bozhou_eco.common.calendar import national

BEIJING = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
WORKING = national().is_working_day


def at(day: int, hour: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BEIJING)


def shift(person: int, day: int = 23, **given: object) -> Shift:
    return Shift(person, at(day, 9), at(day, 9) + DAY, **given)  # type: ignore[arg-type]


def test_people_take_turns() -> None:
    plan = Plan((1, 2, 3), time(9), DAY)
    shifts = make_shifts(
        plan,
        date(2026, 11, 23),
        date(2026, 11, 27),
        is_working_day=WORKING,
        zone=BEIJING,
        turn=2,
    )
    assert [s.person for s in shifts] == [3, 1, 2, 3, 1]
    assert shifts[0].starts_at == at(23, 9)
    assert shifts[0].ends_at == at(24, 9)
    assert gaps(shifts, at(23, 9), at(28, 9), level=Level.DUTY) == []


def test_holidays_and_make_up_days() -> None:
    """National Day 2026 is 1–7 October; 20 September and 10 October are worked."""

    def days(kind: Days, first: date, last: date) -> list[int]:
        plan = Plan((1,), time(9), DAY, days=kind)
        made = make_shifts(plan, first, last, is_working_day=WORKING, zone=BEIJING)
        return [s.starts_at.day for s in made]

    first, last = date(2026, 9, 28), date(2026, 10, 11)
    working = days(Days.WORKING, first, last)
    off = days(Days.HOLIDAYS, first, last)
    assert sorted(working + off) == sorted(days(Days.ALL, first, last))
    assert off == [1, 2, 3, 4, 5, 6, 7, 11]
    assert 10 in working


@pytest.mark.parametrize(
    ("plan", "last", "why"),
    [
        (Plan((), time(9), DAY), date(2026, 11, 24), "人员"),
        (Plan((1,), time(9), timedelta(0)), date(2026, 11, 24), "48"),
        (Plan((1,), time(9), 3 * DAY), date(2026, 11, 24), "48"),
        (Plan((1,), time(9), DAY), date(2026, 11, 22), "早于"),
    ],
)
def test_senseless_plans_are_refused(plan: Plan, last: date, why: str) -> None:
    with pytest.raises(RosterError, match=why):
        make_shifts(
            plan, date(2026, 11, 23), last, is_working_day=WORKING, zone=BEIJING
        )


def test_the_districts_own_shift_comes_first() -> None:
    shifts = [
        shift(1),
        shift(2, district=22),
        shift(3, level=Level.LEADER),
        shift(4, day=22, district=22),
    ]
    noon = at(23, 12)
    assert on_duty(shifts, noon, level=Level.DUTY, district=22) == [2]
    assert on_duty(shifts, noon, level=Level.DUTY, district=23) == [1]
    assert on_duty(shifts, noon, level=Level.DUTY, district=None) == [1]
    assert on_duty(shifts, noon, level=Level.LEADER, district=22) == [3]
    assert on_duty(shifts, noon, level=Level.BACKUP, district=22) == []
    assert on_duty(shifts[1:2], noon, level=Level.DUTY, district=None) == [2]
    assert on_duty(shifts, at(24, 9), level=Level.DUTY, district=22) == []
    assert on_duty(shifts, at(23, 9), level=Level.DUTY, district=22) == [2]


def test_swap() -> None:
    mine = shift(1, id=1)
    theirs = shift(2, day=25, id=2)
    assert swap(mine, 2, [mine, theirs], at(23, 8)).person == 2
    with pytest.raises(RosterError, match="已结束"):
        swap(mine, 2, [], at(24, 9))
    with pytest.raises(RosterError, match="本人"):
        swap(mine, 1, [], at(23, 8))
    overlapping = shift(2, id=3)
    with pytest.raises(RosterError, match="已有班次"):
        swap(mine, 2, [mine, overlapping], at(23, 8))


def test_gaps() -> None:
    shifts = [shift(1, 23), shift(2, 25), shift(3, 25, level=Level.BACKUP)]
    assert gaps(shifts, at(23, 0), at(27, 0), level=Level.DUTY) == [
        (at(23, 0), at(23, 9)),
        (at(24, 9), at(25, 9)),
        (at(26, 9), at(27, 0)),
    ]


@pytest.mark.parametrize(
    ("hours", "good"), [(48, True), (48.01, False), (0.01, True), (0, False)]
)
def test_a_shift_lasts_up_to_forty_eight_hours(hours: float, good: bool) -> None:
    plan = Plan((1,), time(9), timedelta(hours=hours))
    day = date(2026, 11, 23)
    if not good:
        with pytest.raises(RosterError, match="48 小时"):
            make_shifts(plan, day, day, is_working_day=WORKING, zone=BEIJING)
        return
    (only,) = make_shifts(plan, day, day, is_working_day=WORKING, zone=BEIJING)
    assert only.ends_at - only.starts_at == timedelta(hours=hours)


def test_the_first_of_the_plan_begins_and_days_off_take_no_turn() -> None:
    """21 and 22 November 2026 are a weekend."""
    plan = Plan((1, 2), time(8), DAY, Level.LEADER, Days.WORKING, district=22)
    made = make_shifts(
        plan,
        date(2026, 11, 20),
        date(2026, 11, 24),
        is_working_day=WORKING,
        zone=BEIJING,
    )
    assert made == [
        Shift(person, at(day, 8), at(day, 8) + DAY, Level.LEADER, 22)
        for person, day in ((1, 20), (2, 23), (1, 24))
    ]


@pytest.mark.parametrize(
    ("moment", "covered"),
    [(at(23, 8), False), (at(23, 9), True), (at(24, 8), True), (at(24, 9), False)],
)
def test_a_shift_has_its_first_and_not_its_last_moment(
    moment: datetime, covered: bool
) -> None:
    assert shift(1).covers(moment) is covered
    assert shift(1).id == 0


def test_without_a_shift_of_the_prefecture_any_district_answers_for_it() -> None:
    shifts = [shift(3, district=23), shift(2, district=22), shift(2, district=23)]
    noon = at(23, 12)
    assert on_duty(shifts, noon, level=Level.DUTY, district=None) == [2, 3]
    assert on_duty(shifts, noon, level=Level.DUTY, district=24) == []
    assert on_duty(shifts, noon, level=Level.DUTY, district=23) == [2, 3]


@pytest.mark.parametrize(
    ("day", "hour", "refused"),
    [(22, 9, False), (22, 10, True), (24, 8, True), (24, 9, False)],
)
def test_shifts_that_only_touch_do_not_overlap(
    day: int, hour: int, refused: bool
) -> None:
    """The shift given away runs from the 23rd, 9:00, to the 24th, 9:00."""
    other = Shift(2, at(day, hour), at(day, hour) + DAY, id=2)
    if refused:
        with pytest.raises(RosterError, match="已有班次"):
            swap(shift(1, id=1), 2, [other], at(23, 8))
    else:
        assert swap(shift(1, id=1), 2, [other], at(23, 8)).person == 2


def test_only_shifts_of_the_one_who_takes_over_are_in_the_way() -> None:
    mine = shift(1, id=1)
    same = shift(2, id=1)
    assert swap(mine, 2, [shift(3, id=3), same], at(24, 8)).person == 2


def test_shifts_that_touch_leave_no_gap_and_a_minute_does() -> None:
    minute = timedelta(minutes=1)
    late = Shift(2, at(24, 9) + minute, at(25, 9))
    assert gaps([shift(1), late], at(23, 9), at(25, 9), level=Level.DUTY) == [
        (at(24, 9), at(24, 9) + minute)
    ]
    assert gaps([], at(23, 9), at(23, 9), level=Level.DUTY) == []
    inner = Shift(3, at(23, 10), at(23, 11))
    assert gaps([shift(1), inner], at(23, 9), at(24, 9), level=Level.DUTY) == []


def test_shifts_before_and_after_the_span_cover_nothing_of_it() -> None:
    around = [shift(1, 20), shift(1, 22), shift(2, 24), shift(2, 26)]
    assert gaps(around, at(23, 9), at(24, 9), level=Level.DUTY) == [
        (at(23, 9), at(24, 9))
    ]
