"""Ambient air: days imported and computed, which figure leads, the share of good days."""

import io
from datetime import date, timedelta

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.domain import aqi
from polluters.models import AirDay, AirStation, AqiBreakpoint, Mean
from polluters.services import air
from tests import factories
from tests.polluters.test_screens import noon

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(factories.user(Role.OFFICER))
    return client


TABLE = """日期,站点,SO2,NO2,PM10,PM2.5,CO,O3,AQI,沙尘,状态
2026-02-01,东站,12,30,80,35,0.8,96,,否,审核值
2026-02-01,城市均值,,,,,,,77,,
2026-02-02,东站,12,30,400,120,0.8,96,,是,初值
2026-02-30,东站,1,1,1,1,1,1,,,
2026-02-03,西站,1,1,1,1,1,1,,,
2026-02-04,东站,abc,1,1,1,1,1,,,
2026-02-05,东站,-4,1,1,1,1,1,,,
2026-02-06,东站,,,,,,,,,
2026-02-01,东站,9,9,9,9,9,9,,,审核值
2999-01-01,东站,1,1,1,1,1,1,,,
"""


@pytest.fixture
def stations() -> None:
    where = factories.district()
    AirStation.objects.create(name="东站", code="A1", district=where)
    AirStation.objects.create(
        name="城市均值", code=air.CITY, district=where, assessed=False
    )


def upload(client: Client, text: str | bytes, act: str = "check"):
    content = text if isinstance(text, bytes) else text.encode()
    file = io.BytesIO(content)
    file.name = "days.csv"
    return client.post("/polluters/air/import/", {"file": file, "act": act})


def test_a_table_is_checked_before_it_is_taken(stations: None, officer: Client) -> None:
    page = upload(officer, TABLE)
    done = page.context["done"]
    assert (done.new, done.changed, done.same, done.stored) == (3, 0, 0, False)
    told = {(error.line, error.column) for error in done.errors}
    assert told == {
        (5, "日期"), (6, "站点"), (7, "SO2"), (8, "SO2"), (9, "SO2"), (10, "日期"),
        (11, "日期"),
    }  # fmt: skip
    assert AirDay.objects.count() == 0
    stored = officer.post(
        "/polluters/air/import/",
        {"text": page.context["text"], "name": "days.csv", "act": "store"},
    )
    assert stored.context["done"].stored
    assert AirDay.objects.count() == 3
    again = upload(officer, TABLE, "store").context["done"]
    assert (again.new, again.changed, again.same) == (0, 0, 3)
    assert AuditEntry.objects.filter(act="air.import").count() == 2


def test_the_official_figure_leads_and_the_reviewed_one(
    stations: None, officer: Client
) -> None:
    upload(officer, TABLE, "store")
    page = officer.get("/polluters/air/?month=2026-02")
    days = {day.day: day for day in page.context["days"]}
    official, dust = days[date(2026, 2, 1)], days[date(2026, 2, 2)]
    assert (official.value, official.official, official.good) == (77, True, True)
    assert official.computed is not None
    assert official.computed.value != 77
    assert (dust.official, dust.dust, dust.reviewed, dust.good) == (
        False,
        True,
        False,
        False,
    )
    assert page.context["month_share"].share == 0.5
    assert page.context["year_dustless"].share == 1.0
    better = "日期,站点,PM2.5,状态\n2026-02-02,东站,20,审核值\n"
    upload(officer, better, "store")
    days = officer.get("/polluters/air/?month=2026-02").context["days"]
    assert (days[0].reviewed, days[0].good) == (True, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"PK\x03\x04xxxx", "另存为 CSV"), (b"a,b\n1,2\n", "首行须为列名")],
)
def test_what_is_no_table_is_said(
    stations: None, officer: Client, content: bytes, said: str
) -> None:
    assert said in upload(officer, content).content.decode()


def test_frames_of_a_station_make_its_first_figures(stations: None) -> None:
    logger = factories.logger()
    AirStation.objects.filter(name="东站").update(logger=logger)
    day = clock.beijing(noon()).date()
    start = noon().replace(hour=0)
    for code, unit, value in (("a34004", "mg/m3", 0.05), ("a05024", "ug/m3", 90.0)):
        factories.pollutant(code, unit=unit)
        point = factories.point(logger, code, high=None)
        point.unit = unit
        point.save()
        Mean.objects.bulk_create(
            Mean(
                point=point, period=2, time=start + n * HOUR, valid=True,
                computed=value * (2 if code == "a05024" and n < 8 else 1),
                state="closed", computed_at=start,
            )
            for n in range(20)
        )  # fmt: skip
    assert air.compute_day(day=day, now=clock.now()) == 1
    row = AirDay.objects.get()
    assert row.pm25 == pytest.approx(50)
    assert row.o3 == pytest.approx(180)
    assert (row.origin, row.so2) == ("first", None)


def test_a_renewed_table_confirmed_in_the_admin_is_no_longer_doubted(
    stations: None, officer: Client
) -> None:
    AqiBreakpoint.objects.all().delete()
    for row in aqi.TABLE:
        AqiBreakpoint.objects.create(
            version=row.version, valid_from=row.valid_from, item=row.pollutant,
            iaqi=row.iaqi, concentration=row.concentration, source=row.source,
        )  # fmt: skip
    upload(officer, "日期,站点,PM2.5\n2026-03-02,东站,60.5\n", "store")
    page = officer.get("/polluters/air/?month=2026-03")
    assert page.context["days"][0].value == 101
    assert "待与标准原文核对（其中" in page.content.decode()
    AqiBreakpoint.objects.update(confirmed=True)
    page = officer.get("/polluters/air/?month=2026-03").content.decode()
    assert "待与标准原文核对（其中" not in page
