"""Plume by transmission: how much of a known background still shines through.

What else darkens a road differs in shape: a shadow is flat with sharp edges and keeps to
its vehicle, an object brings edges of its own, spray and dust are brighter than the road.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import cv2
import numpy as np

from vehicles.domain.smoke.comparison import Scene, Settings
from vehicles.domain.smoke.photometry import Light
from vehicles.domain.smoke.regions import Box, Mask, Region, Window, box_mask

# By how much of itself the scattered light may be misjudged.
VEIL_DOUBT = 0.3
# Pixels around the searched area that its edges are judged with.
EDGE = 8
# A dark spot of fewer pixels is noise.
LEAST_PART = 12


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
class Measure:
    """A plume candidate at one vehicle in one picture.

    ``depth`` is the optical depth of its core (90th percentile), ``opacity`` 1 − e^−depth,
    ``sigma`` the uncertainty of the opacity, ``area`` its pixels over the vehicle's,
    ``region`` where it is. ``flatness`` is the share of pixels near the median
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
    background: float = 0.0
    ahead: float = 0.0
    region: Region | None = field(default=None, compare=False, repr=False)

    @property
    def box(self) -> Box | None:
        """Bounds of the plume in pixels."""
        return self.region.box if self.region else None


def search_window(
    box: Box, trail: list[Box], height: int, width: int, s: Settings, *, moving: bool
) -> tuple[Window, Mask]:
    """Where a vehicle's plume may be: a window and the part of it that counts.

    A moving vehicle leaves its smoke where it has just been, and there its own shadow
    and its neighbours' are not. Around one that stands smoke may go anywhere.
    """
    side, up, down = (
        (s.trail_side, s.trail_up, s.trail_down)
        if moving
        else (s.reach_side, s.reach_up, s.reach_down)
    )
    places = []
    for x1, y1, x2, y2 in trail if moving else [box, *trail]:
        w, h = x2 - x1, y2 - y1
        places.append(
            (
                int(x1 - side * w),
                int(y1 - up * h),
                int(x2 + side * w),
                int(y2 + down * h),
            )
        )
    window = Window.around(places, height, width, margin=EDGE)
    mask = np.zeros(window.shape, np.bool_)
    for left, top, right, bottom in places:
        mask[
            max(top - window.top, 0) : max(bottom - window.top, 0),
            max(left - window.left, 0) : max(right - window.left, 0),
        ] = True
    return window, mask


@dataclass(frozen=True)
class _Place:
    """What is known of the surroundings of one vehicle: all of it in one window."""

    scene: Scene
    window: Window
    box: Box
    depth: Light
    hidden: Mask
    settings: Settings

    @property
    def width(self) -> float:
        """The vehicle's width."""
        return self.box[2] - self.box[0]


