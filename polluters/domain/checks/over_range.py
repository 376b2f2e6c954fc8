"""超量程: normal values above the analyser's range, and T flags inside it."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import spans
from polluters.domain.checks.series import HOUR_S, Series

OVER = ord("T")


def find(context: Context) -> list[Hit]:
    """Return both kinds in every series that has a range."""
    hits = []
    for series in context.station.all():
        if series.high is not None and len(series):
            hits += _above(series, series.high)
            hits += _false_flags(series, series.high)
    return hits


def _hit(series: Series, check: str, begin: int, end: int, high: float) -> Hit:
    first = int(series.times[begin])
    last = int(series.times[end - 1]) + series.interval
    top = float(np.nanmax(series.values[begin:end]))
    data: dict[str, object] = {"limit": high, "value": top}
    return Hit(series.code, check, first, last, top / high, data, end - begin)


def _above(series: Series, high: float) -> list[Hit]:
    above = series.valid & (series.values > high * 1.0005)
    if above.mean() > 0.2:
        # The range on file does not fit the analyser: say so once.
        places = np.flatnonzero(above)
        whole = _hit(series, "over_range", int(places[0]), int(places[-1]) + 1, high)
        whole.count = len(places)
        return [whole]
    return [_hit(series, "over_range", a, b, high) for a, b in spans(above)]


def _false_flags(series: Series, high: float) -> list[Hit]:
    inside = (
        (series.flags == OVER)
        & np.isfinite(series.values)
        & (series.values < 0.9 * high)
    )
    least = max(2, round(900 / series.interval)) if series.interval < HOUR_S else 1
    return [
        _hit(series, "range_flag", a, b, high)
        for a, b in spans(inside)
        if b - a >= least
    ]
