"""YOLO through ultralytics: vehicles and smoke in a picture.

``YOLO()`` loads ``.pt``, ``.onnx`` and OpenVINO folders alike. One object per process.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ultralytics import YOLO

from vehicles.domain.smoke.photometry import Image
from vehicles.vision.direct import open_direct
from vehicles.vision.torch_compat import ensure_torchvision

VEHICLES = frozenset({"car", "bus", "truck"})
SMOKE = "smoke"
# Below this a box is not even a weak vote.
LEAST_SCORE = 0.05
VEHICLE_SCORE = 0.25
# Of two boxes of a class that share more than this the better one stays.
MOST_SHARED, MOST_BOXES = 0.6, 100
# Pixels below which a box is none.
LEAST_SIDE = 1.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Detection:
    """A box in pixels with its class name and confidence 0..1."""

    kind: str
    score: float
    box: Box


class Detector:
    """One model, ready to look at pictures."""

    def __init__(self, path: Path, *, size: int, threads: int = 0) -> None:
        ensure_torchvision()
        if threads:
            torch.set_num_threads(threads)
        self.path, self.size = path, size
        self.model: Any = YOLO(str(path), task="detect")
        self.version = f"{path.stem}@{fingerprint(path)}"
        self._direct = open_direct(path, size=size, threads=threads)

    def detect(self, image: Image) -> list[Detection]:
        """Vehicles and smoke above 0.05 in an H×W×3 BGR picture, best first."""
        if self._direct is None:
            return self.predict(image)
        rows = self._direct.rows(
            image, least=LEAST_SCORE, share=MOST_SHARED, most=MOST_BOXES
        )
        return _named(rows, self._direct.names)

    def predict(self, image: Image) -> list[Detection]:
        """The same by ultralytics' own runner, whatever kind of model it is."""
        result = self.model.predict(
            image,
            imgsz=self.size,
            conf=LEAST_SCORE,
            iou=MOST_SHARED,
            max_det=MOST_BOXES,
            verbose=False,
        )[0]
        return _named(result.boxes.data.cpu().numpy(), result.names)


def _named(rows: NDArray[np.float32], names: dict[int, str]) -> list[Detection]:
    """Rows of x1, y1, x2, y2, score, class as detections; other classes are left out."""
    found = []
    for x1, y1, x2, y2, score, kind in rows[:, :6].tolist():
        name = names[int(kind)]
        if x2 - x1 < LEAST_SIDE or y2 - y1 < LEAST_SIDE:
            continue  # it lay in the padding beside the picture
        if name == SMOKE or name in VEHICLES:
            found.append(Detection(name, score, (x1, y1, x2, y2)))
    return _one_per_vehicle(found)


def _one_per_vehicle(found: list[Detection]) -> list[Detection]:
    """Drop the weaker of two vehicle boxes of different class on the same vehicle."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: d.score, reverse=True):
        twin = any(
            (one.kind == SMOKE) == (other.kind == SMOKE)
            and _overlap(one.box, other.box) > 0.65
            for other in kept
        )
        if not twin:
            kept.append(one)
    return kept


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return width * height / (areas - width * height)


@cache
def fingerprint(path: Path) -> str:
    """First 12 hex digits of the SHA-256 of a weight file (or of a folder's files)."""
    files = (
        sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    )
    digest = hashlib.sha256()
    for one in files:
        digest.update(one.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Seen:
    """What a picture shows: sure vehicles, ``faint`` ones (0.05–0.25), smoke."""

    vehicles: list[Detection]
    faint: list[Detection]
    smoke: list[Detection]


class Eyes:
    """Vehicle and smoke detection; one pass when both models are the same."""

    def __init__(
        self, vehicles: Path, smoke: Path, *, size: int, threads: int = 0
    ) -> None:
        self.vehicles = Detector(vehicles, size=size, threads=threads)
        self.smoke = (
            self.vehicles
            if smoke == vehicles
            else Detector(smoke, size=size, threads=threads)
        )
        self.version = (
            self.smoke.version
            if self.smoke is self.vehicles
            else f"{self.vehicles.version}+{self.smoke.version}"
        )

    def look(self, image: Image) -> Seen:
        """Vehicles and smoke in a picture, both best first."""
        first = self.vehicles.detect(image)
        second = first if self.smoke is self.vehicles else self.smoke.detect(image)
        vehicles = [one for one in first if one.kind in VEHICLES]
        return Seen(
            vehicles=[one for one in vehicles if one.score >= VEHICLE_SCORE],
            faint=[one for one in vehicles if one.score < VEHICLE_SCORE],
            smoke=[one for one in second if one.kind == SMOKE],
        )
