"""A camera's clean background: what the scene looks like with no vehicle in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image, to_linear
from vehicles.domain.smoke.regions import Mask

# Plumes and shadows only ever darken, so the clean value lies above the median.
CLEAN_PERCENTILE = 62.0
LEAST_SAMPLES = 4
# So many pixels at a time stay in the processor's cache.
BAND_PIXELS = 2560
BANDS_AT_ONCE = 30
GREY_TO_COLOUR = cv2.COLOR_GRAY2BGR
# A place that is often brighter than its background by so much (in optical depth) had
# mist standing on it, and its background may have kept some: it is not clean.
MIST_PERCENTILE, MIST = 88.0, 0.2
# Mist is looked for in every such pixel of every such row, in green alone.
MIST_STRIDE, GREEN = 2, 1
MIST_EDGE = (9, 9)
# Light that keeps noise of dark places small beside it.
MIST_FLOOR = 0.02


@dataclass(frozen=True)
class Background:
    """Clean picture H×W×3 BGR and, per pixel, whether it was ever seen uncovered.

    ``misty`` is where it is not known because steam, dust or spray stood there.
    """

    image: Image
    known: Mask
    misty: Mask | None = field(default=None, repr=False)

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
    were uncovered in fewer than four pictures, or where mist stood, come from ``prior``,
    else are unknown. Raises ValueError without pictures or when shapes differ.
    """
    if not pictures or len(pictures) != len(covered):
        raise ValueError("a background needs pictures, each with its mask")
    if any(one.shape != pictures[0].shape for one in pictures):
        raise ValueError("the pictures of a background differ in size")
    samples = np.zeros(covered[0].shape, np.int32)
    for hidden in covered:
        samples += ~hidden
    known: Mask = samples >= min(LEAST_SAMPLES, len(pictures))
    image = _percentile(pictures, covered, samples)
    misty = _misty(pictures, covered, samples, image)
    known &= ~misty
    if prior is not None and prior.image.shape == image.shape:
        image = np.where(known[..., None], image, prior.image)
        known = known | prior.known
    return Background(image, known, misty & ~known)


def _percentile(
    pictures: Sequence[Image], covered: Sequence[Mask], samples: NDArray[np.int32]
) -> Image:
    """Per-pixel percentile of the uncovered samples (0 where there are none)."""
    rank = np.clip((samples - 1) * CLEAN_PERCENTILE / 100.0, 0, None)
    wanted = np.round(rank).astype(np.uint16)
    height, width = samples.shape
    image = np.empty(pictures[0].shape, np.uint8)
    rows = max(BAND_PIXELS // width, 1)
    for top in range(0, height, rows * BANDS_AT_ONCE):
        part = slice(top, top + rows * BANDS_AT_ONCE)
        stack = np.stack([one[part] for one in pictures])
        for layer, hidden in zip(stack, covered, strict=True):
            # What is covered goes behind all else, where no rank reaches it.
            behind = cv2.cvtColor(hidden[part].astype(np.uint8) * 255, GREY_TO_COLOUR)
            np.bitwise_or(layer, behind, out=layer)
        for first in range(0, stack.shape[1], rows):
            band = slice(first, first + rows)
            ranked = _ranked(stack[:, band], wanted[part][band][..., None])
            image[part][band] = ranked
    image[samples == 0] = 0
    return image


def _misty(
    pictures: Sequence[Image],
    covered: Sequence[Mask],
    samples: NDArray[np.int32],
    image: Image,
) -> Mask:
    """Where steam, dust or spray stood: often much brighter than the background.

    What brightens the whole picture alike (a cloud passing, exposure) is left out.
    """
    place = np.s_[::MIST_STRIDE, ::MIST_STRIDE]
    stack = np.stack([one[place][..., GREEN] for one in pictures])
    for layer, hidden in zip(stack, covered, strict=True):
        layer[hidden[place]] = 255
    rank = np.clip((samples[place] - 1) * MIST_PERCENTILE / 100.0, 0, None)
    high = _ranked(stack, np.round(rank).astype(np.uint16))
    usual = image[place][..., GREEN]
    spread = np.log(to_linear(high) + MIST_FLOOR) - np.log(
        to_linear(usual) + MIST_FLOOR
    )
    seen = samples[place] > 0
    if not seen.any():
        return np.zeros(samples.shape, np.bool_)
    spread[~seen] = 0.0
    spread -= np.median(spread[seen])
    misty = cv2.blur(spread, (5, 5)) > MIST
    # Its edges are thinner, but there too the background has kept some.
    misty = cv2.dilate(misty.astype(np.uint8), np.ones(MIST_EDGE, np.uint8)) > 0
    height, width = samples.shape
    wide = misty.repeat(MIST_STRIDE, 0).repeat(MIST_STRIDE, 1)
    result: Mask = wide[:height, :width]
    return result


def _ranked(stack: Image, rank: NDArray[np.uint16]) -> Image:
    """The value of that rank at every place of an N×… stack, bit by bit from the top.

    Sorting would cost ten times the time and, in floats, many times the memory.
    """
    value = np.zeros(stack.shape[1:], np.uint8)
    smaller = np.empty(stack.shape, np.bool_)
    count_type = np.uint8 if len(stack) < 256 else np.uint16
    for bit in (128, 64, 32, 16, 8, 4, 2, 1):
        trial = value | np.uint8(bit)
        np.less(stack, trial, out=smaller)
        below = np.add.reduce(smaller.view(np.uint8), axis=0, dtype=count_type)
        np.copyto(value, trial, where=below <= rank)
    return value


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
