"""数据事后改变: the same key came again with another value."""

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, short_time


def find(context: Context) -> list[Hit]:
    """Return a hit for every changed value; neighbours are merged later."""
    hits = []
    for repeat in context.station.repeats:
        series = context.station.series.get(repeat.code, {}).get(repeat.period)
        interval = series.interval if series is not None else 60
        base = max(abs(repeat.first), 1e-9)
        data: dict[str, object] = {
            "at": short_time(repeat.time),
            "value": repeat.first,
            "other": repeat.other,
        }
        score = abs(repeat.other - repeat.first) / base
        begin, end = repeat.time, repeat.time + interval
        hits.append(Hit(repeat.code, "changed", begin, end, score, data))
    return hits
