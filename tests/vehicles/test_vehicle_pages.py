"""Pages of files, watch list, loops, statistics, exchange; imports end to end."""

import io
from datetime import timedelta
from urllib.parse import parse_qs

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bozhou_eco.accounts.models import District, Role
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.capture_factories import NOW, camera, capture
from tests.vehicles.test_watchlist import confirm, listed, vehicle
from vehicles.models import RepairLoop, Vehicle, VehicleImport, WatchEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client: Client):
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    return user


def text(answer) -> str:
    return answer.content.decode()


def test_the_list_finds_near_plates(client, officer):
    vehicle("新E0K73X")
    vehicle("新EOK73X")
    vehicle("新E8B12Z", "blue")
    page = text(client.get("/vehicles/files/?q=新E0K73X"))
    assert "相近号牌" in page
    assert "新EOK73X" in page
    assert "新E8B12Z" not in page
    page = text(client.get("/vehicles/files/?q=新EB8122"))
    assert "新E8B12Z" in page


@pytest.mark.parametrize(
    "given", ["新E55555", "新E&state=x", "//evil.example", "a\r\nX: y"]
)
def test_an_unknown_plate_leads_to_the_list_searched_for_it(client, officer, given):
    answer = client.get("/vehicles/files/by-plate/", {"plate": given})
    path, _, query = answer.headers["Location"].partition("?")
    assert path == "/vehicles/files/"
    assert parse_qs(query).keys() == {"q"}
    assert "evil" not in path
    assert client.get(answer.headers["Location"]).status_code == 200


def test_filters_and_states(client, officer):
    vehicle("新E00001", fuel="B", stage=5)
    vehicle("新E00002", fuel="A", remote_obd_fault="P20EE")
    assert "新E00002" not in text(client.get("/vehicles/files/?fuel=B&stage=5"))
    assert "新E00001" not in text(client.get("/vehicles/files/?state=remote"))
    assert "清除筛选" in text(client.get("/vehicles/files/?q=新E99999"))


def test_one_file_gathers_what_is_known(client, officer):
    confirm(capture(camera()))
    car = Vehicle.objects.get(plate="新E0K73X")
    page = text(client.get(f"/vehicles/files/{car.pk}/"))
    assert "黑烟抓拍 · 已确认" in page
    assert "列入名单 · 黑烟抓拍属实" in page
    assert "待复检" in page
    narrowed = text(client.get(f"/vehicles/files/{car.pk}/?kind=case"))
    assert "黑烟抓拍 · 已确认" not in narrowed


def test_the_owner_is_masked_and_reading_is_audited(client, officer):
    car = vehicle(owner_name="张三丰", owner_phone="13812345678")
    page = text(client.get(f"/vehicles/files/{car.pk}/"))
    assert "张三丰" not in page
    assert "13812345678" not in page
    assert "张＊＊" in page
    refused = client.post(f"/vehicles/files/{car.pk}/owner/", {"reason": ""})
    assert refused.status_code == 422
    shown = client.post(f"/vehicles/files/{car.pk}/owner/", {"reason": "核查"})
    assert "张三丰" in text(shown)
    entry = AuditEntry.objects.get(act="vehicle.owner")
    assert entry.kind == "read"
    assert "张三丰" not in str(entry.detail)


def test_a_county_sees_its_own_and_the_unplaced(client):
    here, there = (
        factories.district(),
        District.objects.create(code="652723", name="温泉县"),
    )
    for number, place in enumerate((here, there, None), 1):
        vehicle(f"新E0000{number}", district=place)
    user = factories.user(Role.OFFICER, organisation=factories.department(here))
    client.force_login(user)
    page = text(client.get("/vehicles/files/"))
    assert "新E00001" in page
    assert "新E00003" in page
    assert "新E00002" not in page
    hidden = Vehicle.objects.get(plate="新E00002")
    assert client.get(f"/vehicles/files/{hidden.pk}/").status_code == 404


def upload(client, body: bytes, name: str, **more):
    file = SimpleUploadedFile(name, body)
    return client.post(
        "/vehicles/files/import/", {"kind": "registration", "file": file} | more,
        follow=True,
    )  # fmt: skip


CSV = (
    "号牌号码,号牌颜色,燃料种类,排放标准,总质量,行政区\n"
    "新E·12345,黄,柴油,国五,31000,精河县\n"
    "新E12346,黄,柴油,国五,31,精河县\n"
    "新Ｅ１２３４７,蓝,汽油,国六,１６２０,精河县\n"
)


def test_a_dry_run_writes_nothing_and_the_import_writes_the_good_rows(client, officer):
    factories.district()
    page = text(upload(client, CSV.encode("gb18030"), "list.csv"))
    assert "试运行" in page
    assert "以吨填写" in page
    assert not Vehicle.objects.exists()
    upload(client, CSV.encode(), "list.csv", carry_out="on")
    done = VehicleImport.objects.get(dry_run=False)
    assert (done.rows, done.created, done.refused) == (3, 2, 1)
    assert [e["row"] for e in done.errors] == [3]
    car = Vehicle.objects.get(plate="新E12347")
    assert car.gross_mass_kg == 1620
    assert car.registered
    upload(client, CSV.encode(), "list.csv", carry_out="on")
    again = VehicleImport.objects.filter(dry_run=False).first()
    assert (again.created, again.changed) == (0, 0)
    errors = client.get(f"/vehicles/files/import/{done.pk}/?format=csv")
    assert "以吨填写" in errors.content.decode("utf-8-sig")


