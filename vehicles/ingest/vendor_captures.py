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
TOO_LARGE = f"上传内容超过 {MOST_BYTES >> 20} MB"
# A device whose clock is further off than this is refused: the time is evidence.
MOST_AHEAD, OLDEST = timedelta(minutes=10), timedelta(days=7)
# Told in the capture: a clock ahead by more than this, an event later than this. What is
# late may have waited for the network, so it tells nothing of the clock.
AHEAD_TOLD_S, LATE_TOLD_S = 5.0, 60.0


def take_event(
    *, camera: Camera, event: VendorEvent, now: datetime
) -> tuple[Capture, bool]:
    """Store an event; returns the capture and whether it is new. Raises VendorError."""
    _check(event, now)
    draft = _draft(camera, event, (event.captured_at - now).total_seconds())
    with transaction.atomic():
        capture, created = record_vendor_capture(camera=camera, draft=draft, now=now)
        if created:
            after_commit(TASK, capture.pk)
            report_health(
                camera=camera,
                health=Health(
                    state=Camera.State.OK,
                    last_frame_at=now,
                    clock_offset=draft.clock_offset,
                ),
                now=now,
            )
    return capture, created


def _clock_notes(offset: float) -> list[str]:
    """What the capture says of its time, ``offset`` being device minus platform."""
    if offset > AHEAD_TOLD_S:
        return [f"设备时钟比平台超前 {offset:.0f} s，抓拍时间须核对"]
    if offset < -LATE_TOLD_S:
        late = -offset
        words = f"{late:.0f} s" if late < 3600 else f"{late / 3600:.1f} 小时"
        return [f"抓拍后 {words} 才收到：上传延迟或设备时钟偏慢，抓拍时间须核对"]
    return []


def _check(event: VendorEvent, now: datetime) -> None:
    if not event.pictures and event.clip is None:
        raise VendorError("没有图片或视频")
    if len(event.pictures) > MOST_PICTURES:
        raise VendorError(f"图片超过 {MOST_PICTURES} 张")
    for one in event.pictures:
        if not one.is_jpeg:
            raise VendorError(f"{one.name} 不是 JPEG 图片")
    if event.clip is not None and not event.clip.is_mp4:
        raise VendorError(f"{event.clip.name} 不是 MP4 视频")
    if sum(len(one.content) for one in _all(event)) > MOST_BYTES:
        raise VendorError(TOO_LARGE)
    if event.captured_at > now + MOST_AHEAD:
        raise VendorError("设备时钟超前 10 分钟以上，请先校时")
    if event.captured_at < now - OLDEST:
        raise VendorError("抓拍时间早于 7 天前")


def _all(event: VendorEvent) -> Sequence[Attachment]:
    return [*event.pictures, *([event.clip] if event.clip else [])]


def _draft(camera: Camera, event: VendorEvent, offset: float) -> Draft:
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
        clock_offset=round(offset, 1) if offset >= -LATE_TOLD_S else None,
        notes=_clock_notes(offset),
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
