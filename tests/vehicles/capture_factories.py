"""Makers of sites, cameras, segments and captures for the tests."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from itertools import count
from pathlib import Path

from django.conf import settings
from PIL import Image

from tests.factories import district
from vehicles.models import Camera, Capture, Segment, Site
from vehicles.services.captures import Draft, EvidenceFile, finish_segment
from vehicles.services.segments import NewSegment, add_segment, claim_segment

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
numbers = count(1)


def site(*, complete: bool = True) -> Site:
    number = next(numbers)
    register = (
        {
            "legal_review": "博环法审〔2026〕1号",
            "legal_reviewed_on": date(2026, 3, 1),
            "technical_review": "博环技审〔2026〕1号",
            "technical_reviewed_on": date(2026, 3, 2),
            "certificate": "JZ2026-001",
            "certificate_from": date(2026, 4, 1),
            "certificate_until": date(2027, 3, 31),
            "sign_set_on": date(2026, 4, 2),
            "published_on": date(2026, 4, 10),
            "published_at": "州局网站",
        }
        if complete
        else {}
    )
    return Site.objects.create(
        code=f"S{number:03d}",
        name=f"测试点位{number}",
        district=district(),
        road="G3018 下行",
        longitude="82.070000",
        latitude="44.900000",
        **register,
    )


def camera(where: Site | None = None, **fields: object) -> Camera:
    number = next(numbers)
    values = {"source": "folder", "name": "1 号", "clock_offset": 0.3} | fields
    return Camera.objects.create(
        site=where or site(), code=f"CAM{number:04d}", **values
    )


def segment(of: Camera, *, begins: datetime = NOW, path: str = "x.mp4") -> Segment:
    file = Path(settings.MEDIA_ROOT) / path
    digest = sha256(file.read_bytes()).hexdigest() if file.is_file() else "0" * 64
    piece = NewSegment(begins, 20.0, 5.0, 15.0, path, digest, 10)
    return add_segment(camera=of, piece=piece)[0]


def picture(place: int) -> bytes:
    """A frame that a browser can show, another for each place."""
    out = BytesIO()
    Image.new("RGB", (100, 100), (40 * place, 60, 60)).save(out, "JPEG")
    return out.getvalue()


def draft(
    key: str, *, at: datetime = NOW, plate: str = "新E0K73X", **more: object
) -> Draft:
    files = [
        EvidenceFile(
            kind="frame",
            place=place,
            name=f"frame-{place}.jpg",
            media_type="image/jpeg",
            content=picture(place),
            at=place - 2.0,
            vehicle_box=(10.0, 10.0, 60.0, 60.0),
            plume_box=(60.0, 30.0, 90.0, 60.0),
            opacity=0.5,
        )
        for place in (1, 2, 3)
    ]
    files.append(
        EvidenceFile(
            "clip", 0, "clip.mp4", "video/mp4", b"\0\0\0\x18ftypisom" + b"v" * 200
        )
    )
    values: dict[str, object] = {
        "proposal": "smoke",
        "reason": "透过率与检测模型一致",
        "physics": "透过率支持 9/12 帧，2.9±0.3 级",
        "detector": "检测模型支持 5/12 帧，最高 0.61",
        "confidence": 0.61,
        "level_value": 2.9,
        "level_sigma": 0.3,
        "level": 3,
        "vehicle_kind": "truck",
        "plate": plate,
        "plate_color": "yellow",
        "plate_score": 0.93,
        "width": 100,
        "height": 100,
        "curve": [
            {"at": 0.0, "vehicle": [10, 10, 60, 60], "plume": None, "opacity": 0.5,
             "sigma": 0.02, "finding": "plume", "detector": 0.6}
        ],
    }  # fmt: skip
    return Draft(
        key=key,
        captured_at=at,
        begins_at=at - timedelta(seconds=2),
        ends_at=at + timedelta(seconds=2),
        files=files,
        **(values | more),
    )


def capture(of: Camera | None = None, *, at: datetime = NOW, **more: object) -> Capture:
    of = of or camera()
    made = segment(of, begins=at - timedelta(seconds=10))
    held = claim_segment(segment_id=made.pk, now=at)
    assert held is not None
    [found] = finish_segment(
        segment=held,
        drafts=[draft(f"segment:{held.pk}:1", at=at, **more)],
        report={},
        now=at,
    )
    return found


def media_file(name: str, content: bytes) -> str:
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name
