"""Working days of Bortala against the State Council's notices, written out here."""

from datetime import date, timedelta

import pytest

from bozhou_eco.common.calendar import (
    TableError,
    UnknownYearError,
    add_months,
    add_natural_days,
    national,
    parse_table,
    xinjiang_days,
)


def span(first: str, last: str) -> set[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=n) for n in range((end - start).days + 1)}


REST = set().union(
    *(
        span(a, b)
        for a, b in (
            ("2024-01-01", "2024-01-01"),
            ("2024-02-10", "2024-02-17"),
            ("2024-04-04", "2024-04-06"),
            ("2024-05-01", "2024-05-05"),
            ("2024-06-10", "2024-06-10"),
            ("2024-09-15", "2024-09-17"),
            ("2024-10-01", "2024-10-07"),
            ("2025-01-01", "2025-01-01"),
            ("2025-01-28", "2025-02-04"),
            ("2025-04-04", "2025-04-06"),
            ("2025-05-01", "2025-05-05"),
            ("2025-05-31", "2025-06-02"),
            ("2025-10-01", "2025-10-08"),
            ("2026-01-01", "2026-01-03"),
            ("2026-02-15", "2026-02-23"),
            ("2026-04-04", "2026-04-06"),
            ("2026-05-01", "2026-05-05"),
            ("2026-06-19", "2026-06-21"),
            ("2026-09-25", "2026-09-27"),
            ("2026-10-01", "2026-10-07"),
        )
    )
)
MAKEUP = {
    date.fromisoformat(day)
    for day in [
        "2024-02-04",
        "2024-02-18",
        "2024-04-07",
        "2024-04-28",
        "2024-05-11",
        "2024-09-14",
        "2024-09-29",
        "2024-10-12",
        "2025-01-26",
        "2025-02-08",
        "2025-04-27",
        "2025-09-28",
        "2025-10-11",
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ]
}
TABLE_2027 = """date,kind
2027-01-01,rest
2027-01-02,rest
2027-01-03,rest
2027-02-05,rest
2027-02-06,rest
2027-02-07,rest
2027-02-08,rest
2027-02-09,rest
2027-02-10,rest
2027-02-11,rest
2027-01-31,makeup
2027-02-13,makeup
"""


def expected(day: date) -> bool:
    if day in MAKEUP:
        return True
    return day.weekday() < 5 and day not in REST


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_the_year(year):
    calendar = national()
    day, wrong = date(year, 1, 1), []
    while day.year == year:
        if calendar.is_working_day(day) != expected(day):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


def test_working_days_of_2026():
    calendar = national()
    days = span("2026-01-01", "2026-12-31")
    assert sum(calendar.is_working_day(day) for day in days) == sum(map(expected, days))
    assert sum(map(expected, days)) == 248


def test_an_unknown_year_is_said_and_never_guessed():
    with pytest.raises(UnknownYearError, match="2027 年放假安排尚未载入") as caught:
        national().is_working_day(date(2027, 3, 1))
    assert caught.value.year == 2027
    with pytest.raises(UnknownYearError):
        national().add_working_days(date(2026, 12, 30), 5)


def test_a_loaded_year_is_used():
    table = parse_table(TABLE_2027, year=2027, source="测试")
    calendar = national().with_tables([table])
    assert calendar.add_working_days(date(2026, 12, 30), 5) == date(2027, 1, 7)
    assert not calendar.is_working_day(date(2027, 2, 8))
    assert calendar.is_working_day(date(2027, 2, 13))
    assert calendar.add_working_days(date(2027, 2, 4), 1) == date(2027, 2, 12)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("date,kind\n2026-01-01,rest", "不属于 2027 年"),
        (
            "date,kind\n2027-01-01,rest\n2027-01-01,rest",
            "第 3 行：日期 2027-01-01 重复",
        ),
        ("date,kind\n2027-01-01,off", "类别应为 rest 或 makeup"),
        ("date,kind\n2027-01-04,makeup", "不是周末"),
        ("date,kind\n1/1/2027,rest", "日期应写成"),
        ("date,kind\n2027-01-02,makeup", "没有任何放假日"),
        ("", "没有任何放假日"),
    ],
)
def test_a_broken_table_is_refused(text, reason):
    with pytest.raises(TableError, match=reason):
        parse_table(text, year=2027, source="测试")


def test_regional_days_count_only_when_set():
    eid = date(2026, 5, 27)
    assert xinjiang_days()[eid] == "古尔邦节"
    plain = national().with_regional(xinjiang_days(), stops=False)
    stopping = national().with_regional(xinjiang_days(), stops=True)
    assert plain.is_working_day(eid)
    assert not stopping.is_working_day(eid)
    assert plain.add_working_days(date(2026, 5, 25), 5) == date(2026, 6, 1)
    assert stopping.add_working_days(date(2026, 5, 25), 5) == date(2026, 6, 4)


def test_counting_between_agrees_with_adding():
    calendar = national()
    start = date(2026, 9, 18)
    for count in range(40):
        end = calendar.add_working_days(start, count)
        assert calendar.working_days_between(start, end) == count


def test_natural_days_and_months():
    assert add_natural_days(date(2026, 2, 20), 15) == date(2026, 3, 7)
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert add_months(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert add_months(date(2026, 11, 23), 3) == date(2027, 2, 23)
    assert add_months(date(2026, 12, 31), 1) == date(2027, 1, 31)
    with pytest.raises(ValueError, match="fewer than 0"):
        add_natural_days(date(2026, 1, 1), -1)
