"""Plumes over real footage: a tracked vehicle is made to smoke, with known truth.

The picture plane stands for the world: lengths in metres follow from the vehicle's own
width, and the vehicle hides what it leaves behind itself.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from bozhou_eco.common.video import encode, frames
from vehicles.domain.smoke.photometry import Image, luminance, to_coded, to_linear
from vehicles.vision.config import load_config
from vehicles.vision.detector import Eyes
from vehicles.vision.plume import core_level, shine_through, visible_box
from vehicles.vision.render.trail import Trail, Vector, Wind
from vehicles.vision.tracker import Track, Tracker

RATE = 12
MOST_WIDTH = 960
BEFORE, AFTER = 3.0, 3.0
LEAST_SIGHTS = 12
# A roadside camera exposes for the road; darker footage is brought to this luminance.
ROAD_LUMINANCE = 0.10
CAR_WIDTH, CAR_LENGTH = 1.9, 4.6
STEPS_PER_SECOND = 6.0

# Level, light and kind of the clips made from one video; level 0 and other kinds are
# negatives, at night nothing can be said.
PLAN: tuple[tuple[float, str, str], ...] = (
    *((level, "day", "soot") for level in (1.0, 2.0, 2.3, 2.6, 3.0, 3.4, 3.8, 4.2, 4.6, 5.0)),
    *((level, "haze", "soot") for level in (2.4, 3.2, 4.0)),
    *((level, "dusk", "soot") for level in (2.8, 3.6)),
    *((0.0, "day", "none") for _ in range(3)),
    *((2.5, "day", kind) for kind in ("steam", "spray", "dust")),
    (0.0, "shadow", "none"),
    (3.0, "night", "soot"),
    (3.0, "rain", "soot"),
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One clip to make: footage, which vehicle smokes, how much, in what light."""

    name: str
    video: str
    vehicle: int
    level: float
    light: str
    kind: str
    seed: int


@dataclass
class FootageTruth:
    """What is known of a clip over footage."""

    job: Job
    levels: list[float] = field(default_factory=list)
    vehicles: list[list[float] | None] = field(default_factory=list)
    plumes: list[list[int] | None] = field(default_factory=list)


def footage_specs(video: Path, *, series: int = 0) -> list[Job]:
    """The clips planned for a video; its largest vehicles take turns.

    Another ``series`` gives other winds, other vehicles and levels up to 0.3 away: one
    to develop with, one that is only looked at in the end.
    """
    count = max(len(_tracks(str(video))), 1)
    rng = np.random.default_rng(7000 + series)
    jobs = []
    for number, (level, light, kind) in enumerate(PLAN):
        moved = level + (rng.uniform(-0.3, 0.3) if series and level > 0 else 0.0)
        jobs.append(
            Job(
                name=f"{video.stem}-{series}-{number:02d}-{light}-{kind}-{level:.1f}",
                video=str(video),
                vehicle=(number + series) % count,
                level=round(min(float(moved), 5.0), 2),
                light=light,
                kind=kind,
                seed=100 + number + 1000 * series,
            )
        )
    return jobs


@cache
def _eyes() -> Eyes:
    config = load_config()
    return Eyes(config.vehicles_model, config.smoke_model, size=config.size)


@cache
def _tracks(video: str) -> list[Track]:
    """Vehicles of a video that can be made to smoke, the longest-seen first."""
    tracker = Tracker(per_second=STEPS_PER_SECOND)
    width = 1
    for number, frame in enumerate(frames(video, per_second=STEPS_PER_SECOND)):
        width = frame.image.shape[1]
        tracker.add(frame.at, number, _eyes().look(frame.image).vehicles)
    long = [
        t
        for t in tracker.tracks.values()
        if len(t.sights) >= LEAST_SIGHTS
        and max(s.box[2] - s.box[0] for s in t.sights) > 0.09 * width
    ]
    return sorted(long, key=lambda t: len(t.sights), reverse=True)[:8]


class _Smoker:
    """A vehicle's exhaust through the clip, in metres of the picture plane."""

    def __init__(self, track: Track, scale: float) -> None:
        self.at = np.array([s.at for s in track.sights])
        self.boxes = np.array([s.box for s in track.sights]) * scale
        middle = (self.boxes[:, 0] + self.boxes[:, 2]) / 2
        self.sideways = abs(np.ptp(middle)) > 2.2 * np.ptp(self.boxes[:, 3])
        self.forward = 1.0 if middle[-1] >= middle[0] else -1.0
        length = CAR_LENGTH if self.sideways else CAR_WIDTH
        widths = (self.boxes[:, 2] - self.boxes[:, 0]) / length
        slope, base = (
            (0.0, float(np.median(widths)))
            if self.sideways
            else np.polyfit(self.boxes[:, 3], widths, 1)
        )
        self.slope, self.base = float(slope), float(base)
        self.unit = float(np.median(widths))

    def box(self, now: float) -> Vector | None:
        """The vehicle's box at an instant, or None while it is not in the picture."""
        if not self.at[0] - 0.05 <= now <= self.at[-1] + 0.05:
            return None
        return np.array([np.interp(now, self.at, self.boxes[:, i]) for i in range(4)])

    def _place(self, box: Vector) -> Vector:
        x1, _, x2, y2 = box
        if self.sideways:
            x = x1 + 0.03 * (x2 - x1) if self.forward > 0 else x2 - 0.03 * (x2 - x1)
            return np.array([x, y2 - 0.18 * (box[3] - box[1])])
        return np.array([x1 + 0.25 * (x2 - x1), y2 - 0.2 * (box[3] - box[1])])

    def path(self, now: float) -> tuple[Vector, Vector] | None:
        """Place and velocity of the exhaust."""
        box, later = self.box(now), self.box(now + 0.1)
        if box is None:
            return None
        place = self._place(box) / self.unit
        ahead = self._place(later) / self.unit if later is not None else place
        speed = (ahead - place) / 0.1
        return np.array([*place, 0.0]), np.array([*speed, 0.0])

    def project(self, points: Vector) -> tuple[Vector, Vector]:
        """Pixels and pixels per metre of points in metres of the picture plane."""
        flat = points[:, :2] * self.unit
        scale = np.clip(self.base + self.slope * flat[:, 1], self.unit * 0.3, None)
        flat[:, 1] -= points[:, 2] * scale
        return flat, scale


