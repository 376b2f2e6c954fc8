"""Quiet hours and office hours: they hold back low severities, never the high ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alerts.domain.severity import LOW, Severity

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Local hours of silence, from ``start`` to ``end``; may pass midnight.

    ``start == end`` means none.
    """

    start: time
    end: time

    def covers(self, moment: time) -> bool:
        """Return whether ``moment`` lies in the silence."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end

    def ends_after(self, local: datetime) -> datetime:
        """Return the end of the silence that covers ``local``."""
        end = local.replace(
            hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0
        )
        return end if end > local else end + DAY


@dataclass(frozen=True, slots=True)
class Season:
    """Office hours of a part of the year, by month and day, both ends included.

    ``spans`` are the hours of work. A season may pass the new year.
    """

    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    spans: tuple[tuple[time, time], ...]

    def covers(self, day: date) -> bool:
        """Return whether ``day`` lies in the season."""
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


def is_office_time(
    local: datetime, seasons: Sequence[Season], *, working_day: bool
) -> bool:
    """Return whether ``local`` lies in office hours; no season means round the clock."""
    if not seasons:
        return True
    season = next((s for s in seasons if s.covers(local.date())), None)
    if season is None or not working_day:
        return False
    return any(start <= local.time() < end for start, end in season.spans)


def next_office_time(
    local: datetime, seasons: Sequence[Season], working_days: Sequence[date]
) -> datetime:
    """Return the next moment of office hours at or after ``local``.

    ``working_days`` are the known working days from today on; when they run out, the
    message is not held any longer and ``local`` comes back.
    """
    for day in sorted(working_days):
        season = next((s for s in seasons if s.covers(day)), None)
        if season is None or day < local.date():
            continue
        for start, end in season.spans:
            begin = datetime.combine(day, start, tzinfo=local.tzinfo)
            finish = datetime.combine(day, end, tzinfo=local.tzinfo)
            if local < finish:
                return max(begin, local)
    return local


def held_until(
    severity: str,
    local: datetime,
    *,
    quiet: Quiet | None,
    seasons: Sequence[Season] = (),
    working_days: Sequence[date] = (),
) -> datetime | None:
    """Return until when a message waits; None means it goes at once.

    ``local`` is local time. `严重` and `较重` always go at once.
    """
    if Severity(severity) not in LOW:
        return None
    moment = local
    for _ in range(3):
        before = moment
        if quiet is not None and quiet.covers(moment.time()):
            moment = quiet.ends_after(moment)
        if seasons:
            moment = next_office_time(moment, seasons, working_days)
        if moment == before:
            break
    return moment if moment > local else None
