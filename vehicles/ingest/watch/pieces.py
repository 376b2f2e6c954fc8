"""Pieces of video on disk and their rows: named by camera and time, written whole."""

import hashlib
from datetime import datetime
from pathlib import Path

from django.conf import settings

from bozhou_eco.common import clock
from vehicles.models import Camera, Segment
from vehicles.services.segments import NewSegment, add_segment


def media_root() -> Path:
    """The folder that segment paths are relative to."""
    return Path(settings.MEDIA_ROOT)


def camera_folder(camera: Camera) -> Path:
    """Where a camera's background and latest picture lie."""
    return media_root() / "cameras" / str(camera.pk)


def piece_path(camera: Camera, begins: datetime) -> Path:
    """The file of a piece; its folder is made."""
    local = clock.beijing(begins)
    name = f"{local:%H%M%S}{local.microsecond // 1000:03d}.mp4"
    folder = media_root() / "segments" / str(camera.pk) / f"{local:%Y%m%d}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def queue_piece(
    camera: Camera,
    path: Path,
    *,
    begins: datetime,
    seconds: float,
    core: tuple[float, float],
) -> Segment:
    """Digest a finished file and queue it for analysis."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
    segment, _ = add_segment(
        camera=camera,
        piece=NewSegment(
            begins=begins,
            seconds=seconds,
            core_begins=core[0],
            core_ends=core[1],
            path=str(path.relative_to(media_root())),
            sha256=digest.hexdigest(),
            size=path.stat().st_size,
        ),
    )
    return segment


def save_latest(camera: Camera, jpeg: bytes) -> None:
    """Replace the picture that the camera page shows."""
    folder = camera_folder(camera)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "latest.part"
    part.write_bytes(jpeg)
    part.replace(folder / "latest.jpg")
