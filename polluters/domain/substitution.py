"""A value for an hour without a valid mean: kept beside the raw ones, never over them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Steps:
    """At which share of valid hours how many earlier valid hours are looked at."""

    high_share: float = 0.9
    mid_share: float = 0.75
    high_hours: int = 180
    mid_hours: int = 720
    source: str = "HJ 75-2017，待与标准原文核对"


@dataclass(frozen=True, slots=True)
class Stand:
    """The value that stands in, and how it was found."""

    value: float
    method: str
    share: float
    looked_at: int


def stand_for(earlier: Sequence[float], *, share: float, steps: Steps) -> Stand | None:
    """Return what stands for a missing hour, None without any earlier valid hour.

    ``earlier`` are valid hour means, newest first; ``share`` the share of valid hours of
    the quarter so far.
    """
    hours = steps.high_hours if share >= steps.high_share else steps.mid_hours
    seen = list(earlier[:hours])
    if not seen:
        return None
    note = "" if share >= steps.mid_share else f"，捕集率低于 {steps.mid_share:.0%}"
    method = f"前 {len(seen)} 个有效小时的最大值（季度捕集率 {share:.1%}{note}；{steps.source}）"
    return Stand(max(seen), method, share, len(seen))
