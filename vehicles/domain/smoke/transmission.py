"""Plume by transmission: how much of a known background still shines through.

In linear light a plume gives ``I = T·B + (1 − T)·A``. With the camera's own clean
background B and soot's faint scattered light A, T follows pixel by pixel. What else
darkens a road differs in shape: a shadow is flat with sharp edges and keeps to its
vehicle, an object brings edges of its own, spray and dust are brighter than the road.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import cv2
import numpy as np

from vehicles.domain.smoke.background import Box, Mask, box_mask
from vehicles.domain.smoke.photometry import LUMINANCE_BGR, Light

# By how much of itself the scattered light may be misjudged.
VEIL_DOUBT = 0.3


class Finding(StrEnum):
    """What the darkening near a vehicle is."""

    PLUME = "plume"
    NOTHING = "nothing"
    SHADOW = "shadow"
    OBJECT = "object"
    BRIGHT = "bright"
    UNDETERMINED = "undetermined"


Heading = tuple[float, float]


@dataclass(frozen=True)
class Settings:
    """Limits of the method; each is a row a camera may override.

    ``airlight`` is the light soot scatters (linear, 0..1); ``least_depth`` the smallest
    optical depth that counts; ``darkest_background`` the luminance under which a plume
    cannot be told from the road. ``hug`` and ``apart`` are distances from the
    vehicle in its widths: contact shadows lie inside the first, soft ones in the second; ``sharpest`` the steepest edge, in plume
    cores per vehicle width; ``most_cast`` the largest difference of red and blue depth.
    """

    airlight: float = 0.012
    usual_road: float = 0.12
    most_veil: float = 0.65
    least_depth: float = 0.11
    darkest_background: float = 0.045
    brightest_background: float = 0.92
    reach_side: float = 1.3
    reach_up: float = 0.5
    reach_down: float = 1.3
    trail_side: float = 0.35
    trail_up: float = 0.4
    trail_down: float = 0.15
    least_area: float = 0.10
    hug: float = 0.10
    hug_moving: float = 0.18
    apart: float = 0.25
    least_apart: float = 0.30
    ahead: float = 0.6
    sharpest: float = 14.0
    flattest: float = 0.55
    most_cast: float = 0.25
    most_bright: float = 0.5


@dataclass(frozen=True)
class Scene:
    """One picture beside its background: optical depth H×W, of red and blue too."""

    depth: Light
    red: Light
    blue: Light
    usable: Mask
    hidden: Mask
    noise: float
    gain: float
    flicker: float = 0.0


@dataclass(frozen=True)
class Measure:
    """A plume candidate at one vehicle in one picture.

    ``depth`` is the optical depth of its core (90th percentile), ``opacity`` 1 − e^−depth,
    ``sigma`` the uncertainty of the opacity, ``area`` its pixels over the vehicle's,
    ``box`` its bounds in pixels. ``flatness`` is the share of pixels near the median
    depth (high in shadows), ``sharpness`` the steepness of its edges (high in shadows
    and objects), ``apart`` the share of it that lies off the vehicle, ``cast`` how much
    deeper red is than blue (positive in shade lit by the sky), ``ahead`` how much of
    the soft darkening lies before the vehicle, where its own smoke cannot be.
    """

    finding: Finding
    reason: str
    opacity: float = 0.0
    depth: float = 0.0
    sigma: float = 0.0
    area: float = 0.0
    flatness: float = 0.0
    sharpness: float = 0.0
    apart: float = 0.0
    cast: float = 0.0
    box: Box | None = None
    background: float = 0.0
    ahead: float = 0.0
    mask: Mask | None = field(default=None, compare=False, repr=False)


def compare(
    seen: Light, background: Light, hidden: Mask, known: Mask, settings: Settings
) -> Scene:
    """Optical depth of a picture against its background, exposure evened out.

    ``seen`` and ``background`` are linear light H×W×3 (BGR); ``hidden`` is True on
    vehicles, ``known`` where the background is known.
    """
    before = background @ LUMINANCE_BGR
    usable = (
        known
        & ~hidden
        & (before > settings.darkest_background)
        & (before < settings.brightest_background)
    )
    if usable.sum() < 0.02 * usable.size:
        zero = np.zeros(before.shape, np.float32)
        return Scene(zero, zero, zero, np.zeros_like(usable), hidden, 1.0, 1.0)
    now = seen @ LUMINANCE_BGR
    gain = float(np.median(now[usable] / before[usable]))
    depth = _depth(now, before * gain, settings.airlight)
    red = _depth(seen[..., 2], background[..., 2] * gain, settings.airlight)
    blue = _depth(seen[..., 0], background[..., 0] * gain, settings.airlight)
    # A low percentile: plumes and shadows may fill much of the picture.
    noise = float(np.percentile(np.abs(depth[usable]), 40) * 1.9)
    fine = np.abs(depth - cv2.blur(depth, (9, 9)))[usable]
    flicker = float(np.median(fine) * 1.48)
    return Scene(depth, red, blue, usable, hidden, noise, gain, flicker)


def airlight_of(
    pictures: list[Light], vehicles: list[Mask], road: float, s: Settings
) -> float:
    """The light that the darkest things still send: soot's own, and haze before it.

    Tyres and the dark under a vehicle are as black as soot, so haze between them and the
    camera shows in them. ``pictures`` are luminances, ``road`` that of the clean road.
    """
    darkest = [
        float(np.percentile(light[mask], 2))
        for light, mask in zip(pictures, vehicles, strict=True)
        if mask.sum() >= 100
    ]
    least = s.airlight * min(road / s.usual_road, 1.0)
    if not darkest:
        return least
    return float(np.clip(np.median(darkest), least, s.most_veil * road))


def _depth(now: Light, before: Light, airlight: float) -> Light:
    passed = (now - airlight) / np.maximum(before - airlight, 1e-3)
    smooth = cv2.blur(np.clip(passed, 0.02, 2.0).astype(np.float32), (3, 3))
    result: Light = -np.log(smooth)
    return result


def search_area(
    box: Box, trail: list[Box], height: int, width: int, s: Settings, *, moving: bool
) -> Mask:
    """Where a vehicle's plume may be.

    A moving vehicle leaves its smoke where it has just been, and there its own shadow
    and its neighbours' are not. Around one that stands smoke may go anywhere.
    """
    mask = np.zeros((height, width), np.bool_)
    side, up, down = (
        (s.trail_side, s.trail_up, s.trail_down)
        if moving
        else (s.reach_side, s.reach_up, s.reach_down)
    )
    for x1, y1, x2, y2 in trail if moving else [box, *trail]:
        w, h = x2 - x1, y2 - y1
        left, right = int(x1 - side * w), int(x2 + side * w)
        top, bottom = int(y1 - up * h), int(y2 + down * h)
        mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return mask


def measure(
    scene: Scene,
    background: Light,
    box: Box,
    trail: list[Box],
    settings: Settings,
    *,
    heading: Heading | None = None,
) -> Measure:
    """The darkening at one vehicle: what it is and how deep its core is.

    ``heading`` is the unit vector of its motion in the picture. Its smoke lies behind
    it; soft darkening before it is somebody else's.
    """
    height, width = scene.depth.shape
    # Contact shadows hug the vehicle; nothing is measured in that band.
    moving = heading is not None and bool(trail)
    hug = settings.hug_moving if moving else settings.hug
    hugging = box_mask(height, width, [box], margin=hug)
    area = search_area(box, trail, height, width, settings, moving=moving)
    here = area & scene.usable & ~hugging
    if here.sum() < 60:
        return Measure(Finding.UNDETERMINED, "背景过暗、过亮或被遮挡")
    floor = max(settings.least_depth, 2.5 * scene.noise)
    if floor > 0.6:
        return Measure(Finding.UNDETERMINED, "画面噪声过大")
    dark = here & (scene.depth > floor)
    bright = here & (scene.depth < -floor)
    before = _before(box, heading, height, width, settings)
    mask = _attached(dark & ~before, box)
    ahead = _ahead(scene, _attached(dark & before, box), mask, box, settings)
    vehicle = max((box[2] - box[0]) * (box[3] - box[1]), 1.0)
    share = float(mask.sum()) / vehicle
    if share < settings.least_area or mask.sum() < 30:
        if bright.sum() > settings.least_area * vehicle:
            return Measure(Finding.BRIGHT, "亮于背景：水雾或扬尘", area=share)
        return Measure(Finding.NOTHING, "未见变暗", area=share)
    found = _judge(scene, background, mask, bright, box, settings)
    return replace(found, ahead=ahead)


def _before(
    box: Box, heading: Heading | None, height: int, width: int, s: Settings
) -> Mask:
    """Everything that lies before a moving vehicle; nothing where it stands."""
    if heading is None:
        return np.zeros((height, width), np.bool_)
    dx, dy = heading
    across = np.arange(width, dtype=np.float32) - (box[0] + box[2]) / 2
    down = np.arange(height, dtype=np.float32) - (box[1] + box[3]) / 2
    half = abs(dx) * (box[2] - box[0]) / 2 + abs(dy) * (box[3] - box[1]) / 2
    result: Mask = dx * across[None, :] + dy * down[:, None] > s.ahead * half
    return result


def _ahead(scene: Scene, before: Mask, behind: Mask, box: Box, s: Settings) -> float:
    """Share of the soft darkening that lies before the vehicle (a shadow is not soft)."""
    size = float(before.sum())
    if size < 30:
        return 0.0
    core = float(np.percentile(scene.depth[before], 90))
    if _sharpness(scene, before, core, box[2] - box[0]) > s.sharpest:
        return 0.0
    return size / (size + float(behind.sum()))


def _attached(dark: Mask, box: Box) -> Mask:
    """Parts of the dark mask that reach the vehicle's surroundings."""
    opened = cv2.morphologyEx(
        dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    x1, y1, x2, y2 = box
    near = 0.35 * (x2 - x1)
    kept = np.zeros(dark.shape, np.bool_)
    for label in range(1, count):
        left, top, w, h, size = stats[label]
        apart_x = max(left - x2, x1 - (left + w), 0)
        apart_y = max(top - y2, y1 - (top + h), 0)
        if size >= 12 and apart_x <= near and apart_y <= near:
            kept |= labels == label
    return kept


def _sharpness(scene: Scene, mask: Mask, core: float, width: float) -> float:
    """Steepness of a region's edges, away from vehicles, in cores per vehicle width."""
    kernel = np.ones((5, 5), np.uint8)
    around = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    vehicles = cv2.dilate(scene.hidden.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    place = around & ~vehicles
    if place.sum() < 20:
        return 99.0
    across = cv2.Sobel(scene.depth, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(scene.depth, cv2.CV_32F, 0, 1, ksize=3) / 8
    slope = np.hypot(across, down)[place]
    return float(np.percentile(slope, 92) * width / max(core, 1e-3))


def _judge(
    scene: Scene,
    background: Light,
    mask: Mask,
    bright: Mask,
    box: Box,
    settings: Settings,
) -> Measure:
    inside = scene.depth[mask]
    peak = float(np.percentile(inside, 99))
    body = inside[inside > 0.1 * peak]
    core = float(np.percentile(body, 90))
    middle = float(np.median(inside))
    width = box[2] - box[0]
    near = box_mask(mask.shape[0], mask.shape[1], [box], margin=settings.apart)
    under = float(np.median(background[mask]))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    opacity = 1.0 - float(np.exp(-core))
    # Noise of the core, and the scattered light that is only assumed.
    sigma = float(
        np.hypot(
            scene.noise * (1.0 - opacity),
            VEIL_DOUBT * settings.airlight / max(under - settings.airlight, 1e-3),
        )
    )
    shape = Measure(
        finding=Finding.PLUME,
        reason="背景被遮减、边缘未移动",
        opacity=opacity,
        depth=core,
        sigma=sigma,
        area=float(mask.sum()) / max(width * (box[3] - box[1]), 1.0),
        flatness=float(np.mean(np.abs(inside - middle) < 0.16 * middle + 0.02)),
        sharpness=_sharpness(scene, mask, core, width),
        apart=float((mask & ~near).sum() / mask.sum()),
        cast=float(np.median(scene.red[mask]) - np.median(scene.blue[mask]))
        / max(middle, 1e-3),
        box=(
            float(columns[0]),
            float(rows[0]),
            float(columns[-1] + 1),
            float(rows[-1] + 1),
        ),
        background=under,
        mask=mask,
    )
    finding, reason = _name(shape, int(bright.sum()), int(mask.sum()), settings)
    return replace(shape, finding=finding, reason=reason)


def _name(
    shape: Measure, bright: int, dark: int, settings: Settings
) -> tuple[Finding, str]:
    if bright > settings.most_bright * dark:
        return Finding.BRIGHT, "明暗混杂：水雾、扬尘或反光"
    if shape.apart < settings.least_apart:
        return Finding.SHADOW, "紧贴车身：车底阴影"
    if shape.sharpness > settings.sharpest:
        if shape.flatness > settings.flattest:
            return Finding.SHADOW, "均匀变暗、边缘锐利：阴影"
        return Finding.OBJECT, "出现新的边缘：物体而非烟"
    if abs(shape.cast) > settings.most_cast:
        return Finding.OBJECT, "颜色改变：不是黑烟"
    return Finding.PLUME, shape.reason
