"""The flood cap: at most so many messages per person and channel, none of them lost.

A message over the cap joins the person's pending summary, which goes out when the next
message is allowed. Some room is kept for 严重, and whatever waits is ordered by severity,
so that a lower one never stands before a higher one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Cap:
    """``limit`` messages in any ``window``, of which ``reserve`` only for 严重."""

    limit: int = 10
    window: timedelta = timedelta(minutes=10)
    reserve: int = 3

    def __post_init__(self) -> None:
        if self.limit < 1 or not 0 <= self.reserve < self.limit:
            raise ValueError("a cap needs room for at least one ordinary message")


@dataclass(frozen=True, slots=True)
class Send:
    """The message goes out on its own."""


@dataclass(frozen=True, slots=True)
class Merge:
    """The message joins the summary, which is due ``at``."""

    at: datetime


def admit(
    severity: str, sent: Sequence[datetime], now: datetime, cap: Cap
) -> Send | Merge:
    """Decide on one message; ``sent`` are the times of this person's recent messages.

    Times may lie in the future (summaries already promised). No window of any position
    may hold more than the cap.
    """
    times = sorted(at for at in sent if at > now - cap.window)
    critical = Severity(severity) is Severity.CRITICAL
    room = cap.limit if critical else cap.limit - cap.reserve
    if _fits(now, times, room, cap.window):
        return Send()
    for at in times:
        moment = at + cap.window
        if _fits(moment, times, room, cap.window):
            return Merge(at=moment)
    raise AssertionError("after the last message's window there is always room")


def _fits(
    moment: datetime, times: Sequence[datetime], room: int, window: timedelta
) -> bool:
    """Return whether one more message at ``moment`` leaves every window within room."""
    starts = [at for at in times if moment - window < at <= moment]
    return all(
        sum(start <= at < start + window for at in times) < room
        for start in (*starts, moment)
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """What a merged message says: counts by severity, worst first, kinds, districts."""

    counts: tuple[tuple[Severity, int], ...]
    kinds: tuple[str, ...]
    districts: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many alerts it stands for."""
        return sum(count for _, count in self.counts)

    @property
    def worst(self) -> Severity:
        """The severity it is sent with."""
        return self.counts[0][0]


def summarise(items: Iterable[tuple[str, str, str]]) -> Summary:
    """Return the summary of ``(severity, kind label, district name)``; not empty."""
    rows = [(Severity(severity), kind, place) for severity, kind, place in items]
    if not rows:
        raise ValueError("a summary needs at least one alert")
    counts = Counter(severity for severity, _, _ in rows)
    ordered = sorted(counts.items(), key=lambda pair: -pair[0].rank)
    kinds = Counter(kind for _, kind, _ in rows)
    districts = Counter(place for _, _, place in rows)
    return Summary(tuple(ordered), _commonest(kinds), _commonest(districts))


def _commonest(names: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (-names[name], name)))
