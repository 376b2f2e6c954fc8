"""What a rule would have raised: episodes from occurrences, and how good they were.

Everything here is a function of its arguments, so running the same version over the same
stored history gives the same episodes, and their keys, every time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from alerts.domain.rules import RuleDocument

MATCH = timedelta(hours=24)
MINUTES_EACH = 6.0
NOISIEST = 10


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A span in which a source met the condition, as the owner of the facts found it.

    ``source`` names what the rule watches (``point:7``), ``end`` None is still going on.
    Times are aware. A span that was already running at the start of the evaluated
    range is given with its true begin, or left out.
    """

    source: str
    subject_key: str
    subject_name: str
    begin: datetime
    end: datetime | None
    summary: str
    magnitude: float | None = None
    district: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert that a rule raises."""

    key: str
    occurrence: Occurrence
    count: int = 1


def episodes(
    document: RuleDocument,
    occurrences: Iterable[Occurrence],
    *,
    start: datetime,
    end: datetime,
    is_working_day: Callable[[date], bool],
    zone: tzinfo,
) -> list[Episode]:
    """Return the alerts of a rule between ``start`` and ``end``, in order of time.

    Occurrences of one source closer than ``merge_minutes`` are one; those shorter than
    ``hold_minutes``, begun outside the schedule, or begun before ``start`` are none.
    """
    merge = timedelta(minutes=document.merge_minutes)
    hold = timedelta(minutes=document.hold_minutes)
    merged: dict[str, list[tuple[Occurrence, int]]] = {}
    for found in sorted(occurrences, key=lambda o: (o.begin, o.source)):
        spans = merged.setdefault(found.source, [])
        if spans and _touches(spans[-1][0], found, merge):
            spans[-1] = (_join(spans[-1][0], found), spans[-1][1] + 1)
        else:
            spans.append((found, 1))
    result = []
    for span, count in (pair for spans in merged.values() for pair in spans):
        lasted = min(span.end or end, end) - span.begin
        if span.begin < start or span.begin >= end or lasted < hold:
            continue
        if not document.schedule.covers(span.begin.astimezone(zone), is_working_day):
            continue
        result.append(Episode(key_of(document.code, span), span, count))
    return sorted(result, key=lambda e: (e.occurrence.begin, e.key))


def key_of(code: str, span: Occurrence) -> str:
    """Return the key of an episode: rule, source and begin."""
    return f"rule:{code}:{span.source}:{span.begin.astimezone(UTC):%Y%m%dT%H%M%S}"


def _touches(first: Occurrence, second: Occurrence, merge: timedelta) -> bool:
    return first.end is None or second.begin - first.end <= merge


def _join(first: Occurrence, second: Occurrence) -> Occurrence:
    ends = (
        None if first.end is None or second.end is None else max(first.end, second.end)
    )
    known = [m for m in (first.magnitude, second.magnitude) if m is not None]
    worse = second if known and second.magnitude == max(known) else first
    return replace(
        first,
        end=ends,
        magnitude=max(known) if known else None,
        summary=worse.summary,
    )


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A violation that was found and confirmed, by whatever means."""

    id: int
    subject_key: str
    at: datetime
    name: str = ""


def report(
    found: Sequence[Episode],
    cases: Sequence[KnownCase],
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    minutes_each: float = MINUTES_EACH,
) -> dict[str, Any]:
    """Return the figures of a backtest, JSON-able.

    ``minutes_each`` is the officer's time an alert of this kind takes. A case is hit if
    an episode of its subject begins within `MATCH` of it.
    """
    days = max((end - start) / timedelta(days=1), 1e-9)
    per_day = Counter(f"{e.occurrence.begin.astimezone(zone):%Y-%m-%d}" for e in found)
    by_subject = Counter(e.occurrence.subject_key for e in found)
    names = {e.occurrence.subject_key: e.occurrence.subject_name for e in found}
    hit = {case.id for case in cases if _is_hit(case, found)}
    return {
        "alerts": len(found),
        "per_day": round(len(found) / days, 2),
        "busiest_day": max(per_day.values(), default=0),
        "days": dict(sorted(per_day.items())),
        "officer_hours": round(len(found) * minutes_each / 60, 1),
        "subjects": len(by_subject),
        "noisiest": [
            {
                "subject_key": key,
                "name": names[key],
                "alerts": count,
                "share": round(count / len(found), 3),
            }
            for key, count in sorted(by_subject.items(), key=lambda p: (-p[1], p[0]))[
                :NOISIEST
            ]
        ],
        "cases": len(cases),
        "hits": len(hit),
        "missed": [
            {"case": case.id, "name": case.name, "at": case.at.isoformat()}
            for case in cases
            if case.id not in hit
        ][:50],
    }


def _is_hit(case: KnownCase, found: Sequence[Episode]) -> bool:
    return any(
        e.occurrence.subject_key == case.subject_key
        and abs(e.occurrence.begin - case.at) <= MATCH
        for e in found
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """How recomputed alerts differ from the stored ones; both empty is exact."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether there is no difference."""
        return not self.missing and not self.extra


def compare(
    recomputed: Sequence[Episode], stored: Mapping[str, datetime]
) -> Difference:
    """Compare episodes with stored alerts (key to first occurrence), to the second."""
    again = {e.key: e.occurrence.begin for e in recomputed}
    missing = [key for key, at in stored.items() if again.get(key) != at]
    extra = [key for key, at in again.items() if stored.get(key) != at]
    return Difference(tuple(sorted(missing)), tuple(sorted(extra)))
