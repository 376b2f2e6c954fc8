"""Figures of compliance (守法意识) from exceedances: events, repeats, time to mend. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REPEAT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Over:
    """One exceedance, with what it is counted by. ``time`` is Beijing time."""

    point: int
    outlet: int
    enterprise: str
    district: str
    industry: str
    hourly: bool
    time: datetime
    multiple: float


@dataclass(frozen=True, slots=True)
class Event:
    """Exceedances of a point without a gap: from the first to the end of the last."""

    point: int
    enterprise: str
    begin: datetime
    end: datetime
    peak: float

    @property
    def length(self) -> timedelta:
        """How long it took until the point was back within its limit."""
        return self.end - self.begin


def events(rows: Iterable[Over]) -> list[Event]:
    """Join the hours (or days) of each point that follow each other, by begin."""
    found: list[Event] = []
    for row in sorted(rows, key=lambda r: (r.point, not r.hourly, r.time)):
        length = HOUR if row.hourly else DAY
        last = found[-1] if found else None
        if last and last.point == row.point and last.end == row.time:
            found[-1] = Event(
                last.point,
                last.enterprise,
                last.begin,
                row.time + length,
                max(last.peak, row.multiple),
            )
        else:
            found.append(
                Event(
                    row.point, row.enterprise, row.time, row.time + length, row.multiple
                )
            )
    return sorted(found, key=lambda event: (event.begin, event.point))


def repeats(found: Sequence[Event], *, within: timedelta = REPEAT) -> set[int]:
    """Return the indices of events whose enterprise had another shortly before."""
    last: dict[str, datetime] = {}
    again = set()
    for index, event in enumerate(found):
        before = last.get(event.enterprise)
        if before is not None and event.begin - before <= within:
            again.add(index)
        last[event.enterprise] = max(event.end, before or event.end)
    return again


@dataclass(frozen=True, slots=True)
class Month:
    """A month in figures; shares and times are None of nothing."""

    first: date
    hours: int
    days: int
    events: int
    enterprises: int
    peak: float | None
    repeat_share: float | None
    mend_hours: float | None


def month_of(moment: datetime) -> date:
    """Return the first day of the month of a Beijing time."""
    return moment.date().replace(day=1)


def later(first: date, count: int) -> date:
    """Return the first day of the month ``count`` months after ``first``."""
    number = first.year * 12 + first.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def months(rows: Sequence[Over], wanted: Sequence[date]) -> list[Month]:
    """Return the figures of each month; ``rows`` may reach further back."""
    found = events(rows)
    again = repeats(found)
    by_month: dict[date, list[Over]] = {}
    for row in rows:
        by_month.setdefault(month_of(row.time), []).append(row)
    made = []
    for first in wanted:
        own = by_month.get(first, [])
        begun = [i for i, event in enumerate(found) if month_of(event.begin) == first]
        lengths = sorted(found[i].length for i in begun)
        made.append(
            Month(
                first=first,
                hours=sum(row.hourly for row in own),
                days=sum(not row.hourly for row in own),
                events=len(begun),
                enterprises=len({row.enterprise for row in own}),
                peak=max((row.multiple for row in own), default=None),
                repeat_share=len(again & set(begun)) / len(begun) if begun else None,
                mend_hours=_median(lengths) / HOUR if lengths else None,
            )
        )
    return made


def _median(lengths: Sequence[timedelta]) -> timedelta:
    middle = len(lengths) // 2
    if len(lengths) % 2:
        return lengths[middle]
    return (lengths[middle - 1] + lengths[middle]) / 2


@dataclass(frozen=True, slots=True)
class Rank:
    """A district, industry or enterprise with its exceedances, this month and before."""

    name: str
    hours: int
    days: int
    peak: float
    month_before: int
    year_before: int

    @property
    def count(self) -> int:
        """Hours and days together, by which it is ranked."""
        return self.hours + self.days


def ranks(rows: Sequence[Over], by: str, first: date) -> list[Rank]:
    """Return groups by ``by`` (district, industry, enterprise), most exceedances first."""
    before: Counter[str] = Counter()
    year: Counter[str] = Counter()
    own: dict[str, list[Over]] = {}
    for row in rows:
        name, month = getattr(row, by), month_of(row.time)
        if month == first:
            own.setdefault(name, []).append(row)
        elif month == later(first, -1):
            before[name] += 1
        elif month == later(first, -12):
            year[name] += 1
    names = own.keys() | before.keys() | year.keys()
    made = [
        Rank(
            name,
            sum(row.hourly for row in own.get(name, ())),
            sum(not row.hourly for row in own.get(name, ())),
            max((row.multiple for row in own.get(name, ())), default=0.0),
            before[name],
            year[name],
        )
        for name in names
    ]
    return sorted(made, key=lambda rank: (-rank.count, -rank.peak, rank.name))


def heat(rows: Iterable[Over], first: date) -> list[list[int]]:
    """Return exceeded hours by weekday (Monday first) and hour of the day."""
    grid = [[0] * 24 for _ in range(7)]
    for row in rows:
        if row.hourly and month_of(row.time) == first:
            grid[row.time.weekday()][row.time.hour] += 1
    return grid


def change(now: float, before: float) -> float | None:
    """Return the change as a share of what was before, None of nothing."""
    return (now - before) / before if before else None
