"""Boxes lie where the reviewer sees them, whichever way a device stored its pictures."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from bozhou_eco.accounts.models import Role
from bozhou_eco.common.cutting import cut
from bozhou_eco.common.video import encode
from bozhou_eco.evidence.services import read_file
from tests.factories import user
from tests.vehicles import capture_factories as make
from tests.vehicles.test_vendor_look import TRUCK, picture, post
from vehicles.management.commands.export_dataset import label_of
from vehicles.models import Capture, CaptureFile
from vehicles.services import copies
from vehicles.services.captures import EvidenceFile, record_vendor_capture
from vehicles.vision.evidence import spread_frames
from vehicles.vision.vendor_look import look_at_vendor_capture

pytestmark = pytest.mark.django_db
# What each EXIF orientation asks of a viewer, undone, so that the viewer sees it upright.
STORED = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
WIDTH, HEIGHT = 120, 80
BOX = (20.0, 10.0, 60.0, 40.0)


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def stored(image: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    turned = image.transpose(STORED[orientation]) if orientation != 1 else image
    turned.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def frame(content: bytes, **fields: object) -> CaptureFile:
    one = EvidenceFile("frame", 1, "a.jpg", "image/jpeg", content, **fields)
    of = make.camera(source="device", vendor="plain")
    draft = make.draft("vendor:X", width=640, height=360)
    draft = type(draft)(**(vars(draft) | {"files": [one]}))
    capture, _ = record_vendor_capture(camera=of, draft=draft, now=make.NOW)
    return capture.files.get(kind="frame")


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), np.int16)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_copies_show_the_boxes_where_the_original_shows_the_thing(
    orientation: int,
) -> None:
    image = Image.new("RGB", (WIDTH, HEIGHT), (30, 30, 30))
    image.paste((120, 120, 120), tuple(int(edge) for edge in BOX))
    one = frame(stored(image, orientation), plume_box=BOX)
    plain = decoded(copies.marked_copy(one.capture, one, boxes=False))
    assert plain.shape[1] == WIDTH
    assert plain[25, 40] > 100 > plain[60, 100]
    marked = decoded(copies.marked_copy(one.capture, one))
    assert marked[10, 40] > 160, "the line lies on the upper edge of the thing"
    assert marked[25, 60] > 160, "and on its right edge"
    # The thumbnail shows the thing and not the empty part.
    small = decoded(copies.small_copy(one))
    assert small[small.shape[0] // 2, small.shape[1] // 2] > 100
    one.capture.state = Capture.State.CONFIRMED
    shares = [float(part) for part in label_of(one, read_file(one.sealed)).split()]
    assert shares == pytest.approx([0, 1 / 3, 25 / 80, 1 / 3, 30 / 80], abs=1e-4)


def test_a_broken_picture_is_shown_as_broken() -> None:
    one = frame(b"\xff\xd8\xff\xe0" + b"x" * 300)
    client = Client()
    client.force_login(user(Role.REVIEWER))
    place = f"/vehicles/captures/{one.capture_id}/"
    for path in (f"files/{one.pk}/?copy=1", "small/"):
        answer = client.get(place + path)
        assert answer.status_code in (200, 404), path
    assert copies.marked_copy(one.capture, one)
    assert copies.small_copy(one)


def test_a_turned_picture_is_marked_as_the_upright_one() -> None:
    upright = Image.open(io.BytesIO(picture(3.2)))
    capture = post([picture(3.2), stored(upright, 6)])
    assert look_at_vendor_capture(capture.pk)
    plain, turned = capture.files.filter(kind="frame").order_by("place")
    assert plain.vehicle_box == pytest.approx(turned.vehicle_box, abs=30)


def test_a_clip_alone_gives_pictures_to_review(tmp_path: Path) -> None:
    cut(TRUCK, tmp_path / "a.mp4", start=2.0, end=7.0)
    capture = post([], (tmp_path / "a.mp4").read_bytes(), level=3)
    assert look_at_vendor_capture(capture.pk)
    capture.refresh_from_db()
    assert capture.plate.endswith("E0K73X")
    frames = capture.files.filter(kind="frame").order_by("place")
    assert frames.count() == 3
    assert all(one.vehicle_box for one in frames)
    assert any("截取" in note for note in capture.notes)
    client = Client()
    client.force_login(user(Role.REVIEWER))
    page = client.get(f"/vehicles/review/?capture={capture.pk}").content.decode()
    assert "自视频截取" in page
    page = client.get(f"/vehicles/captures/{capture.pk}/").content.decode()
    assert "自视频截取" in page


def test_a_quiet_clip_gives_pictures_as_well(tmp_path: Path) -> None:
    shades = (np.full((48, 64, 3), 40 * one, np.uint8) for one in range(5))
    encode(tmp_path / "a.mp4", shades, rate=2)
    found = spread_frames(tmp_path / "a.mp4", 2.0)
    assert [one.place for one in found] == [1, 2, 3]
    assert [one.at for one in found] == [0.0, 1.0, 2.0]
    means = [decoded(one.content).mean() for one in found]
    assert means == sorted(means)
    assert means[2] - means[0] > 100
