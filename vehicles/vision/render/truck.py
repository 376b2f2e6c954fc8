"""A box truck drawn face by face and put into the scene in perspective."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image, to_coded, to_linear
from vehicles.vision.plume import fractal_noise
from vehicles.vision.render.plate_art import draw_plate, draw_two_rows
from vehicles.vision.render.scene import Points, View

PX = 200  # texture pixels per metre
# The plate hangs on the bumper; metres, its size by rows of characters. It is drawn
# finer than the rest, since capture cameras resolve it.
PLATE_BELOW_SILL, PLATE_WIDTH, PLATE_HEIGHT = 0.17, 0.44, {1: 0.14, 2: 0.22}
PLATE_PX_PER_MM = 0.7
PLATE_DIRT = 0.04


@dataclass(frozen=True)
class Truck:
    """Size in metres, paint as BGR, plate text and colour."""

    plate: str
    plate_colour: str = "yellow"
    plate_rows: int = 1
    paint: tuple[int, int, int] = (150, 128, 96)
    width: float = 2.5
    height: float = 3.6
    length: float = 8.0
    sill: float = 1.05


@dataclass(frozen=True)
class Placed:
    """Where a truck's rear is at an instant: lateral position and distance, metres."""

    truck: Truck
    x: float
    y: float

    def corners(self) -> Points:
        """The eight corners of the box around the truck."""
        half, t = self.truck.width / 2, self.truck
        return np.array(
            [
                [self.x + side * half, self.y + along, up]
                for side in (-1, 1)
                for along in (0.0, t.length)
                for up in (0.0, t.height)
            ]
        )

    def plate(self) -> Points:
        """The plate's corners, clockwise from the top left."""
        half, top = PLATE_WIDTH / 2, self.truck.sill - PLATE_BELOW_SILL
        low = top - PLATE_HEIGHT[self.truck.plate_rows]
        return np.array(
            [
                [self.x + side * half, self.y, up]
                for side, up in ((-1, top), (1, top), (1, low), (-1, low))
            ]
        )

    def plate_width(self, view: View) -> float | None:
        """Pixels of the plate's width; None where it is not wholly in the picture."""
        seen = view.project(self.plate())
        inside = (seen >= 0) & (seen <= [view.width, view.height])
        if np.isnan(seen).any() or not inside.all():
            return None
        return float(np.hypot(*(seen[1] - seen[0])))

    def box(self, view: View) -> tuple[float, float, float, float] | None:
        """The bounding box in pixels, clipped; None when out of the picture."""
        seen = view.project(self.corners())
        if np.isnan(seen).any():
            return None
        x1, y1 = np.clip(seen.min(0), 0, [view.width, view.height])
        x2, y2 = np.clip(seen.max(0), 0, [view.width, view.height])
        if x2 - x1 < 4 or y2 - y1 < 4:
            return None
        return float(x1), float(y1), float(x2), float(y2)


