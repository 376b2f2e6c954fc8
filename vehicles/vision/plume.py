"""Plumes with a known truth: optical depth fields and how light passes them.

A plume is a field of optical depth τ over the picture. What the camera sees is
``T·B + (1 − T)·A`` in linear light, with T = exp(−τ), B the background and A the
light the plume itself scatters (nearly none for soot, much for steam). So the
opacity 1 − T, and with it the Ringelmann level, is known at every pixel.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image, Light, to_coded, to_linear

Field = NDArray[np.float32]

# Scattered light by kind, linear BGR: soot is black with a brown or blue cast.
AIRLIGHT = {
    "soot": (0.012, 0.012, 0.013),
    "brown": (0.018, 0.026, 0.036),
    "steam": (0.72, 0.70, 0.69),
    "dust": (0.24, 0.33, 0.42),
    "spray": (0.48, 0.46, 0.45),
}


# An optical depth that changes no 8-bit code.
LEAST_SEEN = 1e-3


@dataclass(frozen=True)
class Puff:
    """One blob of a plume: centre and radius in pixels, peak optical depth."""

    x: float
    y: float
    radius: float
    depth: float


def fractal_noise(
    height: int, width: int, rng: np.random.Generator, *, cell: float, octaves: int = 4
) -> Field:
    """Smooth noise of mean 0 and about unit spread; ``cell`` px is the coarsest."""
    total = np.zeros((height, width), np.float32)
    gain = 1.0
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.5)
        grid = rng.standard_normal(
            (max(int(height / size) + 3, 3), max(int(width / size) + 3, 3))
        ).astype(np.float32)
        layer = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        total += gain * layer
        gain *= 0.6
    spread = float(total.std()) or 1.0
    return (total - total.mean()) / spread


def blobs(height: int, width: int, puffs: list[Puff]) -> Field:
    """Optical depth H×W of Gaussian puffs added together."""
    depth = np.zeros((height, width), np.float32)
    for puff in puffs:
        reach = puff.radius * 2.8
        x0, x1 = max(int(puff.x - reach), 0), min(int(puff.x + reach) + 1, width)
        y0, y1 = max(int(puff.y - reach), 0), min(int(puff.y + reach) + 1, height)
        if x0 >= x1 or y0 >= y1:
            continue
        across = (np.arange(x0, x1, dtype=np.float32) - puff.x) / puff.radius
        down = (np.arange(y0, y1, dtype=np.float32) - puff.y) / puff.radius
        bell = np.exp(-(across[None, :] ** 2) - (down[:, None] ** 2))
        depth[y0:y1, x0:x1] += puff.depth * bell
    return depth


def roughen(depth: Field, rng: np.random.Generator, *, scale: float) -> Field:
    """Billow a smooth field: domain warping and multiplied noise, mass kept."""
    height, width = depth.shape
    warp = scale * 0.35
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    xs += warp * fractal_noise(height, width, rng, cell=scale)
    ys += warp * fractal_noise(height, width, rng, cell=scale)
    warped = cv2.remap(depth, xs, ys, cv2.INTER_LINEAR, borderValue=0)
    texture = np.exp(0.45 * fractal_noise(height, width, rng, cell=scale * 0.7))
    rough = warped * texture
    return (rough * (depth.sum() / max(float(rough.sum()), 1e-6))).astype(np.float32)


def scale_to_level(depth: Field, level: float) -> Field:
    """Scale τ so that the core of the plume has Ringelmann ``level`` (0..5).

    The core is the 90th percentile of opacity where the plume is at all visible
    (above a tenth of its peak); level 1 is 20 % opacity (GB 3847-2018, glossary).
    """
    peak = float(depth.max())
    if peak <= 0 or level <= 0:
        return np.zeros_like(depth)
    core = float(np.percentile(depth[depth > peak * 0.1], 90))
    wanted = -np.log(1.0 - min(level / 5.0, 0.985))
    return (depth * (wanted / core)).astype(np.float32)


def core_level(depth: Field) -> float:
    """Ringelmann level (0..5, real) of the core of a τ field; 0 for none."""
    peak = float(depth.max())
    if peak <= 1e-3:
        return 0.0
    core = float(np.percentile(depth[depth > peak * 0.1], 90))
    return float(5.0 * (1.0 - np.exp(-core)))


def shine_through(image: Image, depth: Field, kind: str = "soot") -> Image:
    """The picture seen through τ (same H×W), scattering light of ``kind``."""
    thick = depth > LEAST_SEEN
    rows, columns = np.flatnonzero(thick.any(1)), np.flatnonzero(thick.any(0))
    if not rows.size:
        return image
    place = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    passed = np.exp(-depth[place])[..., None].astype(np.float32)
    air = np.array(AIRLIGHT[kind], dtype=np.float32)
    light: Light = (to_linear(image[place]) * passed + air * (1.0 - passed)).astype(
        np.float32
    )
    seen = image.copy()
    seen[place] = to_coded(light)
    return seen


def visible_box(
    depth: Field, threshold: float = 0.12
) -> tuple[int, int, int, int] | None:
    """x1, y1, x2, y2 of what people would call the plume; None if there is nothing.

    That is where opacity exceeds ``threshold`` and a quarter of its peak.
    """
    opacity = 1.0 - np.exp(-depth)
    mask = opacity > max(threshold, 0.25 * float(opacity.max()))
    if not mask.any():
        return None
    # A few stray pixels must not stretch the box: trim by mass.
    mass = np.where(mask, depth, 0.0)
    across, down = mass.sum(0).cumsum(), mass.sum(1).cumsum()
    x1, x2 = np.searchsorted(across, [across[-1] * 0.01, across[-1] * 0.99])
    y1, y2 = np.searchsorted(down, [down[-1] * 0.01, down[-1] * 0.99])
    return int(x1), int(y1), int(x2) + 1, int(y2) + 1