def measure(
    scene: Scene,
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
    height, width = scene.bare.shape
    moving = heading is not None and bool(trail)
    window, area = search_window(box, trail, height, width, settings, moving=moving)
    inner = window.inner(box)
    # Contact shadows hug the vehicle; nothing is measured in that band.
    hug = settings.hug_moving if moving else settings.hug
    here = area & scene.usable_in(window)
    here &= ~box_mask(*window.shape, [inner], margin=hug)
    if np.count_nonzero(here) < 60:
        return Measure(Finding.UNDETERMINED, "背景过暗、过亮或被遮挡")
    floor = max(settings.least_depth, 2.5 * scene.noise)
    if floor > 0.6:
        return Measure(Finding.UNDETERMINED, "画面噪声过大")
    place = _Place(
        scene, window, inner, scene.depth_in(window), scene.hidden_in(window), settings
    )
    dark = here & (place.depth > floor)
    before = _before(inner, heading, window, settings)
    mask = _attached(dark & ~before, inner)
    vehicle = max((box[2] - box[0]) * (box[3] - box[1]), 1.0)
    count = int(np.count_nonzero(mask))
    share = count / vehicle
    bright = int(np.count_nonzero(here & (place.depth < -floor)))
    if share < settings.least_area or count < 30:
        if bright > settings.least_area * vehicle:
            return Measure(Finding.BRIGHT, "亮于背景：水雾或扬尘", area=share)
        return Measure(Finding.NOTHING, "未见变暗", area=share)
    found = _judge(place, mask, bright)
    ahead = _ahead(place, _attached(dark & before, inner), count)
    return replace(found, ahead=ahead)


def _before(box: Box, heading: Heading | None, window: Window, s: Settings) -> Mask:
    """Everything that lies before a moving vehicle; nothing where it stands."""
    height, width = window.shape
    if heading is None:
        return np.zeros((height, width), np.bool_)
    dx, dy = heading
    across = np.arange(width, dtype=np.float32) - (box[0] + box[2]) / 2
    down = np.arange(height, dtype=np.float32) - (box[1] + box[3]) / 2
    half = abs(dx) * (box[2] - box[0]) / 2 + abs(dy) * (box[3] - box[1]) / 2
    result: Mask = dx * across[None, :] + dy * down[:, None] > s.ahead * half
    return result


def _ahead(place: _Place, before: Mask, behind: int) -> float:
    """Share of the soft darkening that lies before the vehicle (a shadow is not soft)."""
    size = int(np.count_nonzero(before))
    if size < 30:
        return 0.0
    core = float(np.percentile(place.depth[before], 90))
    if _sharpness(place, before, core) > place.settings.sharpest:
        return 0.0
    return size / (size + behind)


def _attached(dark: Mask, box: Box) -> Mask:
    """Parts of the dark mask that reach the vehicle's surroundings."""
    if np.count_nonzero(dark) < LEAST_PART:
        return np.zeros(dark.shape, np.bool_)
    opened = cv2.morphologyEx(
        dark.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        opened, connectivity=8, ltype=cv2.CV_16U
    )
    x1, y1, x2, y2 = box
    near = 0.35 * (x2 - x1)
    left, top, w, h, size = stats.T
    apart_x = np.maximum(np.maximum(left - x2, x1 - (left + w)), 0)
    apart_y = np.maximum(np.maximum(top - y2, y1 - (top + h)), 0)
    kept = (size >= LEAST_PART) & (apart_x <= near) & (apart_y <= near)
    kept[0] = False
    result: Mask = kept[labels] if count > 1 else np.zeros(dark.shape, np.bool_)
    return result


def _sharpness(place: _Place, mask: Mask, core: float) -> float:
    """Steepness of a region's edges, away from vehicles, in cores per vehicle width."""
    around = cv2.dilate(mask.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    around &= cv2.dilate(place.hidden.view(np.uint8), np.ones((7, 7), np.uint8)) == 0
    if np.count_nonzero(around) < 20:
        return 99.0
    across = cv2.Sobel(place.depth, cv2.CV_32F, 1, 0, ksize=3)[around]
    down = cv2.Sobel(place.depth, cv2.CV_32F, 0, 1, ksize=3)[around]
    slope = np.hypot(across, down) / 8
    return float(np.percentile(slope, 92) * place.width / max(core, 1e-3))


def _judge(place: _Place, mask: Mask, bright: int) -> Measure:
    settings, width = place.settings, place.width
    region = Region.tight(place.window, mask)
    inside = place.depth[mask]
    peak = float(np.percentile(inside, 99))
    core = float(np.percentile(inside[inside > 0.1 * peak], 90))
    middle = float(np.median(inside))
    near = box_mask(*place.window.shape, [place.box], margin=settings.apart)
    clean = place.scene.clean
    under = (
        float(np.median(region.window.of(clean.light)[region.mask])) if clean else 0.0
    )
    opacity = 1.0 - float(np.exp(-core))
    # Noise of the core, and the scattered light that is only assumed.
    sigma = float(
        np.hypot(
            place.scene.noise * (1.0 - opacity),
            VEIL_DOUBT * settings.airlight / max(under - settings.airlight, 1e-3),
        )
    )
    shape = Measure(
        finding=Finding.PLUME,
        reason="背景被遮减、边缘未移动",
        opacity=opacity,
        depth=core,
        sigma=sigma,
        area=len(inside) / max(width * (place.box[3] - place.box[1]), 1.0),
        flatness=float(np.mean(np.abs(inside - middle) < 0.16 * middle + 0.02)),
        sharpness=_sharpness(place, mask, core),
        apart=np.count_nonzero(mask & ~near) / len(inside),
        cast=place.scene.cast(region) / max(middle, 1e-3),
        region=region,
        background=under,
    )
    finding, reason = _name(shape, bright, len(inside), settings)
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
    if not settings.least_cast <= shape.cast <= settings.most_cast:
        return Finding.OBJECT, "颜色改变：不是黑烟"
    return Finding.PLUME, shape.reason
