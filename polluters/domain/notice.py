"""Early notice inside an averaging period that has not closed yet.

Until the valid hour or day has closed and its marks are settled, the word is 超标预警.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Level(StrEnum):
    """How far an open period has gone."""

    NONE = "none"
    VALUE = "value"
    MEAN = "mean"
    CERTAIN = "certain"


@dataclass(frozen=True, slots=True)
class Sample:
    """A value as judged (converted where the limit asks for it) with its flag."""

    time: datetime
    value: float | None
    flag: str
    usable: bool = True


@dataclass(frozen=True, slots=True)
class Bounds:
    """A limit's bounds in the point's unit; None is open."""

    low: float | None
    high: float | None

    def beyond(self, value: float) -> bool:
        """Return whether ``value`` lies outside; a value on the bound is inside."""
        return (self.high is not None and value > self.high) or (
            self.low is not None and value < self.low
        )

    def broken(self, value: float | None) -> float | None:
        """Return the bound that ``value`` lies beyond, None if it lies inside."""
        if value is None or not self.beyond(value):
            return None
        over = self.high is not None and value > self.high
        return self.high if over else self.low


@dataclass(frozen=True, slots=True)
class Notice:
    """What can be said of an open period.

    ``mean`` is the arithmetic mean of the valid values so far; ``lowest_end`` the mean
    the period must at least end with if every value still to come were zero.
    """

    level: Level
    mean: float | None
    latest: float | None
    used: int
    left_out: dict[str, int]
    due: int
    lowest_end: float | None


def look(
    samples: Iterable[Sample],
    *,
    bounds: Bounds,
    start: datetime,
    length: timedelta,
    interval: timedelta,
) -> Notice:
    """Judge the values of an open period that began at ``start``.

    A value counts if its flag is N and it lies inside the analyser's range. The notice
    is CERTAIN when the sum so far, spread over all values due, is already over the
    upper bound (concentrations are never negative), so the period cannot be saved.
    """
    used: list[float] = []
    left_out: Counter[str] = Counter()
    latest: tuple[datetime, float] | None = None
    for sample in samples:
        if not start <= sample.time < start + length:
            continue
        if sample.value is None or sample.flag != "N" or not sample.usable:
            left_out[sample.flag if sample.flag != "N" else "超量程"] += 1
            continue
        used.append(sample.value)
        if latest is None or sample.time >= latest[0]:
            latest = (sample.time, sample.value)
    due = max(int(length / interval), 1)
    if not used or latest is None:
        return Notice(Level.NONE, None, None, 0, dict(left_out), due, None)
    mean = sum(used) / len(used)
    lowest_end = sum(used) / max(due, len(used))
    level = Level.NONE
    if bounds.high is not None and lowest_end > bounds.high:
        level = Level.CERTAIN
    elif bounds.beyond(mean):
        level = Level.MEAN
    elif bounds.beyond(latest[1]):
        level = Level.VALUE
    return Notice(level, mean, latest[1], len(used), dict(left_out), due, lowest_end)
