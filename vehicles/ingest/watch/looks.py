"""What single pictures tell: did anything move, is the picture sharp, lit, in place."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

GATE_SIZE = (96, 54)
# Grey levels by which a cell must differ, and the share of cells that must.
MOVED_BY, MOVED_SHARE = 14.0, 0.004
BLURRED = 0.25
DARK = 12.0
SHIFTED = 0.02
LEAST_RESPONSE = 0.03
SHIFT_SIZE = (320, 180)


@dataclass
class MotionGate:
    """Compares small grey pictures with a slowly following one."""

    _slow: Floats | None = None
    moved: bool = False

    def see(self, image: Image) -> bool:
        """Take a picture; whether enough of it differs from the quiet scene."""
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(grey, GATE_SIZE, interpolation=cv2.INTER_AREA)
        now = cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)
        if self._slow is None:
            self._slow = now
            return False
        even = now - (np.median(now) - np.median(self._slow))
        changed = np.abs(even - self._slow) > MOVED_BY
        rate = np.where(changed, 0.02, 0.25)
        self._slow = (self._slow * (1 - rate) + now * rate).astype(np.float32)
        moving = bool(changed.mean() > MOVED_SHARE)
        self.moved = self.moved or moving
        return moving

    def take(self) -> bool:
        """Whether anything moved since the last call."""
        moved, self.moved = self.moved, False
        return moved


@dataclass
class PictureHealth:
    """Sharpness and light of recent pictures, and how far the view has moved."""

    sharpness: float | None = None
    usual_sharpness: float | None = None
    brightness: float | None = None
    view_shift: float | None = None
    _reference: Floats | None = field(default=None, repr=False)

    def use_reference(self, background: Image | None) -> None:
        """Compare the view with this clean background from now on."""
        self._reference = None if background is None else _edges(background)

    def see(self, image: Image) -> None:
        """Take a picture into account."""
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(grey, (640, 360), interpolation=cv2.INTER_AREA)
        self.sharpness = float(cv2.Laplacian(small, cv2.CV_32F).var())
        self.brightness = float(small.mean())
        if self.usual_sharpness is None:
            self.usual_sharpness = self.sharpness
        self.usual_sharpness += 0.02 * (self.sharpness - self.usual_sharpness)
        if self._reference is not None:
            self.view_shift = _shift(self._reference, _edges(image))

    def problem(self) -> str:
        """What is wrong with the picture, in words; empty when nothing is."""
        if self.brightness is not None and self.brightness < DARK:
            return "画面过暗或镜头被遮挡"
        if (
            self.sharpness is not None
            and self.usual_sharpness is not None
            and self.sharpness < BLURRED * self.usual_sharpness
        ):
            return "画面模糊"
        if self.view_shift is not None and self.view_shift > SHIFTED:
            return "视角已移动，背景与点位需重新核定"
        return ""


def _edges(image: Image) -> Floats:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, SHIFT_SIZE, interpolation=cv2.INTER_AREA)
    edges = cv2.Canny(small, 60, 140)
    return cv2.GaussianBlur(edges, (5, 5), 0).astype(np.float32)


def _shift(reference: Floats, now: Floats) -> float:
    """Shift of the view as a share of its width; 1 when the scenes do not match at all."""
    window = cv2.createHanningWindow(SHIFT_SIZE, cv2.CV_32F)
    (dx, dy), response = cv2.phaseCorrelate(reference, now, window)
    if response < LEAST_RESPONSE:
        return 1.0
    return float(np.hypot(dx, dy) / SHIFT_SIZE[0])
