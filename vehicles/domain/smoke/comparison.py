"""A picture beside its camera's clean background, as optical depth per pixel.

In linear light a plume gives ``I = T·B + (1 − T)·A``. With the clean background B and
the scattered light A, T follows pixel by pixel, and the depth is −ln T.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.photometry import Image, Light, luminance, to_linear
from vehicles.domain.smoke.regions import Box, Mask, Region, Window, box_mask

# Depths are kept as whole numbers of this fineness: half the memory, no visible loss.
FINENESS: Final = 8192.0
# Figures of a whole picture come from every such pixel of every such row.
STRIDE: Final = 3
BLUE, RED = 0, 2


@dataclass(frozen=True)
class Settings:
    """Limits of the method; each is a row a camera may override.

    ``airlight`` is the light soot scatters (linear, 0..1); ``least_depth`` the smallest
    optical depth that counts; ``darkest_background`` the luminance under which a plume
    cannot be told from the road. ``hug`` and ``apart`` are distances from the
    vehicle in its widths: contact shadows lie inside the first, soft ones in the second;
    ``sharpest`` the steepest edge, in plume
    cores per vehicle width; ``most_cast`` by how much deeper red may be than blue (in
    shade lit by the sky it is), ``least_cast`` the same the other way (soot is brownish,
    and tail lights lie on the road behind a vehicle).
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
    least_cast: float = -0.5
    most_cast: float = 0.25
    most_bright: float = 0.5


@dataclass(frozen=True)
class Clean:
    """A clean background made ready: its colours, luminance and where it can be used."""

    image: Image
    light: Light
    usable: Mask

    @classmethod
    def of(cls, background: Background, settings: Settings) -> Self:
        """Usable is what is known and neither too dark nor too bright to compare."""
        light = luminance(background.image)
        usable: Mask = (
            background.known
            & (light > settings.darkest_background)
            & (light < settings.brightest_background)
        )
        return cls(background.image, light, usable)


@dataclass(frozen=True)
class Scene:
    """One picture beside its background. ``coded`` is the optical depth in whole numbers.

    ``bare`` is where depth means something when no vehicle hides it; ``boxes`` are what
    vehicles hide. Both are small or shared: a clip has many scenes.
    """

    coded: NDArray[np.int16]
    bare: Mask = field(repr=False)
    boxes: Sequence[Box]
    noise: float
    gain: float
    airlight: float = 0.0
    clean: Clean | None = field(default=None, repr=False)
    seen: Image | None = field(default=None, repr=False)

    @classmethod
    def plain(cls, depth: Light) -> Self:
        """A scene of known depth, without noise or vehicles."""
        return cls(_coded(depth), np.ones(depth.shape, np.bool_), (), 0.0, 1.0)

    @property
    def whole(self) -> Window:
        """The window of the whole picture."""
        height, width = self.bare.shape
        return Window(0, 0, width, height)

    def hidden_in(self, window: Window) -> Mask:
        """Where vehicles hide the scene in a window."""
        return box_mask(*window.shape, [window.inner(one) for one in self.boxes])

    def usable_in(self, window: Window) -> Mask:
        """Where depth means something in a window."""
        result: Mask = window.of(self.bare) & ~self.hidden_in(window)
        return result

    def depth_in(self, window: Window) -> Light:
        """Optical depth in a window."""
        depth: Light = window.of(self.coded).astype(np.float32)
        depth *= 1 / FINENESS
        return depth

    @cached_property
    def flicker(self) -> float:
        """Robust spread of the depth from one pixel to the next."""
        depth = self.coded.astype(np.float32)
        depth *= 1 / FINENESS
        fine = np.abs(depth - cv2.blur(depth, (9, 9)))
        usable = self.usable_in(self.whole)[::STRIDE, ::STRIDE]
        if not usable.any():
            return 0.0
        return float(np.median(fine[::STRIDE, ::STRIDE][usable]) * 1.48)

    def cast(self, region: Region) -> float:
        """By how much red is deeper than blue in a region."""
        if self.clean is None or self.seen is None:
            return 0.0
        height, width = self.bare.shape
        window = Window.around([region.box], height, width, margin=2)
        inside = np.zeros(window.shape, np.bool_)
        top, left = region.window.top - window.top, region.window.left - window.left
        rows, columns = region.mask.shape
        inside[top : top + rows, left : left + columns] = region.mask
        seen, clean = window.of(self.seen), window.of(self.clean.image)
        red, blue = (
            np.median(
                _depth(
                    to_linear(seen[..., channel]),
                    to_linear(clean[..., channel]) * np.float32(self.gain),
                    self.airlight,
                )[inside]
            )
            for channel in (RED, BLUE)
        )
        return float(red - blue)


def compare(
    seen: Image, clean: Clean, boxes: Sequence[Box], settings: Settings
) -> Scene:
    """Optical depth of a picture against its background, exposure evened out.

    ``seen`` is H×W×3 (BGR); ``boxes`` are what vehicles hide.
    """
    height, width = clean.usable.shape
    usable = clean.usable & ~box_mask(height, width, boxes)
    if np.count_nonzero(usable) < 0.02 * usable.size:
        nothing = np.zeros(usable.shape, np.int16)
        return Scene(nothing, np.zeros_like(usable), boxes, 1.0, 1.0)
    now = luminance(seen)
    some = usable[::STRIDE, ::STRIDE]
    if not some.any():
        some = np.ones_like(some)
    ratio = now[::STRIDE, ::STRIDE][some] / clean.light[::STRIDE, ::STRIDE][some]
    gain = float(np.median(ratio))
    depth = _depth(now, clean.light * np.float32(gain), settings.airlight)
    # A low percentile: plumes and shadows may fill much of the picture.
    spread = np.abs(depth[::STRIDE, ::STRIDE][some])
    return Scene(
        coded=_coded(depth),
        bare=clean.usable,
        boxes=boxes,
        noise=float(np.percentile(spread, 40) * 1.9),
        gain=gain,
        airlight=settings.airlight,
        clean=clean,
        seen=seen,
    )


def _coded(depth: Light) -> NDArray[np.int16]:
    result: NDArray[np.int16] = cv2.multiply(depth, FINENESS, dtype=cv2.CV_16S)
    return result


def _depth(now: Light, before: Light, airlight: float) -> Light:
    """−ln of the share of light that passes, smoothed 3×3; both arrays are used up."""
    before -= np.float32(airlight)
    np.maximum(before, np.float32(1e-3), out=before)
    now -= np.float32(airlight)
    now /= before
    np.clip(now, np.float32(0.02), np.float32(2.0), out=now)
    depth: Light = cv2.log(cv2.blur(now, (3, 3)))
    return np.negative(depth, out=depth)


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
