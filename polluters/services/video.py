"""Pictures of outlets and station houses: snapshots for exceedances, stills, the loop."""

from datetime import datetime, timedelta
from pathlib import Path

import cv2
from django.conf import settings
from django.db import transaction

from bozhou_eco.common.outbound import STREAMS, OutboundRefusedError, check_url
from bozhou_eco.common.video import Image, VideoError, frames_at, probe, snapshot
from bozhou_eco.evidence.services import seal_bytes
from polluters.models import Exceedance, VideoChannel, VideoSnapshot

FRESH = timedelta(hours=3)
MOST_TRIES = 3
AT_ONCE = 20


def file_of(channel: VideoChannel) -> Path:
    """Return the looped file of a channel; VideoError if it is none of ours."""
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / channel.file).resolve()
    if not channel.file or not path.is_relative_to(root) or not path.is_file():
        raise VideoError("录像文件不存在")
    return path


def picture(channel: VideoChannel, *, now: datetime) -> Image:
    """Return what a channel shows now; VideoError with the reason if nothing."""
    if channel.protocol == VideoChannel.Protocol.FILE:
        path = file_of(channel)
        at = now.timestamp() % max(probe(path).seconds, 0.1)
        return frames_at(path, [at])[at]
    if channel.protocol == VideoChannel.Protocol.GB28181:
        raise VideoError("国标通道须由视频平台转出 HLS 或 RTSP 地址后接入")
    try:
        check_url(channel.url, schemes=STREAMS)
    except OutboundRefusedError as error:
        raise VideoError(str(error)) from error
    return snapshot(channel.url)


def jpeg(image: Image) -> bytes:
    """Return a picture as JPEG."""
    good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not good:
        raise VideoError("画面无法编码")
    return bytes(data)


def snap_exceedances(*, now: datetime) -> int:
    """Take a picture of every channel for each fresh exceedance; return how many.

    What cannot be taken is noted with its reason and tried again a few times.
    """
    taken = 0
    for channel, exceedance in _wanted(now):
        taken += take(channel=channel, exceedance=exceedance, now=now) is not None
    return taken


def _wanted(now: datetime) -> list[tuple[VideoChannel, Exceedance]]:
    fresh = Exceedance.objects.filter(
        found_at__gte=now - FRESH, live=True, state__in=Exceedance.STANDING
    ).select_related("point__outlet")
    channels: dict[int, list[VideoChannel]] = {}
    outlets = {row.point.outlet_id for row in fresh}
    for channel in VideoChannel.objects.filter(outlet__in=outlets, active=True):
        channels.setdefault(channel.outlet_id, []).append(channel)
    done = set(
        VideoSnapshot.objects.filter(exceedance__in=fresh)
        .exclude(sealed=None, tries__lt=MOST_TRIES)
        .values_list("channel_id", "exceedance_id")
    )
    return [
        (channel, row)
        for row in fresh
        for channel in channels.get(row.point.outlet_id, ())
        if (channel.pk, row.pk) not in done
    ][:AT_ONCE]


def take(
    *, channel: VideoChannel, exceedance: Exceedance, now: datetime
) -> VideoSnapshot | None:
    """Seal a picture of a channel for an exceedance; None if there was none to take."""
    try:
        content = jpeg(picture(channel, now=now))
    except VideoError as error:
        row, _ = VideoSnapshot.objects.get_or_create(
            channel=channel,
            exceedance=exceedance,
            defaults={"error": str(error)[:200], "taken_at": now},
        )
        row.error, row.tries = str(error)[:200], row.tries + 1
        row.save(update_fields=["error", "tries"])
        return None
    with transaction.atomic():
        sealed = seal_bytes(
            content=content,
            name=f"{channel.outlet.code}_{now:%Y%m%dT%H%M%S}.jpg",
            media_type="image/jpeg",
            chain=f"video:{channel.outlet.subject_key}",
            actor=None,
            now=now,
            meta={
                "channel": channel.pk,
                "exceedance": exceedance.pk,
                "clock_offset_s": channel.clock_offset_s,
                "protocol": channel.protocol,
            },
        )
        row, _ = VideoSnapshot.objects.update_or_create(
            channel=channel,
            exceedance=exceedance,
            defaults={"sealed": sealed, "error": "", "taken_at": now},
        )
    return row
