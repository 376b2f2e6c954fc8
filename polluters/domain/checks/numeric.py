"""Small robust statistics over arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polluters.domain.checks.series import Floats, Ints, Mask

Span = tuple[int, int]


def spans(mask: NDArray[np.bool_]) -> list[Span]:
    """Return the half-open index spans where ``mask`` is true."""
    if not len(mask):
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.view(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def equal_runs(values: Floats, breaks: Mask) -> tuple[Ints, Ints]:
    """Return starts and ends of runs of equal values, cut where ``breaks`` is true.

    ``breaks[i]`` says that sample i does not follow sample i − 1.
    """
    if not len(values):
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    change = np.empty(len(values), dtype=bool)
    change[0] = True
    change[1:] = (values[1:] != values[:-1]) | breaks[1:]
    starts = np.flatnonzero(change).astype(np.int64)
    ends = np.append(starts[1:], len(values)).astype(np.int64)
    return starts, ends


def median_sd(values: Floats) -> float:
    """Return 1.4826 × the median absolute deviation: 0 where most values are equal.

    What a minority of the values does never widens it.
    """
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def robust_sd(values: Floats) -> float:
    """Return 1.4826 × the median absolute deviation, else the scaled quartile range.

    Falls back to the standard deviation where more than half the values are equal.
    """
    if len(values) < 2:
        return 0.0
    spread = median_sd(values)
    if spread > 0:
        return spread
    low, high = np.percentile(values, (10, 90))
    return float(high - low) / 2.56 or float(np.std(values))


def resolution(values: Floats) -> float:
    """Return the step in which values are written (1, 0.1 … 1e-6), by their decimals."""
    sample = values[:: max(len(values) // 2000, 1)]
    for digits in range(7):
        step = 10.0**-digits
        if np.all(np.abs(sample - np.round(sample, digits)) <= 1e-9 + 1e-9 * step):
            return step
    return 1e-7


def join_spans(found: Sequence[Span], gap: int) -> list[Span]:
    """Merge spans (in s) that lie no more than ``gap`` apart."""
    merged: list[Span] = []
    for begin, end in sorted(found):
        if merged and begin - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def covered(times: Ints, found: Sequence[Span]) -> Mask:
    """Return which times lie in one of the spans (half-open, in s)."""
    if not found:
        return np.zeros(len(times), dtype=bool)
    merged = join_spans(found, 0)
    begins = np.array([b for b, _ in merged])
    ends = np.array([e for _, e in merged])
    at = np.searchsorted(begins, times, side="right") - 1
    return (at >= 0) & (times < ends[np.maximum(at, 0)])


def overlap(one: Span, other: Span) -> int:
    """Return for how many seconds two spans overlap."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def likely_run(mask: Mask, breaks: Mask, odds: float) -> float:
    """Return how long a run of true values this mask makes likely, in samples.

    Learned from all but the longest runs, so that the planted or the fraudulent ones
    do not excuse themselves; a run must be longer to be remarkable.
    """
    starts, ends = equal_runs(mask.astype(np.float64), breaks)
    lengths = (ends - starts)[mask[starts]] if len(starts) else np.zeros(0, np.int64)
    inner = np.sort(lengths)[: max(len(lengths) - 1 - len(lengths) // 20, 0)]
    if not len(inner):
        return 0.0
    share = float(inner.sum()) / len(mask)  # under 0.95, without the longest
    chance = float(np.log(len(mask) / odds) / -np.log(share))
    return max(chance, 3.0 * float(np.percentile(inner, 99)))


def usual_delay(data: Ints, sent: Ints) -> float:
    """Return how long after its time a frame is usually sent, one interval at most.

    More is no property of the clock: a logger that sends in batches, or most of whose
    data were sent again after an outage, is late, and its prompt frames are not early.
    """
    times = np.unique(data)
    delay = float(np.median(sent - data))
    interval = float(np.median(np.diff(times))) if len(times) > 1 else delay
    return min(delay, interval)
