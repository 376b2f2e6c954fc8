"""流量为零而有浓度: no flow while the plant runs and concentrations are measured."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, factor_name, number
from polluters.domain.checks.numeric import likely_run, spans
from polluters.domain.checks.series import OXYGEN, Series

NOTHING = 0.01


def find(context: Context) -> list[Hit]:
    """Return zero-flow spans; a pump that stops every night sets its own bar."""
    hits = []
    for code in ("a00000", "w00000", "a01011"):
        series = context.station.main.get(code)
        if series is not None:
            hits += _spans(context, series)
    return hits


def _spans(context: Context, series: Series) -> list[Hit]:
    profile = context.profile(series)
    if not len(profile.values) or not profile.median > 0:
        return []
    rules = context.rules
    none = np.abs(profile.values) <= NOTHING * profile.median
    least = max(
        rules.flow_zero_s / series.interval,
        2.0,
        likely_run(none, profile.breaks, 0.01),
    )
    hits = []
    for begin, end in spans(none):
        if end - begin < least:
            continue
        first = int(profile.times[begin])
        last = int(profile.times[end - 1]) + series.interval
        evidence = _evidence(context, first, last)
        if evidence:
            data: dict[str, object] = {"usual": profile.median, "evidence": evidence}
            score = (end - begin) / least
            hits.append(
                Hit(series.code, "flow_zero", first, last, score, data, end - begin)
            )
    return hits


def _evidence(context: Context, begin: int, end: int) -> str:
    """Return which concentrations were still there; empty at a real stop."""
    oxygen = context.station.main.get(OXYGEN)
    burns = oxygen is not None and context.usual(OXYGEN) < 16
    if oxygen is not None and burns and oxygen.median(begin, end) > 19:
        return ""
    found = []
    for series in context.station.pollutants:
        usual, now = context.usual(series.code), series.median(begin, end)
        if usual > 0 and now > 0.3 * usual:
            found.append(f"{factor_name(series.code)} {number(now)}")
    return "、".join(found[:3]) + "，浓度与平时相当" if found else ""
