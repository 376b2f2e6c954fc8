"""Where the models are and how they run, from the settings."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class VisionConfig:
    """Paths of both models (the same one by default), picture size, frame rate."""

    vehicles_model: Path
    smoke_model: Path
    size: int
    per_second: float
    threads: int


def load_config() -> VisionConfig:
    """Read the configuration; a missing weight file is an error that names it."""
    vehicles = _path(settings.VISION_VEHICLES_MODEL)
    smoke = _path(settings.VISION_SMOKE_MODEL)
    for path in (vehicles, smoke):
        if not path.exists():
            raise FileNotFoundError(f"模型文件不存在：{path}")
    return VisionConfig(
        vehicles_model=vehicles,
        smoke_model=smoke,
        size=settings.VISION_IMAGE_SIZE,
        per_second=settings.VISION_FRAMES_PER_SECOND,
        threads=settings.VISION_THREADS,
    )


def _path(name: str) -> Path:
    path = Path(name)
    return path if path.is_absolute() else WEIGHTS / path
