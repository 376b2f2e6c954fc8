"""统计分析: tonnes of a month, compared fairly, with quota use, down to the rows."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from polluters.models import DailyMass, PermitQuota, Point
from polluters.selectors.pages.tonnage import totals
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def point() -> Point:
    return factories.point()


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(factories.user(Role.OFFICER))
    return client


def masses(point: Point, first: date, days: int, kg: float, **fields: object) -> None:
    for n in range(days):
        DailyMass.objects.create(
            point=point, day=first + n * DAY, measured=kg, hours=24,
            computed_at=clock.now(), **({"missing": 0, "stopped": 0} | fields),
        )  # fmt: skip


def test_whole_months_are_compared_whole(point: Point) -> None:
    masses(point, date(2026, 3, 1), 31, 10, substituted=1, missing=2)
    masses(point, date(2026, 2, 1), 28, 10)
    masses(point, date(2025, 3, 1), 31, 20)
    found = totals(user=factories.user(Role.OFFICER), month=date(2026, 3, 9))
    (row,) = found.factors
    assert not found.partial
    assert (row.now, row.before, row.year_before) == pytest.approx((0.31, 0.28, 0.62))
    assert row.year == pytest.approx(0.59)
    assert row.year_change == pytest.approx(-0.5)
    assert (row.substituted, row.missing) == (pytest.approx(0.031), 62)


def test_a_running_month_is_compared_with_as_many_days(point: Point) -> None:
    masses(point, date(2026, 3, 1), 10, 10)
    masses(point, date(2026, 2, 1), 28, 10)
    masses(point, date(2025, 3, 1), 31, 5)
    found = totals(user=factories.user(Role.OFFICER), month=date(2026, 3, 1))
    (row,) = found.factors
    assert (found.partial, found.until) == (True, date(2026, 3, 10))
    assert (row.month_change, row.year_change) == pytest.approx((0.0, 1.0))


def test_quota_use_rows_and_export(officer: Client, point: Point) -> None:
    firm = point.outlet.enterprise
    second = factories.point(factories.logger(factories.outlet(firm)))
    masses(point, date(2026, 3, 1), 31, 100)
    masses(second, date(2026, 3, 1), 31, 100)
    PermitQuota.objects.create(
        enterprise=firm, pollutant=point.pollutant, year=2026, tonnes=12.4, source="证"
    )
    other = factories.point(code="a21026")
    masses(other, date(2026, 3, 1), 1, 1)
    page = officer.get("/polluters/statistics/?month=2026-03")
    first, last = page.context["biggest"]
    assert (first.name, first.now) == (firm.short_name, pytest.approx(6.2))
    assert first.share == pytest.approx(0.5)
    assert last.share is None
    link = f"/polluters/masses/{firm.pk}/a21002/?month=2026-03"
    assert link in page.content.decode()
    rows = officer.get(link).context
    assert rows["measured"] == pytest.approx(first.now * 1000)
    answer = officer.get("/polluters/statistics.xlsx?month=2026-03")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = book["排放量 企业"]
    head = [cell.value for cell in sheet[1]]
    line = dict(zip(head, (cell.value for cell in sheet[2]), strict=True))
    assert line["企业"] == firm.short_name
    assert line["本月（t）"] == pytest.approx(6.2)
    assert line["许可量使用"] == pytest.approx(0.5)
    assert "标干流量" in str(book["排放量 算法"].cell(2, 1).value)


def test_another_district_is_not_summed(point: Point) -> None:
    masses(point, date(2026, 3, 1), 2, 10)
    away = factories.department(factories.district("652723", "温泉县"))
    user = factories.user(Role.OFFICER, organisation=away)
    found = totals(user=user, month=date(2026, 3, 1))
    assert (found.until, list(found.factors)) == (None, [])


def test_a_month_without_masses_says_so(officer: Client) -> None:
    page = officer.get("/polluters/statistics/?month=2026-03").content.decode()
    assert "本月尚无日排放量" in page
