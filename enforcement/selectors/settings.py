"""Values that administrators keep, and the calendar that follows from them."""

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.core.cache import cache

from bozhou_eco.common.calendar import Calendar, TableError, national, parse_table
from enforcement.models import DeadlineRule, HolidayYear, RegionalHoliday, Setting

CACHE_SECONDS = 30
SETTINGS_KEY = "enforcement:settings"
CALENDAR_KEY = "enforcement:calendar"
RULES_KEY = "enforcement:rules"


MEMO_SECONDS = 2.0
_MEMO: dict[str, tuple[float, Any]] = {}
"""What this process read from the cache a moment ago, so that one move reads it once."""


def kept(key: str, make: Callable[[], Any]) -> Any:
    """Return what is cached under ``key``, made anew where it is missing."""
    memo = _MEMO.get(key)
    if memo is not None and time.monotonic() < memo[0]:
        return memo[1]
    value = cache.get(key)
    if value is None:
        value = make()
        cache.set(key, value, CACHE_SECONDS)
    _MEMO[key] = (time.monotonic() + MEMO_SECONDS, value)
    return value


def settings_map() -> dict[str, str]:
    """Return every setting by key; at most half a minute old."""
    values: dict[str, str] = kept(
        SETTINGS_KEY, lambda: dict(Setting.objects.values_list("key", "value"))
    )
    return values


def setting(key: str, default: str = "") -> str:
    """Return the setting ``key``, or ``default`` where it was never made."""
    return settings_map().get(key, default)


def money_setting(key: str, default: str = "0") -> Decimal:
    """Return a setting that is an amount in yuan or a rate."""
    return Decimal(setting(key, default))


def int_setting(key: str, default: int) -> int:
    """Return a setting that is a whole number."""
    return int(setting(key, str(default)))


def office_calendar() -> Calendar:
    """Return the bureau's calendar: package tables, loaded years, regional days."""
    calendar: Calendar = kept(
        CALENDAR_KEY,
        lambda: build_calendar(
            HolidayYear.objects.all(),
            RegionalHoliday.objects.all(),
            stops=setting("regional_stops_clocks", "no") == "yes",
        ),
    )
    return calendar


def build_calendar(
    years: Iterable[HolidayYear], days: Iterable[RegionalHoliday], *, stops: bool
) -> Calendar:
    """Return the calendar made of stored tables; a table that is broken is left out.

    A year whose table cannot be read stays unknown, so clocks say so.
    """
    tables = []
    for row in years:
        try:
            tables.append(parse_table(row.table, year=row.year, source=row.source))
        except TableError:
            continue
    regional = {row.day: row.name for row in days}
    return national().with_tables(tables).with_regional(regional, stops=stops)


def deadline_rules() -> dict[str, DeadlineRule]:
    """Return every period rule by code; at most half a minute old."""
    rules: dict[str, DeadlineRule] = kept(
        RULES_KEY, lambda: {rule.code: rule for rule in DeadlineRule.objects.all()}
    )
    return rules


def forget_settings() -> None:
    """Drop cached values after a change."""
    _MEMO.clear()
    cache.delete_many([SETTINGS_KEY, CALENDAR_KEY, RULES_KEY])
