"""Figures of a model on held-out pictures: plumes, clear roads, vehicles.

Average precision is the area under the interpolated precision–recall curve at an overlap
of 0.5 (VOC 2010 and later), computed here so that it does not depend on the trainer.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image
from vehicles.vision.detector import VEHICLE_SCORE, VEHICLES, Detection
from vehicles.vision.training.pictures import read_picture

Box = tuple[float, float, float, float]
# Vehicles of the yardstick: teacher above this confidence, larger than this many pixels.
TEACHER_SURE, LEAST_SIDE = 0.5, 40.0


@dataclass(frozen=True)
class Picture:
    """A test picture: its path and its plume boxes in pixels (none: a clear road)."""

    path: Path
    plumes: list[Box]


@dataclass(frozen=True)
class Figures:
    """Smoke and vehicle figures of one model on one set."""

    pictures: int
    clear: int
    smoke_map50: float
    threshold: float
    image_recall: float
    clear_flagged: float
    vehicle_recall: float
    vehicle_precision: float

    def as_dict(self) -> dict[str, float]:
        """The figures, rounded."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return float(width * height / (areas - width * height))


def average_precision(
    found: Sequence[Sequence[tuple[float, Box]]], truth: Sequence[Sequence[Box]]
) -> float:
    """AP at an overlap of 0.5; per picture the scored boxes and the true ones."""
    rows: list[tuple[float, bool]] = []
    for scored, boxes in zip(found, truth, strict=True):
        taken: set[int] = set()
        for score, box in sorted(scored, reverse=True):
            best = max(
                (i for i in range(len(boxes)) if i not in taken),
                key=lambda i: overlap(box, boxes[i]),
                default=None,
            )
            hit = best is not None and overlap(box, boxes[best]) >= 0.5
            if hit and best is not None:
                taken.add(best)
            rows.append((score, hit))
    total = sum(len(boxes) for boxes in truth)
    if not rows or not total:
        return 0.0
    rows.sort(key=lambda row: row[0], reverse=True)
    hits = np.cumsum([hit for _, hit in rows])
    recall = hits / total
    precision = hits / np.arange(1, len(rows) + 1)
    envelope: NDArray[np.float64] = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(np.concatenate([[0.0], recall]))
    return float((envelope * steps).sum())


# Class number of smoke in prepared sets, and in sets that hold nothing but smoke.
PREPARED_SMOKE, ONLY_SMOKE = 3, 0


def read_pictures(folder: Path) -> list[Picture]:
    """Pictures of a prepared side (``…/test``), painted copies left out."""
    return [
        one
        for one in read_labelled(folder, smoke=PREPARED_SMOKE)
        if "-" not in one.path.stem
    ]


def read_labelled(folder: Path, *, smoke: int | None = None) -> list[Picture]:
    """Pictures of ``folder/images`` with the plumes of ``folder/labels`` in pixels.

    Without ``smoke`` the class number is 0 where the set was exported from reviews (it
    has a provenance), else that of prepared sets.
    """
    exported = (folder / "provenance.json").is_file()
    wanted = smoke if smoke is not None else ONLY_SMOKE if exported else PREPARED_SMOKE
    pictures = []
    for path in sorted((folder / "images").glob("*.jpg")):
        labels = folder / "labels" / f"{path.stem}.txt"
        if not labels.is_file():
            continue
        height, width = read_picture(path).shape[:2]
        boxes = []
        for line in labels.read_text(encoding="utf-8").splitlines():
            kind, x, y, w, h = (float(part) for part in line.split())
            if int(kind) == wanted:
                boxes.append(
                    (
                        (x - w / 2) * width,
                        (y - h / 2) * height,
                        (x + w / 2) * width,
                        (y + h / 2) * height,
                    )
                )
        pictures.append(Picture(path, boxes))
    return pictures


def evaluate(
    pictures: Sequence[Picture],
    *,
    smoke: Callable[[Image], list[Detection]],
    teacher: Callable[[Image], list[Detection]],
    threshold: float,
) -> Figures:
    """Figures at a smoke ``threshold`` (area under the curve needs none)."""
    found, truth, flagged = [], [], []
    seen: list[list[Box]] = []
    known: list[list[tuple[float, Box]]] = []
    for picture in pictures:
        image = read_picture(picture.path)
        detections = smoke(image)
        plumes = [(d.score, d.box) for d in detections if d.kind == "smoke"]
        found.append(plumes)
        truth.append(picture.plumes)
        flagged.append(max((score for score, _ in plumes), default=0.0))
        seen.append(
            [
                d.box
                for d in detections
                if d.kind in VEHICLES and d.score >= VEHICLE_SCORE
            ]
        )
        known.append([(d.score, d.box) for d in teacher(image) if d.kind in VEHICLES])
    smoking = np.array([bool(boxes) for boxes in truth])
    over = np.array(flagged) >= threshold
    recall, precision = vehicle_figures(seen, known)
    return Figures(
        pictures=len(pictures),
        clear=int((~smoking).sum()),
        smoke_map50=average_precision(found, truth),
        threshold=threshold,
        image_recall=float(over[smoking].mean()) if smoking.any() else 0.0,
        clear_flagged=float(over[~smoking].mean()) if (~smoking).any() else 0.0,
        vehicle_recall=recall,
        vehicle_precision=precision,
    )


def vehicle_figures(
    seen: Sequence[Sequence[Box]], known: Sequence[Sequence[tuple[float, Box]]]
) -> tuple[float, float]:
    """Recall of the teacher's sure, large boxes; precision of our large boxes.

    A box of ours is right when it overlaps any teacher box above 0.25 by half.
    """
    hit = total = right = ours = 0
    for boxes, teacher in zip(seen, known, strict=True):
        for score, box in teacher:
            if score > TEACHER_SURE and _large(box):
                total += 1
                hit += any(overlap(box, one) >= 0.5 for one in boxes)
        for box in boxes:
            if _large(box):
                ours += 1
                right += any(overlap(box, one) >= 0.5 for _, one in teacher)
    return hit / max(total, 1), right / max(ours, 1)


def _large(box: Box) -> bool:
    return max(box[2] - box[0], box[3] - box[1]) > LEAST_SIDE
