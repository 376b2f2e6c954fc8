"""What goes into the analysis of a clip and what comes out of it."""

from dataclasses import dataclass, field

from vehicles.domain.smoke import comparison, gates, verdict
from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.regions import Box
from vehicles.domain.smoke.voting import HOME_SHARE, Voted


@dataclass(frozen=True)
class Profile:
    """What is particular to a camera."""

    photometry: comparison.Settings = field(default_factory=comparison.Settings)
    limits: gates.Limits = field(default_factory=gates.Limits)
    thresholds: verdict.Thresholds = field(default_factory=verdict.Thresholds)
    background: Background | None = None
    home: str = "新"
    # Share of the plates passing here that are of the home province.
    home_share: float = HOME_SHARE
    # Plates of every vehicle, not only of those put forward.
    all_plates: bool = False


@dataclass(frozen=True)
class CurvePoint:
    """One picture of a candidate, in full-size pixels; for the page and the record."""

    at: float
    vehicle: Box
    plume: Box | None
    opacity: float
    sigma: float
    finding: str
    detector: float


@dataclass(frozen=True)
class Candidate:
    """A vehicle put forward: both votes, level, plate and the pictures that show it."""

    track: int
    kind: str
    begins: float
    ends: float
    verdict: verdict.Verdict
    plate: Voted
    plate_picture: Image | None
    plate_at: float | None
    curve: list[CurvePoint]
    evidence_times: tuple[float, ...]


@dataclass(frozen=True)
class Seen:
    """A track where it was seen best."""

    track: int
    kind: str
    score: float
    box: Box
    at: float


@dataclass(frozen=True)
class Analysis:
    """What a clip showed. ``background`` is the clean scene at working size.

    ``vehicles`` counts the tracks large enough to be measured; ``tracks`` has all.
    """

    model: str
    pictures: int
    seconds: float
    width: int
    height: int
    conditions: list[str]
    candidates: list[Candidate]
    vehicles: int
    background: Background | None
    notes: list[str]
    tracks: list[Seen]
    plates: dict[int, Voted]
