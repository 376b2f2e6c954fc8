"""Two independent votes and one proposal: what a track is put forward for.

The first vote is physics (transmission), the second a trained detector. Neither is
enough alone on a camera it has not proved itself on, and people decide in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from vehicles.domain.smoke.ringelmann import Level, Opacity, level_of
from vehicles.domain.smoke.transmission import Finding, Measure

# Shares of a vehicle's pictures that show its plume.
ALWAYS, ALMOST = 0.9, 0.8
LEAST_BOXES = 2


class Proposal(StrEnum):
    """What the system proposes for a track."""

    SMOKE = "smoke"
    UNCLEAR = "unclear"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Thresholds:
    """A camera's thresholds; the review's own figures move them.

    ``detector`` is the confidence of a supporting box, ``detector_alone`` of one that
    counts where physics has no say. ``least_soot`` and ``strong_soot`` are the soot seen in
    all pictures together (opacity × area in vehicle sizes) from which physics may support
    or carry a proposal; fainter smoke must be seen in ``lasting_frames`` pictures. From
    ``plain_soot`` on it is plainly there, however doubtful its level.
    """

    detector: float = 0.12
    detector_alone: float = 0.35
    least_level: float = 0.6
    least_frames: int = 3
    least_lingering: float = 0.3
    strong_level: float = 1.5
    strong_frames: int = 5
    wide_area: float = 0.3
    strong_area: float = 0.5
    least_soot: float = 1.0
    strong_soot: float = 1.5
    plain_soot: float = 4.0
    lasting_frames: int = 10
    least_share: float = 0.4
    strong_share: float = 0.5
    most_ahead: float = 0.4
    most_earlier: float = 0.35
    least_darkened: float = 0.05


@dataclass(frozen=True)
class Instant:
    """One picture of a track: both votes.

    ``darkened`` is the optical depth inside the detector's box, None where the background
    is not known: what the detector took for smoke may be brighter than the road.
    """

    at: float
    measure: Measure
    detector: float
    darkened: float | None = None


@dataclass(frozen=True)
class Verdict:
    """The proposal with its level and both votes in words."""

    proposal: Proposal
    level: Level
    physics: str
    detector: str
    reason: str
    physics_frames: int
    detector_frames: int


def judge(
    instants: Sequence[Instant],
    thresholds: Thresholds,
    *,
    lingering: float | None,
    earlier: float | None = None,
    blocked: str = "",
    recedes: bool = True,
) -> Verdict:
    """Put both votes of a track together.

    ``lingering`` is the share of the darkening that stays behind when the vehicle moves
    on (None: it moved too little to tell, so physics may support but not carry a
    proposal). ``earlier`` is the share of it that was there before the vehicle came.
    ``blocked`` is a condition (night, rain …) that leaves physics without a say; then
    only a confident detector makes an unclear proposal, never a level. A vehicle that
    ``recedes`` has the densest of its smoke between itself and the camera.
    """
    rigid = lingering is not None and lingering < thresholds.least_lingering
    before = earlier is not None and earlier > thresholds.most_earlier
    others = before or _from_others(instants, thresholds)
    plumes = [
        one
        for one in instants
        if not rigid
        and not others
        and one.measure.finding is Finding.PLUME
        and 5 * one.measure.opacity >= thresholds.least_level
    ]
    seen = [
        one
        for one in instants
        if one.detector >= thresholds.detector
        and (one.darkened is None or one.darkened > 0)
    ]
    sure = [
        one
        for one in seen
        if one.detector >= thresholds.detector_alone
        and (one.darkened is None or one.darkened >= thresholds.least_darkened)
        and not others
    ]
    level = level_of(
        [Opacity(p.at, p.measure.opacity, p.measure.sigma) for p in plumes],
        blocked=blocked,
        every=not recedes,
    )
    physics = _physics_words(instants, len(plumes), level, blocked)
    if rigid and not blocked:
        physics = "变暗随车移动而不滞留：阴影或车体"
    elif before and not blocked:
        physics = "变暗早于该车到来：前车的烟或背景误差"
    elif others and not blocked:
        physics = "变暗主要在车前：来自前车"
    detector = f"检测模型支持 {len(seen)}/{len(instants)} 帧" + (
        f"，最高 {max(one.detector for one in instants):.2f}" if seen else ""
    )
    proposal, reason = _propose(
        plumes,
        seen,
        sure,
        level,
        thresholds,
        blocked,
        lingering is not None,
        len(plumes) / max(_measured(instants), 1),
    )
    return Verdict(proposal, level, physics, detector, reason, len(plumes), len(seen))


def _measured(instants: Sequence[Instant]) -> int:
    """In how many pictures a plume could have been seen."""
    return sum(one.measure.finding is not Finding.UNDETERMINED for one in instants)


def _from_others(instants: Sequence[Instant], limits: Thresholds) -> bool:
    """Whether what is dark lies before the vehicle, so that it drives through it."""
    ahead = [
        one.measure.ahead
        for one in instants
        if one.measure.finding is Finding.PLUME or one.measure.ahead > 0
    ]
    return len(ahead) >= 2 and median(ahead) > limits.most_ahead


def _propose(
    plumes: Sequence[Instant],
    seen: Sequence[Instant],
    sure: Sequence[Instant],
    level: Level,
    limits: Thresholds,
    blocked: str,
    moved: bool,
    share: float,
) -> tuple[Proposal, str]:
    if blocked:
        if len(sure) >= limits.strong_frames:
            return Proposal.UNCLEAR, f"{blocked}：不能判级，仅检测模型支持"
        return Proposal.NOTHING, f"{blocked}：不能判级"
    # Where nothing tells smoke from a shadow that moves along, more pictures must.
    frames = limits.least_frames if moved else limits.strong_frames
    enough = (
        len(plumes) >= frames
        and share >= limits.least_share
        and (_soot(plumes) >= limits.least_soot or len(plumes) >= limits.lasting_frames)
    )
    # A level that is known must be more than its own doubt.
    faint = level.determined and level.value - level.sigma < limits.least_level
    # A single box on a narrow strip is chance.
    supported = len(seen) >= LEAST_BOXES or (
        bool(seen) and _wide(plumes, limits.wide_area)
    )
    if enough and supported and not faint:
        return Proposal.SMOKE, "透过率与检测模型一致"
    strong, deep = _alone(plumes, level, limits, share)
    if moved and strong and deep:
        if level.determined:
            return Proposal.SMOKE, "透过率明确，检测模型未支持"
        return Proposal.UNCLEAR, "透过率明确但不能判级，检测模型未支持"
    if len(sure) >= limits.strong_frames:
        return Proposal.UNCLEAR, "仅检测模型支持，透过率未支持"
    return Proposal.NOTHING, "证据不足"


def _soot(plumes: Sequence[Instant]) -> float:
    """Soot seen in all pictures together; what fills the air counts as one vehicle."""
    return sum(one.measure.opacity * min(one.measure.area, 1.0) for one in plumes)


def _wide(plumes: Sequence[Instant], least: float) -> bool:
    areas = [one.measure.area for one in plumes]
    return bool(areas) and median(areas) >= least


def _alone(
    plumes: Sequence[Instant], level: Level, limits: Thresholds, share: float
) -> tuple[bool, bool]:
    """Whether physics is seen often enough and deep enough to carry a proposal alone."""
    often = len(plumes) >= limits.strong_frames and share >= limits.strong_share
    always = len(plumes) >= limits.strong_frames - 1 and share >= ALWAYS
    if not plumes or not (often or always):
        return False, False
    wide = _wide(plumes, limits.strong_area) and _soot(plumes) >= limits.strong_soot
    if level.determined:
        return wide, level.value >= limits.strong_level
    # Without a level (haze) nearly every picture must show it, or much soot: how deep it
    # is is in doubt then, not that it is there.
    much = _soot(plumes) >= limits.plain_soot
    deep = level.value >= limits.strong_level and (
        level.value - level.sigma >= limits.least_level or (much and share >= ALWAYS)
    )
    return wide and often and (much or share >= ALMOST), deep


def _physics_words(
    instants: Sequence[Instant], plumes: int, level: Level, blocked: str
) -> str:
    if blocked:
        return f"{blocked}，透过率不参与判定"
    if plumes:
        words = f"透过率支持 {plumes}/{len(instants)} 帧"
        if level.determined:
            return f"{words}，{level.value:.1f}±{level.sigma:.1f} 级"
        return f"{words}，未能定级（{level.reason}）"
    counts: dict[str, int] = {}
    for one in instants:
        counts[one.measure.reason] = counts.get(one.measure.reason, 0) + 1
    return max(counts, key=lambda key: counts[key]) if counts else "无可用画面"