def rear_face(truck: Truck, rng: np.random.Generator) -> Image:
    """The rear: container doors, bumper, lamps, mud flaps, wheels."""
    width, height = int(truck.width * PX), int(truck.height * PX)
    face = np.zeros((height, width, 3), np.uint8)
    box_bottom = height - int(truck.sill * PX)
    face[:box_bottom] = truck.paint
    dark = tuple(int(c * 0.72) for c in truck.paint)
    light = tuple(min(int(c * 1.15), 255) for c in truck.paint)
    for row in range(0, box_bottom, 24):
        cv2.line(face, (0, row), (width, row), light if row % 48 else dark, 2)
    cv2.rectangle(face, (4, 4), (width - 5, box_bottom - 4), dark, 12)
    cv2.line(face, (width // 2, 0), (width // 2, box_bottom), dark, 10)
    for x in (
        int(width * 0.28),
        int(width * 0.42),
        int(width * 0.58),
        int(width * 0.72),
    ):
        cv2.line(face, (x, 20), (x, box_bottom - 20), (170, 170, 170), 6)
        for y in (0.25, 0.5, 0.75):
            centre = (x, int(box_bottom * y))
            cv2.rectangle(
                face,
                (centre[0] - 12, centre[1] - 8),
                (centre[0] + 12, centre[1] + 8),
                (120, 120, 120),
                -1,
            )
    stripe = box_bottom + 4
    for number, x in enumerate(range(0, width, 30)):
        colour = (40, 40, 200) if number % 2 else (235, 235, 235)
        cv2.rectangle(face, (x, stripe), (x + 30, stripe + 18), colour, -1)
    face[stripe + 18 :] = (26, 26, 26)
    cv2.rectangle(face, (20, stripe + 24), (width - 20, stripe + 100), (66, 64, 62), -1)
    for x in (34, width - 124):
        cv2.rectangle(face, (x, stripe + 34), (x + 90, stripe + 66), (30, 30, 190), -1)
        cv2.rectangle(face, (x, stripe + 66), (x + 90, stripe + 86), (20, 130, 230), -1)
    for x in (24, width - 114):
        cv2.rectangle(face, (x, height - 96), (x + 90, height), (16, 16, 16), -1)
        cv2.ellipse(face, (x + 45, height - 48), (40, 46), 0, 0, 360, (34, 34, 34), -1)
    return _weathered(face, rng)


def side_face(truck: Truck, rng: np.random.Generator) -> Image:
    """A side: ribbed container, skirt, wheels."""
    width, height = int(truck.length * PX * 0.5), int(truck.height * PX)
    face = np.zeros((height, width, 3), np.uint8)
    box_bottom = height - int(truck.sill * PX)
    face[:box_bottom] = tuple(int(c * 0.8) for c in truck.paint)
    for x in range(0, width, 26):
        cv2.line(
            face, (x, 0), (x, box_bottom), tuple(int(c * 0.66) for c in truck.paint), 5
        )
    face[box_bottom:] = (40, 38, 36)
    for x in (int(width * 0.16), int(width * 0.30), int(width * 0.85)):
        cv2.circle(face, (x, height - 100), 98, (20, 20, 20), -1)
        cv2.circle(face, (x, height - 100), 46, (92, 92, 92), -1)
    return _weathered(face, rng)


MUD = np.array([96, 118, 132])


def plate_face(truck: Truck) -> Image:
    """The plate as a face of its own, a little dirty."""
    draw = draw_two_rows if truck.plate_rows == 2 else draw_plate
    plate = draw(truck.plate, truck.plate_colour, scale=PLATE_PX_PER_MM)
    return (plate * (1 - PLATE_DIRT) + MUD * PLATE_DIRT).astype(np.uint8)


def _weathered(face: Image, rng: np.random.Generator) -> Image:
    """Dirt that grows towards the ground."""
    height, width = face.shape[:2]
    dirt = fractal_noise(height, width, rng, cell=120)
    low = np.linspace(0, 1, height)[:, None] ** 3
    amount = np.clip(0.05 * dirt + 0.18 * low, 0, 0.4)[..., None]
    return (face * (1 - amount) + MUD * amount).astype(np.uint8)


Faces = dict[str, Image]


def faces(truck: Truck, rng: np.random.Generator) -> Faces:
    """Textures of the visible faces, drawn once a clip."""
    top = np.full(
        (200, 200, 3), tuple(min(int(c * 1.2), 255) for c in truck.paint), np.uint8
    )
    return {
        "rear": rear_face(truck, rng),
        "side": side_face(truck, rng),
        "top": top,
        "plate": plate_face(truck),
    }


def _paste(picture: Image, face: Image, seen: NDArray[np.float32]) -> None:
    height, width = face.shape[:2]
    x0, y0 = np.floor(seen.min(0)).astype(int) - 1
    x1, y1 = np.ceil(seen.max(0)).astype(int) + 2
    x0, y0 = max(x0, 0), max(y0, 0)
    x1, y1 = min(x1, picture.shape[1]), min(y1, picture.shape[0])
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    inside = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    scale = max(1.0, width / max(float(np.ptp(seen[:, 0])), 1.0))
    if scale > 1.5:  # averaging first keeps fine detail from aliasing
        small = cv2.resize(
            face, None, fx=1.4 / scale, fy=1.4 / scale, interpolation=cv2.INTER_AREA
        )
        inside *= np.array(
            [small.shape[1] / width, small.shape[0] / height], np.float32
        )
        face = small
    matrix = cv2.getPerspectiveTransform(inside, (seen - [x0, y0]).astype(np.float32))
    size = (int(x1 - x0), int(y1 - y0))
    warped = cv2.warpPerspective(face, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.ones(face.shape[:2], np.float32), matrix, size)[
        ..., None
    ]
    region = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = (region * (1 - mask) + warped * mask).astype(np.uint8)


def draw_truck(picture: Image, view: View, placed: Placed, textures: Faces) -> Image:
    """The picture with the truck and its contact shadow."""
    truck, half = placed.truck, placed.truck.width / 2
    left, right = placed.x - half, placed.x + half
    near, far, top = placed.y, placed.y + truck.length, truck.height
    picture = shade(
        picture,
        view,
        [
            (left - 0.1, near - 0.35),
            (right + 0.5, near - 0.35),
            (right + 0.5, far),
            (left - 0.1, far),
        ],
        depth=0.62,
        soft=max(view.scale(near) * 0.12, 1.0),
    )
    side_x = left if view.offset < placed.x - half else right
    quads = {
        "top": [
            (left, far, top),
            (right, far, top),
            (right, near, top),
            (left, near, top),
        ],
        "side": [
            (side_x, far, top),
            (side_x, near, top),
            (side_x, near, 0),
            (side_x, far, 0),
        ],
        "rear": [
            (left, near, top),
            (right, near, top),
            (right, near, 0),
            (left, near, 0),
        ],
    }
    quads["plate"] = [(float(x), float(y), float(z)) for x, y, z in placed.plate()]
    for name in ("top", "side", "rear", "plate"):
        seen = view.project(np.array(quads[name], float))
        if not np.isnan(seen).any():
            _paste(picture, textures[name], seen.astype(np.float32))
    return picture


def shade(
    picture: Image,
    view: View,
    ground: list[tuple[float, float]],
    *,
    depth: float,
    soft: float,
) -> Image:
    """Darken a polygon of the ground in linear light, bluish as sky-lit shade is."""
    seen = view.project(np.array([(x, y, 0.0) for x, y in ground], float))
    if np.isnan(seen).any():
        return picture
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(seen).astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), soft)
    touched = mask > 1e-3
    rows, columns = np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0))
    if not rows.size:
        return picture
    place = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = 1 - mask[place][..., None] * depth * np.array([0.9, 1.0, 1.06], np.float32)
    shaded = picture.copy()
    shaded[place] = to_coded(to_linear(picture[place]) * factor)
    return shaded
