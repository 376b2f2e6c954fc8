"""Single pictures without a camera's background: detector, plate, a rough darkness.

With no clean background the scene beside the plume has to stand for it, which is good to
about one level; the page says so and no capture is confirmed on it.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from vehicles.domain.plates import is_valid
from vehicles.domain.smoke.photometry import Image, luminance
from vehicles.domain.smoke.regions import Box, box_mask
from vehicles.domain.smoke.ringelmann import grade_of
from vehicles.vision import plate_rows
from vehicles.vision.detector import Detection, Eyes, Seen
from vehicles.vision.pictures import Picture
from vehicles.vision.plate_reader import FoundPlate, PlateReader

SMOKE_SCORE = 0.16
# A box less sure than this is chance where it is small beside the picture, or where there
# are vehicles and it lies farther from each than this many of its sizes.
WEAK_SCORE, SMALL_SHARE, FAR_SIZES = 0.4, 0.025, 1.5
# A ring darker than this cannot stand for a background.
DARKEST_RING = 0.04
RING = 0.35
PLATE_LEAST_WIDTH = 60
# A picture without a plate on a vehicle is searched at this size as a whole.
WHOLE_SIDE = 1280
PLATE_RATIO, WIDEST_PLATE, PLATE_SCORE = (1.8, 6.0), 800, 0.6
# Small crops are enlarged by at most so much before a plate is looked for in them.
ENLARGE = 3.0


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
    notes: list[str] = field(default_factory=list)


def look_at_still(
    picture: Picture,
    *,
    eyes: Eyes,
    plates: PlateReader | None,
    threshold: float = SMOKE_SCORE,
) -> Still:
    """Vehicles, plumes above ``threshold`` with their darkness, and plates.

    Boxes are in pixels of the upright original, whatever size was looked at.
    """
    image, scale = picture.image, picture.scale
    seen = eyes.look(image)
    kept = [
        one
        for one in seen.smoke
        if one.score >= threshold and _credible(one, seen, image.shape[:2])
    ]
    light = luminance(image) if kept else None
    boxes = [one.box for one in (*seen.vehicles, *kept)]
    smoke = []
    for one in kept:
        assert light is not None
        dark, ring = darkness(light, one.box, boxes)
        level = grade_of(5 * dark) if ring >= DARKEST_RING else None
        box = enlarged(one.box, scale)
        smoke.append(StillSmoke(box, one.score, round(dark, 3), level))
    found = _plates(image, seen.vehicles, plates) if plates else []
    return Still(
        vehicles=[replace(one, box=enlarged(one.box, scale)) for one in seen.vehicles],
        smoke=smoke,
        plates=[replace(one, corners=one.corners * scale) for one in found],
        width=picture.width,
        height=picture.height,
        notes=list(picture.notes),
    )


def _credible(one: Detection, seen: Seen, shape: tuple[int, ...]) -> bool:
    """Whether a plume is sure, or as large and as near to a vehicle as plumes are."""
    if one.score >= WEAK_SCORE:
        return True
    x1, y1, x2, y2 = one.box
    if (x2 - x1) * (y2 - y1) < SMALL_SHARE * shape[0] * shape[1]:
        return False
    vehicles = [other.box for other in (*seen.vehicles, *seen.faint)]
    return not vehicles or any(
        _apart_from(one.box, box) <= FAR_SIZES for box in vehicles
    )


def _apart_from(plume: Box, vehicle: Box) -> float:
    """Gap between two boxes in sizes of the second one; 0 where they touch."""
    across = max(plume[0] - vehicle[2], vehicle[0] - plume[2], 0.0)
    down = max(plume[1] - vehicle[3], vehicle[1] - plume[3], 0.0)
    return max(
        across / max(vehicle[2] - vehicle[0], 1.0),
        down / max(vehicle[3] - vehicle[1], 1.0),
    )


def enlarged(box: Box, scale: float) -> Box:
    """A box of the picture that was looked at, in pixels of the original."""
    return (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)


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
    """Plates of large vehicles, else of the whole picture, else the picture itself."""
    found: list[FoundPlate] = []
    for one in vehicles:
        x1, y1, x2, y2 = (int(edge) for edge in one.box)
        if x2 - x1 < PLATE_LEAST_WIDTH:
            continue
        left, top = max(x1, 0), max(y1, 0)
        crop = image[top:y2, left:x2]
        for plate in reader.find(crop, most=1, enlarge=ENLARGE):
            moved = plate.corners + np.array([left, top], np.float32)
            found.append(replace(plate, corners=moved))
    found = _apart(found) or reader.find(image, most=2, side=WHOLE_SIDE)
    return found or _as_plate(image, reader)


def _apart(found: list[FoundPlate]) -> list[FoundPlate]:
    """Each plate once, though the boxes of two vehicles may both hold it."""
    kept: list[FoundPlate] = []
    for one in sorted(found, key=lambda plate: plate.reading.score, reverse=True):
        centre = one.corners.mean(0)
        if all(
            float(np.abs(centre - other.corners.mean(0)).max())
            > (other.box[2] - other.box[0]) / 2
            for other in kept
        ):
            kept.append(one)
    return kept


def _as_plate(image: Image, reader: PlateReader) -> list[FoundPlate]:
    """A picture that is nothing but a plate, as capture devices send them."""
    height, width = image.shape[:2]
    if not PLATE_RATIO[0] < width / height < PLATE_RATIO[1] or width > WIDEST_PLATE:
        return []
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    line, reading = image, reader.read(image)
    if plate_rows.squat(corners) and not is_valid(reading.text):
        line = plate_rows.one_line(image)
        reading = plate_rows.of_seven(reader.read(line))
    if not is_valid(reading.text) or reading.score < PLATE_SCORE:
        return []
    return [FoundPlate(corners, reading.score, image, line, reading)]
