"""标停未停: flagged as stopped while flow, oxygen or temperature show operation."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import Span, join_spans
from polluters.domain.checks.series import HOUR_S, OXYGEN, Series


def find(context: Context) -> list[Hit]:
    """Return declared stops, or parts of them, in which the plant runs."""
    hits = []
    declared = [*context.stops, *context.station.declared]
    for begin, end in join_spans(declared, 0):
        for first, last in _pieces(begin, end, context):
            hit = _look(context, first, last)
            if hit is not None:
                hits.append(hit)
    return hits


def _pieces(begin: int, end: int, context: Context) -> list[Span]:
    """Return the stop in pieces of two hours; the run-down at its start is left out."""
    if end - begin < context.rules.stop_running_s:
        return []
    begin = begin + min(1200, (end - begin) // 4)
    width = 2 * HOUR_S
    if end - begin <= 1.5 * width:
        return [(begin, end)]
    edges = list(range(begin, end, width))
    if end - edges[-1] < width // 2:
        edges.pop()
    return list(zip(edges, [*edges[1:], end], strict=True))


def _look(context: Context, begin: int, end: int) -> Hit | None:
    signs = context.running_signs(begin, end, flagged=True)
    signs += _condition_points(context, begin, end)
    strong = len(signs) >= 2 or (
        len(signs) == 1 and _only_one_possible(context) and _lively(context, begin, end)
    )
    if not strong:
        return None
    data: dict[str, object] = {"evidence": "同期" + "、".join(signs) + "，与停运不符"}
    return Hit("", "declared_stop_running", begin, end, float(len(signs)), data)


def _condition_points(context: Context, begin: int, end: int) -> list[str]:
    """Return power (d codes) and condition points (p codes) that show operation."""
    found = []
    for code, series in context.station.main.items():
        if code[:1] not in "dp":
            continue
        usual, now = context.usual(code), series.median(begin, end, valid=False)
        if usual > 0 and now > 0.4 * usual:
            found.append(f"{code} {now:.4g}（平时 {usual:.4g}）")
    return found


def _only_one_possible(context: Context) -> bool:
    """Return whether a station has but one signal that could show operation."""
    known = [
        context.station.flow is not None,
        OXYGEN in context.station.main and context.usual(OXYGEN) < 16,
        "a01012" in context.station.main and context.usual("a01012") > 60,
        any(code[:1] in "dp" for code in context.station.main),
    ]
    return sum(known) <= 1


def _lively(context: Context, begin: int, end: int) -> bool:
    """Return whether the one signal is near its usual level and moves as in operation."""
    series: Series | None = context.station.flow or context.station.main.get(OXYGEN)
    if series is None:
        return False
    part = series.values[series.slice(begin, end)]
    part = part[np.isfinite(part)]
    if len(part) < 2:
        return False
    profile = context.profile(series)
    moved = float(np.median(np.abs(np.diff(part))))
    usual = float(np.median(np.abs(np.diff(profile.values))))
    return moved > 0.2 * usual
