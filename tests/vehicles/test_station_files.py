"""Photos and video in pieces: resumed, checked, sealed; what is not wanted is refused."""

import hashlib
import io
from datetime import timedelta

import pytest
from PIL import Image

from bozhou_eco.common import clock
from bozhou_eco.evidence.services import read_file
from tests.vehicles.station_makers import NOON, ROOT, caller, honest, parts
from vehicles.models import InspectionFile
from vehicles.services import tests_files

pytestmark = pytest.mark.django_db
FILES = f"{ROOT}sessions/S-1/files/"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch, settings, tmp_path) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=6))
    settings.MEDIA_ROOT = str(tmp_path)


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((320, 200), 80).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def entry(data: bytes, **changed):
    row = {
        "kind": "F101",
        "name": "F101.jpg",
        "media_type": "image/jpeg",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return {**row, **changed}


def started():
    by = caller()
    by.client.post(f"{ROOT}sessions/", parts(honest("vmas"), "S-1")["session"])
    return by


def send(by, row, start, data, total=None):
    span = f"bytes {start}-{start + len(data) - 1}/{total or row['size']}"
    return by.client.put(
        f"{FILES}{row['id']}/content/",
        data,
        content_type="application/octet-stream",
        headers={"Content-Range": span},
    )


def test_a_photo_arrives_in_pieces_and_is_sealed(django_capture_on_commit_callbacks):
    by, data = started(), picture()
    row = by.client.post(FILES, entry(data)).json()
    half = len(data) // 2
    assert send(by, row, 0, data[:half]).json()["received"] == half
    again = by.client.post(FILES, entry(data))
    assert (again.status_code, again.json()["received"]) == (200, half)
    gap = send(by, row, half + 5, data[half + 5 :])
    assert (gap.status_code, gap.json()["code"]) == (409, "gap")
    # The piece in flight when the line broke comes again, overlapping.
    with django_capture_on_commit_callbacks(execute=True):
        done = send(by, row, half - 100, data[half - 100 :])
    assert done.json()["complete"] is True
    held = InspectionFile.objects.get()
    assert read_file(held.sealed) == data
    assert not tests_files.place_of(held).exists()
    assert send(by, row, 0, data[:half]).status_code == 200
    listed = by.client.get(FILES).json()["results"]
    assert [one["complete"] for one in listed] == [True]


def test_200_mb_photo_is_refused_before_a_byte_is_sent():
    by = started()
    answer = by.client.post(FILES, entry(b"x", size=200 * 2**20))
    assert answer.status_code == 400
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "field": "size",
        "code": "too_large",
        "detail": "",
    }
    assert not InspectionFile.objects.exists()


def test_a_large_piece_is_refused_by_the_server():
    by = started()
    data = b"\0" * (9 * 2**20)
    row = by.client.post(
        FILES, entry(data, media_type="video/mp4", name="v.mp4")
    ).json()
    answer = send(by, row, 0, data)
    assert (answer.status_code, answer.json()["code"]) == (400, "too_large")


@pytest.mark.parametrize(
    "data",
    [
        picture() + b"PK\x05\x06" + b"\0" * 18,
        b"GIF89a" + picture(),
        b"%PDF-1.4\n" + picture(),
        b"<html><script>alert(1)</script></html>",
    ],
    ids=["picture+zip", "gif+picture", "pdf+picture", "html"],
)
def test_polyglots_are_refused_and_emptied(data):
    by = started()
    row = by.client.post(FILES, entry(data)).json()
    answer = send(by, row, 0, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_type")
    held = InspectionFile.objects.get()
    assert (held.received, held.sealed) == (0, None)
    assert not tests_files.place_of(held).exists()


def test_a_wrong_digest_is_refused_and_may_be_sent_again():
    by, data = started(), picture()
    row = by.client.post(FILES, entry(data)).json()
    wrong = data[:50] + b"\1" + data[51:]
    answer = send(by, row, 0, wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_hash")
    assert send(by, row, 0, data).json()["complete"] is True


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "../etc/passwd"}, "name"),
        ({"media_type": "text/html"}, "media_type"),
        ({"sha256": "z" * 64}, "sha256"),
        ({"size": "10"}, "size"),
        ({"size": 0}, "size"),
        ({"kind": None}, "kind"),
    ],
)
def test_bad_entries_name_their_field(changed, field):
    answer = started().client.post(FILES, entry(picture(), **changed))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert not InspectionFile.objects.exists()


@pytest.mark.parametrize("span", ["", "bytes 5-2/10", "bytes 0-1/7", "items 0-1/2"])
def test_bad_ranges_are_named(span):
    by, data = started(), picture()
    row = by.client.post(FILES, entry(data)).json()
    answer = by.client.put(
        f"{FILES}{row['id']}/content/",
        data[:2],
        content_type="application/octet-stream",
        headers={"Content-Range": span},
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Content-Range"
