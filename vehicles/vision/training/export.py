"""From a trained checkpoint to the committed folder: OpenVINO with weights in half."""

import shutil
import tempfile
from pathlib import Path

from ultralytics import YOLO
from ultralytics.utils import YAML

from vehicles.vision.torch_compat import ensure_torchvision

DESCRIPTION = "YOLOv8n for car, bus, truck and smoke; see docs/model_card.md"


def export_model(checkpoint: Path, target: Path, *, size: int) -> Path:
    """Write the folder ``target`` (``…_openvino_model``); any picture size may be asked.

    The checkpoint is untouched. The same folder is where further training starts from.
    """
    ensure_torchvision()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "smoke.pt"
        shutil.copy(checkpoint, copy)
        made = YOLO(str(copy)).export(
            format="openvino", imgsz=size, dynamic=True, half=True
        )
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(str(made), target)
    _describe(target / "metadata.yaml")
    return target


def _describe(path: Path) -> None:
    """Say what the model is instead of where the data lay."""
    facts = YAML.load(path)
    facts.update(description=DESCRIPTION, author="bozhou-eco", args={})
    YAML.save(path, facts)
