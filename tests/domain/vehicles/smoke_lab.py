"""Scenes of known depth around one vehicle, for the tests of its darkening."""

from dataclasses import replace

import numpy as np

from vehicles.domain.smoke.comparison import Scene, Settings
from vehicles.domain.smoke.transmission import Measure, measure

HEIGHT, WIDTH = 120, 200
BOX = (80.0, 30.0, 120.0, 70.0)
"""A vehicle of 40 × 40 pixels; nothing is measured nearer than 4 to it."""
PLAIN = Settings()
LOOSE = replace(PLAIN, sharpest=1e9, least_apart=0.0)
"""Limits by which any darkening is a plume."""


def depth_of(*parts: tuple[int, int, int, int, float]) -> np.ndarray:
    """Return depth that is 0 but in parts (left, top, right, bottom, depth)."""
    made = np.zeros((HEIGHT, WIDTH), np.float32)
    for left, top, right, bottom, depth in parts:
        made[top:bottom, left:right] = depth
    return made


def seen(*parts, settings=LOOSE, noise=0.0, boxes=(), box=BOX, **more) -> Measure:
    """Return what is measured at a vehicle beside these parts."""
    scene = replace(Scene.plain(depth_of(*parts)), noise=noise, boxes=boxes)
    return measure(scene, box, more.pop("trail", []), settings, **more)
