"""One sharper picture of a plate from many of a track.

Each picture samples the plate at other places: laid on each other they show more than
the best of them, and their noise averages out.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from vehicles.domain.smoke.photometry import Image

HEIGHT, WIDEST = 48, 240
LEAST_PICTURES = 2
# Below this correlation two pictures do not show the same plate.
LEAST_ALIKE = 0.6
STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-3)
# How much of what blur took is put back.
SHARPEN = 0.6


def merged(lines: Sequence[Image]) -> Image | None:
    """The mean of the plates laid on the first one; None where too few fit."""
    if len(lines) < LEAST_PICTURES:
        return None
    width = min(int(lines[0].shape[1] * HEIGHT / lines[0].shape[0]), WIDEST)
    same = [
        np.asarray(cv2.resize(one, (width, HEIGHT), interpolation=cv2.INTER_CUBIC))
        for one in lines
    ]
    base = _grey(same[0])
    total, weight = same[0].astype(np.float32), 1.0
    used = 1
    for one in same[1:]:
        matrix = np.eye(2, 3, dtype=np.float32)
        try:
            alike, matrix = cv2.findTransformECC(  # type: ignore[assignment]
                base, _grey(one), matrix, cv2.MOTION_AFFINE, STEPS, None, 3
            )
        except cv2.error:  # it did not come to rest: another plate, or a blot
            continue
        if alike < LEAST_ALIKE:
            continue
        laid = cv2.warpAffine(
            one,
            matrix,
            (width, HEIGHT),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        total += laid.astype(np.float32) * alike**2
        weight += alike**2
        used += 1
    if used < LEAST_PICTURES:
        return None
    mean = total / weight
    soft = cv2.GaussianBlur(mean, (0, 0), 1.5)
    return np.clip(mean + SHARPEN * (mean - soft), 0, 255).astype(np.uint8)


def _grey(picture: Image) -> Image:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
