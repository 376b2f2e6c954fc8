"""Repairs at maintenance stations: posted by stations, entered by hand, listed."""

from datetime import timedelta

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.station_makers import NOON, ROOT, caller, honest, parts, post_whole
from vehicles.models import Inspection, RepairRecord, Vehicle

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)
URL = f"{ROOT}repairs/"


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr("bozhou_eco.common.clock.now", lambda: LATER)


def failed(by, session="S-1") -> Inspection:
    """A failed test of the station, two days before now."""
    answer = post_whole(by, parts(honest("vmas"), session))
    held = Inspection.objects.get(report=answer.json()["report"])
    Inspection.objects.filter(pk=held.pk).update(
        outcome="fail", started_at=NOON - timedelta(days=2)
    )
    return Inspection.objects.select_related("vehicle").get(pk=held.pk)


def stated(vehicle: Vehicle, **over: object) -> dict[str, object]:
    return {
        "plate": vehicle.plate,
        "plate_color": vehicle.plate_color,
        "number": "R-1",
        "shop": "虚构维修一厂",
        "shop_code": "M001",
        "came_at": (NOON - timedelta(days=1)).isoformat(),
        "left_at": (NOON - timedelta(hours=20)).isoformat(),
        "items": ["更换三元催化器", "清洗喷油嘴"],
        **over,
    }


def post(by, *rows: dict[str, object], **headers: str):
    return by.client.post(URL, {"repairs": list(rows)}, headers=headers)


def signed_in(*roles: str) -> Client:
    client = Client()
    client.force_login(factories.user(*roles))
    return client


def test_a_station_posts_repairs_and_reads_its_own_back():
    by, other = caller(), caller("652722002")
    held = failed(by)
    answer = post(by, stated(held.vehicle))
    assert answer.json()["results"] == [
        {"index": 0, "status": 201, "number": "R-1", "failed_report": held.report}
    ]
    record = RepairRecord.objects.get()
    assert (record.vehicle, record.inspection) == (held.vehicle, held)
    assert record.station == by.station
    again = post(by, stated(held.vehicle)).json()["results"][0]
    assert again["status"] == 200
    assert RepairRecord.objects.count() == 1
    assert AuditEntry.objects.filter(act="repair.add").count() == 1
    [row] = by.client.get(URL).json()["results"]
    assert row["items"] == ["更换三元催化器", "清洗喷油嘴"]
    assert other.client.get(URL).json()["results"] == []
    # Another station may send the same paper; it learns nothing of the first one's test.
    same = post(other, stated(held.vehicle)).json()["results"][0]
    assert (same["status"], same["failed_report"]) == (200, None)
    assert other.client.get(URL).json()["results"] == []


def test_each_row_has_its_own_answer():
    by = caller()
    vehicle = failed(by).vehicle
    future = (LATER + timedelta(hours=1)).isoformat()
    before = (NOON - timedelta(days=3)).isoformat()
    rows = [
        stated(vehicle),
        stated(vehicle, items=["换机油"]),
        stated(vehicle, number="R-2", left_at=future),
        stated(vehicle, number="R-3", left_at=before),
        stated(vehicle, number="R-4", plate="新"),
        stated(vehicle, number="R-5", items=[]),
        stated(vehicle, number="R-6", came_at="昨天"),
        stated(vehicle, number=7),
    ]
    found = post(by, *rows).json()["results"]
    assert [row["status"] for row in found] == [201, 409, *[400] * 6]
    fields = [row["problem"]["errors"][0]["field"] for row in found[1:]]
    assert fields == [
        *("number", "left_at", "left_at", "plate", "items", "came_at", "number")
    ]
    assert RepairRecord.objects.get().items == rows[0]["items"]


def test_the_same_key_gives_the_same_answer():
    by = caller()
    vehicle = failed(by).vehicle
    first = post(by, stated(vehicle), **{"Idempotency-Key": "k1"})
    assert post(by, stated(vehicle), **{"Idempotency-Key": "k1"}).json() == first.json()
    other = post(by, stated(vehicle, number="R-2"), **{"Idempotency-Key": "k1"})
    assert other.status_code == 422


def test_the_page_shows_how_repaired_vehicles_fared():
    by = caller()
    held = failed(by)
    post(by, stated(held.vehicle))
    Inspection.objects.create(
        station=by.station,
        line=held.line,
        vehicle=held.vehicle,
        session="S-9",
        report="6527220012609011200009",
        state="done",
        outcome="pass",
        category="periodic",
        method="vmas",
        opened_at=NOON,
        started_at=NOON,
        updated_at=NOON,
        received=[],
    )
    officer = signed_in(Role.OFFICER)
    page = officer.get("/vehicles/repairs/").content.decode()
    assert held.vehicle.plate in page
    assert "修后已检 1 次，首检合格 1 次" in page
    assert "100" in page
    for query, there in (("state=passed", True), ("state=failed", False)):
        shown = officer.get(f"/vehicles/repairs/?{query}").content.decode()
        assert (held.vehicle.plate in shown) is there
    assert (
        "虚构维修一厂"
        not in officer.get(
            "/vehicles/repairs/?from=2020-01-01&to=2020-12-31"
        ).content.decode()
    )


def test_an_officer_enters_a_repair_from_paper():
    by = caller()
    held = failed(by)
    officer = signed_in(Role.OFFICER)
    form = {
        "plate": held.vehicle.plate,
        "plate_color": held.vehicle.plate_color,
        "shop": "虚构维修一厂",
        "shop_code": "M001",
        "number": "R-1",
        "came_at": "2026-08-31T10:00",
        "left_at": "2026-08-31T16:30",
        "items": "更换三元催化器、清洗喷油嘴",
    }
    wrong = officer.post("/vehicles/repairs/add/", {**form, "left_at": "2026-08-30T1"})
    assert wrong.status_code == 422
    early = officer.post(
        "/vehicles/repairs/add/", {**form, "left_at": "2026-08-30T10:00"}
    )
    assert "出厂早于进厂" in early.content.decode()
    assert RepairRecord.objects.count() == 0
    done = officer.post("/vehicles/repairs/add/", form, follow=True)
    assert "已登记" in done.content.decode()
    record = RepairRecord.objects.get()
    assert (record.inspection, record.station) == (held, None)
    assert record.items == ["更换三元催化器", "清洗喷油嘴"]
    assert by.client.get(URL).json()["results"] == []
    assert signed_in(Role.LEGAL).get("/vehicles/repairs/add/").status_code == 403
