"""Rectangles and irregular parts of a picture, without carrying whole masks about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(
        cls, boxes: Sequence[Box], height: int, width: int, *, margin: int = 0
    ) -> Self:
        """The smallest window of a picture that holds all boxes and a margin."""
        return cls(
            max(min(int(b[0]) for b in boxes) - margin, 0),
            max(min(int(b[1]) for b in boxes) - margin, 0),
            min(max(int(b[2]) for b in boxes) + 1 + margin, width),
            min(max(int(b[3]) for b in boxes) + 1 + margin, height),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width; nothing below 0."""
        return max(self.bottom - self.top, 0), max(self.right - self.left, 0)

    def of(self, picture: NDArray[Any]) -> NDArray[Any]:
        """That part of a picture (a view)."""
        return picture[self.top : self.bottom, self.left : self.right]

    def inner(self, box: Box) -> Box:
        """A box of the picture in this window's own coordinates."""
        return (
            box[0] - self.left,
            box[1] - self.top,
            box[2] - self.left,
            box[3] - self.top,
        )


@dataclass(frozen=True)
class Region:
    """Part of a picture: a window and which of its pixels belong to the part."""

    window: Window
    mask: Mask

    @classmethod
    def tight(cls, window: Window, mask: Mask) -> Self:
        """The region with the rows and columns at its edges that hold none left out."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            return cls(Window(window.left, window.top, window.left, window.top),
                       mask[:0, :0])  # fmt: skip
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        left, right = int(columns[0]), int(columns[-1]) + 1
        return cls(
            Window(
                window.left + left,
                window.top + top,
                window.left + right,
                window.top + bottom,
            ),
            mask[top:bottom, left:right].copy(),
        )

    @property
    def size(self) -> int:
        """How many pixels belong to it."""
        return int(np.count_nonzero(self.mask))

    @property
    def box(self) -> Box:
        """The bounds as a box."""
        w = self.window
        return float(w.left), float(w.top), float(w.right), float(w.bottom)

    def shared(self, other: "Region") -> int:
        """How many pixels belong to both."""
        mine, theirs = self.window, other.window
        left, right = max(mine.left, theirs.left), min(mine.right, theirs.right)
        top, bottom = max(mine.top, theirs.top), min(mine.bottom, theirs.bottom)
        if left >= right or top >= bottom:
            return 0
        own = self.mask[
            top - mine.top : bottom - mine.top, left - mine.left : right - mine.left
        ]
        twin = other.mask[
            top - theirs.top : bottom - theirs.top,
            left - theirs.left : right - theirs.left,
        ]
        return int(np.count_nonzero(own & twin))


def widened(box: Box, margin: float) -> Box:
    """A box grown on each side by that share of its own size."""
    dx, dy = (box[2] - box[0]) * margin, (box[3] - box[1]) * margin
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def box_mask(
    height: int, width: int, boxes: Sequence[Box], *, margin: float = 0.0
) -> Mask:
    """True inside any box; ``margin`` widens each by that share of its own size."""
    mask = np.zeros((height, width), np.bool_)
    for x1, y1, x2, y2 in (widened(one, margin) for one in boxes):
        left, right = max(int(x1), 0), min(int(x2) + 1, width)
        top, bottom = max(int(y1), 0), min(int(y2) + 1, height)
        if left < right and top < bottom:
            mask[top:bottom, left:right] = True
    return mask
