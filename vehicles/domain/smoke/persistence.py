"""Smoke stays in the air when its vehicle has gone; a shadow leaves with it.

For two pictures of a track the dark region of the first is carried along with the
vehicle. Where it would no longer be if it were fixed to the vehicle, what is left of the
darkening in the second picture tells smoke (much) from shadow or bodywork (nothing).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vehicles.domain.smoke.background import Box, Mask
from vehicles.domain.smoke.photometry import Light

# Seconds between the two pictures of a pair.
SHORTEST, LONGEST = 0.35, 0.95
# Share of the dark region that must become free for a pair to say anything.
LEAST_FREED = 0.15
LEAST_PIXELS = 25


@dataclass(frozen=True)
class Moment:
    """A track in one picture: depth H×W, where it can be trusted, the dark region."""

    at: float
    box: Box
    depth: Light
    usable: Mask
    dark: Mask | None


def _carried(mask: Mask, before: Box, after: Box) -> Mask:
    """A region moved and scaled as the vehicle's box was."""
    scale_x = (after[2] - after[0]) / max(before[2] - before[0], 1.0)
    scale_y = (after[3] - after[1]) / max(before[3] - before[1], 1.0)
    # Feet stay on the road, so boxes are aligned at the middle of their lower edge.
    foot = ((before[0] + before[2]) / 2, before[3])
    new_foot = ((after[0] + after[2]) / 2, after[3])
    matrix = np.array(
        [
            [scale_x, 0.0, new_foot[0] - scale_x * foot[0]],
            [0.0, scale_y, new_foot[1] - scale_y * foot[1]],
        ],
        np.float32,
    )
    height, width = mask.shape
    moved = cv2.warpAffine(mask.astype(np.uint8), matrix, (width, height))
    return cv2.dilate(moved, np.ones((5, 5), np.uint8)) > 0


def _pair(first: Moment, second: Moment) -> float | None:
    assert first.dark is not None
    freed = first.dark & second.usable & ~_carried(first.dark, first.box, second.box)
    size = int(freed.sum())
    if size < max(LEAST_PIXELS, LEAST_FREED * first.dark.sum()):
        return None
    before = float(first.depth[freed].mean())
    after = float(np.clip(second.depth[freed], 0.0, None).mean())
    return after / max(before, 1e-3)


def lingering(moments: Sequence[Moment]) -> float | None:
    """Median share of the darkening that stays behind, 0..1 or a little more.

    None when the vehicle moved too little, or was seen too few times, to tell.
    """
    shares = []
    for index, first in enumerate(moments):
        if first.dark is None or not first.dark.any():
            continue
        for second in moments[index + 1 :]:
            gap = second.at - first.at
            if gap > LONGEST:
                break
            if gap >= SHORTEST:
                share = _pair(first, second)
                if share is not None:
                    shares.append(share)
    if len(shares) < 2:
        return None
    return float(np.median(shares))
