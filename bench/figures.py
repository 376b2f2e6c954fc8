"""A measured figure, what it must reach, and helpers every benchmark needs."""

import operator
import re
import statistics
from collections.abc import Callable, Sequence
from typing import TypedDict

COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}
MUST = re.compile(r"(>=|<=|=)\s*(-?[0-9.]+)")


class Figure(TypedDict, total=False):
    """One line of output; ``must`` and ``ok`` only where a figure must hold."""

    figure: str
    value: float | int | str | None
    unit: str
    must: str
    ok: bool


def figure(
    name: str, value: float | int | str | None, unit: str = "", must: str = ""
) -> Figure:
    """Return a figure; ``must`` is like ``>=0.6``; a missing value never holds."""
    result: Figure = {"figure": name, "value": _short(value), "unit": unit}
    if must:
        result["must"] = must
        result["ok"] = holds(value, must)
    return result


def holds(value: float | int | str | None, must: str) -> bool:
    """Return whether ``value`` reaches what it must."""
    match = MUST.fullmatch(must)
    if match is None:
        raise ValueError(f"not a bound: {must!r}")
    if not isinstance(value, int | float):
        return False
    return COMPARE[match[1]](value, float(match[2]))


def _short(value: float | int | str | None) -> float | int | str | None:
    if isinstance(value, float):
        return float(f"{value:.4g}") if abs(value) < 1000 else round(value, 1)
    return value


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the percentile by the nearest rank; values must not be empty."""
    ranked = sorted(values)
    rank = max(1, -(-len(ranked) * percent // 100))
    return ranked[int(rank) - 1]


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)
