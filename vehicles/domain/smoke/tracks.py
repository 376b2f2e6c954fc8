"""Tracks across segments: who owns one, and when two are the same passing."""

from dataclasses import dataclass

from vehicles.domain.smoke.voting import differences

MERGE_SECONDS = 10.0


@dataclass(frozen=True)
class Passing:
    """A candidate's extent: seconds since the epoch, direction, plate, end boxes.

    ``first`` and ``last`` are boxes scaled to 0..1 at its two ends.
    """

    begins: float
    ends: float
    plate: str
    first: tuple[float, float, float, float]
    last: tuple[float, float, float, float]

    @property
    def middle(self) -> float:
        """The midpoint in time, which decides the owning segment."""
        return (self.begins + self.ends) / 2


def owned(passing: Passing, core_begins: float, core_ends: float) -> bool:
    """Whether a segment whose core is [begins, ends) owns a passing.

    Cores of neighbouring segments touch without overlapping, so a passing has exactly
    one owner although the overlap shows it to both.
    """
    return core_begins <= passing.middle < core_ends


def overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return float(shared / (areas - shared))


def same_passing(one: Passing, other: Passing) -> bool:
    """Whether two candidates of one camera show the same vehicle passing once.

    The same plate (one character apart at most) within ten seconds, or, where a plate
    is missing, a track that goes on where the other ended.
    """
    early, late = sorted((one, other), key=lambda p: p.begins)
    gap = late.begins - early.ends
    if gap > MERGE_SECONDS:
        return False
    if one.plate and other.plate:
        return differences(one.plate, other.plate) <= 1
    if gap <= 0:
        return (
            overlap(early.last, late.last) > 0.3
            or overlap(early.first, late.first) > 0.3
        )
    return overlap(early.last, late.first) > 0.2