def book(*rows, merge: str = "") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_excel_with_merged_cells_names_the_rows(client, officer):
    rows = [
        ("号牌号码", "号牌颜色"),
        ("新E12345", "黄"),
        ("新E12346", "黄"),
        ("新E12348", "黄"),
    ]
    upload(client, book(*rows, merge="B3:B4"), "list.xlsx", carry_out="on")
    done = VehicleImport.objects.get()
    assert [e["row"] for e in done.errors] == [3, 4]
    assert "B3:B4" in done.errors[0]["texts"][0]
    assert Vehicle.objects.get().plate == "新E12345"
    titled = book(("2026 年登记清单", ""), *rows, merge="A1:B1")
    assert "表头所在的第 1 行含合并单元格" in text(upload(client, titled, "list.xlsx"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0", "不是 CSV 或 Excel"),
        (b"PK\x03\x04broken", "已损坏"),
        (b"\xd0\xcf\x11\xe0old", ".xls"),
        ("颜色\n黄\n".encode(), "号牌号码"),
    ],
)
def test_files_that_are_no_list_are_refused_with_the_reason(
    client, officer, body, words
):
    answer = upload(client, body, "list.xlsx")
    assert answer.status_code == 422
    assert words in text(answer)
    assert not VehicleImport.objects.exists()


def test_remote_states_enter_the_file_and_the_list(client, officer):
    at = f"{NOW - timedelta(days=30):%Y-%m-%d %H:%M}"
    body = (
        "号牌号码,号牌颜色,在线状态,故障码,故障描述,拆除报警,更新时间\n"
        f"新E12345,黄,在线,P20EE,SCR 效率低,否,{at}\n"
        f"新E12346,黄,离线,,,是,{at}\n"
    )
    file = SimpleUploadedFile("obd.csv", body.encode())
    given = {"kind": "remote_obd", "file": file, "carry_out": "on"}
    client.post("/vehicles/files/import/", given)
    found = {(e.vehicle.plate, e.trigger) for e in WatchEntry.objects.all()}
    assert found == {("新E12345", "remote_obd"), ("新E12346", "obd_tamper")}
    assert Vehicle.objects.get(plate="新E12345").remote_obd_fault == "P20EE SCR 效率低"
    file = SimpleUploadedFile("obd.csv", body.encode())
    client.post("/vehicles/files/import/", given | {"file": file})
    assert WatchEntry.objects.count() == 2
    assert "未更新" in str(VehicleImport.objects.first().notes)


def test_the_watch_list_pages(client, officer):
    entry = listed(vehicle())
    assert "新E0K73X" in text(client.get("/vehicles/watchlist/"))
    page = text(client.get(f"/vehicles/watchlist/{entry.pk}/"))
    assert "复检合格" in page
    assert "履历" in page
    client.post(f"/vehicles/watchlist/{entry.pk}/owner/", {"owner": officer.pk})
    client.post(f"/vehicles/watchlist/{entry.pk}/note/", {"text": "已电话通知"})
    client.post(f"/vehicles/watchlist/{entry.pk}/leave/", {"text": "车辆已报废"})
    entry.refresh_from_db()
    assert entry.owner == officer
    assert entry.left_reason == "车辆已报废"
    kinds = [event.kind for event in entry.events.order_by("pk")]
    assert kinds == ["entered", "owner", "note", "left"]
    added = client.post(
        "/vehicles/watchlist/add/",
        {"plate": "新E12345", "color": "yellow", "reason": "群众举报"},
    )
    assert added.status_code == 302
    bad = client.post("/vehicles/watchlist/add/", {"plate": "x", "reason": "群众举报"})
    assert bad.status_code == 422


def test_the_export_for_the_police_is_audited_and_runs_no_formula(client, officer):
    listed(vehicle(vin="LTYD1TC4XMA000123"))
    WatchEntry.objects.update(reason="=cmd()")
    answer = client.post("/vehicles/watchlist/export/", {"format": "csv"})
    body = answer.content.decode("utf-8-sig")
    assert "新E0K73X" in body
    assert "'=cmd()" in body
    assert AuditEntry.objects.get(act="watch.export").detail["rows"] == 1
    answer = client.post("/vehicles/watchlist/export/", {"format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet["A2"].value == "新E0K73X"


def test_loops_page_and_a_repair_noted_by_hand(client, officer):
    car = vehicle()
    made = RepairLoop.objects.create(
        vehicle=car,
        origin="test",
        source="inspection:1",
        failed_at=NOW - timedelta(days=40),
        due_on=(NOW - timedelta(days=25)).date(),
    )
    page = text(client.get("/vehicles/loops/?state=late&from=2026-01-01"))
    assert "超期" in page
    day = (NOW - timedelta(days=41)).date()
    given = {"repaired_on": day, "repairer": "博乐某维修厂"}
    early = client.post(f"/vehicles/loops/{made.pk}/", given)
    assert early.status_code == 422
    assert "早于不合格日期" in text(early)
    given["repaired_on"] = (NOW - timedelta(days=30)).date()
    assert client.post(f"/vehicles/loops/{made.pk}/", given).status_code == 302
    assert "博乐某维修厂" in text(client.get(f"/vehicles/loops/{made.pk}/"))


@pytest.mark.parametrize("by", ["month", "fuel", "stage", "age", "district", "method"])
def test_statistics_page_is_empty_but_whole(client, officer, by):
    assert client.get(f"/vehicles/fleet/?by={by}").status_code == 200
    assert client.get("/vehicles/exchange/").status_code == 200
    assert client.get("/vehicles/roadchecks/").status_code == 200
