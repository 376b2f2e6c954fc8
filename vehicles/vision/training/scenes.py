"""Drawn scenes for training: trucks, shadows and plumes seen by many invented cameras."""

import cv2
import numpy as np

from vehicles.domain.smoke.photometry import Image
from vehicles.vision.render.clips import ClipArtist, Spec, Truth
from vehicles.vision.render.scene import View
from vehicles.vision.training.dataset import NAMES, SMOKE, Label, Sample

TRUCK = NAMES.index("truck")
LIGHTS = ("day", "day", "day", "haze", "dusk", "shadow", "rain")
KINDS = ("soot", "soot", "brown")
FRAMES_PER_SCENE = 3


def random_view(rng: np.random.Generator) -> View:
    """A camera on a pole of 4 to 9 metres, looking at 18 to 40 metres."""
    pole = float(rng.uniform(4.0, 9.0))
    pitch = float(np.degrees(np.arctan(pole / rng.uniform(26, 60))))
    return View(
        width=960,
        height=540,
        focal=float(rng.uniform(1100, 2100)),
        pole=pole,
        offset=float(rng.uniform(-3, 3)),
        pitch=pitch,
        yaw=float(rng.uniform(-5, 5)),
    )


def random_spec(number: int, rng: np.random.Generator) -> Spec:
    """A truck with a level between none and 5, in some light."""
    smoking = rng.random() < 0.65
    paint = tuple(int(v) for v in rng.integers(30, 225, 3))
    return Spec(
        name=f"scene-{number:03d}",
        plate=f"新E{rng.integers(10000, 99999)}",
        level=float(rng.uniform(0.9, 4.8)) if smoking else 0.0,
        light=str(rng.choice(LIGHTS)),
        speed=float(rng.uniform(5, 16)),
        lane=float(rng.choice([-5.6, -2.0, 2.0, 5.6]) + rng.uniform(-0.4, 0.4)),
        paint=(paint[0], paint[1], paint[2]),
        kind=str(rng.choice(KINDS)),
        wind=float(rng.uniform(-1.6, 1.6)),
        seed=int(rng.integers(1, 1 << 30)),
        enters=1.5,
    )


def draw_scenes(count: int, rng: np.random.Generator) -> list[Sample]:
    """``count`` scenes, three pictures of each, with truck and plume boxes."""
    samples = []
    for number in range(count):
        spec = random_spec(number, rng)
        artist = ClipArtist(spec, random_view(rng))
        for picture, distance in enumerate(rng.uniform(20, 62, FRAMES_PER_SCENE)):
            truth = Truth(spec)
            now = spec.enters + (distance - 12.0) / spec.speed
            image = artist.frame(float(now), truth)
            samples.append(
                Sample(f"{spec.name}-{picture}", _shrink(image), _labels(truth))
            )
    return samples


def _shrink(image: Image) -> Image:
    return cv2.resize(image, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)


def _labels(truth: Truth) -> list[Label]:
    labels: list[Label] = []
    vehicle, plume = truth.vehicles[-1], truth.plumes[-1]
    if vehicle is not None:
        x1, y1, x2, y2 = (float(edge) * 2 / 3 for edge in vehicle[:4])
        labels.append((TRUCK, x1, y1, x2, y2))
    if plume is not None and min(plume[2] - plume[0], plume[3] - plume[1]) > 18:
        x1, y1, x2, y2 = (float(edge) * 2 / 3 for edge in plume[:4])
        labels.append((SMOKE, x1, y1, x2, y2))
    return labels
