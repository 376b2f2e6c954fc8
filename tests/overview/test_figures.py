"""The bureau's figures follow the records: one record more, and the figure moves."""

import io
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.overview.models import ClueReport, ClueReportItem
from bozhou_eco.overview.selectors import figures as reads
from enforcement.models import Case, LenientTest
from enforcement.models import Inspection as Check
from polluters.models import AirDay, AirStation
from tests import factories
from tests.vehicles.capture_factories import site
from tests.vehicles.station_makers import station
from vehicles.domain import plates
from vehicles.models import Inspection, RoadCampaign, RoadCheck, Vehicle

pytestmark = pytest.mark.django_db
YEAR = reads.Period(date(2026, 1, 1), date(2026, 12, 31))
AT = datetime(2026, 6, 1, 11, tzinfo=clock.BEIJING)
DAY = AT.date()


def value(code: str, user, period: reads.Period = YEAR):
    return reads.figure(reads.DEFINITIONS[code], user, period).value


def car(plate: str = "新E12345") -> Vehicle:
    return Vehicle.objects.get_or_create(
        plate=plate, plate_color="yellow", defaults={"near_key": plates.near_key(plate)}
    )[0]


def add_site() -> None:
    site()


def add_test() -> None:
    where = station()
    Inspection.objects.create(
        station=where, line=where.lines.get(), vehicle=car(), session="1",
        report="1" * 24, state="done", category="periodic", method="lugdown",
        opened_at=AT, started_at=AT, updated_at=AT, received=[], outcome="pass",
    )  # fmt: skip


def add_check(verdict: str = "fail") -> None:
    road, _ = RoadCampaign.objects.get_or_create(
        name="路检", place="G30", district=factories.district(), begins_at=AT
    )
    RoadCheck.objects.create(
        campaign=road, vehicle=car(), at=AT, received_at=AT, verdict=verdict,
        officer=factories.user(Role.OFFICER),
    )  # fmt: skip


def add_unit() -> None:
    made = factories.logger()
    firm = made.outlet.enterprise
    firm.key_years = [2026]
    firm.save()


def add_report() -> ClueReport:
    return ClueReport.objects.create(
        starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 7), year=2026, issue=1,
        number="博环线报〔2026〕1期", state="signed", drafted_at=AT, signed_at=AT,
        signed_by=factories.user(Role.LEADER), digest="0" * 64,
    )  # fmt: skip


def add_problem() -> None:
    ClueReportItem.objects.create(
        report=add_report(), section="exceedance", key="k", subject_name="某厂",
        text="超标", verdict="problem", district=factories.district(),
    )  # fmt: skip


def add_lenient() -> None:
    case = Case.objects.create(
        number="线1", title="t", kind="dust", severity="minor", state="ended",
        stage="feedback", source="manual", subject_key="s", subject_name="s",
        opened_at=AT, district=factories.district(),
    )  # fmt: skip
    LenientTest.objects.create(
        case=case, ground="minor", answers={}, exempted=Decimal("25000"), passed=True,
        approved_on=AT.date(), actor=factories.user(Role.LEGAL), at=AT,
    )  # fmt: skip


def add_register(mode: str = "off_site") -> None:
    Check.objects.create(
        mode=mode, kind="routine", done_on=AT.date(), subject_key="s",
        subject_name="s", means="视频巡查", district=factories.district(),
    )  # fmt: skip


def add_air(aqi: int = 60, day: date = DAY) -> AirDay:
    city, _ = AirStation.objects.get_or_create(
        code="CITY",
        defaults={
            "name": "城市均值",
            "district": factories.district(),
            "assessed": False,
        },
    )
    return AirDay.objects.update_or_create(
        station=city,
        day=day,
        origin="reviewed",
        defaults={"official_aqi": aqi, "came_by": "测试", "stored_at": AT},
    )[0]


@pytest.mark.parametrize(
    ("code", "add", "before", "after"),
    [
        ("sites", add_site, 0, 1),
        ("stations", add_test, 0, 1),
        ("tests", add_test, 0, 1),
        ("checked", add_check, 0, 1),
        ("violations", add_check, 0, 1),
        ("units", add_unit, 0, 1),
        ("reports", add_report, 0, 1),
        ("problems", add_problem, 0, 1),
        ("exempted", add_lenient, 0, 2.5),
        ("off_site", add_register, None, 100.0),
        ("good_air", add_air, None, 100.0),
    ],
)
def test_a_record_moves_the_figure_and_stands_behind_it(
    code, add, before, after, client: Client
):
    user = factories.user(Role.LEADER)
    assert value(code, user) == before
    add()
    assert value(code, user) == after
    earlier = reads.Period(date(2025, 1, 1), date(2025, 12, 31))
    assert value(code, user, earlier) in (0, None)
    client.force_login(user)
    page = client.get(f"/figures/{code}/?from=2026-01-01&to=2026-12-31")
    assert page.status_code == 200
    assert "1 条" in page.content.decode()


def test_shares_move_both_ways():
    user = factories.user(Role.LEADER)
    add_register()
    add_register("on_site")
    assert value("off_site", user) == 50.0
    add_air()
    add_air(180, AT.date() + timedelta(days=1))
    assert value("good_air", user) == 50.0
    add_air(40, AT.date() + timedelta(days=1))
    assert value("good_air", user) == 100.0
    add_check("pass")
    assert value("checked", user) == 1
    assert value("violations", user) == 0


def test_a_county_counts_its_own(client: Client):
    add_register()
    there = factories.user(
        Role.OFFICER,
        organisation=factories.department(factories.district("652723", "温泉县")),
    )
    assert value("off_site", there) is None


def test_the_page_and_the_word_report(client: Client):
    client.force_login(factories.user(Role.LEADER))
    add_check()
    add_air()
    where = "?from=2026-01-01&to=2026-12-31"
    page = client.get(f"/figures/{where}").content.decode()
    assert "数据年报" in page
    assert "路检路查车辆" in page
    answer = client.get(f"/figures/report.docx{where}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        names = packed.namelist()
        assert [n for n in names if n.startswith("word/charts/")] == [
            "word/charts/chart1.xml",
            "word/charts/chart2.xml",
            "word/charts/chart3.xml",
        ]
        text = packed.read("word/document.xml").decode()
        chart = packed.read("word/charts/chart2.xml").decode()
        types = packed.read("[Content_Types].xml").decode()
    assert "路检发现违法" in text
    assert "口径第 1 版" in text
    assert "<c:v>26-06</c:v>" in chart
    assert "drawingml.chart+xml" in types
