"""Invented capture points and cameras of the demo; all names and numbers are made up."""

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings

from bozhou_eco.accounts.models import District
from vehicles.models import Camera, Site

CLIPS = Path(__file__).parent / "demo_clips"
MAKE = "演示："

# Code, name, district code, road, longitude, latitude, clip.
SITES: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("BZ-G3018", "口岸段 K24", "652702", "G3018 下行", "82.5512", "45.1033", "g3018-level3"),
    ("BZ-G312", "五台路口", "652722", "G312 西行", "82.0604", "44.5521", "g312-level1"),
    ("BZ-G30", "精河出口", "652722", "G30 东行", "82.8902", "44.6010", "g30-clean"),
    ("BZ-BL", "博乐北环路", "652701", "北环路 入城", "82.0741", "44.9215", "bole-shadow"),
)  # fmt: skip


def inbox(camera: Camera) -> Path:
    """The folder into which a demo camera's recordings fall."""
    return Path(settings.MEDIA_ROOT) / "inbox" / camera.code


def drop_clip(camera: Camera, clip: str, *, at: datetime) -> Path:
    """Let a clip arrive at a camera as if its recording had just ended ``at``."""
    folder = inbox(camera)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{clip}-{at:%H%M%S}.mp4"
    part = target.with_suffix(f".{os.getpid()}.part")
    shutil.copy(CLIPS / f"{clip}.mp4", part)
    os.utime(part, (at.timestamp(), at.timestamp()))
    part.replace(target)
    return target


# Two passings of one vehicle closer than this would be taken for one.
FREE_AROUND = timedelta(seconds=45)


def free_moment(camera: Camera, *, now: datetime) -> datetime:
    """The latest end of a recording, ``now`` or before, near which the camera has none."""
    folder = inbox(camera)
    ends = [
        datetime.fromtimestamp(path.stat().st_mtime, UTC)
        for path in (folder.iterdir() if folder.is_dir() else ())
    ]
    ends += camera.captures.filter(ends_at__gte=now - timedelta(days=1)).values_list(
        "ends_at", flat=True
    )
    moment = now
    while any(abs(moment - end) < FREE_AROUND for end in ends):
        moment -= timedelta(seconds=20)
    return moment


def seed_cameras(*, now: datetime, scale: int = 1) -> None:
    """Four sites with complete registers, each with a camera that plays one clip."""
    for place, row in enumerate(SITES):
        code, name, district, road, longitude, latitude, clip = row
        where = District.objects.filter(code=district).first()
        where = where or District.objects.order_by("code").first()
        if where is None:
            return
        site, _ = Site.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "district": where,
                "road": road,
                "longitude": longitude,
                "latitude": latitude,
                "legal_review": f"{MAKE}法审〔2025〕{place + 1}号",
                "legal_reviewed_on": date(2025, 3, 2),
                "technical_review": f"{MAKE}技审〔2025〕{place + 1}号",
                "technical_reviewed_on": date(2025, 3, 3),
                "certificate": f"{MAKE}检定 2026-{place + 1:03d}",
                "certificate_from": date(2026, 4, 1),
                "certificate_until": now.date() + timedelta(days=180),
                "sign_set_on": date(2025, 4, 8),
                "published_on": date(2025, 4, 15),
                "published_at": f"{MAKE}州生态环境局网站",
                "speed_limit": 60,
            },
        )
        camera, created = Camera.objects.get_or_create(
            code=f"{code}-1",
            defaults={
                "site": site,
                "name": "1 号机",
                "source": Camera.Source.FOLDER,
                "clock_offset": 0.3,
            },
        )
        if created:
            camera.address = str(inbox(camera))
            camera.save(update_fields=["address"])
        if created and (CLIPS / f"{clip}.mp4").exists():
            drop_clip(camera, clip, at=now - timedelta(seconds=5 + place))


def seed(*, now: datetime, scale: int = 1) -> None:
    """Everything of vehicles that the demo starts with; safe to call again."""
    seed_cameras(now=now, scale=scale)
