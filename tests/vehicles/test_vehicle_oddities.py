"""Odd bytes, digits and clocks before the pages of vehicles: answers, never failures."""

import uuid
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from tests import factories
from tests.vehicles.capture_factories import NOW
from tests.vehicles.station_makers import NOON, ROOT, caller, honest, parts
from tests.vehicles.test_roadchecks import campaign, given, send
from tests.vehicles.test_transfers import confirmed, row
from tests.vehicles.test_watchlist import listed, vehicle
from vehicles.domain import plates
from vehicles.domain.roadside import true_time
from vehicles.models import CaptureTransfer, RoadCheck
from vehicles.services.transfers import hand_over, import_replies

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def client() -> Client:
    made = Client(raise_request_exception=False)
    made.force_login(factories.user(Role.OFFICER))
    return made


LONG, HUGE, ARABIC = "9" * 5000, "9" * 25, "٣"
PAGES = (
    "/vehicles/files/", "/vehicles/watchlist/", "/vehicles/loops/", "/vehicles/fleet/",
    "/vehicles/roadchecks/", "/vehicles/exchange/", "/vehicles/findings/",
    "/vehicles/stations/", "/vehicles/files/by-plate/", "/vehicles/captures/",
)  # fmt: skip
NAMES = (
    *("q", "stage", "district", "page", "owner", "trigger", "state", "fuel", "plate"),
    *("from", "to", "by", "age", "method", "origin", "color", "use", "plate_color"),
    *("rule", "station", "verdict", "week", "site", "level"),
)


@pytest.mark.parametrize("word", [LONG, HUGE, "9999-12-31", "0001-01-01"])
def test_pages_answer_odd_filters(client: Client, word: str) -> None:
    query = dict.fromkeys(NAMES, word)
    broken = [page for page in PAGES if client.get(page, query).status_code >= 500]
    assert broken == []


@pytest.mark.parametrize("owner", [LONG, HUGE, ARABIC, "²"])
def test_an_owner_that_is_no_number_is_nobody(client: Client, owner: str) -> None:
    entry = listed(vehicle())
    address = f"/vehicles/watchlist/{entry.pk}/assign/"
    answer = client.post(address, {"owner": owner})
    assert answer.status_code in (302, 404), answer.status_code


