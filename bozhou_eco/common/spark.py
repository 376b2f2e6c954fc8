"""Sparklines: a row of values as the paths of a small SVG, with the limit dashed."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, PAD = 92.0, 22.0, 3.0


@dataclass(frozen=True, slots=True)
class Spark:
    """SVG path data in a 92 × 22 box; empty strings where there is nothing to draw.

    ``line`` breaks where values are missing, ``over`` repeats the runs beyond the
    limit, ``limit`` is the dashed line, ``end`` the last point and whether it is over.
    """

    line: str
    over: str
    limit: str
    end: tuple[float, float, bool] | None


def _runs(marks: Sequence[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for index, mark in enumerate([*marks, False]):
        if mark and start is None:
            start = index
        elif not mark and start is not None:
            runs.append((start, index))
            start = None
    return runs


def spark(
    values: Sequence[float | None],
    *,
    low: float | None = None,
    high: float | None = None,
) -> Spark:
    """Draw ``values`` in their order; None is a gap and is never bridged.

    The scale takes in the values and the upper limit, unless the limit lies so far off
    (more than five times the largest value) that the line would be flattened.
    """
    known = [value for value in values if value is not None]
    if not known:
        return Spark("", "", "", None)
    top, bottom = max(known), min(known)
    shown = high is not None and (top > 0 and high <= 5 * top)
    if shown and high is not None:
        top, bottom = max(top, high), min(bottom, high)
    span = top - bottom or abs(top) or 1.0
    step = (WIDTH - 2 * PAD) / max(len(values) - 1, 1)

    def at(index: int, value: float) -> tuple[float, float]:
        y = HEIGHT - PAD - (value - bottom) / span * (HEIGHT - 2 * PAD)
        return round(PAD + index * step, 1), round(y, 1)

    def draw(runs: list[tuple[int, int]]) -> str:
        parts = []
        for start, stop in runs:
            points = [
                at(i, v) for i in range(start, stop) if (v := values[i]) is not None
            ]
            parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points))
        return "".join(parts)

    def beyond(value: float | None) -> bool:
        if value is None:
            return False
        return (high is not None and value > high) or (low is not None and value < low)

    present = [value is not None for value in values]
    over = _joined([beyond(value) for value in values], present)
    last = max(index for index, value in enumerate(values) if value is not None)
    x, y = at(last, values[last] or 0.0)
    line_y = at(0, high)[1] if shown and high is not None else 0.0
    return Spark(
        line=draw(_runs(present)),
        over=draw(_runs(over)),
        limit=f"M0 {line_y:g}H92" if shown else "",
        end=(x, y, beyond(values[last])),
    )


def _joined(over: Sequence[bool], present: Sequence[bool]) -> list[bool]:
    """Let a run beyond the limit begin at the value before it, so that it is a line."""
    return [
        mark or (present[i] and i + 1 < len(over) and over[i + 1])
        for i, mark in enumerate(over)
    ]
