"""Train the small detector: prepare, start from given weights, train, resume."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from ultralytics import YOLO

from vehicles.vision.torch_compat import ensure_torchvision
from vehicles.vision.training import ir_weights
from vehicles.vision.training.dataset import COCO, NAMES, add_samples, prepare
from vehicles.vision.training.scenes import draw_scenes


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run."""

    source: Path
    work: Path
    teacher: Path
    size: int = 416
    epochs: int = 22
    last_epochs: int = 6
    scenes: int = 90
    batch: int = 16
    rate: float = 0.001
    threads: int = 2
    frozen_layers: int = 3
    seed: int = 20261123


def _batches(root: Path, size: int, count: int = 12) -> list[torch.Tensor]:
    paths = sorted((root / "train" / "images").glob("*.jpg"))[::7][: count * 8]
    stack = []
    for path in paths:
        picture = cv2.resize(cv2.imread(str(path)), (size, size))[..., ::-1]
        stack.append(np.ascontiguousarray(picture.transpose(2, 0, 1)))
    tensor = torch.from_numpy(np.stack(stack)).float() / 255
    return list(tensor.split(8))


def start_weights(recipe: Recipe, root: Path) -> Path:
    """A checkpoint that begins as the teacher does, with a silent smoke class."""
    target = recipe.work / "start.pt"
    if target.exists():
        return target
    definition = recipe.work / "yolov8n.yaml"
    model = YOLO("yolov8n.yaml")
    network = type(model.model)({**model.model.yaml, "nc": len(NAMES)}, verbose=False)
    folded = ir_weights.read_folded(next(recipe.teacher.glob("*.xml")))
    width = dict(network.named_modules())["model.22.cv3.0.0.conv"].weight.shape[0]
    outputs = folded["model.22.cv3.0.2"][0].shape[0]
    if outputs != len(NAMES):  # a COCO model; our own starts as it is
        folded = ir_weights.narrow_class_branches(
            folded, keep=list(COCO), classes=len(NAMES), width=width
        )
    ir_weights.load_folded(network, folded)
    ir_weights.settle_batch_norms(network, _batches(root, recipe.size))
    network.names = dict(enumerate(NAMES))
    model.model = network
    model.ckpt = {"model": network}
    torch.save({"model": network.half(), "train_args": {}}, target)
    definition.unlink(missing_ok=True)
    return target


def _fit(model: Any, data: Path, recipe: Recipe, **more: Any) -> None:
    model.train(
        data=str(data),
        imgsz=recipe.size,
        batch=recipe.batch,
        device="cpu",
        workers=0,
        cache="ram",
        optimizer="AdamW",
        cos_lr=True,
        translate=0.1,
        fliplr=0.5,
        hsv_h=0.01,
        hsv_s=0.5,
        hsv_v=0.35,
        freeze=recipe.frozen_layers,
        seed=recipe.seed,
        val=False,
        plots=False,
        amp=False,
        save=True,
        project=str(recipe.work / "runs"),
        exist_ok=True,
        **more,
    )


def _stage(recipe: Recipe, name: str, start: Path, data: Path, **more: Any) -> Path:
    """One stage of training: gone on with where it was broken off, skipped when done."""
    weights = recipe.work / "runs" / name / "weights"
    done = recipe.work / f"{name}.done"
    if not done.exists():
        if (weights / "last.pt").exists():
            YOLO(str(weights / "last.pt")).train(resume=True)
        else:
            _fit(YOLO(str(start)), data, recipe, name=name, **more)
        done.touch()
    return weights / "last.pt"


def train(recipe: Recipe) -> Path:
    """Train or go on training; returns the last checkpoint's path.

    First on photos and plumes painted into them, then briefly, at a low rate, with drawn
    scenes added.
    """
    ensure_torchvision()
    torch.set_num_threads(recipe.threads)
    os.environ.setdefault("OMP_NUM_THREADS", str(recipe.threads))
    recipe.work.mkdir(parents=True, exist_ok=True)
    root = recipe.work / "data"
    teacher: Any = YOLO(str(recipe.teacher), task="detect")
    data = prepare(recipe.source, root, teacher, seed=recipe.seed)
    first = _stage(
        recipe,
        "photos",
        start_weights(recipe, root),
        data,
        epochs=recipe.epochs,
        lr0=recipe.rate,
        lrf=0.02,
        warmup_epochs=1.0,
        mosaic=0.7,
        close_mosaic=5,
        scale=0.4,
    )
    add_samples(root, lambda rng: draw_scenes(recipe.scenes, rng), seed=recipe.seed)
    return _stage(
        recipe,
        "scenes",
        first,
        data,
        epochs=recipe.last_epochs,
        lr0=recipe.rate / 3,
        lrf=0.05,
        warmup_epochs=0.5,
        mosaic=0.3,
        close_mosaic=2,
        scale=0.3,
    )
