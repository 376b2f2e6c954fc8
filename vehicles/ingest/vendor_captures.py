"""A vendor device's event becomes a capture: checked, sealed, queued for our own look."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from bozhou_eco.common.queue import after_commit
from vehicles.domain import plates
from vehicles.ingest.vendors.event import Attachment, VendorError, VendorEvent
from vehicles.models import Camera, Capture, CaptureFile
from vehicles.services.cameras import Health, report_health
from vehicles.services.captures import Draft, EvidenceFile, record_vendor_capture

TASK = "vehicles.vision.tasks.look_at_vendor_capture"
MOST_PICTURES, MOST_BYTES = 8, 64 << 20
JPEG_START, MP4_BRAND = b"\xff\xd8\xff", b"ftyp"
# A device whose clock is further off than this is refused: the time is evidence.
MOST_AHEAD, OLDEST = timedelta(minutes=10), timedelta(days=7)


def take_event(
    *, camera: Camera, event: VendorEvent, now: datetime
) -> tuple[Capture, bool]:
    """Store an event; returns the capture and whether it is new. Raises VendorError."""
    _check(event, now)
    with transaction.atomic():
        capture, created = record_vendor_capture(
            camera=camera, draft=_draft(camera, event), now=now
        )
        if created:
            after_commit(TASK, capture.pk)
            offset = (event.captured_at - now).total_seconds()
            report_health(
                camera=camera,
                health=Health(
                    state=Camera.State.OK,
                    last_frame_at=now,
                    clock_offset=round(offset, 1) if abs(offset) < 600 else None,
                ),
                now=now,
            )
    return capture, created


def _check(event: VendorEvent, now: datetime) -> None:
    if not event.pictures:
        raise VendorError("没有图片")
    if len(event.pictures) > MOST_PICTURES:
        raise VendorError(f"图片超过 {MOST_PICTURES} 张")
    for one in event.pictures:
        if not one.content.startswith(JPEG_START):
            raise VendorError(f"{one.name} 不是 JPEG 图片")
    if event.clip is not None and event.clip.content[4:8] != MP4_BRAND:
        raise VendorError(f"{event.clip.name} 不是 MP4 视频")
    if sum(len(one.content) for one in _all(event)) > MOST_BYTES:
        raise VendorError("上传内容超过 64 MB")
    if event.captured_at > now + MOST_AHEAD:
        raise VendorError("设备时钟超前 10 分钟以上，请先校时")
    if event.captured_at < now - OLDEST:
        raise VendorError("抓拍时间早于 7 天前")


def _all(event: VendorEvent) -> Sequence[Attachment]:
    return [*event.pictures, *([event.clip] if event.clip else [])]


def _draft(camera: Camera, event: VendorEvent) -> Draft:
    files = [
        EvidenceFile(
            kind=CaptureFile.Kind.FRAME,
            place=place,
            name=f"vendor-{place}.jpg",
            media_type="image/jpeg",
            content=one.content,
        )
        for place, one in enumerate(event.pictures, 1)
    ]
    if event.clip is not None:
        files.append(
            EvidenceFile(
                kind=CaptureFile.Kind.CLIP,
                place=0,
                name="vendor.mp4",
                media_type="video/mp4",
                content=event.clip.content,
            )
        )
    text = plates.normalise(event.plate)
    known = event.plate_color in plates.Color.__members__.values()
    return Draft(
        key=f"vendor:{camera.code}:{event.event_id}",
        captured_at=event.captured_at,
        begins_at=event.captured_at,
        ends_at=event.captured_at,
        proposal="vendor",
        reason="厂商设备上报",
        files=files,
        level_reason="待本平台复算",
        plate=text[:16],
        plate_color=event.plate_color if known else "other",
        plate_problem="" if plates.is_valid(text) else "号牌待核对",
        vendor_verdict={
            **event.verdict,
            "level": event.level,
            "plate": event.plate,
            "device": camera.code,
        },
    )
