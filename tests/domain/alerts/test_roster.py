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
