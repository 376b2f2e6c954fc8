"""Roadside checks: the phone's form, replay, photos, transfer to the police."""

import io
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock, queue
from enforcement.models import Agency, Case
from tests import factories
from tests.vehicles.capture_factories import NOW
from tests.vehicles.test_watchlist import listed, vehicle
from vehicles.models import (
    PoliceTransfer,
    RepairLoop,
    RoadCampaign,
    RoadCheck,
    Vehicle,
    WatchEntry,
)
from vehicles.selectors import roadchecks as reads
from vehicles.services import plate_photos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def officer(client: Client):
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    return user


def campaign() -> RoadCampaign:
    return RoadCampaign.objects.create(
        name="G30 联合路检",
        place="G30 精河出口",
        district=factories.district(),
        begins_at=NOW - timedelta(hours=1),
        ecology=["巴特尔"],
        police=["王警官"],
        transport=["李执法"],
    )


def given(**more: object) -> dict[str, object]:
    values: dict[str, object] = {
        "id": str(uuid.uuid4()),
        "plate": "新E·0K73X",
        "plate_color": "yellow",
        "at": (NOW - timedelta(minutes=2)).isoformat(),
        "sent_at": NOW.isoformat(),
        "means": "smoke_meter",
        "smoke_k": "3.1",
        "limit_k": "1.2",
        "verdict": "fail",
        "longitude": "82.89",
        "latitude": "44.60",
        "accuracy_m": "9",
    }
    return values | more


def photo(colour: str = "grey") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return SimpleUploadedFile("a.jpg", out.getvalue(), "image/jpeg")


def send(client: Client, to: RoadCampaign, values: dict[str, object]):
    return client.post(f"/vehicles/roadchecks/{to.pk}/checks/", values)


def test_a_violation_is_kept_with_photos_and_lists_the_vehicle(client, officer):
    road, values = campaign(), given()
    answer = send(client, road, values | {"photos": [photo(), photo("red")]})
    assert answer.status_code == 201, answer.content.decode()
    check = RoadCheck.objects.get()
    assert check.photos.count() == 2
    assert check.officer == officer
    assert {e.trigger for e in WatchEntry.objects.all()} == {"road_check"}
    assert RepairLoop.objects.get().origin == "road_check"
    page = client.get(f"/vehicles/roadchecks/checks/{check.pk}/").content.decode()
    assert "6063" in page
    picture = client.get(f"/vehicles/roadchecks/checks/{check.pk}/photos/1/")
    assert picture["Content-Type"] == "image/jpeg"
    assert "G30 联合路检" in client.get("/vehicles/roadchecks/").content.decode()


def test_sending_again_is_one_check_and_other_content_is_refused(client, officer):
    road, values = campaign(), given()
    first = send(client, road, values)
    again = send(
        client, road, values | {"sent_at": (NOW + timedelta(minutes=1)).isoformat()}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = send(client, road, values | {"smoke_k": "2.0"})
    assert other.status_code == 409
    assert "未覆盖" in other.json()["detail"]
    assert RoadCheck.objects.count() == 1
    assert WatchEntry.objects.get().events.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"plate": "新E1"}, "plate"),
        ({"verdict": "pass"}, "verdict"),
        ({"smoke_k": "3100"}, "smoke_k"),
        ({"smoke_k": "很黑"}, "smoke_k"),
        ({"at": "昨天"}, "at"),
        ({"at": "2026-11-23T12:00:00"}, "at"),
        ({"latitude": "144"}, "place"),
        ({"latitude": ""}, "place"),
        ({"means": "obd", "smoke_k": "", "verdict": "pass"}, "obd_fault"),
        ({"id": "1"}, "id"),
    ],
)
def test_bad_input_names_the_field_and_writes_nothing(client, officer, wrong, field):
    answer = send(client, campaign(), given(**wrong))
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not RoadCheck.objects.exists()
    assert not Vehicle.objects.exists()


def test_a_file_that_only_says_it_is_a_photo_is_refused(client, officer):
    fake = SimpleUploadedFile(
        "a.jpg", b"\xff\xd8\xff<script>" + b"x" * 50, "image/jpeg"
    )
    answer = send(client, campaign(), given() | {"photos": [fake]})
    assert answer.status_code == 422
    assert "照片" in answer.json()["detail"]


def test_a_phone_a_day_fast_is_corrected_and_says_so(client, officer):
    fast = timedelta(days=1)
    values = given(
        at=(NOW + fast - timedelta(minutes=2)).isoformat(),
        sent_at=(NOW + fast).isoformat(),
    )
    assert send(client, campaign(), values).status_code == 201
    check = RoadCheck.objects.get()
    assert check.at == NOW - timedelta(minutes=2)
    assert check.clock_ahead_s == 86400
    page = client.get(f"/vehicles/roadchecks/checks/{check.pk}/").content.decode()
    assert "已按平台时间更正" in page


