"""Pieces of video on disk and their rows: named by camera and time, written whole."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from bozhou_eco.common import clock
from vehicles.models import Camera, Segment
from vehicles.services.segments import (
    PART_ENDING,
    NewSegment,
    add_segment,
    file_digest,
)


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


def part_path(camera: Camera) -> Path:
    """Where a piece is written before its name is known; its folder is made."""
    folder = media_root() / "segments" / str(camera.pk)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid.uuid4().hex}{PART_ENDING}"


def keep_piece(
    camera: Camera,
    part: Path,
    *,
    begins: datetime,
    seconds: float,
    core: tuple[float, float],
    notes: Sequence[str],
) -> Segment:
    """Name a finished part by its time and queue it; the same content again is left.

    Other content of the very same time, as of two recordings copied at once, begins a
    millisecond later: no piece takes the place of another.
    """
    digest = file_digest(part)
    begins = begins.replace(microsecond=begins.microsecond // 1000 * 1000)
    while True:
        path = piece_path(camera, begins)
        taken = Segment.objects.filter(
            Q(begins=begins) | Q(path=_relative(path)), camera=camera
        ).first()
        if taken is None:
            break
        if taken.sha256 == digest:
            return taken
        begins += timedelta(milliseconds=1)
    part.replace(path)
    return queue_piece(
        camera, path, begins=begins, seconds=seconds, core=core, notes=notes
    )


def queue_piece(
    camera: Camera,
    path: Path,
    *,
    begins: datetime,
    seconds: float,
    core: tuple[float, float],
    notes: Sequence[str] = (),
) -> Segment:
    """Digest a finished file and queue it for analysis."""
    segment, _ = add_segment(
        camera=camera,
        piece=NewSegment(
            begins=begins,
            seconds=seconds,
            core_begins=core[0],
            core_ends=core[1],
            path=_relative(path),
            sha256=file_digest(path),
            size=path.stat().st_size,
            notes=tuple(notes),
        ),
    )
    return segment


def _relative(path: Path) -> str:
    return str(path.relative_to(media_root()))


def save_latest(camera: Camera, jpeg: bytes) -> None:
    """Replace the picture that the camera page shows."""
    folder = camera_folder(camera)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "latest.part"
    part.write_bytes(jpeg)
    part.replace(folder / "latest.jpg")
