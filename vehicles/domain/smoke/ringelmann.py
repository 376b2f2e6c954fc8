"""Ringelmann level 0–5 of a plume, from opacities in several pictures.

Level n is a plume n × 20 % black against its background (GB 3847-2018, glossary). One
picture decides nothing: at least three are needed, and the darkest ones count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LEAST_FRAMES = 3
DARKEST_FRAMES = 5
# Above this the level could as well be its neighbour's neighbour.
MOST_UNCERTAIN = 0.9


@dataclass(frozen=True)
class Opacity:
    """One picture's opacity (0..1) with its standard uncertainty, at a time in seconds."""

    at: float
    value: float
    sigma: float


@dataclass(frozen=True)
class Level:
    """A Ringelmann level: real ``value`` 0..5, its uncertainty, the whole ``grade``.

    ``grade`` is None where undetermined, with the ``reason``.
    """

    value: float
    sigma: float
    grade: int | None
    reason: str
    frames: int

    @property
    def determined(self) -> bool:
        """Whether a level could be given."""
        return self.grade is not None


def undetermined(reason: str, frames: int = 0) -> Level:
    """A level that cannot be given, and why."""
    return Level(0.0, 5.0, None, reason, frames)


def grade_of(value: float) -> int:
    """Nearest whole level; an exact half goes to the lower, in the driver's favour."""
    return max(0, min(5, int(-(-(value - 0.5) // 1))))


def level_of(
    opacities: Sequence[Opacity], *, blocked: str = "", every: bool = False
) -> Level:
    """The level of a plume seen in several pictures.

    The median of the five darkest: where the densest smoke lies before its own vehicle
    no road is behind it to measure by, and most pictures read low. Where the core is
    seen beside the vehicle ``every`` picture counts. Uncertainty from their spread, their
    own sigma and 0.15 level of the method. ``blocked`` names a condition (night, rain …)
    that forbids a level. Fewer than three pictures give no level.
    """
    if blocked:
        return undetermined(blocked, len(opacities))
    if len(opacities) < LEAST_FRAMES:
        return undetermined("可测画面不足 3 帧", len(opacities))
    darkest = sorted(opacities, key=lambda one: one.value, reverse=True)
    if not every:
        darkest = darkest[:DARKEST_FRAMES]
    middle = median(one.value for one in darkest)
    value = 5.0 * min(max(middle, 0.0), 1.0)
    spread = 5.0 * (darkest[0].value - darkest[-1].value) / 2.0
    own = 5.0 * median(one.sigma for one in darkest)
    sigma = (spread**2 / len(darkest) + own**2 + 0.15**2) ** 0.5
    if sigma > MOST_UNCERTAIN:
        return Level(value, sigma, None, "不确定度过大", len(opacities))
    return Level(value, sigma, grade_of(value), "", len(opacities))
