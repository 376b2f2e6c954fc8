"""Plumes and look-alikes painted into photos, with the labels that follow.

Soot goes behind, beside or above a vehicle and is labelled; shadows, asphalt
patches, steam, dust and spray go in the same places and are not.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vehicles.domain.smoke.photometry import Image, to_coded, to_linear
from vehicles.vision import plume

Box = tuple[float, float, float, float]

# Grey levels a plume must take from its box, on average, to be labelled.
FAINTEST = 7.0


@dataclass(frozen=True)
class Painted:
    """A painted picture and the boxes (pixels) of the soot in it."""

    image: Image
    boxes: list[Box]


def _puffs(box: Box, rng: np.random.Generator) -> list[plume.Puff]:
    """A plume drawn out from one of the places where an exhaust ends."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    size = min(width, height * 1.3)
    place = rng.choice(["left", "right", "low", "stack"], p=[0.33, 0.33, 0.22, 0.12])
    side = -1.0 if place == "left" or (place != "right" and rng.random() < 0.5) else 1.0
    x = {"left": x1 + 0.1 * width, "right": x2 - 0.1 * width}.get(
        str(place), x1 + width * rng.uniform(0.2, 0.8)
    )
    y = y1 + 0.05 * height if place == "stack" else y2 - 0.12 * height
    direction = np.array([side * rng.uniform(0.3, 1.0), rng.uniform(-0.25, 0.2)])
    if place == "stack":
        direction = np.array([side * rng.uniform(0.2, 0.9), rng.uniform(-1.0, -0.2)])
    elif place == "low":
        direction = np.array([side * rng.uniform(0.0, 0.6), rng.uniform(0.1, 0.45)])
    length = size * rng.uniform(0.6, 2.2)
    start = size * rng.uniform(0.07, 0.18)
    spread = rng.uniform(0.12, 0.35)
    puffs = []
    count = int(rng.integers(14, 40))
    for along in np.linspace(0, 1, count):
        radius = start + along * length * spread
        jitter = rng.standard_normal(2) * radius * 0.35
        centre = np.array([x, y]) + direction * along * length + jitter
        depth = (start / radius) ** 0.8 * rng.uniform(0.4, 1.0)
        puffs.append(plume.Puff(centre[0], centre[1], radius, depth))
    return puffs


def _field(
    image: Image, box: Box, rng: np.random.Generator, level: float
) -> plume.Field:
    height, width = image.shape[:2]
    smooth = plume.blobs(height, width, _puffs(box, rng))
    scale = max((box[2] - box[0]) * rng.uniform(0.12, 0.3), 4.0)
    return plume.scale_to_level(plume.roughen(smooth, rng, scale=scale), level)


def paint_soot(image: Image, vehicles: list[Box], rng: np.random.Generator) -> Painted:
    """One or two plumes of level 1.2 to 4.8 at vehicles; their boxes are the labels.

    Large vehicles smoke more often. A plume that hardly darkens anything (over a
    dark vehicle, say) is not painted, since nobody could label it.
    """
    boxes: list[Box] = []
    count = 1 if len(vehicles) == 1 or rng.random() < 0.75 else 2
    areas = np.array([(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in vehicles])
    for index in rng.choice(
        len(vehicles), size=count, replace=False, p=areas / areas.sum()
    ):
        for _ in range(4):
            kind = "brown" if rng.random() < 0.3 else "soot"
            level = float(rng.uniform(1.2, 4.8))
            field = _field(image, vehicles[int(index)], rng, level)
            visible = plume.visible_box(field)
            if visible is None or not _worth_a_label(visible, image):
                continue
            painted = plume.shine_through(image, field, kind)
            if _darkening(image, painted, visible) < FAINTEST:
                continue
            image = painted
            boxes.append(visible)
            break
    return Painted(image, boxes)


def _worth_a_label(box: Box, image: Image) -> bool:
    """Whether a box is at least 3 % of the picture's width on its shorter side."""
    return min(box[2] - box[0], box[3] - box[1]) >= image.shape[1] * 0.03


def _darkening(before: Image, after: Image, box: tuple[int, int, int, int]) -> float:
    """Mean loss of grey levels inside a box."""
    x1, y1, x2, y2 = box
    loss = before[y1:y2, x1:x2].astype(np.float32) - after[y1:y2, x1:x2]
    return float(loss.mean())


def crop_near(
    image: Image, vehicles: list[Box], rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """A window in which one of the vehicles is as large as roadside cameras see it."""
    height, width = image.shape[:2]
    areas = np.array([(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in vehicles])
    x1, y1, x2, y2 = vehicles[int(rng.choice(len(vehicles), p=areas / areas.sum()))]
    wide = int(np.clip((x2 - x1) / rng.uniform(0.15, 0.45), min(240, width), width))
    high = int(np.clip(wide * rng.uniform(0.6, 0.9), min(160, height), height))
    left = int(np.clip((x1 + x2) / 2 - wide * rng.uniform(0.3, 0.7), 0, width - wide))
    top = int(np.clip((y1 + y2) / 2 - high * rng.uniform(0.3, 0.7), 0, height - high))
    return left, top, left + wide, top + high


def _shadow(image: Image, box: Box, rng: np.random.Generator) -> Image:
    """A cast shadow or asphalt patch: light is lost, edges and texture stay."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    w, h = x2 - x1, y2 - y1
    shift, drop = rng.uniform(-0.9, 0.9) * w, rng.uniform(0.0, 0.25) * h
    corners = np.array(
        [
            [x1, y2 - 0.06 * h],
            [x2, y2 - 0.06 * h],
            [x2 + shift, y2 + drop],
            [x1 + shift, y2 + drop + rng.uniform(0.05, 0.3) * h],
        ]
    )
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(mask, (0, 0), max(w * rng.uniform(0.005, 0.04), 0.6))
    tint = np.array([1.15, 1.0, 0.9], np.float32) * float(rng.uniform(0.2, 0.6))
    factor = 1 - soft[..., None] * (1 - tint)
    return to_coded(to_linear(image) * factor)


def paint_lookalike(
    image: Image, vehicles: list[Box], rng: np.random.Generator
) -> Image:
    """Shadows, steam, dust or spray at up to three vehicles; nothing to label."""
    count = min(len(vehicles), int(rng.integers(1, 4)))
    for index in rng.choice(len(vehicles), size=count, replace=False):
        box = vehicles[int(index)]
        kind = str(
            rng.choice(["shadow", "steam", "dust", "spray"], p=[0.5, 0.2, 0.15, 0.15])
        )
        if kind == "shadow":
            image = _shadow(image, box, rng)
        else:
            field = _field(image, box, rng, float(rng.uniform(1.0, 3.5)))
            image = plume.shine_through(image, field, kind)
    return image


def weather(image: Image, rng: np.random.Generator) -> Image:
    """Haze, dusk, blur and sensor noise, as a roadside camera has them."""
    light = to_linear(image)
    if rng.random() < 0.3:
        haze = float(rng.uniform(0.05, 0.35))
        light = light * (1 - haze) + haze * float(rng.uniform(0.4, 0.8))
    light = light * float(rng.uniform(0.6, 1.15))
    coded = to_coded(light)
    if rng.random() < 0.25:
        coded = cv2.GaussianBlur(coded, (0, 0), float(rng.uniform(0.4, 1.2)))
    noise = rng.normal(0, float(rng.uniform(0, 5)), coded.shape)
    return np.clip(coded + noise, 0, 255).astype(np.uint8)
