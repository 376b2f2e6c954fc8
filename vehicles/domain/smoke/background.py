"""A camera's clean background: what the scene looks like with no vehicle in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image

Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]

# Plumes and shadows only ever darken, so the clean value lies above the median.
CLEAN_PERCENTILE = 62.0
LEAST_SAMPLES = 4


def box_mask(
    height: int, width: int, boxes: Sequence[Box], *, margin: float = 0.0
) -> Mask:
    """True inside any box; ``margin`` widens each by that share of its own size."""
    mask = np.zeros((height, width), np.bool_)
    for x1, y1, x2, y2 in boxes:
        dx, dy = (x2 - x1) * margin, (y2 - y1) * margin
        left, right = max(int(x1 - dx), 0), min(int(x2 + dx) + 1, width)
        top, bottom = max(int(y1 - dy), 0), min(int(y2 + dy) + 1, height)
        if left < right and top < bottom:
            mask[top:bottom, left:right] = True
    return mask


@dataclass(frozen=True)
class Background:
    """Clean picture H×W×3 BGR and, per pixel, whether it was ever seen uncovered."""

    image: Image
    known: Mask

    @property
    def share_known(self) -> float:
        """Share of pixels (0..1) with enough uncovered samples."""
        return float(self.known.mean())


def build_background(
    pictures: Sequence[Image],
    covered: Sequence[Mask],
    *,
    prior: Background | None = None,
) -> Background:
    """The clean background of pictures of one camera, vehicles masked out.

    ``covered`` is True where a vehicle (with its margin) hides the scene. Pixels that
    were uncovered in fewer than four pictures come from ``prior``, else are unknown.
    Raises ValueError without pictures or when shapes differ.
    """
    if not pictures or len(pictures) != len(covered):
        raise ValueError("a background needs pictures, each with its mask")
    stack = np.stack(pictures)
    hidden = np.stack(covered)
    samples = (~hidden).sum(0)
    known = samples >= min(LEAST_SAMPLES, len(pictures))
    image = np.empty(stack.shape[1:], np.uint8)
    for channel in range(3):
        values = np.where(hidden, np.nan, stack[..., channel].astype(np.float32))
        image[..., channel] = _percentile(values, samples)
    if prior is not None and prior.image.shape == image.shape:
        image = np.where(known[..., None], image, prior.image)
        known = known | prior.known
    return Background(image, known)


def _percentile(values: NDArray[np.float32], samples: NDArray[np.int64]) -> Image:
    """Per-pixel percentile of the samples that are not NaN (0 where there are none)."""
    ordered = np.sort(values, axis=0)
    rank = np.clip((samples - 1) * CLEAN_PERCENTILE / 100.0, 0, None)
    index = np.round(rank).astype(np.int64)[None]
    picked = np.take_along_axis(ordered, index, axis=0)[0]
    return np.nan_to_num(picked).astype(np.uint8)


def blend(
    background: Background, fresh: Background, *, rate: float = 0.3
) -> Background:
    """Move a camera's background towards a newly built one (light changes slowly)."""
    if background.image.shape != fresh.image.shape:
        return fresh
    both = background.known & fresh.known
    mixed = background.image * (1 - rate) + fresh.image * rate
    image = np.where(both[..., None], mixed.astype(np.uint8), background.image)
    only_fresh = fresh.known & ~background.known
    image = np.where(only_fresh[..., None], fresh.image, image)
    return Background(image, background.known | fresh.known)
