"""A clip in, candidates out: detect, follow, measure, vote, read the plate.

Decoding happens once. Each picture taken goes through the detector at full size; a copy
640 pixels wide is kept for photometry, and crops of large vehicles for the plate.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from bozhou_eco.common.video import Frame
from vehicles.domain.smoke import gates, persistence, transmission, verdict
from vehicles.domain.smoke.background import (
    Background,
    Box,
    Mask,
    box_mask,
    build_background,
)
from vehicles.domain.smoke.photometry import Image, Light, luminance, to_linear
from vehicles.domain.smoke.tracks import overlap
from vehicles.domain.smoke.voting import Voted, vote
from vehicles.vision.detector import Detection, Eyes
from vehicles.vision.plate_reader import FoundPlate, PlateReader
from vehicles.vision.tracker import Sight, Track, Tracker

WORK_WIDTH = 640
# A vehicle narrower than this share of the picture is too far to measure.
LEAST_WIDTH = 0.07
LEAST_SIGHTS = 3
HIDING_MARGIN = 0.06
# In measuring, shadows and wheels beside a vehicle's box are left out with it.
MEASURE_MARGIN = 0.12
BACKGROUND_PICTURES = 40
TRAIL_SECONDS = 1.2
CROPS_KEPT = 8
CROP_LEAST_WIDTH = 90
AIRLIGHT_PICTURES = 12
# A smoke box this far off (in vehicle sizes), or this large, is not a vehicle's.
NEAR_SMOKE, LARGEST_SMOKE = 0.4, 6.0
# A follower is where the other was so many seconds before; unless it smokes by so many
# levels more, the smoke is the other's.
FOLLOWS, SAME_PLACE, MUCH_DARKER = (0.5, 4.0), 0.3, 0.8
# Where smoke is seen now, nothing was dark so many seconds before.
EARLIER_SECONDS, EARLIER_PICTURES = (1.4, 3.5), 5
# A vehicle's direction comes from this many sights around; less motion tells none.
HEADING_SIGHTS, LEAST_MOVED = 2, 0.15
# Share of a smoke box where the background must be known to say anything of it.
LEAST_KNOWN = 0.3
# Share of the widest plate's width that a reading must have to take part in the vote.
NEAR_PLATE = 0.8


@dataclass(frozen=True)
class Profile:
    """What is particular to a camera."""

    photometry: transmission.Settings = field(default_factory=transmission.Settings)
    limits: gates.Limits = field(default_factory=gates.Limits)
    thresholds: verdict.Thresholds = field(default_factory=verdict.Thresholds)
    background: Background | None = None
    home: str = "新"
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


@dataclass
class _Shot:
    at: float
    small: Image
    vehicles: list[Detection]
    smoke: list[Detection]
    hiding: list[Box]


@dataclass
class _Crop:
    at: float
    width: float
    picture: Image


class _Clip:
    """Everything gathered from one clip before it is judged."""

    def __init__(self, profile: Profile, per_second: float) -> None:
        self.profile = profile
        self.shots: list[_Shot] = []
        self.tracker = Tracker(per_second=per_second)
        self.crops: dict[int, list[_Crop]] = {}
        self.width = self.height = 0
        self.notes: list[str] = []

    @property
    def scale(self) -> float:
        """Working pixels per full-size pixel."""
        return min(1.0, WORK_WIDTH / max(self.width, self.height, 1))

    def take(self, frame: Frame, eyes: Eyes) -> None:
        """Look at a frame and keep what is needed of it."""
        height, width = frame.image.shape[:2]
        if not self.width:
            self.width, self.height = width, height
        elif (width, height) != (self.width, self.height):
            self.notes.append(f"{frame.at:.1f}s 画面尺寸改变，已忽略")
            return
        seen = eyes.look(frame.image)
        small = cv2.resize(
            frame.image,
            None,
            fx=self.scale,
            fy=self.scale,
            interpolation=cv2.INTER_AREA,
        )
        hiding = [one.box for one in (*seen.vehicles, *seen.faint)]
        self.shots.append(_Shot(frame.at, small, seen.vehicles, seen.smoke, hiding))
        self.tracker.add(frame.at, len(self.shots) - 1, seen.vehicles)
        self._keep_crops(frame)

    def _keep_crops(self, frame: Frame) -> None:
        last = len(self.shots) - 1
        for track in self.tracker.tracks.values():
            sight = track.sights[-1]
            x1, y1, x2, y2 = sight.box
            if sight.index != last or x2 - x1 < CROP_LEAST_WIDTH:
                continue
            kept = self.crops.setdefault(track.number, [])
            if len(kept) >= CROPS_KEPT and x2 - x1 <= min(c.width for c in kept):
                continue
            top = int(max(y1 + 0.25 * (y2 - y1), 0))
            crop = frame.image[top : int(y2) + 1, max(int(x1), 0) : int(x2) + 1]
            kept.append(_Crop(frame.at, x2 - x1, crop.copy()))
            kept.sort(key=lambda c: c.width, reverse=True)
            del kept[CROPS_KEPT:]

    def hidden(self, shot: _Shot, margin: float = HIDING_MARGIN) -> Mask:
        """Where vehicles hide the scene, working size."""
        height, width = shot.small.shape[:2]
        boxes = [_scaled(one, self.scale) for one in shot.hiding]
        return box_mask(height, width, boxes, margin=margin)

    def background(self) -> Background | None:
        """The clean scene of this clip, with the camera's own where hidden."""
        if not self.shots:
            return None
        step = max(len(self.shots) // BACKGROUND_PICTURES, 1)
        chosen = self.shots[::step]
        prior = self.profile.background
        if prior is not None and prior.image.shape != chosen[0].small.shape:
            prior = None
        masks = [self.hidden(shot) for shot in chosen]
        return build_background([s.small for s in chosen], masks, prior=prior)


def _scaled(box: Box, scale: float) -> Box:
    return (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)


def analyse(
    frames: Iterable[Frame],
    *,
    eyes: Eyes,
    plates: PlateReader,
    profile: Profile,
    per_second: float,
) -> Analysis:
    """Analyse a clip's frames (already thinned to ``per_second``).

    Raises what the frames raise (VideoError) and nothing of its own.
    """
    clip = _Clip(profile, per_second)
    for frame in frames:
        clip.take(frame, eyes)
    background = clip.background()
    tracks = [t for t in clip.tracker.tracks.values() if _measurable(t, clip)]
    candidates: list[Candidate] = []
    conditions: list[gates.Condition] = []
    if background is not None and clip.shots:
        clean = luminance(background.image)
        scenes = _Scenes(clip, clean, background)
        light = gates.read_light(clean, scenes.typical_flicker())
        conditions = gates.blocking(light, profile.limits)
        blocked = "、".join(conditions)
        owners = _owners(clip)
        found = [_judge(track, clip, scenes, blocked, owners) for track in tracks]
        candidates = [
            _finish(track, clip, instants, judged, plates)
            for track, instants, judged in _settle_shared(found)
        ]
    return Analysis(
        model=eyes.version,
        pictures=len(clip.shots),
        seconds=clip.shots[-1].at if clip.shots else 0.0,
        width=clip.width,
        height=clip.height,
        conditions=[str(one) for one in conditions],
        candidates=candidates,
        vehicles=len(tracks),
        background=background,
        notes=clip.notes,
        tracks=[_best(t) for t in clip.tracker.tracks.values() if len(t.sights) > 1],
        plates=_all_plates(clip, candidates, plates),
    )


def _all_plates(
    clip: _Clip, candidates: list[Candidate], plates: PlateReader
) -> dict[int, Voted]:
    """Plates by track: the candidates', and all others' where the profile asks."""
    found = {one.track: one.plate for one in candidates}
    if clip.profile.all_plates:
        for number, crops in sorted(clip.crops.items()):
            if number not in found:
                found[number] = _read_plate(crops, plates, clip.profile.home)[0]
    return found


def _best(track: Track) -> Seen:
    best = max(track.sights, key=lambda s: s.score)
    return Seen(track.number, track.kind, best.score, best.box, best.at)


def _measurable(track: Track, clip: _Clip) -> bool:
    wide = [s for s in track.sights if s.box[2] - s.box[0] >= LEAST_WIDTH * clip.width]
    return len(wide) >= LEAST_SIGHTS


class _Scenes:
    """Pictures compared with the background, each when first asked for."""

    def __init__(self, clip: _Clip, clean: Light, background: Background) -> None:
        self.clip, self.clean, self.background = clip, clean, background
        self.colours = to_linear(background.image)
        self.settings = replace(
            clip.profile.photometry, airlight=_airlight(clip, clean)
        )
        self._cache: dict[int, transmission.Scene] = {}

    def at(self, index: int) -> transmission.Scene:
        """The comparison of picture ``index``."""
        if index not in self._cache:
            shot = self.clip.shots[index]
            self._cache[index] = transmission.compare(
                to_linear(shot.small),
                self.colours,
                self.clip.hidden(shot, MEASURE_MARGIN),
                self.background.known,
                self.settings,
            )
        return self._cache[index]

    def typical_flicker(self) -> float:
        """Median fine flicker of a few pictures of the clip."""
        step = max(len(self.clip.shots) // 5, 1)
        indices = range(0, len(self.clip.shots), step)
        return float(np.median([self.at(index).flicker for index in indices]))


def _airlight(clip: _Clip, clean: Light) -> float:
    """Scattered light of the clip, from the dark parts of its vehicles."""
    step = max(len(clip.shots) // AIRLIGHT_PICTURES, 1)
    shots = [shot for shot in clip.shots[::step] if shot.vehicles]
    masks = []
    for shot in shots:
        height, width = shot.small.shape[:2]
        boxes = [_scaled(one.box, clip.scale) for one in shot.vehicles]
        masks.append(box_mask(height, width, boxes))
    road = float(np.median(clean[int(clean.shape[0] * 0.45) :]))
    return transmission.airlight_of(
        [luminance(shot.small) for shot in shots], masks, road, clip.profile.photometry
    )


Instants = list[tuple[Sight, verdict.Instant]]
_Judged = tuple[Track, Instants, verdict.Verdict]


def _judge(
    track: Track,
    clip: _Clip,
    scenes: _Scenes,
    blocked: str,
    owners: dict[tuple[int, int], int],
) -> _Judged:
    instants: Instants = []
    for number, sight in enumerate(track.sights):
        if sight.box[2] - sight.box[0] < LEAST_WIDTH * clip.width:
            continue
        trail = [
            _scaled(past.box, clip.scale)
            for past in track.sights[:number]
            if sight.at - past.at <= TRAIL_SECONDS
        ]
        box = _scaled(sight.box, clip.scale)
        measured = transmission.measure(
            scenes.at(sight.index),
            scenes.clean,
            box,
            trail,
            scenes.settings,
            heading=_heading(track.sights, number),
        )
        smoke = [
            one
            for place, one in enumerate(clip.shots[sight.index].smoke)
            if owners.get((sight.index, place)) == track.number
        ]
        support = max(smoke, key=lambda one: one.score, default=None)
        darkened = (
            _darkened(scenes.at(sight.index), support, clip.scale) if support else None
        )
        score = support.score if support else 0.0
        instants.append((sight, verdict.Instant(sight.at, measured, score, darkened)))
    judged = verdict.judge(
        [one for _, one in instants],
        clip.profile.thresholds,
        lingering=_lingering(instants, clip, scenes),
        earlier=_earlier(instants, clip, scenes),
        blocked=blocked,
    )
    return track, instants, judged


def _earlier(instants: Instants, clip: _Clip, scenes: _Scenes) -> float | None:
    """Share of a vehicle's darkening that was there before it came; None: not seen.

    Smoke of one ahead, or a background that is too bright, is dark already.
    """
    plumes = [(s, i.measure.mask) for s, i in instants if i.measure.mask is not None]
    step = max(len(plumes) // EARLIER_PICTURES, 1)
    shares = []
    for sight, mask in plumes[::step]:
        for index in range(sight.index):
            gap = sight.at - clip.shots[index].at
            if not EARLIER_SECONDS[0] <= gap <= EARLIER_SECONDS[1]:
                continue
            scene = scenes.at(index)
            seen = mask & scene.usable
            if seen.sum() < 0.5 * mask.sum():
                continue
            before = float(np.median(scene.depth[seen]))
            now = float(np.median(scenes.at(sight.index).depth[seen]))
            shares.append(before / max(now, 1e-3))
    return float(np.median(shares)) if len(shares) >= LEAST_SIGHTS else None


def _lingering(instants: Instants, clip: _Clip, scenes: _Scenes) -> float | None:
    moments = []
    for sight, instant in instants:
        scene = scenes.at(sight.index)
        box = _scaled(sight.box, clip.scale)
        dark = instant.measure.mask
        moments.append(
            persistence.Moment(sight.at, box, scene.depth, scene.usable, dark)
        )
    return persistence.lingering(moments)


def _heading(sights: list[Sight], number: int) -> transmission.Heading | None:
    """Unit vector of a vehicle's motion around one of its sights; None when it stands."""
    first = sights[max(number - HEADING_SIGHTS, 0)].box
    last = sights[min(number + HEADING_SIGHTS, len(sights) - 1)].box
    dx = (last[0] + last[2] - first[0] - first[2]) / 2
    dy = (last[1] + last[3] - first[1] - first[3]) / 2
    moved = float(np.hypot(dx, dy))
    if moved < LEAST_MOVED * (last[2] - last[0]):
        return None
    return dx / moved, dy / moved


def _darkened(
    scene: transmission.Scene, smoke: Detection, scale: float
) -> float | None:
    """Optical depth of the darker half of a smoke box; None where nothing is known."""
    x1, y1, x2, y2 = (max(int(edge), 0) for edge in _scaled(smoke.box, scale))
    usable = scene.usable[y1 : y2 + 1, x1 : x2 + 1]
    if usable.size < 30 or usable.mean() < LEAST_KNOWN:
        return None
    return float(np.percentile(scene.depth[y1 : y2 + 1, x1 : x2 + 1][usable], 70))


def _owners(clip: _Clip) -> dict[tuple[int, int], int]:
    """Whose smoke each smoke box is: (picture, place in its list) to track number.

    Smoke lies where its vehicle has just been, so the vehicle whose recent way covers
    most of the box owns it; without such a way the nearest does.
    """
    by_picture: dict[int, list[tuple[Track, int]]] = {}
    for track in clip.tracker.tracks.values():
        for number, sight in enumerate(track.sights):
            by_picture.setdefault(sight.index, []).append((track, number))
    owners = {}
    for index, shot in enumerate(clip.shots):
        for place, one in enumerate(shot.smoke):
            claims = [
                (_claim(track, number, one.box), track.number)
                for track, number in by_picture.get(index, [])
            ]
            best = max(claims, default=(0.0, 0))
            if best[0] > 0:
                owners[index, place] = best[1]
    return owners


def _claim(track: Track, number: int, smoke: Box) -> float:
    """How well a smoke box fits a vehicle: 0 not at all, above 1 on its recent way."""
    sight = track.sights[number]
    x1, y1, x2, y2 = sight.box
    w, h = x2 - x1, y2 - y1
    apart_x = max(smoke[0] - x2, x1 - smoke[2], 0.0) / max(w, 1.0)
    apart_y = max(smoke[1] - y2, y1 - smoke[3], 0.0) / max(h, 1.0)
    area = (smoke[2] - smoke[0]) * (smoke[3] - smoke[1])
    if apart_x > NEAR_SMOKE or apart_y > NEAR_SMOKE or area > LARGEST_SMOKE * w * h:
        return 0.0
    way = [
        past.box
        for past in track.sights[:number]
        if sight.at - past.at <= TRAIL_SECONDS
    ]
    covered = max((_shared_area(smoke, box) for box in way), default=0.0)
    return 1.0 - apart_x - apart_y + covered / max(area, 1.0)


def _shared_area(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def _settle_shared(found: list[_Judged]) -> list[_Judged]:
    """Proposals only; where two vehicles share one plume, the likelier source stays."""
    proposed = [one for one in found if one[2].proposal is not verdict.Proposal.NOTHING]
    proposed.sort(key=_strength, reverse=True)
    kept: list[_Judged] = []
    for one in proposed:
        if not any(
            _share_plume(one[1], other[1]) or _drives_through(one, other)
            for other in kept
        ):
            kept.append(one)
    kept = [
        one
        for one in kept
        if not any(_drives_through(one, other) for other in kept if other is not one)
    ]
    return sorted(kept, key=lambda one: one[1][0][0].at)


def _drives_through(one: _Judged, other: _Judged) -> bool:
    """Whether a vehicle only follows another in its smoke, which is no weaker."""
    if one[2].level.value > other[2].level.value + MUCH_DARKER:
        return False
    followed = 0
    for sight, _ in one[1]:
        followed += any(
            FOLLOWS[0] <= sight.at - past.at <= FOLLOWS[1]
            and overlap(sight.box, past.box) > SAME_PLACE
            for past, _ in other[1]
        )
    return followed >= LEAST_SIGHTS and followed > len(one[1]) / 3


def _strength(judged: _Judged) -> tuple[float, int, float]:
    """Clean air before it first, then more plume pictures, then the nearer plume."""
    plumes = [(s, i) for s, i in judged[1] if i.measure.mask is not None]
    if not plumes:
        return -1.0, judged[2].physics_frames, -1e9
    ahead = float(np.median([i.measure.ahead for _, i in plumes]))
    apart = float(np.median([_distance(s.box, i.measure) for s, i in plumes]))
    return -round(ahead, 1), judged[2].physics_frames, -apart


def _distance(vehicle: Box, measured: transmission.Measure) -> float:
    assert measured.box is not None
    middle = (
        (measured.box[0] + measured.box[2]) / 2,
        (measured.box[1] + measured.box[3]) / 2,
    )
    foot = ((vehicle[0] + vehicle[2]) / 2, vehicle[3])
    return float(np.hypot(middle[0] - foot[0], middle[1] - foot[1])) / max(
        vehicle[2] - vehicle[0], 1.0
    )


def _share_plume(one: Instants, other: Instants) -> bool:
    theirs = {i.at: i.measure.mask for _, i in other if i.measure.mask is not None}
    both = [(i.measure.mask, theirs[i.at]) for _, i in one if i.at in theirs]
    shared = [
        mask is not None
        and (mask & twin).sum() > 0.5 * max(min(mask.sum(), twin.sum()), 1)
        for mask, twin in both
    ]
    return len(shared) >= 2 and sum(shared) > len(shared) / 2


def _finish(
    track: Track,
    clip: _Clip,
    instants: Instants,
    judged: verdict.Verdict,
    plates: PlateReader,
) -> Candidate:
    plate, picture, plate_at = _read_plate(
        clip.crops.get(track.number, []), plates, clip.profile.home
    )
    curve = [_point(sight, instant, clip.scale) for sight, instant in instants]
    return Candidate(
        track=track.number,
        kind=track.kind,
        begins=track.sights[0].at,
        ends=track.sights[-1].at,
        verdict=judged,
        plate=plate,
        plate_picture=picture,
        plate_at=plate_at,
        curve=curve,
        evidence_times=_evidence_times(curve),
    )


def _read_plate(
    crops: list[_Crop], plates: PlateReader, home: str
) -> tuple[Voted, Image | None, float | None]:
    """The voted plate, its best picture and the time of that picture."""
    found = [(crop, one) for crop in crops for one in plates.find(crop.picture, most=1)]
    if not found:
        return vote([], home=home), None, None
    # Distant readings only add noise to near ones.
    widest = max(_width(one) for _, one in found)
    near = [(c, one) for c, one in found if _width(one) >= NEAR_PLATE * widest]
    crop, best = max(near, key=lambda pair: pair[1].reading.score)
    voted = vote([one.reading for _, one in near], home=home)
    return voted, best.picture, crop.at


def _width(plate: FoundPlate) -> float:
    return plate.box[2] - plate.box[0]


def _point(sight: Sight, instant: verdict.Instant, scale: float) -> CurvePoint:
    measured = instant.measure
    return CurvePoint(
        at=round(instant.at, 3),
        vehicle=sight.box,
        plume=_scaled(measured.box, 1 / scale) if measured.box else None,
        opacity=round(measured.opacity, 4),
        sigma=round(measured.sigma, 4),
        finding=str(measured.finding),
        detector=round(instant.detector, 3),
    )


def _evidence_times(curve: list[CurvePoint]) -> tuple[float, ...]:
    """First, darkest and last picture with a plume; else the detector's best ones."""
    plumes = [p for p in curve if p.finding == transmission.Finding.PLUME]
    shown = plumes or [p for p in curve if p.detector > 0] or curve
    darkest = max(shown, key=lambda p: (p.opacity, p.detector))
    others = [p for p in shown if p is not darkest] or [darkest]
    return tuple(sorted({others[0].at, darkest.at, others[-1].at}))
