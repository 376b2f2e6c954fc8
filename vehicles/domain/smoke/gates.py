"""Conditions under which a picture gives no level, whatever it seems to show."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vehicles.domain.smoke.photometry import Light

# Light above this dazzles.
GLARE = 0.92


class Condition(StrEnum):
    """A condition of light or weather; the value is what people read."""

    NIGHT = "夜间"
    RAIN = "降水"
    BACKLIGHT = "逆光"
    HAZE = "雾霾"
    BLUR = "模糊"
    GLARE = "强光"


@dataclass(frozen=True)
class Limits:
    """Limits in linear light; each may be set per camera."""

    night: float = 0.025
    glare_share: float = 0.25
    backlight_ratio: float = 9.0
    backlit: float = 0.05
    haze_contrast: float = 0.10
    flicker: float = 0.11


@dataclass(frozen=True)
class Light5:
    """Five numbers of a scene's light: what the gates look at."""

    median: float
    bright_share: float
    top_to_road: float
    contrast: float
    flicker: float


def read_light(background: Light, noise: float) -> Light5:
    """Numbers of a clean background (linear luminance H×W) and a picture's noise.

    ``noise`` is the robust spread of optical depth where nothing should have changed.
    """
    road = background[int(background.shape[0] * 0.45) :]
    top = background[: max(int(background.shape[0] * 0.2), 1)]
    middle = float(np.median(road))
    low, high = np.percentile(road, [5, 95])
    return Light5(
        median=middle,
        bright_share=float((background > GLARE).mean()),
        top_to_road=float(np.median(top)) / max(middle, 1e-4),
        contrast=float(high - low) / max(float(high + low), 1e-4),
        flicker=noise,
    )


def blocking(light: Light5, limits: Limits | None = None) -> list[Condition]:
    """Conditions that forbid a level, worst first; empty when light allows one."""
    limits = limits or Limits()
    found = []
    if light.median < limits.night:
        found.append(Condition.NIGHT)
    if light.flicker > limits.flicker:
        found.append(Condition.RAIN)
    if light.bright_share > limits.glare_share:
        found.append(Condition.GLARE)
    if light.top_to_road > limits.backlight_ratio and light.median < limits.backlit:
        found.append(Condition.BACKLIGHT)
    if light.contrast < limits.haze_contrast:
        found.append(Condition.HAZE)
    return found
