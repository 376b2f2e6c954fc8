"""The ladder: who is told when nobody has answered, until somebody does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.domain.labels import Labelled


class Target(Labelled):
    """Whom a rung of the ladder calls."""

    SUBSCRIBERS = "subscribers", "订阅人"
    DUTY = "duty", "值班员"
    BACKUP = "backup", "备勤"
    LEADER = "leader", "带班领导"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: ``after`` the one before, these people by these channels.

    Empty ``channels`` leave the choice to each person's own order.
    """

    after: timedelta
    targets: frozenset[Target]
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of a severity, and how often the last one is repeated."""

    rungs: tuple[Rung, ...]
    repeat_every: timedelta = timedelta(minutes=30)
    repeats: int = 8


@dataclass(frozen=True, slots=True)
class Climb:
    """The rung to act on now, and when to look again (None: the ladder is done)."""

    rung: Rung
    step: int
    again_at: datetime | None


def climb(ladder: Ladder, step: int, now: datetime) -> Climb | None:
    """Return rung number ``step`` (0 is the first call), None when there is no more.

    After the last rung the numbers go on: each is a repeat of the last rung.
    """
    if not ladder.rungs:
        return None
    last = len(ladder.rungs) - 1
    if step > last + ladder.repeats:
        return None
    rung = ladder.rungs[min(step, last)]
    following = step + 1
    if following <= last:
        return Climb(rung, step, now + ladder.rungs[following].after)
    if following <= last + ladder.repeats:
        return Climb(rung, step, now + ladder.repeat_every)
    return Climb(rung, step, None)


def targets_of(rungs: Sequence[Rung], step: int) -> frozenset[Target]:
    """Return everyone called up to and including ``step``."""
    called: frozenset[Target] = frozenset()
    for rung in rungs[: step + 1]:
        called |= rung.targets
    return called
