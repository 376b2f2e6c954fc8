"""Single pictures without a camera's background: detector, plate, a rough darkness.

With no clean background the scene beside the plume has to stand for it, which is good to
about one level; the page says so and no capture is confirmed on it.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vehicles.domain.smoke.background import Box, box_mask
from vehicles.domain.smoke.photometry import Image, luminance
from vehicles.domain.smoke.ringelmann import grade_of
from vehicles.vision.detector import Detection, Eyes
from vehicles.vision.plate_reader import FoundPlate, PlateReader

SMOKE_SCORE = 0.15
# A ring darker than this cannot stand for a background.
DARKEST_RING = 0.04
RING = 0.35
PLATE_LEAST_WIDTH = 60
MOST_SIDE = 4096


class PictureError(ValueError):
    """A picture that cannot be used; the message says why."""


@dataclass(frozen=True)
class StillSmoke:
    """A plume in a single picture; ``ringelmann`` is None where light forbids a guess."""

    box: Box
    score: float
    darkness: float
    ringelmann: int | None


@dataclass(frozen=True)
class Still:
    """What a single picture shows."""

    vehicles: list[Detection]
    smoke: list[StillSmoke]
    plates: list[FoundPlate]
    width: int
    height: int


def read_picture(path: Path) -> Image:
    """Decode a picture file, at most 4096 pixels wide; PictureError when it is broken."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise PictureError(f"无法读取：{error.strerror or error}") from error
    return decode_picture(data.tobytes())


def decode_picture(content: bytes) -> Image:
    """Decode picture bytes; PictureError when empty or broken."""
    if not content:
        raise PictureError("文件为 0 字节")
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureError("图片损坏，无法解码") from error
    if image is None or min(image.shape[:2]) < 8:
        raise PictureError("图片损坏，无法解码")
    scale = MOST_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(
            image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
        )
    return image


def look_at_still(
    image: Image,
    *,
    eyes: Eyes,
    plates: PlateReader | None,
    threshold: float = SMOKE_SCORE,
) -> Still:
    """Vehicles, plumes above ``threshold`` with their darkness, and plates."""
    seen = eyes.look(image)
    kept = [one for one in seen.smoke if one.score >= threshold]
    light = luminance(image) if kept else None
    boxes = [one.box for one in (*seen.vehicles, *kept)]
    smoke = []
    for one in kept:
        assert light is not None
        dark, ring = darkness(light, one.box, boxes)
        level = grade_of(5 * dark) if ring >= DARKEST_RING else None
        smoke.append(StillSmoke(one.box, one.score, round(dark, 3), level))
    height, width = image.shape[:2]
    found = _plates(image, seen.vehicles, plates) if plates else []
    return Still(seen.vehicles, smoke, found, width, height)


def darkness(
    light: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    box: Box,
    others: list[Box],
) -> tuple[float, float]:
    """1 − plume/background (0..1) of a box, and the luminance of the ring used.

    The ring lies around the box, without vehicles and plumes; the plume's luminance is
    the tenth percentile inside, so that its core counts and not its edges.
    """
    height, width = light.shape
    x1, y1, x2, y2 = box
    ring = box_mask(height, width, [box], margin=RING)
    ring &= ~box_mask(height, width, [box, *others])
    inside = light[max(int(y1), 0) : max(int(y2), 1), max(int(x1), 0) : max(int(x2), 1)]
    if not inside.size:
        return 0.0, 0.0
    around = light[ring]
    if around.size < 50:
        around = light[~box_mask(height, width, [box])]
    background = float(np.median(around)) if around.size else 0.0
    core = float(np.percentile(inside, 10))
    if background <= 0:
        return 0.0, 0.0
    return float(np.clip(1.0 - core / background, 0.0, 1.0)), background


def _plates(
    image: Image, vehicles: list[Detection], reader: PlateReader
) -> list[FoundPlate]:
    """Plates of large vehicles; of the whole picture when it shows no vehicle."""
    found: list[FoundPlate] = []
    for one in vehicles:
        x1, y1, x2, y2 = (int(edge) for edge in one.box)
        if x2 - x1 < PLATE_LEAST_WIDTH:
            continue
        left, top = max(x1, 0), max(y1, 0)
        crop = image[top:y2, left:x2]
        for plate in reader.find(crop, most=1):
            moved = plate.corners + np.array([left, top], np.float32)
            found.append(FoundPlate(moved, plate.score, plate.picture, plate.reading))
    if not vehicles:
        found = reader.find(image, most=2)
    return found
