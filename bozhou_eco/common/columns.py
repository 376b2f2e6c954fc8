"""Geometry of a small column chart that a template draws as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, NARROW, WIDE, GAP = 120.0, 26.0, 64.0, 6.0
SHORT = 5


@dataclass(frozen=True, slots=True)
class Column:
    """A column with a marked lower part; lengths in the chart's own units."""

    label: str
    value: float
    part: float
    x: float
    width: float
    y: float
    height: float
    part_y: float
    part_height: float
    middle: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns, the chart's width and height, and its greatest value."""

    columns: tuple[Column, ...]
    width: float
    height: float
    top: float


def columns(rows: Sequence[tuple[str, float, float]]) -> Chart:
    """Return the chart of rows of (label, value, marked part of it)."""
    top = max((value for _, value, _ in rows), default=0) or 1
    short = all(len(label) <= SHORT + 2 and label.isascii() for label, _, _ in rows)
    step = NARROW if short else WIDE
    made = []
    for place, (label, value, part) in enumerate(rows):
        high, low = HEIGHT * value / top, HEIGHT * min(part, value) / top
        x = place * step + GAP / 2
        made.append(
            Column(
                label,
                value,
                part,
                x,
                step - GAP,
                HEIGHT - high,
                high,
                HEIGHT - low,
                low,
                x + (step - GAP) / 2,
            )  # fmt: skip
        )
    return Chart(tuple(made), max(len(rows), 1) * step, HEIGHT, top)
