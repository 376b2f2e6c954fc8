"""Values that administrators keep, and the calendar that follows from them."""

from collections.abc import Iterable
from decimal import Decimal

from django.core.cache import cache

from bozhou_eco.common.calendar import Calendar, TableError, national, parse_table
from enforcement.models import DeadlineRule, HolidayYear, RegionalHoliday, Setting

CACHE_SECONDS = 30
SETTINGS_KEY = "enforcement:settings"
CALENDAR_KEY = "enforcement:calendar"
RULES_KEY = "enforcement:rules"


def settings_map() -> dict[str, str]:
    """Return every setting by key; at most half a minute old."""
    values: dict[str, str] | None = cache.get(SETTINGS_KEY)
    if values is None:
        values = dict(Setting.objects.values_list("key", "value"))
        cache.set(SETTINGS_KEY, values, CACHE_SECONDS)
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
    calendar: Calendar | None = cache.get(CALENDAR_KEY)
    if calendar is None:
        calendar = build_calendar(
            HolidayYear.objects.all(),
            RegionalHoliday.objects.all(),
            stops=setting("regional_stops_clocks", "no") == "yes",
        )
        cache.set(CALENDAR_KEY, calendar, CACHE_SECONDS)
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
    rules: dict[str, DeadlineRule] | None = cache.get(RULES_KEY)
    if rules is None:
        rules = {rule.code: rule for rule in DeadlineRule.objects.all()}
        cache.set(RULES_KEY, rules, CACHE_SECONDS)
    return rules


def forget_settings() -> None:
    """Drop cached values after a change."""
    cache.delete_many([SETTINGS_KEY, CALENDAR_KEY, RULES_KEY])