def _lit(picture: Image, light: str, gain: float, rng: np.random.Generator) -> Image:
    lit = to_linear(picture) * gain
    if light == "haze":
        lit = lit * 0.72 + 0.10
    elif light == "dusk":
        lit = lit * 0.55
    elif light == "night":
        lit = lit * 0.05
    elif light == "rain":
        drops = (rng.random(picture.shape[:2]) > 0.998).astype(np.float32)
        streaks = cv2.filter2D(drops, -1, np.ones((17, 1), np.float32))
        lit = lit * 0.7 + 0.05 + np.clip(streaks, 0, 1)[..., None] * 0.25
    return to_coded(lit)


def _shadowed(picture: Image, box: Vector) -> Image:
    """A hard shadow beside the vehicle, fixed to it."""
    x1, y1, x2, y2 = box
    w, h = x2 - x1, y2 - y1
    corners = np.array([[x1, y2 - 0.1 * h], [x2, y2 - 0.1 * h], [x2 + 0.9 * w, y2 + 0.35 * h],
                        [x1 + 0.9 * w, y2 + 0.35 * h]])  # fmt: skip
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(mask, (0, 0), 1.2)[..., None]
    tint = np.array([0.36, 0.30, 0.27], np.float32)
    return to_coded(to_linear(picture) * (1 - soft * (1 - tint)))


def _scaled_frames(
    job: Job, begins: float, ends: float
) -> Iterator[tuple[float, Image]]:
    for frame in frames(job.video, per_second=RATE):
        if frame.at > ends:
            return
        if frame.at >= begins:
            factor = min(1.0, MOST_WIDTH / frame.image.shape[1])
            yield frame.at, cv2.resize(frame.image, None, fx=factor, fy=factor)


def render_over(job: Job, folder: Path) -> FootageTruth:
    """Make a clip and its truth; the footage itself is not copied anywhere else."""
    track = _tracks(job.video)[job.vehicle]
    begins = max(track.sights[0].at - BEFORE, 0.0)
    ends = track.sights[-1].at + AFTER
    pictures = list(_scaled_frames(job, begins, ends))
    height, width = pictures[0][1].shape[:2]
    full = next(iter(frames(job.video))).image.shape[1]
    smoker = _Smoker(track, width / full)
    rng = np.random.default_rng(job.seed)
    wind = Wind(x=float(rng.uniform(-1.2, 1.2)), y=0.0, z=0.5)
    trail = Trail(smoker.path, smoker.project, wind, rng)
    middle = np.linspace(track.sights[0].at + 0.6, track.sights[-1].at, 5)
    trail.calibrate(job.level, [float(t) for t in middle], height, width)
    road = float(np.median(luminance(pictures[0][1])[height // 2 :]))
    gain = float(np.clip(ROAD_LUMINANCE / max(road, 1e-3), 1.0, 4.0))
    truth = FootageTruth(job)
    made = (
        _frame(job, at, image, smoker, trail, gain, truth, rng)
        for at, image in pictures
    )
    encode(folder / f"{job.name}.mp4", made, rate=RATE)
    (folder / f"{job.name}.json").write_text(
        json.dumps(asdict(truth)), encoding="utf-8"
    )
    return truth


def _frame(
    job: Job,
    at: float,
    image: Image,
    smoker: _Smoker,
    trail: Trail,
    gain: float,
    truth: FootageTruth,
    rng: np.random.Generator,
) -> Image:
    height, width = image.shape[:2]
    image = _lit(image, "day", gain, rng)
    box = smoker.box(at)
    if job.light == "shadow" and box is not None:
        image = _shadowed(image, box)
    level, plume = 0.0, None
    if job.level > 0 and job.kind != "none":
        depth = cv2.resize(trail.depth(at, height, width), (width, height))
        if box is not None and not smoker.sideways:
            hidden = np.zeros((height, width), np.float32)
            x1, y1, x2, y2 = (int(v) for v in box)
            cv2.rectangle(hidden, (x1 + 3, y1 + 3), (x2 - 3, y2 - 3), 1.0, -1)
            depth = depth * (1 - cv2.GaussianBlur(hidden, (0, 0), 1.5))
        level, plume = core_level(depth), visible_box(depth)
        image = shine_through(image, depth, job.kind)
    truth.levels.append(round(level, 3) if job.kind == "soot" else 0.0)
    truth.vehicles.append(
        [round(float(v), 1) for v in box] if box is not None else None
    )
    truth.plumes.append(list(plume) if plume and job.kind == "soot" else None)
    return _lit(image, job.light, 1.0, rng) if job.light != "shadow" else image
