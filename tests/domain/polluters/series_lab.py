"""Short series of known figures, and the station and context that a check looks at."""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.series import FrameTimes, Series, Station
from polluters.domain.checks.thresholds import DEFAULT, Thresholds
from polluters.domain.hj212.frame import BEIJING

T0 = int(datetime(2026, 3, 2, tzinfo=BEIJING).timestamp())  # a Monday, 00:00
STEP, HOUR, DAY = 600, 3600, 86_400


def series(
    code: str,
    values: Sequence[float],
    *,
    flags: str = "N",
    interval: int = STEP,
    times: Sequence[int] | None = None,
    converted: Sequence[float] | None = None,
    sampled: Sequence[int] | None = None,
    **fields: Any,
) -> Series:
    """Return a series from ``T0`` on; one letter of ``flags`` stands for all values."""
    count = len(values)
    letters = flags * count if len(flags) == 1 else flags
    moments = [T0 + i * interval for i in range(count)] if times is None else times
    return Series(
        code,
        fields.pop("period", "2051"),
        np.array(moments, dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.frombuffer(letters.encode(), dtype=np.uint8).copy(),
        interval,
        None if converted is None else np.array(converted, dtype=np.float64),
        None if sampled is None else np.array(sampled, dtype=np.int64),
        **fields,
    )


def station(*found: Series, framed: bool = False, **fields: Any) -> Station:
    """Return a station; ``framed`` adds a frame a minute late for each data time."""
    listed: dict[str, dict[str, Series]] = {}
    for one in found:
        listed.setdefault(one.code, {})[one.period] = one
    if framed:
        frames = {}
        for one in found:
            frames[one.period] = FrameTimes(one.times, one.times + 60, one.times)
        fields.setdefault("frames", frames)
    return Station("TEST", fields.pop("medium", "gas"), series=listed, **fields)


def context(*found: Series, rules: Thresholds = DEFAULT, **fields: Any) -> Context:
    """Return the context of a station with these series."""
    return Context(station(*found, **fields), rules)


def around(level: float, size: float, count: int) -> list[float]:
    """Return values that alternate: median ``level``, robust spread 1.4826 ``size``."""
    return [level + (size if i % 2 else -size) for i in range(count)]


def noise(
    level: float, share: float, count: int, *, seed: int = 1, digits: int = 2
) -> list[float]:
    """Return values that scatter about ``level`` by a ``share`` of it."""
    source = random.Random(seed)
    return [
        round(level * (1 + share * source.gauss(0, 1)), digits) for _ in range(count)
    ]
