"""Plates of two rows, as large vehicles carry at the rear, set into one line.

The recogniser reads one line. The upper row (province and letter, 80×60 mm) is narrowed
and set before the lower one (five characters, 65×110 mm).
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.plates import is_valid
from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.voting import Reading

Floats = NDArray[np.float32]

# Two rows measure 440×220 mm, one row 440×140: seen askew both grow narrower.
MOST_RATIO, TRUE_RATIO = 2.65, 2.0
# The gap between the rows lies here, in shares of the height with its margin.
GAP_FROM, GAP_TO = 0.32, 0.48
# The upper row's characters stand in the middle; their width beside the lower row's.
UPPER_FROM, UPPER_TO, UPPER_SHARE = 0.23, 0.77, 0.64
ROW_HEIGHT, PLATE_WIDTH = 48, 192
# How many characters two rows hold; the places beside the seam, an extra one counted.
CHARACTERS, SEAM = 7, (1, 2, 3)
# The plate's frame reads as a 1 before the lower row, and under it makes 7 a Z, 0 a Q:
# what is cut off at the sides, above and below, in shares with the margin.
EDGE_X, EDGE_Y = 0.065, (0.06, 0.075)


def ratio(corners: Floats) -> float:
    """Width to height of a plate's four corners."""
    across, down = (
        float(
            np.linalg.norm(corners[a] - corners[b])
            + np.linalg.norm(corners[c] - corners[d])
        )
        for a, b, c, d in ((1, 0, 2, 3), (3, 0, 2, 1))
    )
    return across / max(down, 1e-3)


def squat(corners: Floats) -> bool:
    """Whether the plate is too high for its width to be of one row for certain."""
    return ratio(corners) < MOST_RATIO


def whole(corners: Floats) -> Iterator[Floats]:
    """The corners as found, and raised where the upper row may have been left out."""
    yield corners
    missing = ratio(corners) / TRUE_RATIO - 1
    if missing > 0.05:
        raised = corners.copy()
        raised[:2] += (corners[:2] - corners[3:1:-1]) * np.float32(missing)
        yield raised


def one_line(plate: Image) -> Image:
    """Both rows of a rectified plate side by side, ``ROW_HEIGHT`` high."""
    size = (PLATE_WIDTH, int(PLATE_WIDTH / TRUE_RATIO))
    even = np.asarray(cv2.resize(plate, size, interpolation=cv2.INTER_CUBIC))
    height, width = even.shape[:2]
    edge = int(width * EDGE_X)
    top, foot = int(height * EDGE_Y[0]), height - int(height * EDGE_Y[1])
    gap = _gap(even)
    upper = even[top:gap, int(width * UPPER_FROM) : int(width * UPPER_TO)]
    lower = even[gap:foot, edge : width - edge]
    wide = int(lower.shape[1] * ROW_HEIGHT / lower.shape[0])
    rows = [
        cv2.resize(row, (across, ROW_HEIGHT), interpolation=cv2.INTER_CUBIC)
        for row, across in ((upper, int(wide * UPPER_SHARE)), (lower, wide))
    ]
    return np.hstack(rows)


def of_seven(reading: Reading) -> Reading:
    """The reading without the stroke that the seam between the rows may add.

    Two rows hold seven characters: of eight the weakest beside the seam is dropped, where
    that leaves a plate.
    """
    text = reading.text
    if len(text) != CHARACTERS + 1 or len(reading.scores) != len(text):
        return reading
    extra = min(SEAM, key=lambda place: reading.scores[place])
    kept = [place for place in range(len(text)) if place != extra]
    shorter = "".join(text[place] for place in kept)
    if is_valid(text) or not is_valid(shorter):
        return reading
    return replace(
        reading,
        text=shorter,
        scores=tuple(reading.scores[place] for place in kept),
        choices=tuple(reading.choices[place] for place in kept)
        if reading.choices
        else (),
    )


def _gap(plate: Image) -> int:
    """The row with the least writing between the two lines of it."""
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY).astype(np.float32)
    written = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)).mean(1)
    smooth = np.convolve(written, np.ones(5) / 5, mode="same")
    first, last = int(len(smooth) * GAP_FROM), int(len(smooth) * GAP_TO)
    return first + int(smooth[first:last].argmin())
