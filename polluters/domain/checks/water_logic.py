"""总氮小于氨氮 and 化学需氧量小于生化需氧量: what chemistry forbids."""

import math

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import likely_run, robust_sd, spans
from polluters.domain.checks.series import HOUR_S, Floats

PAIRS = (
    ("w21001", "w21003", "tn_below_nh3n"),
    ("w01018", "w01017", "cod_below_bod"),
)
MARGIN = 1.03


def find(context: Context) -> list[Hit]:
    """Return spans in which the whole is less than its part.

    Two analysers err apart and update at different moments: the difference must
    exceed the margin and last longer than crossings by chance do at this plant.
    """
    hits = []
    for whole, part, check in PAIRS:
        if whole in context.station.main and part in context.station.main:
            hits += _pair(context, whole, part, check)
    return hits


def _by_chance(part: Floats, whole: Floats, per: float) -> float:
    """Return how long the noise of both analysers could keep them crossed, in samples.

    ``per`` samples make one independent pair. From the robust spread of their ratio.
    """
    good = (part > 0) & (whole > 0)
    if good.sum() < 10:
        return 0.0
    ratio = np.log(part[good] / whole[good])
    spread = max(robust_sd(ratio[:: max(round(per), 1)]), 1e-3)
    far = (np.log(MARGIN) - float(np.median(ratio))) / spread
    share = min(max(0.5 * math.erfc(far / math.sqrt(2)), 1e-9), 0.9)
    batches = math.log(max(len(ratio) / per, 2) / 0.02) / -math.log(share)
    # Tails are heavier than a normal curve: one batch more.
    return 0.0 if batches < 0.6 else (math.floor(batches) + 1.5) * per


def _pair(context: Context, whole: str, part: str, check: str) -> list[Hit]:
    one, two = context.station.main[whole], context.station.main[part]
    times, left, right = np.intersect1d(
        one.times[one.valid], two.times[two.valid], return_indices=True
    )
    if not len(times):
        return []
    high, low = one.values[one.valid][left], two.values[two.valid][right]
    below = (low > MARGIN * high) & (low > 0)
    interval = max(one.interval, two.interval)
    gap = np.ones(len(times), dtype=bool)
    gap[1:] = np.diff(times) > max(3 * interval, HOUR_S)
    cycle = max(context.profile(one).batch, context.profile(two).batch, HOUR_S)
    likely = max(likely_run(below, gap, 0.02), _by_chance(low, high, cycle / interval))
    least = max(2.0, 0.9 * cycle / interval, min(likely, len(times) / 2))
    hits = []
    for begin, end in spans(below):
        if end - begin < least:
            continue
        ratio = low[begin:end] / np.maximum(high[begin:end], 1e-9)
        data: dict[str, object] = {
            "value": float(np.median(high[begin:end])),
            "other": float(np.median(low[begin:end])),
        }
        hits.append(
            Hit(
                whole,
                check,
                int(times[begin]),
                int(times[end - 1]) + interval,
                float(np.median(ratio)),
                data,
                end - begin,
            )
        )
    return hits
