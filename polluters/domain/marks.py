"""What follows from marks: exemption, stops, lateness, allowances. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MarkView:
    """A mark as the rules see it; ``point`` None covers the whole outlet."""

    kind: str
    name: str
    point: int | None
    begin: datetime
    end: datetime
    made_at: datetime
    deadline: datetime
    legal: bool = False
    from_logger: bool = False
    exempts: bool = True
    stops: bool = False

    @property
    def late(self) -> bool:
        """Whether it came after its deadline."""
        return not self.from_logger and self.made_at > self.deadline

    def touches(self, begin: datetime, end: datetime) -> bool:
        """Return whether it overlaps a span."""
        return self.begin < end and begin < self.end

    def concerns(self, point: int) -> bool:
        """Return whether it is about a point."""
        return self.point is None or self.point == point


def deadline_of(begin: datetime, *, hour: float) -> datetime:
    """Return until when a span that begins at ``begin`` (Beijing) must be marked."""
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1, hours=hour)


def has_effect(mark: MarkView, *, in_scope: bool, own_counts: bool) -> bool:
    """Return whether a mark changes what is judged or due.

    A mark with legal force does. Units that the rule binds cannot mark here; others may,
    in time, where the installation says so. A logger's flag alone never exempts: its
    values are left out of the means already.
    """
    if mark.legal:
        return True
    if in_scope or mark.from_logger:
        return False
    return own_counts and not mark.late


def covered(begin: datetime, end: datetime, marks: Iterable[MarkView]) -> timedelta:
    """Return how much of a span lies under marks."""
    cuts = sorted(
        (max(mark.begin, begin), min(mark.end, end))
        for mark in marks
        if mark.touches(begin, end)
    )
    total, reach = timedelta(0), begin
    for first, last in cuts:
        first = max(first, reach)
        if last > first:
            total += last - first
            reach = last
    return total


@dataclass(frozen=True, slots=True)
class Flagged:
    """A run of hours in which a logger flagged a point as not normal."""

    point: int
    begin: datetime
    end: datetime
    flag: str


def unmarked(
    runs: Iterable[Flagged],
    marks: Sequence[MarkView],
    *,
    now: datetime,
    hour: float,
    least: timedelta,
) -> list[Flagged]:
    """Return runs past their deadline of which more than ``least`` lies under no mark."""
    found = []
    for run in runs:
        if run.end - run.begin < least or now <= deadline_of(run.begin, hour=hour):
            continue
        own = [mark for mark in marks if mark.legal and mark.concerns(run.point)]
        if run.end - run.begin - covered(run.begin, run.end, own) >= least:
            found.append(run)
    return found


def hours_in(marks: Iterable[MarkView], begin: datetime, end: datetime) -> float:
    """Return the hours of a span under marks; overlaps count once."""
    return covered(begin, end, marks) / HOUR


def runs_of(hours: Iterable[tuple[int, datetime, str]]) -> list[Flagged]:
    """Return (point, hour, flag) as runs of neighbouring hours with one flag."""
    runs: list[Flagged] = []
    for point, hour, flag in sorted(hours):
        last = runs[-1] if runs else None
        if last and (last.point, last.flag, last.end) == (point, flag, hour):
            runs[-1] = Flagged(point, last.begin, hour + HOUR, flag)
        else:
            runs.append(Flagged(point, hour, hour + HOUR, flag))
    return runs