def test_a_listed_vehicle_at_the_roadside_is_told(client, officer):
    listed(vehicle(), "captured", at=NOW - timedelta(days=9))
    send(client, campaign(), given(smoke_k="0.5", verdict="pass"))
    assert Alert.objects.filter(kind="watch", summary__contains="路检").count() == 1


def test_a_transfer_goes_through_casework_with_receipt_and_reply(client, officer):
    Agency.objects.create(
        organisation=officer.organisation,
        full_name="州生态环境局",
        short="博州",
        review_body="州人民政府",
        court="博乐市人民法院",
        valid_from=NOW.date(),
        source="测试",
    )
    send(client, campaign(), given() | {"photos": [photo()]})
    check = RoadCheck.objects.get()
    address = f"/vehicles/roadchecks/checks/{check.pk}/transfer/"
    answer = client.post(address, {"unit": "精河县公安局交警大队"})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    transfer = PoliceTransfer.objects.get()
    case = Case.objects.get()
    assert transfer.case == case
    assert transfer.code == "6063"
    assert case.state == "external"
    outer = case.transfers.get()
    assert outer.authority == "traffic_police"
    assert "6063" in outer.matter
    today = clock.beijing(NOW).date().isoformat()
    client.post(address, {"receipt": "博公交收〔2026〕1号", "received_on": today})
    outer.refresh_from_db()
    assert outer.receipt == "博公交收〔2026〕1号"
    reply = {
        "reply_number": "博公交函1号",
        "replied_on": today,
        "result": "罚款 200 元",
    }
    assert client.post(address, reply).status_code == 302
    transfer.refresh_from_db()
    case.refresh_from_db()
    assert transfer.reply == "罚款 200 元"
    assert case.state == "feedback"
    totals = reads.totals(officer, NOW.date() - timedelta(days=3), NOW.date())
    assert (totals.checked, totals.violations, totals.sent) == (1, 1, 1)
    assert (totals.received, totals.replied) == (1, 1)


def test_a_passed_vehicle_is_not_transferred(client, officer):
    send(client, campaign(), given(smoke_k="0.5", verdict="pass"))
    check = RoadCheck.objects.get()
    answer = client.post(
        f"/vehicles/roadchecks/checks/{check.pk}/transfer/", {"unit": "交警"}
    )
    assert answer.status_code == 422
    assert not PoliceTransfer.objects.exists()


def test_planning_and_the_phone_page(client, officer):
    where = factories.district()
    values = {
        "name": "11 月路检",
        "place": "G312 五台",
        "district": where.pk,
        "day": "2026-11-23",
        "at": "10:00",
        "ecology": "巴特尔、王雪梅",
        "police": "张警官",
        "transport": "李执法",
    }
    answer = client.post("/vehicles/roadchecks/new/", values)
    made = RoadCampaign.objects.get()
    assert answer.status_code == 302
    assert made.ecology == ["巴特尔", "王雪梅"]
    page = client.get(f"/vehicles/roadchecks/{made.pk}/record/").content.decode()
    assert "data-roadcheck" in page
    assert 'name="limit_k"' in page
    client.post(f"/vehicles/roadchecks/{made.pk}/end/")
    made.refresh_from_db()
    assert made.ends_at == NOW
    late = send(client, made, given())
    assert late.status_code == 201


def test_the_plate_reader_is_asked_by_name_and_its_absence_is_said(
    client, officer, monkeypatch
):
    asked: list[tuple[str, str]] = []

    def sent(task: str, token: str) -> bool:
        asked.append((task, token))
        return True

    monkeypatch.setattr(queue, "send", sent)
    answer = client.post("/vehicles/roadchecks/plate/", {"photo": photo()})
    assert answer.status_code == 202
    token = answer.json()["token"]
    assert asked == [("vehicles.vision.tasks.read_plate", token)]
    where = f"/vehicles/roadchecks/plate/{token}/"
    assert client.get(where).json() == {"state": "waiting"}
    plate_photos.answer(token=token, plates=[{"text": "新E0K73X", "color": "yellow"}])
    assert client.get(where).json()["plates"][0]["text"] == "新E0K73X"
    assert not plate_photos.photo_file(token).exists()
    monkeypatch.setattr(queue, "send", lambda task, *args: False)
    answer = client.post("/vehicles/roadchecks/plate/", {"photo": photo()})
    assert answer.status_code == 503
    assert "手工" in answer.json()["detail"]
