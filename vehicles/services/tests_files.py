"""Photos, videos and reports of a test: registered, sent in pieces, checked, sealed.

Pieces lie in a file of their own until the last one came; the digest promised at the
beginning decides whether the whole is taken. Nothing is sealed before.
"""

import hashlib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from bozhou_eco.evidence.services import seal_stream
from vehicles.domain.inspection.checks import (
    MEDIA_TYPES,
    PHOTO_TYPES,
    REPORT_TYPES,
    VIDEO_TYPES,
    fits_type,
)
from vehicles.models import Inspection, InspectionFile
from vehicles.models.supervision import default_file_limits
from vehicles.selectors.gate import supervision_settings
from vehicles.services.errors_stations import StationRefusalError

KINDS = {
    **dict.fromkeys(PHOTO_TYPES, "photo"),
    **dict.fromkeys(VIDEO_TYPES, "video"),
    **dict.fromkeys(REPORT_TYPES, "report"),
}
PIECE = 8 * 2**20
HASH = re.compile(r"[0-9a-f]{64}")
LATE_DAYS = 7


def _refuse(field: str, message: str, code: str, status: int = 400) -> None:
    raise StationRefusalError(message, status=status, code=code, field=field)


def place_of(row: InspectionFile) -> Path:
    """Return where the pieces of a file lie while it is not whole."""
    return Path(settings.MEDIA_ROOT) / "uploads" / f"{row.pk}.part"


def _check_entry(content: dict[str, Any]) -> None:
    media_type, size = content["media_type"], content["size"]
    if media_type not in MEDIA_TYPES:
        _refuse("media_type", "不接收该类型的文件", "media_type")
    limits = {**default_file_limits(), **supervision_settings().file_limits_mb}
    most = limits[KINDS[media_type]] * 2**20
    if size > most:
        _refuse(
            "size",
            f"文件 {size / 2**20:.0f} MB，该类型最多 {most / 2**20:.0f} MB",
            "too_large",
        )
    if not HASH.fullmatch(content["sha256"].lower()):
        _refuse("sha256", "应为 64 位十六进制", "bad_hash")
    name = content["name"]
    if "/" in name or "\\" in name or name.startswith(".") or not name.isprintable():
        _refuse("name", "文件名不能含路径或控制字符", "bad_name")


@transaction.atomic
def register_file(
    *, inspection: Inspection, content: dict[str, Any], now: datetime
) -> tuple[InspectionFile, bool]:
    """Register a file of a test; the same file again is the same row."""
    _check_entry(content)
    if inspection.state == Inspection.State.ABORTED:
        _refuse("session", "该次检验已中止，不再接收文件", "session_closed", 409)
    finished = inspection.finished_at
    if finished is not None and (now - finished).days >= LATE_DAYS:
        _refuse(
            "session", f"检验完成已超过 {LATE_DAYS} 天，不再接收", "session_closed", 409
        )
    sha256 = content["sha256"].lower()
    row, made = InspectionFile.objects.get_or_create(
        inspection=inspection,
        sha256=sha256,
        defaults={
            **{n: content[n] for n in ("kind", "name", "media_type", "size")},
            "begins_at": content.get("begins_at"),
            "ends_at": content.get("ends_at"),
            "made_at": now,
        },
    )
    if not made and (row.size, row.media_type) != (
        content["size"],
        content["media_type"],
    ):
        _refuse("sha256", "同一摘要已登记为其他大小或类型", "content_differs", 409)
    return row, made


@transaction.atomic
def add_piece(
    *, row: InspectionFile, start: int, data: bytes, now: datetime
) -> InspectionFile:
    """Add a piece at ``start``; what was already received may come again.

    The last piece closes the file: digest and type are checked, then it is sealed. A
    file that fails is emptied, so that it can be sent again from the beginning.
    """
    row = (
        InspectionFile.objects.select_for_update(of=("self",))
        .select_related("inspection__station")
        .get(pk=row.pk)
    )
    if row.sealed_id is not None:
        return row
    if start > row.received:
        _refuse(
            "Content-Range",
            f"已收到 {row.received} 字节，应从 {row.received} 续传",
            "gap",
            409,
        )
    if start + len(data) > row.size:
        _refuse("Content-Range", f"超出登记的 {row.size} 字节", "too_long")
    fresh = data[row.received - start :]
    if fresh:
        _append(place_of(row), row.received, fresh)
        row.received += len(fresh)
        row.save(update_fields=["received"])
    if row.received == row.size:
        return _close(row, now)
    return row


def _append(place: Path, at: int, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("r+b" if place.exists() else "wb") as out:
        out.seek(at)
        out.write(data)
        out.truncate()
        out.flush()
        os.fsync(out.fileno())


def _close(row: InspectionFile, now: datetime) -> InspectionFile:
    place = place_of(row)
    digest = hashlib.sha256()
    with place.open("rb") as source:
        head = source.read(16)
        source.seek(0)
        while block := source.read(1 << 20):
            digest.update(block)
        source.seek(max(row.size - 64, 0))
        tail = source.read()
        right = digest.hexdigest() == row.sha256
        if right and fits_type(row.media_type, head, tail):
            source.seek(0)
            row.sealed = seal_stream(
                source=source,
                name=row.name,
                media_type=row.media_type,
                chain=f"station:{row.inspection.station.code}",
                actor=None,
                now=now,
                meta={"session": row.inspection.session, "kind": row.kind},
            )
            row.save(update_fields=["sealed"])
            transaction.on_commit(lambda: place.unlink(missing_ok=True))
            return row
    raise WrongFileError(row, right)


class WrongFileError(StationRefusalError):
    """The whole file is not what was registered; its pieces are thrown away."""

    def __init__(self, row: InspectionFile, right: bool) -> None:
        message = (
            f"内容不是单纯的 {row.media_type} 文件"
            if right
            else "内容的 SHA-256 与登记的不符"
        )
        super().__init__(
            f"{message}；已清空，请重新上传",
            status=422,
            code="bad_type" if right else "bad_hash",
            field="media_type" if right else "sha256",
        )
        self.row = row


def take_piece(
    *, row: InspectionFile, start: int, data: bytes, now: datetime
) -> InspectionFile:
    """Add a piece, and empty the file when the whole turned out wrong."""
    try:
        return add_piece(row=row, start=start, data=data, now=now)
    except WrongFileError as error:
        InspectionFile.objects.filter(pk=error.row.pk).update(received=0)
        place_of(error.row).unlink(missing_ok=True)
        raise
