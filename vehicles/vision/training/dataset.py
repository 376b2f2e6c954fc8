"""From a folder of photos to a YOLO data set: split, pseudo-labels, composites.

Layout of the input: ``images/*.jpg`` and ``labels/*.txt`` in YOLO form, class 0 =
plume, an empty label file = a clear road. Vehicles are labelled by a teacher.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vehicles.domain.smoke.photometry import Image
from vehicles.vision.training import composites
from vehicles.vision.training.groups import split
from vehicles.vision.training.pictures import read_picture

NAMES = ("car", "bus", "truck", "smoke")
SMOKE = NAMES.index("smoke")
TEACHER_CONFIDENCE = 0.4
# COCO's numbers of our vehicle classes.
COCO = {2: 0, 5: 1, 7: 2}
SOOT_COPIES = 4
LOOKALIKE_COPIES = 2

Label = tuple[int, float, float, float, float]


@dataclass(frozen=True)
class Sample:
    """A picture with boxes in pixels: (class, x1, y1, x2, y2)."""

    name: str
    image: Image
    labels: list[Label]


def read_labels(path: Path, height: int, width: int) -> list[Label]:
    """Plume boxes of a YOLO label file, in pixels."""
    rows = []
    for line in path.read_text().splitlines():
        _, x, y, w, h = (float(part) for part in line.split())
        rows.append(
            (
                SMOKE,
                (x - w / 2) * width,
                (y - h / 2) * height,
                (x + w / 2) * width,
                (y + h / 2) * height,
            )
        )
    return rows


def vehicle_labels(teacher: Any, image: Image) -> list[Label]:
    """Cars, buses and trucks the teacher sees in a picture, in pixels."""
    result = teacher.predict(image, conf=TEACHER_CONFIDENCE, imgsz=640, verbose=False)[
        0
    ]
    boxes, found = result.boxes, []
    for kind, (x1, y1, x2, y2) in zip(
        boxes.cls.tolist(), boxes.xyxy.tolist(), strict=True
    ):
        name = result.names[int(kind)]
        if name in NAMES and name != NAMES[SMOKE]:
            place = (float(x1), float(y1), float(x2), float(y2))
            found.append((NAMES.index(name), *place))
    return found


def _write(sample: Sample, root: Path, side: str) -> None:
    height, width = sample.image.shape[:2]
    lines = []
    for kind, x1, y1, x2, y2 in sample.labels:
        x1, x2 = max(x1, 0.0), min(x2, float(width))
        y1, y2 = max(y1, 0.0), min(y2, float(height))
        if x2 - x1 < 2 or y2 - y1 < 2:
            continue
        lines.append(
            f"{kind} {(x1 + x2) / 2 / width:.6f} {(y1 + y2) / 2 / height:.6f} "
            f"{(x2 - x1) / width:.6f} {(y2 - y1) / height:.6f}"
        )
    picture = root / side / "images" / f"{sample.name}.jpg"
    cv2.imwrite(str(picture), sample.image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    (root / side / "labels" / f"{sample.name}.txt").write_text("\n".join(lines))


def _fit(image: Image, side: int = 640) -> Image:
    """Shrink a picture so that its longer side is at most ``side``."""
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _window(sample: Sample, rng: np.random.Generator, name: str) -> Sample:
    """A copy of a sample, more often than not cut to a window near a vehicle."""
    vehicles = _vehicles(sample)
    if rng.random() < 0.35:
        return Sample(name, sample.image, sample.labels)
    left, top, right, bottom = composites.crop_near(sample.image, vehicles, rng)
    scale = min(640 / (right - left), 2.0)
    image = cv2.resize(
        sample.image[top:bottom, left:right],
        None,
        fx=scale,
        fy=scale,
        interpolation=cv2.INTER_CUBIC,
    )
    labels: list[Label] = []
    for kind, x1, y1, x2, y2 in sample.labels:
        cut = (max(x1, left), max(y1, top), min(x2, right), min(y2, bottom))
        area = max(cut[2] - cut[0], 0) * max(cut[3] - cut[1], 0)
        if area > 0.35 * (x2 - x1) * (y2 - y1):
            cx1, cy1, cx2, cy2 = (
                (edge - offset) * scale
                for edge, offset in zip(cut, (left, top) * 2, strict=True)
            )
            labels.append((kind, cx1, cy1, cx2, cy2))
    return Sample(name, image, labels)


def _vehicles(sample: Sample) -> list[composites.Box]:
    return [
        (x1, y1, x2, y2)
        for kind, x1, y1, x2, y2 in sample.labels
        if kind != SMOKE and x2 - x1 >= 28 and y2 - y1 >= 24
    ]


def _painted(sample: Sample, rng: np.random.Generator) -> list[Sample]:
    """Composites of a clear road: soot copies and look-alike copies."""
    if not _vehicles(sample):
        return []
    copies = []
    for number in range(SOOT_COPIES + LOOKALIKE_COPIES):
        soot = number < SOOT_COPIES
        kind = "soot" if soot else "like"
        base = _window(sample, rng, f"{sample.name}-{kind}{number}")
        vehicles = _vehicles(base)
        if not vehicles:
            continue
        image, smoke = base.image, []
        if not soot or rng.random() < 0.4:
            image = composites.paint_lookalike(image, vehicles, rng)
        if soot:
            painted = composites.paint_soot(image, vehicles, rng)
            image, smoke = painted.image, [(SMOKE, *box) for box in painted.boxes]
        copies.append(
            Sample(base.name, composites.weather(image, rng), [*base.labels, *smoke])
        )
    return copies


def prepare(source: Path, root: Path, teacher: Any, *, seed: int = 20261123) -> Path:
    """Write the data set under ``root``; returns its YAML. Done once: kept if there."""
    yaml = root / "data.yaml"
    if yaml.exists():
        return yaml
    rng = np.random.default_rng(seed)
    paths = sorted((source / "images").glob("*.jpg"))
    labels = {path: source / "labels" / f"{path.stem}.txt" for path in paths}
    sides = split({path: not labels[path].read_text().strip() for path in paths})
    for side in ("train", "val", "test"):
        (root / side / "images").mkdir(parents=True, exist_ok=True)
        (root / side / "labels").mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    for path in paths:
        image = _fit(read_picture(path))
        plumes = read_labels(labels[path], *image.shape[:2])
        sample = Sample(path.stem, image, [*vehicle_labels(teacher, image), *plumes])
        written = [sample]
        if sides[path] != "test" and not plumes:
            written += _painted(sample, rng)
        for one in written:
            _write(one, root, sides[path])
            key = f"{sides[path]}/{'composite' if one is not sample else 'photo'}"
            counts[key] = counts.get(key, 0) + 1
    (root / "split.json").write_text(
        json.dumps(
            {"counts": counts, "sides": {p.name: s for p, s in sides.items()}}, indent=1
        )
    )
    names = "\n".join(f"  {number}: {name}" for number, name in enumerate(NAMES))
    yaml.write_text(
        f"path: {root.resolve()}\ntrain: train/images\nval: val/images\n"
        f"test: test/images\nnames:\n{names}\n"
    )
    return yaml


def add_samples(
    root: Path, make: Callable[[np.random.Generator], list[Sample]], *, seed: int
) -> None:
    """Add made samples to the training side, once."""
    if any((root / "train" / "images").glob("scene-*.jpg")):
        return
    for sample in make(np.random.default_rng(seed)):
        _write(sample, root, "train")
    for cache in root.glob("*/*.cache"):
        cache.unlink()
