"""What is usual for an hour of the week, and whether a value is far from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polluters.domain.checks.numeric import robust_sd
from polluters.domain.checks.series import BEIJING_S, HOUR_S

Floats = NDArray[np.float64]
WEEK = 168
LEAST = 4


@dataclass(frozen=True, slots=True)
class Unusual:
    """How far a value lies from what its hour of the week usually brings."""

    value: float
    expected: float
    score: float
    basis: str

    def text(self, unit: str) -> str:
        """Return it in words."""
        side = "高于" if self.value > self.expected else "低于"
        return (
            f"{self.value:.4g} {unit} {side}{self.basis}的通常水平 "
            f"{self.expected:.4g} {unit}，偏离 {abs(self.score):.1f} 倍稳健标准差"
        )


@dataclass(frozen=True, slots=True)
class Baseline:
    """Medians by hour of the week; hours with few values fall back to hour of day.

    ``spread`` is one robust deviation of what remains, so that an hour with few values
    does not look too sure of itself.
    """

    expected: Floats
    basis: tuple[str, ...]
    spread: float

    def judge(self, time: int, value: float, *, bar: float = 5.0) -> Unusual | None:
        """Return how unusual a value is, None if it is not (or nothing is known)."""
        hour = int(hour_of_week(np.array([time]))[0])
        expected = float(self.expected[hour])
        if not np.isfinite(expected) or self.spread <= 0:
            return None
        score = (value - expected) / self.spread
        if abs(score) < bar:
            return None
        return Unusual(value, expected, score, self.basis[hour])


def hour_of_week(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0 (Monday 00:00) … 167 in Beijing time for epoch seconds."""
    # The epoch was a Thursday.
    return ((times + BEIJING_S) // HOUR_S + 3 * 24) % WEEK


def learn(times: Sequence[int], values: Sequence[float]) -> Baseline:
    """Return the baseline of valid values; a few weeks of hour means suffice."""
    moment = np.asarray(times, dtype=np.int64)
    value = np.asarray(values, dtype=np.float64)
    week = hour_of_week(moment)
    expected = np.full(WEEK, np.nan)
    basis = ["总体"] * WEEK
    whole = float(np.median(value)) if len(value) else float("nan")
    for hour in range(WEEK):
        own = value[week == hour]
        same = value[week % 24 == hour % 24]
        if len(own) >= LEAST:
            expected[hour], basis[hour] = np.median(own), "本周同一时刻"
        elif len(same) >= LEAST:
            expected[hour], basis[hour] = np.median(same), "每日同一时刻"
        else:
            expected[hour] = whole
    spread = robust_sd(value - expected[week]) if len(value) > 1 else 0.0
    return Baseline(expected, tuple(basis), spread)
