"""未更新测量: SampleTime stands still while values go on being sent."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, duration, short_time
from polluters.domain.checks.numeric import equal_runs
from polluters.domain.checks.series import HOUR_S, Series


def find(context: Context) -> list[Hit]:
    """Return spans in which an analyser's sample is older than its cycle allows."""
    hits = []
    for series in context.station.main.values():
        if series.sampled is not None:
            hits += _spans(series)
    return hits


def _spans(series: Series) -> list[Hit]:
    assert series.sampled is not None
    good = series.valid & (series.sampled > 0)
    times, sampled = series.times[good], series.sampled[good]
    known = np.unique(sampled)
    if len(known) < 4:
        return []
    steps = np.diff(known)
    cycle = float(np.median(steps))
    least = max(2.5 * cycle, cycle + 2 * HOUR_S, 1.3 * float(np.percentile(steps, 90)))
    starts, ends = equal_runs(sampled.astype(np.float64), np.zeros(len(times), bool))
    hits = []
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        first, last = int(times[begin]), int(times[end - 1]) + series.interval
        if last - first <= least:
            continue
        data: dict[str, object] = {
            "value": short_time(int(sampled[begin])),
            "usual": duration(cycle),
        }
        score = (last - first) / least
        hits.append(Hit(series.code, "stale", first, last, score, data, end - begin))
    return hits
