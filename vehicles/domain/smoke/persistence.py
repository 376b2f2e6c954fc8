"""Smoke stays in the air when its vehicle has gone; a shadow leaves with it.

For two pictures of a track the dark region of the first is carried along with the
vehicle. Where it would no longer be if it were fixed to the vehicle, what is left of the
darkening in the second picture tells smoke (much) from shadow or bodywork (nothing).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vehicles.domain.smoke.comparison import Scene
from vehicles.domain.smoke.regions import Box, Mask, Region

# Seconds between the two pictures of a pair.
SHORTEST, LONGEST = 0.35, 0.95
# Share of the dark region that must become free for a pair to say anything.
LEAST_FREED = 0.15
LEAST_PIXELS = 25
# A carried region is widened by so many pixels: boxes are not that exact.
SPREAD = 2


@dataclass(frozen=True)
class Moment:
    """A track in one picture: its box, the comparison, the dark region."""

    at: float
    box: Box
    scene: Scene
    dark: Region | None


def _carried(region: Region, before: Box, after: Box) -> Mask:
    """A region moved and scaled as the vehicle's box was, inside its old window."""
    scale_x = (after[2] - after[0]) / max(before[2] - before[0], 1.0)
    scale_y = (after[3] - after[1]) / max(before[3] - before[1], 1.0)
    # Feet stay on the road, so boxes are aligned at the middle of their lower edge.
    before, after = region.window.inner(before), region.window.inner(after)
    foot = ((before[0] + before[2]) / 2, before[3])
    new_foot = ((after[0] + after[2]) / 2, after[3])
    matrix = np.array(
        [
            [scale_x, 0.0, new_foot[0] - scale_x * foot[0]],
            [0.0, scale_y, new_foot[1] - scale_y * foot[1]],
        ],
        np.float32,
    )
    # What is moved to just beyond the window's edge still spreads into it.
    matrix[:, 2] += SPREAD
    height, width = region.mask.shape
    moved = cv2.warpAffine(
        region.mask.view(np.uint8), matrix, (width + 2 * SPREAD, height + 2 * SPREAD)
    )
    spread = cv2.dilate(moved, np.ones((2 * SPREAD + 1, 2 * SPREAD + 1), np.uint8))
    result: Mask = spread[SPREAD:-SPREAD, SPREAD:-SPREAD] > 0
    return result


def _pair(first: Moment, second: Moment) -> float | None:
    assert first.dark is not None
    window = first.dark.window
    freed = first.dark.mask & second.scene.usable_in(window)
    freed &= ~_carried(first.dark, first.box, second.box)
    size = int(np.count_nonzero(freed))
    if size < max(LEAST_PIXELS, LEAST_FREED * first.dark.size):
        return None
    before = float(first.scene.depth_in(window)[freed].mean())
    after = float(np.clip(second.scene.depth_in(window)[freed], 0.0, None).mean())
    return after / max(before, 1e-3)


def lingering(moments: Sequence[Moment]) -> float | None:
    """Median share of the darkening that stays behind, 0..1 or a little more.

    None when the vehicle moved too little, or was seen too few times, to tell.
    """
    shares = []
    for index, first in enumerate(moments):
        if first.dark is None or not first.dark.size:
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