@pytest.mark.parametrize(
    "moments",
    [
        {"sent_at": "9999-12-31T23:59:59+08:00"},
        {"sent_at": "0001-01-01T00:00:00+08:00", "at": "9999-12-31T00:00:00+08:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_a_phones_clock_at_the_end_of_the_calendar_is_named(
    client: Client, moments: dict[str, str]
) -> None:
    answer = send(client, campaign(), given(**moments))
    assert answer.status_code == 422, answer.status_code
    assert answer.json()["errors"][0]["field"] in ("at", "sent_at")
    assert not RoadCheck.objects.exists()


def test_two_phones_may_check_one_vehicle_and_one_phone_may_send_out_of_order(
    client: Client,
) -> None:
    road = campaign()
    later, earlier = given(), given(at="2026-11-23T11:00:00+08:00")
    for values in (later, earlier, later, earlier):
        assert send(client, road, values).status_code in (200, 201)
    assert RoadCheck.objects.count() == 2
    other = campaign()
    assert send(client, other, later).status_code == 409
    unknown = given(plate_color="pink", id=str(uuid.uuid4()))
    answer = send(client, road, unknown)
    assert answer.status_code == 422
    assert "valid" not in answer.json()["detail"], "in Chinese"


def test_a_right_clock_is_left_alone() -> None:
    at = datetime(2026, 11, 23, 3, 59, tzinfo=UTC)
    assert true_time(at, NOW, NOW).at == at


@pytest.mark.parametrize("text", ["新E١٢٣٤٥D", "使١٢٣٤٥٦", "٠١KG٢٣٤ABC", "新E1234\x00"])
def test_a_plate_has_no_digits_of_other_scripts(text: str) -> None:
    assert not plates.is_valid(text)
    with pytest.raises(plates.PlateError):
        plates.parse(text)


def test_full_width_and_spaces_are_one_plate() -> None:
    for text in ("新Ｅ１２３４５", " 新 E·12345 ", "新e12345", "新E-123 45"):
        assert plates.parse(text).text == "新E12345"
    assert plates.parse("新ED12345").kind.code == "nev_small"
    assert plates.parse("新E12345D").kind.code == "nev_large"


@pytest.mark.parametrize("column", ["告知书编号", "回执编号", "处理结果", "号牌号码"])
def test_a_nul_in_a_reply_refuses_its_line(
    monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    hand_over(capture=confirmed(monkeypatch), actor=None, now=NOW)
    done = import_replies(
        content=row(**{column: "博环\x001"}),
        actor=factories.user(Role.OFFICER),
        now=NOW,
    )
    assert (done.taken, len(done.refused)) == (0, 1)


def test_a_reply_of_this_morning_is_not_after_today(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hand_over(capture=confirmed(monkeypatch), actor=None, now=NOW)
    morning = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)  # 06:00 of the 24th
    given = {"actor": factories.user(Role.OFFICER), "now": morning}
    done = import_replies(content=row(处理日期="2026-11-24"), **given)
    assert (done.taken, done.refused) == (1, [])
    assert CaptureTransfer.objects.get().decided_on.isoformat() == "2026-11-24"


TABLE = "号牌号码,更新时间,在线状态,故障\n新E12345,2026-11-20 10:00,是,{}\n"


@pytest.mark.parametrize("kind", ["registration", "remote_obd"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00" * 50,
        b"PK\x03\x04nothing",
        TABLE.format("a\x00b").encode(),
        "号牌号码\n新E12345\n".encode("utf-16"),
        ("号牌号码,燃料种类\n" + "新E12345," + "柴" * 9000 + "\n").encode(),
    ],
)
def test_lists_of_odd_bytes_are_refused_or_told(
    client: Client, kind: str, body: bytes
) -> None:
    for name in ("a.csv", "a.xlsx"):
        file = SimpleUploadedFile(name, body)
        answer = client.post(
            "/vehicles/files/import/", {"kind": kind, "file": file, "carry_out": "on"}
        )
        assert answer.status_code in (302, 422), (name, answer.status_code)


@pytest.mark.parametrize("session", ["a%00b", "9" * 300])
def test_sessions_that_cannot_be_are_not_found(session: str) -> None:
    by, given_parts = caller(), parts(honest("vmas"), "S-1", NOON)
    by.client.raise_request_exception = False
    for tail in ("", "go/"):
        answer = by.client.get(f"{ROOT}sessions/{session}/{tail}")
        assert answer.status_code in (400, 404), answer.status_code
    answer = by.client.put(f"{ROOT}sessions/{session}/obd/", given_parts["obd"])
    assert answer.status_code in (400, 404), answer.status_code
    for query in ("cursor=%00", "updated_since=9999-12-31T23:59:59-14:00"):
        assert by.client.get(f"{ROOT}sessions/?{query}").status_code == 400
    answer = by.client.get(f"{ROOT}tests/{session}/")
    assert answer.status_code in (400, 404), answer.status_code


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_end_of_the_calendar_are_refused_by_forms(
    client: Client, day: str
) -> None:
    road = {"name": "路检", "place": "G30", "district": factories.district().pk}
    people = dict.fromkeys(("ecology", "police", "transport"), "某某")
    answer = client.post(
        "/vehicles/roadchecks/new/", road | people | {"day": day, "at": "10:00"}
    )
    assert answer.status_code == 422
    shop = {"shop": "某站", "shop_code": "1", "number": "1", "items": "三元"}
    times = {"came_at": f"{day}T00:00", "left_at": f"{day}T01:00"}
    answer = client.post("/vehicles/repairs/add/", {"plate": "新E12345"} | shop | times)
    assert answer.status_code == 422
    assert client.get("/vehicles/roadchecks/").status_code == 200
