"""Whole clips with their truth: the demo's four and a varied set for measurement."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import numpy as np

from bozhou_eco.common.video import encode
from vehicles.domain.smoke.photometry import Image, to_coded, to_linear
from vehicles.vision.plume import core_level, shine_through, visible_box
from vehicles.vision.render.scene import View, draw_background
from vehicles.vision.render.trail import Trail, Vector, Wind
from vehicles.vision.render.truck import Placed, Truck, draw_truck, faces, shade

FPS = 25
NEAREST = 12.0


@dataclass(frozen=True)
class Spec:
    """What happens in a clip. Levels are Ringelmann 0..5; ``light`` names the scene."""

    name: str
    plate: str
    level: float = 0.0
    light: str = "day"
    speed: float = 8.0
    lane: float = 2.1
    seconds: float = 12.0
    enters: float = 2.0
    paint: tuple[int, int, int] = (150, 128, 96)
    plate_colour: str = "yellow"
    plate_rows: int = 1
    seed: int = 1
    kind: str = "soot"
    wind: float = -0.8
    rate: int = FPS


@dataclass
class Truth:
    """What is known of a clip, frame by frame."""

    spec: Spec
    levels: list[float] = field(default_factory=list)
    vehicles: list[tuple[float, ...] | None] = field(default_factory=list)
    plumes: list[tuple[int, ...] | None] = field(default_factory=list)
    # Pixels of the plate's width where it is wholly in the picture.
    plate_widths: list[float | None] = field(default_factory=list)

    def as_json(self) -> str:
        """The truth as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)


def _weather(picture: Image, light: str, rng: np.random.Generator) -> Image:
    if light == "haze":
        return to_coded(to_linear(picture) * 0.72 + 0.16)
    if light == "night":
        dark = to_linear(picture) * np.array([0.035, 0.030, 0.028], np.float32)
        return to_coded(dark)
    if light == "dusk":
        return to_coded(to_linear(picture) * 0.45)
    if light == "rain":
        streaks = rng.random(picture.shape[:2]) > 0.9985
        lines = cv2.filter2D(
            streaks.astype(np.float32), -1, np.ones((22, 1), np.float32)
        )
        wet = to_linear(picture) * 0.6 + 0.08
        return to_coded(wet + np.clip(lines, 0, 1)[..., None] * 0.22)
    return picture


class ClipArtist:
    """One clip being drawn, any instant in any order."""

    def __init__(self, spec: Spec, view: View) -> None:
        self.spec, self.view = spec, view
        self.rng = np.random.default_rng(spec.seed)
        self.truck = Truck(
            spec.plate, spec.plate_colour, spec.plate_rows, paint=spec.paint
        )
        self.background = draw_background(view, self.rng)
        self.textures = faces(self.truck, self.rng)
        self.trail = Trail(
            path=self._exhaust,
            project=self._project,
            wind=Wind(x=spec.wind),
            rng=self.rng,
        )
        middle = [spec.enters + (y - NEAREST) / spec.speed for y in (26, 32, 38, 46)]
        self.trail.calibrate(spec.level, middle, view.height, view.width)

    def _distance(self, now: float) -> float:
        return NEAREST + (now - self.spec.enters) * self.spec.speed

    def _exhaust(self, now: float) -> tuple[Vector, Vector] | None:
        if now < self.spec.enters - 1.0:
            return None
        at = np.array([self.spec.lane - 0.9, self._distance(now) - 0.2, 0.55])
        return at, np.array([0.0, self.spec.speed, 0.0])

    def _project(self, points: Vector) -> tuple[Vector, Vector]:
        pixels = self.view.project(points)
        scale = np.array([self.view.scale(y) for y in points[:, 1]])
        return pixels, scale

    def frame(self, now: float, truth: Truth) -> Image:
        """Draw the instant ``now`` and note its truth."""
        picture = self.background.copy()
        y = self._distance(now)
        placed = Placed(self.truck, self.spec.lane, y) if y > 2 else None
        if placed is not None and y < 200:
            if self.spec.light == "shadow":
                picture = self._long_shadow(picture, placed)
            picture = draw_truck(picture, self.view, placed, self.textures)
        level, plume = 0.0, None
        if self.spec.level > 0:
            depth = self.trail.depth(now, self.view.height, self.view.width)
            level = core_level(depth)
            full = cv2.resize(depth, (self.view.width, self.view.height))
            plume = visible_box(full)
            picture = shine_through(picture, full, self.spec.kind)
        soot = self.spec.kind == "soot"
        truth.levels.append(round(level, 3) if soot else 0.0)
        truth.vehicles.append(placed.box(self.view) if placed and y < 200 else None)
        truth.plumes.append(plume)
        wide = placed.plate_width(self.view) if placed and y < 200 else None
        truth.plate_widths.append(wide and round(wide, 1))
        picture = _weather(picture, self.spec.light, self.rng)
        noise = self.rng.standard_normal(picture.shape[:2])[..., None] * 1.6
        return np.clip(picture + noise, 0, 255).astype(np.uint8)

    def _long_shadow(self, picture: Image, placed: Placed) -> Image:
        """The low sun's shadow of the truck across the lanes to its left."""
        left, near = placed.x - 1.25, placed.y
        far, reach = placed.y + self.truck.length, 5.5
        ground = [
            (left, near),
            (left, far),
            (left - reach, far - 1),
            (left - reach, near - 1),
        ]
        soft = max(self.view.scale(near) * 0.03, 0.8)
        return shade(picture, self.view, ground, depth=0.68, soft=soft)


