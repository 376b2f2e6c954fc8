"""The page of a camera: its health in words, a picture, a short live view, its segments."""

from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.ingest.watch.pieces import save_latest
from vehicles.models import Camera, Segment
from vehicles.services.cameras import Health, report_health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def viewer() -> Client:
    client = Client()
    client.force_login(user(Role.REVIEWER))
    return client


def test_the_page_tells_health_and_shows_picture_and_segments() -> None:
    of = make.camera(source="stream", address="rtsp://camera.example/1")
    page = viewer().get(f"/vehicles/cameras/{of.pk}/").content.decode()
    assert "还没有画面" in page
    assert viewer().get(f"/vehicles/cameras/{of.pk}/latest.jpg").status_code == 404
    save_latest(of, make.picture(1))
    report_health(
        camera=of,
        health=Health(
            state=Camera.State.DEGRADED,
            problem="画面过暗或镜头被遮挡 <b>",
            frame_rate=24.6,
            decode_errors=3,
            dropped=7,
            last_frame_at=clock.now(),
            clock_offset=-4.2,
            sharpness=311.0,
            brightness=9.0,
            view_shift=0.031,
        ),
        now=clock.now(),
    )
    made = make.segment(of, path=make.media_file("segments/a.mp4", b"video"))
    Segment.objects.filter(pk=made.pk).update(
        report={"notes": ["视频标称 12.0 s，只解出 4.9 s"], "vehicles": 2}
    )
    client = viewer()
    page = client.get(f"/vehicles/cameras/{of.pk}/").content.decode()
    for words in ("24.6", "-4.2", "311", "3%", "画面过暗或镜头被遮挡 &lt;b&gt;",
                  "只解出 4.9 s", "data-live-toggle"):  # fmt: skip
        assert words in page, words
    shot = client.get(f"/vehicles/cameras/{of.pk}/latest.jpg")
    assert (shot["Content-Type"], shot["Cache-Control"]) == ("image/jpeg", "no-store")
    assert shot.content == make.picture(1)
    video = client.get(f"/vehicles/segments/{made.pk}/video.mp4")
    assert (video.status_code, video["Content-Type"]) == (200, "video/mp4")
    (Path(configured.MEDIA_ROOT) / "segments/a.mp4").unlink()
    assert client.get(f"/vehicles/segments/{made.pk}/video.mp4").status_code == 404
