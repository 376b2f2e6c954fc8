"""The duty roster: planned shifts, swaps, holidays, and who is on duty now."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from alerts.domain.labels import Labelled

ONE = timedelta(days=1)


class Level(Labelled):
    """What a shift is for."""

    DUTY = "duty", "值班"
    BACKUP = "backup", "备勤"
    LEADER = "leader", "带班领导"


class Days(Labelled):
    """On which days a plan makes shifts."""

    ALL = "all", "每日"
    WORKING = "working", "工作日"
    HOLIDAYS = "holidays", "节假日"


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's shift. ``district`` None serves the whole prefecture."""

    person: int
    starts_at: datetime
    ends_at: datetime
    level: Level = Level.DUTY
    district: int | None = None
    id: int = 0

    def covers(self, moment: datetime) -> bool:
        """Return whether the shift runs at ``moment``; its end is not included."""
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True)
class Plan:
    """People taking turns: one shift per matching day from ``start``, ``length`` long."""

    people: tuple[int, ...]
    start: time
    length: timedelta
    level: Level = Level.DUTY
    days: Days = Days.ALL
    district: int | None = None


class RosterError(ValueError):
    """A roster act that makes no sense; the message is for the person."""


def make_shifts(
    plan: Plan,
    first: date,
    last: date,
    *,
    is_working_day: Callable[[date], bool],
    zone: tzinfo,
    turn: int = 0,
) -> list[Shift]:
    """Return the shifts of the days ``first`` to ``last``; ``turn`` is whose turn it is.

    ``is_working_day`` knows holidays and 调休. Raises `RosterError` without people, for
    a length of 0 or above 48 hours, or an end before the start.
    """
    if not plan.people:
        raise RosterError("排班没有人员")
    if not timedelta(0) < plan.length <= 2 * ONE:
        raise RosterError("班次时长须在 48 小时以内")
    if last < first:
        raise RosterError("结束日期早于开始日期")
    shifts = []
    day = first
    while day <= last:
        if _fits(plan.days, day, is_working_day):
            begin = datetime.combine(day, plan.start, tzinfo=zone)
            person = plan.people[turn % len(plan.people)]
            turn += 1
            shifts.append(
                Shift(person, begin, begin + plan.length, plan.level, plan.district)
            )
        day += ONE
    return shifts


def _fits(days: Days, day: date, is_working_day: Callable[[date], bool]) -> bool:
    if days is Days.ALL:
        return True
    return is_working_day(day) is (days is Days.WORKING)


def on_duty(
    shifts: Iterable[Shift], moment: datetime, *, level: Level, district: int | None
) -> list[int]:
    """Return who is on duty: those of the district, else those of the prefecture.

    An alert without a district concerns the prefecture's shift, else any.
    """
    running = [s for s in shifts if s.level is level and s.covers(moment)]
    own = [s.person for s in running if s.district == district]
    if own:
        return sorted(set(own))
    whole = [s.person for s in running if s.district is None]
    if whole or district is not None:
        return sorted(set(whole))
    return sorted({s.person for s in running})


def swap(shift: Shift, to: int, others: Sequence[Shift], now: datetime) -> Shift:
    """Return the shift in the hands of ``to``.

    Raises `RosterError` if it is over, already theirs, or overlaps another of theirs.
    """
    if shift.ends_at <= now:
        raise RosterError("班次已结束，不能换班")
    if to == shift.person:
        raise RosterError("不能与本人换班")
    for other in others:
        overlap = other.starts_at < shift.ends_at and shift.starts_at < other.ends_at
        if other.person == to and other.id != shift.id and overlap:
            raise RosterError("接班人同一时段已有班次")
    return replace(shift, person=to)


def gaps(
    shifts: Iterable[Shift], start: datetime, end: datetime, *, level: Level
) -> list[tuple[datetime, datetime]]:
    """Return the spans between ``start`` and ``end`` that nobody covers."""
    spans = sorted(
        (max(s.starts_at, start), min(s.ends_at, end))
        for s in shifts
        if s.level is level and s.starts_at < end and s.ends_at > start
    )
    found, at = [], start
    for begin, finish in spans:
        if begin > at:
            found.append((at, begin))
        at = max(at, finish)
    if at < end:
        found.append((at, end))
    return found