def frames(spec: Spec, view: View, truth: Truth) -> Iterator[Image]:
    """Frames of a clip in order; ``truth`` fills as they are drawn."""
    clip = ClipArtist(spec, view)
    for number in range(int(spec.seconds * spec.rate)):
        yield clip.frame(number / spec.rate, truth)


def render(spec: Spec, folder: Path, *, view: View | None = None) -> Truth:
    """Draw a clip to ``folder/NAME.mp4`` and its truth to ``NAME.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = Truth(spec)
    pictures = frames(spec, view or View(), truth)
    encode(folder / f"{spec.name}.mp4", pictures, rate=spec.rate)
    (folder / f"{spec.name}.json").write_text(truth.as_json(), encoding="utf-8")
    return truth


def demo_specs() -> list[Spec]:
    """The demo's four cameras: level 3, level 1, clean, a dark shadow."""
    return [
        Spec("g3018-level3", "新E·0K73X", level=3.0, seed=11),
        Spec("g312-level1", "新E·1M28X", level=1.2, seed=12, paint=(88, 96, 170)),
        Spec("g30-clean", "新E·7B15X", seed=13, paint=(172, 172, 168)),
        Spec(
            "bole-shadow", "新E·3T90X", seed=14, light="shadow", paint=(110, 150, 118)
        ),
    ]


# The cameras of the measured set: smaller pictures, fewer of them, other places.
MEASURE_RATE = 12
MEASURE_VIEWS = (
    View(1280, 720, focal=2400.0),
    View(1280, 720, focal=2000.0, pole=7.5, offset=1.8, pitch=10.0, yaw=1.5),
    View(1280, 720, focal=2700.0, pole=5.2, offset=-2.4, pitch=7.0, yaw=-1.5),
)
# Light and what hangs in the air, four clips in six with soot.
MEASURE_PLAN = (
    *(("day", "soot"),) * 14,
    *(("haze", "soot"),) * 4,
    *(("dusk", "soot"),) * 3,
    *(("day", "none"),) * 4,
    *(("haze", "none"), ("dusk", "none")),
    *(("shadow", "none"),) * 4,
    *(("day", "steam"), ("day", "spray"), ("day", "dust"), ("day", "dust")),
    *(("night", "soot"), ("rain", "soot"), ("night", "none"), ("rain", "none")),
)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def measure_view(number: int) -> View:
    """The camera of the clip of that number."""
    return MEASURE_VIEWS[number % len(MEASURE_VIEWS)]


def measure_specs(series: int = 0) -> list[Spec]:
    """A varied drawn set: levels, light, plates, colours, lanes, speeds, cameras.

    ``series`` 0 is what methods are developed with; others are for the last look.
    """
    rng = np.random.default_rng(20261123 + series)
    specs = []
    soot = sum(kind == "soot" for _, kind in MEASURE_PLAN)
    ladder = iter(rng.permutation(np.linspace(0.9, 4.9, soot)))
    for number, (light, kind) in enumerate(MEASURE_PLAN):
        serial = "".join(rng.choice(list(LETTERS), 5))
        paint = [int(v) for v in rng.integers(40, 210, 3)]
        level = float(next(ladder)) if kind == "soot" else 2.5
        specs.append(
            Spec(
                name=f"drawn-{series}-{number:02d}-{light}-{kind}",
                plate=f"新{rng.choice(list('ABEFN'))}{serial}",
                level=0.0 if kind == "none" else level,
                light=light,
                speed=float(rng.uniform(6, 11)),
                lane=float(rng.choice([2.0, 4.6, -1.6]) + rng.uniform(-0.3, 0.3)),
                paint=(paint[0], paint[1], paint[2]),
                plate_colour=str(rng.choice(["yellow", "yellow", "blue"])),
                seed=500 + number + 1000 * series,
                kind=kind,
                wind=float(rng.uniform(-1.3, 1.3)),
                seconds=11.0,
                rate=MEASURE_RATE,
            )
        )
    return specs
