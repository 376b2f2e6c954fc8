"""Pages of marks, rates, the ledger, masses and national data: work, scoped, bad input."""

import io
from datetime import date, datetime, timedelta

import docx
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock, exchange
from polluters.models import (
    Consumable,
    DailyMass,
    Finding,
    Mark,
    MarkKind,
    Mean,
    ParameterChange,
    Period,
    PermitQuota,
    Point,
    Upkeep,
)
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return clock.beijing(clock.now()).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def point() -> Point:
    return factories.point(factories.logger(), "a21026")


@pytest.fixture
def officer(client: Client) -> User:
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    return user


def owner(point: Point) -> User:
    firm = point.outlet.enterprise.organisation
    return factories.user(Role.ENTERPRISE, organisation=firm)


def kind() -> MarkKind:
    defaults = {"name": "启炉（启动）", "group": "production", "source": "测试"}
    return MarkKind.objects.get_or_create(code="starting", defaults=defaults)[0]


def text(client: Client, url: str, status: int = 200) -> str:
    reply = client.get(url)
    assert reply.status_code == status
    return reply.content.decode()


def form(point: Point, now: datetime, **fields: object) -> dict[str, object]:
    begin = now - timedelta(hours=2)
    values = {
        "outlet": point.outlet_id, "kind": kind().pk, "reason": "冷态启动",
        "begin": f"{begin:%Y-%m-%dT%H:%M}", "end": f"{now:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    return values | fields


def test_an_enterprise_marks_its_own_and_only_its_own(
    client: Client, point: Point, now: datetime
) -> None:
    client.force_login(owner(point))
    reply = client.post("/polluters/marks/new/", form(point, now))
    mark = Mark.objects.get()
    assert reply.headers["Location"] == f"/polluters/marks/{mark.pk}/"
    assert mark.begin == now - timedelta(hours=2)
    assert "企业说明" in text(client, f"/polluters/marks/{mark.pk}/")
    assert "启炉" in text(client, "/polluters/marks/")
    other = factories.point()
    reply = client.post("/polluters/marks/new/", form(other, now))
    assert reply.status_code == 422
    client.force_login(owner(other))
    text(client, f"/polluters/marks/{mark.pk}/", 404)
    url = f"/polluters/marks/{mark.pk}/withdraw/"
    assert client.post(url, {"reason": "x"}).status_code == 404


def test_a_bad_mark_comes_back_with_its_field(
    client: Client, officer: User, point: Point, now: datetime
) -> None:
    early = f"{now - timedelta(days=9):%Y-%m-%dT%H:%M}"
    reply = client.post("/polluters/marks/new/", form(point, now, end=early))
    assert reply.status_code == 422
    assert "结束时间必须晚于开始时间" in reply.content.decode()


def test_an_open_mark_is_ended_and_withdrawn_with_a_reason(
    client: Client, officer: User, point: Point, now: datetime
) -> None:
    client.post("/polluters/marks/new/", form(point, now, end=""))
    mark = Mark.objects.get()
    client.post(f"/polluters/marks/{mark.pk}/end/", {"end": "昨天"})
    mark.refresh_from_db()
    assert mark.end is None
    client.post(f"/polluters/marks/{mark.pk}/end/", {"end": f"{now:%Y-%m-%dT%H:%M}"})
    client.post(f"/polluters/marks/{mark.pk}/withdraw/", {"reason": "填错"})
    mark.refresh_from_db()
    assert mark.end == now
    assert mark.withdrawn_reason == "填错"


def hours(point: Point, start: datetime, count: int, bad: tuple[int, ...] = ()) -> None:
    for hour in range(count):
        valid = hour not in bad
        Mean.objects.create(
            point=point, period=Period.HOUR, time=start + timedelta(hours=hour),
            computed=50 if valid else None, due=60, got=60 if valid else 0,
            valid_count=60 if valid else 0, valid=valid,
            flags={"N": 60} if valid else {}, state="closed", computed_at=start,
        )  # fmt: skip


def test_rates_rank_and_lead_down_to_the_missing_hour(
    client: Client, officer: User, point: Point
) -> None:
    start = datetime(2026, 3, 1, tzinfo=clock.BEIJING)
    hours(point, start, 24, bad=(5,))
    page = text(client, "/polluters/rates/?span=day&day=2026-03-01&by=outlet")
    assert "95.8%" in page
    assert f"/polluters/rates/points/{point.pk}/?month=2026-03" in page
    page = text(client, f"/polluters/rates/points/{point.pk}/?month=2026-03")
    assert "03-01 05:00" in page
    assert "缺失" in page
    assert "2026" in text(client, "/polluters/rates/?span=x&day=昨天&by=y")


def test_the_monthly_notice_as_word_and_workbook(
    client: Client, officer: User, point: Point
) -> None:
    start = datetime(2026, 3, 1, tzinfo=clock.BEIJING)
    hours(point, start, 48, bad=tuple(range(24)))
    reply = client.get("/polluters/rates/bulletin.docx?day=2026-03")
    paper = docx.Document(io.BytesIO(reply.content))
    words = "".join(paragraph.text for paragraph in paper.paragraphs)
    assert "2026年3月自动监控数据有效传输率通报" in words
    assert point.outlet.enterprise.name in words
    reply = client.get("/polluters/rates/bulletin.xlsx?day=2026-03")
    book = openpyxl.load_workbook(io.BytesIO(reply.content))
    assert book.sheetnames == ["行政区", "企业", "排放口", "点位"]
    assert book["企业"]["A3"].value == point.outlet.enterprise.name
    assert AuditEntry.objects.filter(act="polluters.export_rates").count() == 2


def test_the_ledger_is_filled_by_forms(
    client: Client, officer: User, point: Point, now: datetime
) -> None:
    url = "/polluters/ledger/upkeep/new/"
    begin, end = now - timedelta(days=2), now - timedelta(days=1)
    data = {
        "outlet": point.outlet_id, "kind": "calibration",
        "planned_from": f"{begin:%Y-%m-%dT%H:%M}", "planned_to": f"{end:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    assert client.post(url, data | {"done_at": data["planned_to"]}).status_code == 422
    assert client.post(url, data).status_code == 302
    task = Upkeep.objects.get()
    page = text(client, "/polluters/ledger/?tab=upkeep&state=overdue")
    assert "逾期" in page
    done = data | {
        "done_at": data["planned_to"], "result": "passed",
        "standard_value": "50", "measured_value": "51",
    }  # fmt: skip
    assert client.post(f"/polluters/ledger/upkeep/{task.pk}/", done).status_code == 302
    assert "2.0%" in text(client, "/polluters/ledger/")
    assert AuditEntry.objects.filter(act="polluters.change_upkeep").exists()


def test_a_declared_change_stays_as_it_is(
    client: Client, point: Point, now: datetime
) -> None:
    client.force_login(owner(point))
    data = {
        "outlet": point.outlet_id, "parameter": "量程", "before": "0-500",
        "after": "0-300", "changed_at": f"{now:%Y-%m-%dT%H:%M}", "reason": "",
    }  # fmt: skip
    url = "/polluters/ledger/change/new/"
    assert client.post(url, data).status_code == 422
    assert client.post(url, data | {"reason": "更换量程"}).status_code == 302
    row = ParameterChange.objects.get()
    assert (row.origin, row.reason) == ("declared", "更换量程")
    text(client, f"/polluters/ledger/change/{row.pk}/", 404)
    text(client, "/polluters/ledger/installation/new/", 403)


@pytest.mark.parametrize(
    "tab", ["upkeep", "consumable", "change", "installation", "service", "x"]
)
def test_every_tab_of_the_ledger_stands_empty_and_filtered(
    client: Client, officer: User, point: Point, tab: str
) -> None:
    text(client, f"/polluters/ledger/?tab={tab}")
    text(client, f"/polluters/ledger/?tab={tab}&state=overdue")


def test_the_ledger_is_kept_to_the_own_outlets(client: Client, point: Point) -> None:
    other = factories.point()
    Consumable.objects.create(
        outlet=other.outlet, kind="gas", name="他厂标气", expires_on=date(2026, 1, 1)
    )
    client.force_login(owner(point))
    assert "他厂标气" not in text(client, "/polluters/ledger/?tab=consumable")
    row = Consumable.objects.get()
    text(client, f"/polluters/ledger/consumable/{row.pk}/", 404)


def test_masses_lead_from_the_year_to_the_hour_and_its_formula(
    client: Client, officer: User, point: Point, now: datetime
) -> None:
    flow = factories.point(point.logger, "a00000", high=None)
    day = now.date() - timedelta(days=1)
    start = datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)
    hours(point, start, 24)
    hours(flow, start, 24)
    DailyMass.objects.create(
        point=point, day=day, measured=1500, substituted=20, hours=24, missing=0,
        stopped=0, computed_at=now,
    )  # fmt: skip
    firm = point.outlet.enterprise
    PermitQuota.objects.create(
        enterprise=firm,
        pollutant=point.pollutant,
        year=day.year,
        tonnes=1.2,
        source="证",
    )
    page = text(client, f"/polluters/masses/?year={day.year}")
    assert "1.500" in page
    assert "已用完" in page
    page = text(client, f"/polluters/masses/{firm.pk}/a21026/?month={day:%Y-%m}")
    assert "1500.000" in page
    page = text(client, f"/polluters/masses/points/{point.pk}/{day}/")
    assert "标干流量" in page
    assert "0.0025" in page
    text(client, f"/polluters/masses/points/{point.pk}/2026-13-40/", 404)
    text(client, f"/polluters/masses/{firm.pk}/x/", 404)


def test_a_parcel_is_uploaded_and_its_receipt_told(
    client: Client, officer: User, point: Point, now: datetime
) -> None:
    day = now.date() - timedelta(days=1)
    start = datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)
    hours(point, start, 2)
    firm = point.outlet.enterprise.source_code
    rows = f"{firm},{point.outlet.code},a21026,{day} 00:00,60\n"
    head = "source_code,outlet,factor,time,value\n"
    parcel = exchange.make_parcel(
        number="GJ-9", kind="hour", sender="national", receiver="bozhou", day=day,
        files={"h.csv": (head + rows).encode()}, now=now,
    )  # fmt: skip
    file = SimpleUploadedFile("p.zip", exchange.pack(parcel))
    reply = client.post("/polluters/national/upload/", {"parcel": file}, follow=True)
    assert "批次 GJ-9 入库 1 行" in reply.content.decode()
    page = text(client, f"/polluters/national/?day={day}")
    assert "相差超限" in page
    assert "16.7%" in page
    bad = SimpleUploadedFile("p.zip", b"nothing")
    reply = client.post("/polluters/national/upload/", {"parcel": bad}, follow=True)
    assert "已拒收" in reply.content.decode()


def test_an_enterprise_reads_no_suspicion_of_itself(
    client: Client, point: Point, now: datetime
) -> None:
    for check in ("constant", "upkeep_overdue"):
        Finding.objects.create(
            logger=point.logger, check_code=check, begin=now, end=now, severity="minor",
            why=f"说明 {check}", score=1, found_at=now, looked_at=now,
        )  # fmt: skip
    client.force_login(owner(point))
    page = text(client, "/polluters/findings/")
    assert "说明 upkeep_overdue" in page
    assert "说明 constant" not in page
    hidden = Finding.objects.get(check_code="constant")
    text(client, f"/polluters/findings/{hidden.pk}/", 404)
    client.force_login(factories.user(Role.OFFICER))
    assert "说明 constant" in text(client, "/polluters/findings/")
    text(client, f"/polluters/findings/{hidden.pk}/")
