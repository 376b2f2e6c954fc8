"""负值: negative values of what cannot be negative, beyond noise around zero."""

import numpy as np

from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import spans
from polluters.domain.checks.series import Series, is_pollutant

NEVER_NEGATIVE = frozenset(
    ("a00000", "w00000", "a01011", "a01014", "a19001", "w01001", "w01009", "w01014")
)


def find(context: Context) -> list[Hit]:
    """Return negative spans in any series, the hourly ones included."""
    hits = []
    for series in context.station.all():
        never = is_pollutant(series.code) or series.code in NEVER_NEGATIVE
        if never and (series.low is None or series.low >= 0):
            hits += _spans(context, series)
    return not_habitual(hits, context)


def _spans(context: Context, series: Series) -> list[Hit]:
    rules, valid = context.rules, series.valid
    values = series.values
    below = valid & (values < 0)
    count = int(below.sum())
    if not count:
        return []
    typical = float(np.median(values[valid]))
    deep = rules.negative_share * max(typical, 0.0)
    if series.high:
        deep = min(deep, max(rules.negative_range * series.high, 0.02 * typical))
    noisy = count > 0.02 * int(valid.sum())
    if noisy:
        # Noise around zero: only what lies far below its own usual negatives.
        deep = max(deep, -4.0 * float(np.median(values[below])))
    hits = []
    for begin, end in spans(below):
        lowest = float(values[begin:end].min())
        lone = end - begin < 3 and series.interval < 1800
        if -lowest < (deep if lone or noisy else deep / 4):
            continue
        first = int(series.times[begin])
        last = int(series.times[end - 1]) + series.interval
        score = -lowest / max(deep, 1e-9)
        data: dict[str, object] = {"value": lowest}
        hits.append(Hit(series.code, "negative", first, last, score, data, end - begin))
    return hits
