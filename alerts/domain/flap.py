"""Flap damping: a condition that comes and goes is one alert that stays.

A *turn* is a change of the condition (came, went). When `limit` turns fall within
`window` the alert flaps: it is not returned to normal any more until the condition has
been gone for `hold` without a turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

KEEP = 12


@dataclass(frozen=True, slots=True)
class Damping:
    """When an alert counts as flapping and when it is quiet again."""

    window: timedelta = timedelta(minutes=10)
    limit: int = 4
    hold: timedelta = timedelta(minutes=10)


def add_turn(turns: Sequence[datetime], now: datetime) -> list[datetime]:
    """Return ``turns`` with ``now`` added, the oldest beyond `KEEP` dropped."""
    return [*turns, now][-KEEP:]


def is_flapping(turns: Sequence[datetime], now: datetime, damping: Damping) -> bool:
    """Return whether enough turns lie within the window that ends at ``now``."""
    since = now - damping.window
    return sum(since < turn <= now for turn in turns) >= damping.limit


def is_settled(turns: Sequence[datetime], now: datetime, damping: Damping) -> bool:
    """Return whether the last turn is at least ``hold`` ago."""
    return not turns or now - max(turns) >= damping.hold
