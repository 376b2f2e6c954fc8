"""Import torch and ultralytics where torchvision's compiled part cannot load.

A CPU build of torch beside the package index's torchvision (built for CUDA)
raises on ``import torchvision``. Detection needs nothing of it but ``nms``, for
which ultralytics has its own, so a stand-in module serves there.
"""

import importlib
import sys
from types import ModuleType

import torch
from PIL import Image
from ultralytics.utils import TORCHVISION_VERSION, patches
from ultralytics.utils.nms import TorchNMS

# Ultralytics puts an Image.open of its own in place that, for a file that is no picture,
# wants to install a package. Whoever opens pictures here wants Pillow's plain refusal.
Image.open = patches._image_open


def ensure_torchvision() -> bool:
    """Make ``import torchvision`` work; True if the real one is in place."""
    if "torchvision" in sys.modules:
        return not getattr(sys.modules["torchvision"], "stand_in", False)
    try:
        importlib.import_module("torchvision")
    except (RuntimeError, ImportError, OSError):
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        _install_stand_in()
        return False
    return True


def _install_stand_in() -> None:
    package = ModuleType("torchvision")
    ops = ModuleType("torchvision.ops")

    def nms(boxes: torch.Tensor, scores: torch.Tensor, limit: float) -> torch.Tensor:
        return TorchNMS.nms(boxes, scores, limit)

    for module, attributes in (
        (ops, {"nms": nms}),
        (package, {"ops": ops, "__version__": TORCHVISION_VERSION, "stand_in": True}),
    ):
        for name, value in attributes.items():
            setattr(module, name, value)
    sys.modules["torchvision"] = package
    sys.modules["torchvision.ops"] = ops
