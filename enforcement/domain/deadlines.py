"""Clocks: periods in the rule's own unit, with pauses and extensions.

The day on which a period starts is not counted. In 行政处罚法 (art. 85) and 行政强制法
(art. 69) periods of two, three, five, seven (and ten) days count working days; 15, 60 and
90 days are natural days. Which unit a rule has, and whether a natural period that ends on
a day off runs on to the next working day, are fields of the rule with their source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bozhou_eco.common.calendar import (
    ONE,
    Calendar,
    UnknownYearError,
    add_months,
    add_natural_days,
)
from enforcement.domain.labels import Labelled

BEIJING = ZoneInfo("Asia/Shanghai")
NEAR_SHARE = 2 / 3


class Unit(Labelled):
    """What a period counts."""

    WORKING = "working", "个工作日"
    NATURAL = "natural", "日"
    MONTH = "month", "个月"


class ClockState(Labelled):
    """How a clock stands at a moment."""

    RUNNING = "running", "计时中"
    NEAR = "near", "临期"
    OVERDUE = "overdue", "超期"
    PAUSED = "paused", "已中止计时"
    MET = "met", "按期"
    LATE = "late", "逾期完成"
    UNKNOWN = "unknown", "放假安排待载入"
    CANCELLED = "cancelled", "已取消"


@dataclass(frozen=True, slots=True)
class Rule:
    """A period set by law or by the bureau.

    ``roll`` moves a last day that is not worked to the next working day. ``basis`` names
    law and article; ``confirmed`` is False while the value awaits the bureau's word.
    """

    code: str
    name: str
    length: int
    unit: Unit
    basis: str
    roll: bool = False
    statutory: bool = True
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count: from ``start`` until the day before ``end``.

    ``end`` is the day on which counting goes on; None while the clock stands still.
    """

    start: date
    end: date | None
    reason: str = ""

    def covers(self, day: date) -> bool:
        """Return whether ``day`` is not counted."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a clock shows: last lawful day, days used, share used and state.

    ``last_day`` is None while the clock is paused or runs into a year whose holidays are
    not loaded (``unknown_year``). ``left`` is negative once overdue.
    """

    state: ClockState
    last_day: date | None
    total: int
    used: int
    left: int
    share: float
    unknown_year: int | None = None

    @property
    def due_at(self) -> datetime | None:
        """The end of the last lawful day, Beijing time."""
        if self.last_day is None:
            return None
        return datetime.combine(self.last_day + ONE, time(0), BEIJING)


def last_lawful_day(
    rule: Rule,
    start: date,
    calendar: Calendar,
    *,
    pauses: Sequence[Pause] = (),
    extra: int = 0,
) -> date | None:
    """Return the last day on which the act is still in time; None while paused.

    ``extra`` lengthens the period in its own unit. Raises `UnknownYearError` when the
    answer needs a holiday table that is not loaded.
    """
    if any(pause.end is None for pause in pauses):
        return None
    length = rule.length + extra
    if rule.unit is Unit.WORKING:
        return _count(start, length, pauses, calendar)
    if rule.unit is Unit.MONTH:
        day = add_months(start, length)
        for pause in pauses:
            day = add_natural_days(day, _paused_days(pause, start, day))
    else:
        day = _count(start, length, pauses, None)
    return calendar.next_working_day(day) if rule.roll else day


def lengthened(rule: Rule, day: date, extra: int, calendar: Calendar) -> date:
    """Return ``day``, a last day set by a document, moved by ``extra`` of the unit."""
    if not extra:
        return day
    if rule.unit is Unit.WORKING:
        return calendar.add_working_days(day, extra)
    if rule.unit is Unit.MONTH:
        return add_months(day, extra)
    return add_natural_days(day, extra)


def _paused_days(pause: Pause, start: date, until: date) -> int:
    first = max(pause.start, start + ONE)
    if pause.end is None or first > until:
        return 0
    return max(0, (pause.end - first).days)


def _count(
    start: date, length: int, pauses: Sequence[Pause], calendar: Calendar | None
) -> date:
    day, left = start, length
    while left:
        day += ONE
        worked = calendar is None or calendar.is_working_day(day)
        if worked and not any(pause.covers(day) for pause in pauses):
            left -= 1
    return day


def days_used(
    rule: Rule,
    start: date,
    today: date,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
) -> int:
    """Count the days of ``rule``'s unit that have run by the end of ``today``.

    Months are counted in natural days.
    """
    used = 0
    for offset in range(1, (today - start).days + 1):
        day = start + timedelta(days=offset)
        worked = rule.unit is not Unit.WORKING or calendar.is_working_day(day)
        used += worked and not any(pause.covers(day) for pause in pauses)
    return used


def standing(
    rule: Rule,
    start: date,
    now: datetime,
    calendar: Calendar,
    *,
    pauses: Sequence[Pause] = (),
    extra: int = 0,
    stopped: date | None = None,
) -> Standing:
    """Return how a clock that started on ``start`` stands at ``now``.

    ``stopped`` is the day on which the act was done; the clock then says whether it was
    in time. The state is 临期 once two thirds of the period are used.
    """
    today = stopped or now.astimezone(BEIJING).date()
    try:
        used = days_used(rule, start, today, calendar, pauses)
        last = last_lawful_day(rule, start, calendar, pauses=pauses, extra=extra)
        total = _total(rule, start, last, extra)
    except UnknownYearError as error:
        return Standing(
            ClockState.UNKNOWN, None, rule.length + extra, 0, 0, 0.0, error.year
        )
    if last is None:
        left, share = total - used, used / total if total else 0.0
        return Standing(ClockState.PAUSED, None, total, used, left, share)
    left = _days_left(rule, today, last, calendar)
    share = min(1.0, used / total) if total else 1.0
    return Standing(_state(today, last, share, stopped), last, total, used, left, share)


def _total(rule: Rule, start: date, last: date | None, extra: int) -> int:
    if rule.unit is not Unit.MONTH:
        return rule.length + extra
    return ((last or add_months(start, rule.length + extra)) - start).days


def _days_left(rule: Rule, today: date, last: date, calendar: Calendar) -> int:
    if rule.unit is not Unit.WORKING:
        return (last - today).days
    if today <= last:
        return calendar.working_days_between(today, last)
    return -calendar.working_days_between(last, today)


def _state(today: date, last: date, share: float, stopped: date | None) -> ClockState:
    if stopped is not None:
        return ClockState.MET if stopped <= last else ClockState.LATE
    if today > last:
        return ClockState.OVERDUE
    return ClockState.NEAR if share >= NEAR_SHARE else ClockState.RUNNING
