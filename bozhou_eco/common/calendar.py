"""Working days of Bortala: weekends, State Council holidays, 调休, regional holidays.

National tables for 2004–2026 come with the ``chinesecalendar`` package. The State Council
publishes the table of a year in the November before it; until that year's table has been
loaded, any question about it is answered with `UnknownYearError`, never with a guess.

Xinjiang adds 肉孜节 and 古尔邦节. Whether these days stop statutory periods is a decision
of the bureau, so `Calendar.regional_stops` is an argument.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from io import StringIO
from pathlib import Path

from chinese_calendar import constants  # type: ignore[import-untyped]

ONE = timedelta(days=1)
PACKAGE_SOURCE = "国务院办公厅当年放假通知（chinesecalendar 1.11）"
REGIONAL_FILE = Path(__file__).parent / "data" / "xinjiang_holidays.csv"


class UnknownYearError(LookupError):
    """The holiday table of ``year`` has not been loaded."""

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年放假安排尚未载入，不能计算工作日")
        self.year = year


class TableError(ValueError):
    """A holiday table that cannot be used; the message names the line and reason."""


@dataclass(frozen=True, slots=True)
class YearTable:
    """Days of one year that differ from the plain week.

    ``rest`` are days off, ``makeup`` are weekend days worked in exchange (调休).
    """

    year: int
    rest: frozenset[date]
    makeup: frozenset[date]
    source: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Tables by year, regional holidays by date, and whether the latter stop clocks."""

    years: Mapping[int, YearTable]
    regional: Mapping[date, str] = field(default_factory=dict)
    regional_stops: bool = False

    def is_working_day(self, day: date) -> bool:
        """Return whether ``day`` is worked; raises `UnknownYearError`."""
        table = self.years.get(day.year)
        if table is None:
            raise UnknownYearError(day.year)
        if self.regional_stops and day in self.regional:
            return False
        if day in table.makeup:
            return True
        return day.weekday() < 5 and day not in table.rest

    def next_working_day(self, day: date) -> date:
        """Return ``day`` if it is worked, else the first worked day after it."""
        while not self.is_working_day(day):
            day += ONE
        return day

    def add_working_days(self, start: date, count: int) -> date:
        """Return the ``count``-th working day after ``start``, which is not counted."""
        if count < 0:
            raise ValueError("a period cannot have fewer than 0 days")
        day = start
        while count:
            day += ONE
            count -= self.is_working_day(day)
        return day

    def working_days_between(self, after: date, until: date) -> int:
        """Count the working days d with ``after < d <= until``."""
        span = (until - after).days
        return sum(
            self.is_working_day(after + timedelta(days=offset))
            for offset in range(1, span + 1)
        )

    def with_tables(self, tables: Iterable[YearTable]) -> "Calendar":
        """Return this calendar with ``tables`` added; a loaded year wins."""
        return replace(self, years={**self.years, **{t.year: t for t in tables}})

    def with_regional(self, days: Mapping[date, str], *, stops: bool) -> "Calendar":
        """Return this calendar with regional holidays and their effect."""
        return replace(self, regional=dict(days), regional_stops=stops)


def add_natural_days(start: date, count: int) -> date:
    """Return the last day of ``count`` natural days; ``start`` is not counted."""
    if count < 0:
        raise ValueError("a period cannot have fewer than 0 days")
    return start + timedelta(days=count)


def add_months(start: date, count: int) -> date:
    """Return the same day ``count`` months on, or that month's last day."""
    month = start.month - 1 + count
    year, month = start.year + month // 12, month % 12 + 1
    for day in range(start.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, start.day)


@cache
def national() -> Calendar:
    """Return the calendar of the years that the package knows, without a region."""
    holidays, makeups = set(constants.holidays), set(constants.workdays)
    years = sorted({day.year for day in holidays})
    return Calendar(
        years={
            year: YearTable(
                year,
                frozenset(day for day in holidays if day.year == year),
                frozenset(day for day in makeups if day.year == year),
                PACKAGE_SOURCE,
            )
            for year in years
        }
    )


@cache
def xinjiang_days() -> Mapping[date, str]:
    """Return the regional holidays that ship with the platform, all to be confirmed."""
    with REGIONAL_FILE.open(encoding="utf-8", newline="") as rows:
        return {
            date.fromisoformat(row["date"]): row["name"] for row in csv.DictReader(rows)
        }


def parse_table(text: str, *, year: int, source: str) -> YearTable:
    """Read a year's table from CSV with the columns ``date,kind`` (rest or makeup).

    Raises `TableError` for a date of another year, a repeated date, an unknown kind, a
    make-up day that is no weekend day, or a table without any day off.
    """
    days: dict[str, set[date]] = {"rest": set(), "makeup": set()}
    for number, row in enumerate(csv.DictReader(StringIO(text.strip())), start=2):
        day = _table_day(row, number, year)
        kind = (row.get("kind") or "").strip()
        if kind not in days:
            raise TableError(f"第 {number} 行：类别应为 rest 或 makeup，实为“{kind}”")
        if day in days["rest"] or day in days["makeup"]:
            raise TableError(f"第 {number} 行：日期 {day} 重复")
        if kind == "makeup" and day.weekday() < 5:
            raise TableError(f"第 {number} 行：{day} 不是周末，不能是调休上班日")
        days[kind].add(day)
    if not days["rest"]:
        raise TableError(f"{year} 年的表里没有任何放假日")
    return YearTable(year, frozenset(days["rest"]), frozenset(days["makeup"]), source)


def _table_day(row: Mapping[str, str | None], number: int, year: int) -> date:
    try:
        day = date.fromisoformat((row.get("date") or "").strip())
    except ValueError as error:
        raise TableError(f"第 {number} 行：日期应写成 2027-01-01 的形式") from error
    if day.year != year:
        raise TableError(f"第 {number} 行：{day} 不属于 {year} 年")
    return day
