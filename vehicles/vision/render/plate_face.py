"""The characters of number plates, drawn from strokes to the shapes of GA 36-2018.

A text font squeezed into a plate's cell has thin uprights and round corners where the
plate's own face has an even stroke, square left corners (B, D, E) and straight sides
(0, C, U): cameras' readers tell 0 from D and 8 from B by just these. Coordinates are
millimetres in the cell of 45×90; a third number rounds the corner by that radius. What
sticks out of the cell is cut off level, as the face does with slanted strokes.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image

Path = tuple[tuple[float, ...], ...]
CELL_WIDTH, CELL_HEIGHT = 45, 90
STROKE, HAN_STROKE = 9.6, 5.6
# Pixels per millimetre while drawing.
FINE = 4

_RING: Path = ((22, 5), (40, 5, 16), (40, 85, 16), (5, 85, 16), (5, 5, 16), (23, 5))
_BAR: Path = ((5, 0), (5, 90))
_BOWL: Path = ((5, 5), (40, 5, 15), (40, 51, 15), (5, 51))
_SIX: Path = (
    *((33, -6), (5, 50, 16), (5, 85, 16), (40, 85, 16)),
    *((40, 41, 16), (5, 41, 16), (5, 60)),
)

FACE: dict[str, tuple[Path, ...]] = {
    "0": (_RING,),
    "1": (((13, 15), (22.5, 5), (22.5, 90)),),
    "2": (((5, 24), (5, 5, 16), (40, 5, 16), (40, 38, 9), (5, 82), (5, 85), (42, 85)),),
    "3": (
        ((5, 21), (5, 5, 15), (39, 5, 15), (39, 42, 14), (17, 42)),
        ((17, 42), (40, 42, 15), (40, 85, 15), (5, 85, 15), (5, 68)),
    ),
    "4": (((27, -6), (5, 65), (45, 65)), ((32, 38), (32, 90))),
    "5": (
        ((40, 5), (8, 5), (6, 42)),
        ((6, 40), (13, 35, 4), (40, 35, 16), (40, 85, 16), (5, 85, 16), (5, 67)),
    ),
    "6": (_SIX,),
    "7": (((4, 5), (40, 5), (17, 96)),),
    "8": (
        ((22, 5), (38, 5, 14), (38, 41, 14), (7, 41, 14), (7, 5, 14), (23, 5)),
        ((22, 41), (40, 41, 15), (40, 85, 15), (5, 85, 15), (5, 41, 15), (23, 41)),
    ),
    "9": (tuple((45 - p[0], 90 - p[1], *p[2:]) for p in _SIX),),
    "A": (((4, 96), (20, -6)), ((41, 96), (25, -6)), ((10, 66), (35, 66))),
    "B": (
        _BAR,
        ((5, 5), (38, 5, 14), (38, 42, 14), (5, 42)),
        ((5, 42), (40, 42, 15), (40, 85, 15), (5, 85)),
    ),
    "C": (((40, 24), (40, 5, 16), (5, 5, 16), (5, 85, 16), (40, 85, 16), (40, 66)),),
    "D": (((5, 45), (5, 5), (40, 5, 18), (40, 85, 18), (5, 85), (5, 44)),),
    "E": (((41, 5), (5, 5), (5, 85), (41, 85)), ((5, 44), (37, 44))),
    "F": (((41, 5), (5, 5), (5, 90)), ((5, 44), (37, 44))),
    "G": (
        ((40, 24), (40, 5, 16), (5, 5, 16), (5, 85, 16), (40, 85, 16), (40, 50)),
        ((45, 50), (23, 50)),
    ),
    "H": (_BAR, ((40, 0), (40, 90)), ((5, 44), (40, 44))),
    "J": (((37, 0), (37, 85, 16), (6, 85, 16), (6, 66)),),
    "K": (_BAR, ((42, -6), (5, 57)), ((17, 36), (42, 96))),
    "L": (((5, 0), (5, 85), (41, 85)),),
    "M": (_BAR, ((40, 0), (40, 90)), ((3, -7), (22.5, 64)), ((42, -7), (22.5, 64))),
    "N": (_BAR, ((40, 0), (40, 90)), ((2, -7), (43, 97))),
    "P": (_BAR, _BOWL),
    "Q": (_RING, ((23, 60), (44, 96))),
    "R": (_BAR, _BOWL, ((20, 50), (41, 96))),
    "S": (
        (
            *((40, 23), (40, 5, 15), (5, 5, 15), (5, 44, 14), (40, 44, 14)),
            *((40, 85, 15), (5, 85, 15), (5, 67)),
        ),
    ),
    "T": (((0, 5), (45, 5)), ((22.5, 5), (22.5, 90))),
    "U": (((5, 0), (5, 85, 16), (40, 85, 16), (40, 0)),),
    "V": (((4, -6), (22.5, 96)), ((41, -6), (22.5, 96))),
    "W": (
        *(((4, -6), (12, 96)), ((22.5, 12), (12, 96))),
        *(((22.5, 12), (33, 96)), ((41, -6), (33, 96))),
    ),
    "X": (((3, -6), (42, 96)), ((42, -6), (3, 96))),
    "Y": (((3, -6), (22.5, 50)), ((42, -6), (22.5, 50)), ((22.5, 48), (22.5, 90))),
    "Z": (((4, 5), (41, 5)), ((40, 3), (5, 87)), ((4, 85), (41, 85))),
}
HAN: dict[str, tuple[Path, ...]] = {
    "新": (
        *(((12, 0), (12, 12)), ((1, 14), (24, 14))),
        *(((6, 18), (8.5, 32)), ((19, 18), (16.5, 32))),
        *(((0, 35), (25, 35)), ((2, 54), (24, 54)), ((12.5, 35), (12.5, 90))),
        *(((9, 60), (2, 82)), ((16, 60), (23, 79))),
        *(((43, 3), (30, 12)), ((30, 8), (30, 56), (25, 92))),
        *(((30, 37), (45, 37)), ((38.5, 37), (38.5, 90))),
    ),
}


def drawn(char: str) -> bool:
    """Whether the character has strokes here; others come from a font."""
    return char in FACE or char in HAN


def glyph(char: str) -> NDArray[np.float32]:
    """Ink 0..1 of a character, 360×180: ``FINE`` pixels per millimetre."""
    paths, stroke = (FACE[char], STROKE) if char in FACE else (HAN[char], HAN_STROKE)
    ink: Image = np.zeros((CELL_HEIGHT * FINE, CELL_WIDTH * FINE), np.uint8)
    for path in paths:
        _stroke(ink, _corners(path), stroke)
    amount: NDArray[np.float32] = ink.astype(np.float32) / np.float32(255)
    return amount


def _corners(path: Path) -> list[NDArray[np.float64]]:
    """The path with its rounded corners as arcs of short steps."""
    places = [np.array(point[:2], float) for point in path]
    done = [places[0]]
    for number in range(1, len(path) - 1):
        here, radius = places[number], path[number][2] if len(path[number]) > 2 else 0.0
        before, after = places[number - 1] - here, places[number + 1] - here
        if not radius:
            done.append(here)
            continue
        begin = here + before / np.hypot(*before) * radius
        end = here + after / np.hypot(*after) * radius
        for t in np.linspace(0, 1, 12):
            # A conic of weight 0.7 is a quarter circle where the corner is square.
            weights = np.array([(1 - t) ** 2, 1.4 * t * (1 - t), t**2])
            mixed = weights[0] * begin + weights[1] * here + weights[2] * end
            done.append(mixed / weights.sum())
    return [*done, places[-1]]


def _stroke(ink: Image, places: Sequence[NDArray[np.float64]], stroke: float) -> None:
    """An even stroke along the places; ends cut square, square corners kept."""
    half = stroke / 2
    for number, (one, two) in enumerate(zip(places[:-1], places[1:], strict=True)):
        along = two - one
        length = float(np.hypot(*along))
        if length < 1e-6:
            continue
        along = along / length * half
        across = np.array([-along[1], along[0]])
        first = one - along * (number > 0 and _square(places, number))
        last = two + along * (number + 2 < len(places) and _square(places, number + 1))
        corners = np.array(
            [first + across, last + across, last - across, first - across]
        )
        # Four bits of fraction: corners fall between pixels.
        fixed = np.round((corners * FINE - 0.5) * 16).astype(np.int32)
        cv2.fillConvexPoly(ink, fixed, 255, cv2.LINE_AA, 4)
        if number:
            centre = np.round((one * FINE - 0.5) * 16).astype(int)
            cv2.circle(
                ink,
                (int(centre[0]), int(centre[1])),
                round(half * FINE * 16 * (1.0 if not _square(places, number) else 0.5)),
                255,
                -1,
                cv2.LINE_AA,
                4,
            )


def _square(places: Sequence[NDArray[np.float64]], number: int) -> bool:
    """Whether the path turns at a right angle there."""
    before = places[number] - places[number - 1]
    after = places[number + 1] - places[number]
    size = float(np.hypot(*before) * np.hypot(*after))
    return size > 1e-6 and abs(float(before @ after)) / size < 0.2
