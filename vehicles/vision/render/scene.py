"""A drawn road seen by a pole camera: geometry, ground, sky.

World axes in metres: x to the right, y along the road away from the camera, z up.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image, to_coded
from vehicles.vision.plume import fractal_noise

Points = NDArray[np.float64]

# Ground texture: metres shown, and pixels per metre of it.
GROUND_NEAR, GROUND_FAR, GROUND_HALF_WIDTH = 6.0, 260.0, 45.0
ALONG_PX, ACROSS_PX = 8.0, 24.0


@dataclass(frozen=True)
class View:
    """A pinhole camera on a pole: height and offset in metres, angles in degrees."""

    width: int = 1600
    height: int = 900
    focal: float = 3000.0
    pole: float = 6.2
    offset: float = -0.6
    pitch: float = 8.0
    yaw: float = 0.0

    def project(self, points: Points) -> Points:
        """Pixels N×2 of world points N×3; behind the camera gives NaN."""
        pitch, yaw = np.radians(self.pitch), np.radians(self.yaw)
        moved = points - np.array([self.offset, 0.0, self.pole])
        x = moved[:, 0] * np.cos(yaw) - moved[:, 1] * np.sin(yaw)
        y = moved[:, 0] * np.sin(yaw) + moved[:, 1] * np.cos(yaw)
        depth = y * np.cos(pitch) - moved[:, 2] * np.sin(pitch)
        down = -(moved[:, 2] * np.cos(pitch)) - y * np.sin(pitch)
        depth = np.where(depth > 0.2, depth, np.nan)
        u = self.width / 2 + self.focal * x / depth
        v = self.height / 2 + self.focal * down / depth
        return np.stack([u, v], axis=1)

    def scale(self, y: float) -> float:
        """Pixels per metre at a distance along the road."""
        return self.focal / max(y * float(np.cos(np.radians(self.pitch))), 0.5)


def _road_texture(rng: np.random.Generator) -> NDArray[np.float32]:
    """Linear-light BGR of the ground: asphalt, lines, gravel, steppe."""
    rows = int((GROUND_FAR - GROUND_NEAR) * ALONG_PX)
    columns = int(GROUND_HALF_WIDTH * 2 * ACROSS_PX)
    x = (np.arange(columns) / ACROSS_PX - GROUND_HALF_WIDTH)[None, :]
    y = (np.arange(rows) / ALONG_PX + GROUND_NEAR)[:, None]
    coarse = fractal_noise(rows, columns, rng, cell=90)
    fine = rng.standard_normal((rows, columns)).astype(np.float32)
    steppe = np.array([0.10, 0.17, 0.21], np.float32) * (
        1 + 0.16 * coarse[..., None] + 0.10 * fine[..., None]
    )
    asphalt = np.array([0.118, 0.116, 0.112], np.float32) * (
        1 + 0.06 * coarse[..., None] + 0.05 * fine[..., None]
    )
    wear = 1 + 0.10 * np.exp(-(((np.abs(x) % 3.75) - 1.0) ** 2) / 0.12)
    ground = np.where((np.abs(x) < 8.6)[..., None], asphalt * wear[..., None], steppe)
    shoulder = (np.abs(x) >= 8.6) & (np.abs(x) < 10.0)
    gravel = np.array([0.17, 0.19, 0.21], np.float32) * (1 + 0.12 * fine[..., None])
    ground = np.where(shoulder[..., None], gravel, ground)
    white = np.float32(0.62) * (1 + 0.05 * fine)
    solid = np.abs(np.abs(x) - 7.6) < 0.075
    dashed = (np.abs(np.abs(x) - 3.75) < 0.075) & (y % 15 < 6)
    middle = (np.abs(np.abs(x) - 0.14) < 0.07) & (y > 0)
    ground = np.where((solid | dashed)[..., None], white[..., None], ground)
    yellow = np.array([0.09, 0.42, 0.55], np.float32)
    return np.where(middle[..., None], yellow, ground).astype(np.float32)


def _sky(view: View, horizon: int, rng: np.random.Generator) -> NDArray[np.float32]:
    height, width = view.height, view.width
    top, low = np.array([0.62, 0.47, 0.36]), np.array([0.80, 0.77, 0.73])
    fade = np.clip(np.arange(height) / max(horizon, 1), 0, 1)[:, None, None]
    sky = (top * (1 - fade) + low * fade) * np.ones((1, width, 1))
    clouds = np.clip(fractal_noise(height, width, rng, cell=260), 0, 2)[..., None]
    sky = sky * (1 - 0.25 * clouds) + 0.25 * clouds * 0.9
    ridge = fractal_noise(1, width, rng, cell=220, octaves=5)[0] * 16 + 44
    rows = np.arange(height)[:, None]
    hills = rows > (horizon - np.clip(ridge, 6, 110))[None, :]
    tone = np.array([0.40, 0.34, 0.30])
    return np.where(hills[..., None], tone, sky).astype(np.float32)


def draw_background(view: View, rng: np.random.Generator) -> Image:
    """The empty scene as the camera sees it, H×W×3 BGR."""
    texture = _road_texture(rng)
    rows, columns = texture.shape[:2]
    corners = np.array(
        [
            [-GROUND_HALF_WIDTH, GROUND_NEAR, 0.0],
            [GROUND_HALF_WIDTH, GROUND_NEAR, 0.0],
            [GROUND_HALF_WIDTH, GROUND_FAR, 0.0],
            [-GROUND_HALF_WIDTH, GROUND_FAR, 0.0],
        ]
    )
    inside = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    seen = view.project(corners).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(inside, seen)
    size = (view.width, view.height)
    ground = cv2.warpPerspective(texture, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((rows, columns), np.float32), matrix, size)
    horizon = int(np.nanmin(seen[:, 1]))
    sky = _sky(view, horizon, rng)
    haze = np.clip((np.arange(view.height) - horizon) / 90.0, 0, 1)[:, None, None]
    air = np.array([0.66, 0.63, 0.60], np.float32)
    ground = ground * (0.45 + 0.55 * haze) + air * (0.55 - 0.55 * haze) * 0.6
    light = sky * (1 - mask[..., None]) + ground * mask[..., None]
    return to_coded(cv2.GaussianBlur(light, (0, 0), 0.7))
