"""含氧量偏高: far more oxygen than usual while the plant runs (dilution or leak)."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, number
from polluters.domain.checks.numeric import join_spans, likely_run, spans
from polluters.domain.checks.series import OXYGEN

NEAR_AIR = 17.0


def find(context: Context) -> list[Hit]:
    """Return spans of oxygen far over the usual; outlets that breathe air have none."""
    series = context.station.main.get(OXYGEN)
    if series is None:
        return []
    profile = context.profile(series)
    if not len(profile.values) or profile.median >= NEAR_AIR:
        return []
    usual = profile.median
    bar = usual + max(4.5 * profile.spread, 2.5, 0.22 * (21 - usual))
    high = profile.values >= min(bar, 20.5)
    interval = series.interval
    least = max(
        context.rules.o2_s,
        2 * interval,
        likely_run(high, profile.breaks, 0.01) * interval,
    )
    found = [
        (int(profile.times[a]), int(profile.times[b - 1]) + interval)
        for a, b in spans(high)
        if (b - a) * interval >= min(600, 2 * interval)
    ]
    hits = []
    for begin, end in join_spans(found, max(900, interval)):
        if end - begin < least:
            continue
        signs = context.running_signs(begin, end, but=OXYGEN)
        if not signs and _others_known(context):
            continue
        now = series.median(begin, end)
        data: dict[str, object] = {
            "value": now,
            "usual": number(usual),
            "evidence": "同期" + "、".join(signs) if signs else "无其他参数可佐证",
        }
        score = (now - usual) / (bar - usual)
        count = int(
            np.count_nonzero(high[slice(*np.searchsorted(profile.times, (begin, end)))])
        )
        hits.append(Hit(OXYGEN, "o2_high", begin, end, score, data, count))
    return hits


def _others_known(context: Context) -> bool:
    """Return whether flow or temperature could have shown operation."""
    return context.station.flow is not None or "a01012" in context.station.main
