"""Trend: whether and when a rising value reaches its limit, with an interval.

Theil–Sen: the median of the slopes between all pairs of values, so that single spikes
do not turn it; the interval comes from the order statistics of the same slopes (Sen
1968, by Kendall's variance).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Z90 = 1.645
MOST = 240


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the limit is reached; hours from the last value.

    ``early`` and ``late`` bound a 90 % interval; ``late`` is None if the slower slope
    does not get there within the horizon. ``slope`` is per hour.
    """

    hours: float
    early: float
    late: float | None
    slope: float
    level: float
    limit: float
    used: int

    def text(self, unit: str) -> str:
        """Return the forecast in words for a record."""
        late = f"{self.late:.1f}" if self.late is not None else "更久"
        return (
            f"按最近 {self.used} 个有效值的趋势（每小时上升 {self.slope:.3g} {unit}，"
            f"当前 {self.level:.4g} {unit}），约 {self.hours:.1f} 小时后达到限值 "
            f"{self.limit:g} {unit}（90% 区间 {self.early:.1f} 至 {late} 小时）"
        )


def slopes(hours: Floats, values: Floats) -> tuple[float, float, float]:
    """Return (low, middle, high) of the slope, 90 % interval; needs two values."""
    count = len(values)
    left, right = np.triu_indices(count, 1)
    step = hours[right] - hours[left]
    good = step > 0
    every = np.sort((values[right] - values[left])[good] / step[good])
    if not len(every):
        return 0.0, 0.0, 0.0
    width = Z90 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = int(max((len(every) - width) / 2, 0))
    high = int(min((len(every) + width) / 2, len(every) - 1))
    return float(every[low]), float(np.median(every)), float(every[high])


def will_exceed(
    hours: Sequence[float],
    values: Sequence[float],
    *,
    limit: float,
    horizon: float,
    least: int = 8,
) -> Forecast | None:
    """Return when valid values reach ``limit``, None if nothing says they will.

    ``hours`` are times in hours, ascending; only valid values may be given. None when
    there are fewer than ``least``, when the last level is over the limit already, when
    the slope may as well be zero, or when the limit lies beyond ``horizon`` hours.
    """
    if len(values) < least:
        return None
    pick = np.linspace(0, len(values) - 1, min(len(values), MOST)).round().astype(int)
    time = np.asarray(hours, dtype=np.float64)[pick]
    value = np.asarray(values, dtype=np.float64)[pick]
    low, middle, high = slopes(time, value)
    if low <= 0:
        return None
    level = float(np.median(value + middle * (time[-1] - time)))
    rest = value - middle * time
    noise = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    if level >= limit or middle * (time[-1] - time[0]) < noise:
        return None
    due = (limit - level) / middle
    if due > horizon:
        return None
    late = (limit - level) / low
    return Forecast(
        hours=due,
        early=(limit - level) / high,
        late=late if late <= 4 * horizon else None,
        slope=middle,
        level=level,
        limit=limit,
        used=len(values),
    )
