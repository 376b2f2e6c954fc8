"""Whoever opens the record of a vehicle is in the audit log, once for each opening."""

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.capture_factories import camera, capture, media_file, segment
from tests.vehicles.test_watchlist import vehicle
from vehicles.models import Capture

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client: Client) -> User:
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    return user


def read(officer: User) -> list[tuple[str, str]]:
    rows = AuditEntry.objects.filter(actor=officer, kind=AuditEntry.Kind.READ)
    return list(rows.order_by("id").values_list("act", "subject"))


def test_a_capture_and_its_originals(client: Client, officer: User) -> None:
    found: Capture = capture(camera())
    one = found.files.exclude(sealed=None).first()
    assert one is not None
    assert client.get(f"/vehicles/captures/{found.pk}/").status_code == 200
    file = f"/vehicles/captures/{found.pk}/files/{one.pk}/"
    assert client.get(file).status_code == 200
    assert client.get(file, headers={"Range": "bytes=0-3"}).status_code == 206
    assert client.get(file, headers={"Range": "bytes=4-"}).status_code == 206
    subject = f"capture:{found.pk}"
    assert read(officer) == [
        ("capture.read", subject),
        ("capture.read_file", subject),
        ("capture.read_file", subject),
    ], "the second piece of a file is no second reading"


def test_a_vehicle_and_a_recorded_stretch(client: Client, officer: User) -> None:
    car = vehicle()
    assert client.get(f"/vehicles/files/{car.pk}/").status_code == 200
    kept = segment(camera(), path=media_file("read-noted.mp4", b"0123456789"))
    assert client.get(f"/vehicles/segments/{kept.pk}/video.mp4").status_code == 200
    assert read(officer) == [
        ("vehicle.read", f"vehicle:{car.pk}"),
        ("segment.read", f"segment:{kept.pk}"),
    ]


def test_nothing_is_noted_of_what_is_out_of_sight(client: Client) -> None:
    there = factories.department(factories.district("652723", "温泉县"))
    user = factories.user(Role.OFFICER, organisation=there)
    client.force_login(user)
    found = capture(camera())
    assert client.get(f"/vehicles/captures/{found.pk}/").status_code == 404
    assert read(user) == []


def test_a_list_taken_by_a_program(client: Client, officer: User) -> None:
    found = capture(camera())
    answer = client.get("/api/v1/captures/", {"q": found.plate})
    assert answer.status_code == 200
    entry = AuditEntry.objects.get(act="capture.list")
    rows = len(answer.json()["results"])
    assert entry.detail == {"rows": rows, "asked": ["q"]}, "no plate in the log"
