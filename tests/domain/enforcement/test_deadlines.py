"""Each rule of the shipped table, over every start day of 2024–2026 and 2027."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bozhou_eco.common.calendar import UnknownYearError, national, parse_table
from enforcement.domain.deadlines import (
    ClockState,
    Pause,
    Rule,
    Unit,
    days_used,
    last_lawful_day,
    standing,
)
from tests.domain.enforcement.test_calendar import MAKEUP, REST, TABLE_2027

ROOT = Path(__file__).parents[3]
CALENDAR = national().with_tables([parse_table(TABLE_2027, year=2027, source="测试")])
ONE = timedelta(days=1)


def rules() -> list[Rule]:
    with (ROOT / "enforcement/data/deadline_rules.csv").open(encoding="utf-8") as rows:
        return [
            Rule(
                row["code"],
                row["name"],
                int(row["length"]),
                Unit(row["unit"]),
                row["source"],
                roll=row["roll"] == "yes",
            )
            for row in csv.DictReader(rows)
        ]


def worked(day: date) -> bool:
    """An independent account of the working days of 2024–2027."""
    if day.year == 2027:
        rest = {row.split(",")[0] for row in TABLE_2027.split() if row.endswith("rest")}
        makeup = {
            row.split(",")[0] for row in TABLE_2027.split() if row.endswith("makeup")
        }
        text = day.isoformat()
        return text in makeup or (day.weekday() < 5 and text not in rest)
    return day in MAKEUP or (day.weekday() < 5 and day not in REST)


def by_hand(rule: Rule, start: date) -> date:
    if rule.unit is Unit.MONTH:
        month = start.month + rule.length
        year, month = start.year + (month - 1) // 12, (month - 1) % 12 + 1
        day = start.day
        while True:
            try:
                found = date(year, month, day)
                break
            except ValueError:
                day -= 1
    else:
        found, left = start, rule.length
        while left:
            found += ONE
            if rule.unit is Unit.NATURAL or worked(found):
                left -= 1
    while rule.roll and not worked(found):
        found += ONE
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_last_lawful_day_from_every_start(rule):
    start, wrong = date(2024, 1, 1), []
    while start < date(2027, 6, 1):
        if last_lawful_day(rule, start, CALENDAR) != by_hand(rule, start):
            wrong.append(start)
        start += ONE
    assert wrong == []


SEVEN = Rule("service", "送达", 7, Unit.WORKING, "行政处罚法第六十一条")
NINETY = Rule("case_total", "办案", 90, Unit.NATURAL, "行政处罚法第六十条")
FIFTEEN = Rule("payment", "缴款", 15, Unit.NATURAL, "行政处罚法第六十七条", roll=True)


def at(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_seven_days_over_the_national_holiday():
    assert last_lawful_day(SEVEN, date(2026, 9, 24), CALENDAR) == date(2026, 10, 12)


def test_fifteen_natural_days_roll_out_of_a_holiday():
    start = date(2026, 9, 20)
    assert last_lawful_day(FIFTEEN, start, CALENDAR) == date(2026, 10, 8)
    rigid = Rule("x", "x", 15, Unit.NATURAL, "x")
    assert last_lawful_day(rigid, start, CALENDAR) == date(2026, 10, 5)


def test_paused_days_do_not_count():
    start = date(2026, 3, 2)
    plain = last_lawful_day(NINETY, start, CALENDAR)
    pause = Pause(date(2026, 3, 20), date(2026, 4, 20), "听证")
    assert plain == date(2026, 5, 31)
    assert last_lawful_day(NINETY, start, CALENDAR, pauses=[pause]) == date(2026, 7, 1)
    same_day = Pause(date(2026, 3, 20), date(2026, 3, 20))
    assert last_lawful_day(NINETY, start, CALENDAR, pauses=[same_day]) == plain
    open_pause = Pause(date(2026, 3, 20), None)
    assert last_lawful_day(NINETY, start, CALENDAR, pauses=[open_pause]) is None


def test_months_are_lengthened_by_the_paused_days():
    rule = Rule("suit", "起诉", 6, Unit.MONTH, "行政诉讼法第四十六条")
    pause = Pause(date(2026, 3, 10), date(2026, 3, 20))
    start = date(2026, 2, 1)
    assert last_lawful_day(rule, start, CALENDAR) == date(2026, 8, 1)
    assert last_lawful_day(rule, start, CALENDAR, pauses=[pause]) == date(2026, 8, 11)


def test_extension_counts_in_the_rules_own_unit():
    start = date(2026, 9, 24)
    assert last_lawful_day(SEVEN, start, CALENDAR, extra=2) == date(2026, 10, 14)


def test_states_over_the_life_of_a_clock():
    start = date(2026, 11, 2)
    states = {}
    for offset in range(16):
        day = start + timedelta(days=offset)
        seen = standing(SEVEN, start, at(day), CALENDAR)
        states[day.day] = (seen.state, seen.used, seen.left)
    assert states[2] == (ClockState.RUNNING, 0, 7)
    assert states[5] == (ClockState.RUNNING, 3, 4)
    assert states[6] == (ClockState.RUNNING, 4, 3)
    assert states[9] == (ClockState.NEAR, 5, 2)
    assert states[11] == (ClockState.NEAR, 7, 0)
    assert states[12] == (ClockState.OVERDUE, 8, -1)
    assert states[16] == (ClockState.OVERDUE, 10, -3)


def test_near_is_said_at_two_thirds():
    start = date(2026, 1, 1)
    sixty = standing(NINETY, start, at(start + timedelta(days=60)), CALENDAR)
    fifty_nine = standing(NINETY, start, at(start + timedelta(days=59)), CALENDAR)
    assert (fifty_nine.state, sixty.state) == (ClockState.RUNNING, ClockState.NEAR)


def test_a_stopped_clock_says_whether_it_was_in_time():
    start = date(2026, 11, 2)
    met = standing(
        SEVEN, start, at(date(2026, 12, 1)), CALENDAR, stopped=date(2026, 11, 11)
    )
    late = standing(
        SEVEN, start, at(date(2026, 12, 1)), CALENDAR, stopped=date(2026, 11, 12)
    )
    assert (met.state, late.state) == (ClockState.MET, ClockState.LATE)


def test_a_clock_that_runs_into_an_unknown_year_says_so():
    seen = standing(SEVEN, date(2026, 12, 28), at(date(2026, 12, 29)), national())
    assert seen.state is ClockState.UNKNOWN
    assert seen.unknown_year == 2027
    assert seen.last_day is None
    with pytest.raises(UnknownYearError):
        last_lawful_day(SEVEN, date(2026, 12, 28), national())
    loaded = standing(SEVEN, date(2026, 12, 28), at(date(2026, 12, 29)), CALENDAR)
    assert loaded.last_day == date(2027, 1, 7)


def test_the_beijing_day_counts():
    start = date(2026, 11, 2)
    late_evening = datetime(2026, 11, 11, 15, 59, tzinfo=UTC)
    midnight = datetime(2026, 11, 11, 16, 0, tzinfo=UTC)
    assert standing(SEVEN, start, late_evening, CALENDAR).state is ClockState.NEAR
    assert standing(SEVEN, start, midnight, CALENDAR).state is ClockState.OVERDUE


def test_a_paused_clock_keeps_what_is_left():
    pause = Pause(date(2026, 11, 5), None, "鉴定")
    seen = standing(
        SEVEN, date(2026, 11, 2), at(date(2026, 11, 20)), CALENDAR, pauses=[pause]
    )
    assert (seen.state, seen.used, seen.left) == (ClockState.PAUSED, 2, 5)


def test_used_and_left_make_the_whole():
    start = date(2026, 9, 18)
    for offset in range(20):
        day = start + timedelta(days=offset)
        seen = standing(SEVEN, start, at(day), CALENDAR)
        assert seen.used + seen.left == 7
        assert seen.used == days_used(SEVEN, start, day, CALENDAR)
