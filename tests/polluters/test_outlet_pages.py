from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.services import raise_alert
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.models import Latest, Period, Point, Reading
from polluters.selectors.pages.enterprises import Filters, outlet_rows
from polluters.selectors.pages.outlet import runs
from polluters.services import partitions
from tests import factories

pytestmark = pytest.mark.django_db


def store(point: Point, values: list[tuple[float, str]]) -> None:
    """Store minute values ending now, oldest first, and the latest of them."""
    now = clock.now().replace(second=0, microsecond=0)
    partitions.ensure_ahead(now=now)
    rows = [
        Reading(
            point=point,
            period=Period.MINUTE,
            time=now - timedelta(minutes=len(values) - index),
            value=value,
            flag=flag,
            received_at=now,
        )
        for index, (value, flag) in enumerate(values)
    ]
    Reading.objects.bulk_create(rows)
    last = rows[-1]
    Latest.objects.create(
        point=point,
        period=last.period,
        time=last.time,
        value=last.value,
        flag=last.flag,
        received_at=now,
    )


def curve(client: Client, point: Point) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"/polluters/points/{point.pk}/history/").json()
    return body


@pytest.fixture
def officer(client: Client) -> User:
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    return user


def test_list_shows_the_value_nearest_its_limit(client: Client, officer: User) -> None:
    logger = factories.logger()
    store(factories.point(logger, "a21002", high=100), [(40.0, "N")])
    store(factories.point(logger, "a21026", high=50), [(45.0, "N")])
    row = client.get("/polluters/").context["rows"][0]
    assert row.lead.point.wire_code == "a21026"
    assert row.lead.share == pytest.approx(0.9)
    assert (row.status.key, row.status.word) == ("ok", "正常")


def test_marked_value_is_never_over(client: Client, officer: User) -> None:
    store(factories.point(high=100), [(400.0, "M")])
    row = client.get("/polluters/").context["rows"][0]
    assert (row.lead.over, row.lead.share, row.status.word) == (False, None, "维护")


def test_silent_outlet_is_offline_not_normal(client: Client, officer: User) -> None:
    point = factories.point(high=100)
    store(point, [(10.0, "N")])
    Latest.objects.update(received_at=clock.now() - timedelta(hours=1))
    row = client.get("/polluters/").context["rows"][0]
    assert (row.status.key, row.lead.stale) == ("off", True)


def test_list_filters_by_district_and_state(client: Client, officer: User) -> None:
    factories.outlet(factories.enterprise(factories.district("652723", "温泉县")))
    factories.outlet(factories.enterprise(factories.district("652722", "精河县")))
    rows = client.get("/polluters/?district=652723").context["rows"]
    assert [row.enterprise.district.name for row in rows] == ["温泉县"]
    assert client.get("/polluters/?status=alert").context["rows"] == []


def test_curve_leaves_gaps_and_shades_marks(client: Client, officer: User) -> None:
    point = factories.point(high=100)
    store(point, [(1.0, "N"), (2.0, "M"), (3.0, "M"), (4.0, "N")])
    body = curve(client, point)
    assert body["minutes"]["values"] == [1.0, None, None, 4.0]
    assert [(f["flag"], f["word"]) for f in body["flags"]] == [("M", "维护")]
    assert body["flags"][0]["to"] - body["flags"][0]["from"] == 120
    assert (body["limit"]["high"], body["limit"]["kind"]) == (100.0, "许可限值")


def test_missing_minutes_break_the_line(client: Client, officer: User) -> None:
    point = factories.point(high=100)
    store(point, [(float(n), "N") for n in range(1, 11)])
    times = Reading.objects.filter(point=point).order_by("time").values_list("time")
    Reading.objects.filter(point=point, time__in=[t[0] for t in times[3:8]]).delete()
    values = curve(client, point)["minutes"]["values"]
    assert values == [1.0, 2.0, 3.0, None, 9.0, 10.0]


@pytest.mark.parametrize(
    "path",
    [
        "/polluters/outlets/{outlet}/",
        "/polluters/outlets/{outlet}/cells/",
        "/polluters/outlets/{outlet}/data/",
        "/polluters/outlets/{outlet}/data.csv",
        "/polluters/points/{point}/history/",
        "/polluters/enterprises/{firm}/",
    ],
)
def test_other_district_gets_404(client: Client, path: str) -> None:
    point = factories.point()
    away = factories.department(factories.district("652723", "温泉县"))
    client.force_login(factories.user(Role.OFFICER, organisation=away))
    outlet = point.outlet
    url = path.format(outlet=outlet.pk, point=point.pk, firm=outlet.enterprise_id)
    assert client.get(url).status_code == 404


def test_enterprise_sees_only_itself(client: Client) -> None:
    mine, other = factories.outlet(), factories.outlet()
    user = factories.user(Role.ENTERPRISE, organisation=mine.enterprise.organisation)
    client.force_login(user)
    rows = client.get("/polluters/").context["rows"]
    assert [row.outlet for row in rows] == [mine]
    assert client.get(f"/polluters/outlets/{other.pk}/").status_code == 404


def test_export_is_audited_and_says_units(client: Client, officer: User) -> None:
    point = factories.point(high=100)
    store(point, [(157.0, "N"), (12.0, "C")])
    url = f"/polluters/outlets/{point.outlet_id}/data.csv?period=minute"
    text = client.get(url).getvalue().decode("utf-8-sig")
    assert "NOx（mg/m3）" in text
    assert ",157.0," in text
    assert ",12.0,C" in text
    entry = AuditEntry.objects.get(act="outlet.export")
    assert (entry.kind, entry.actor) == ("read", officer)


def test_a_day_of_minutes_comes_in_pages_newest_first(
    client: Client, officer: User
) -> None:
    point = factories.point(high=100)
    store(point, [(float(number), "N") for number in range(310)])
    url = f"/polluters/outlets/{point.outlet_id}/data/?period=minute"
    day = clock.beijing(clock.now()).date()
    url += f"&since={day - timedelta(days=1)}&until={day}"
    first = client.get(url).context["page"]
    last = client.get(url + "&page=2").context["page"]
    times = [row.time for row in [*first, *last]]
    assert (len(first), len(last)) == (300, 10)
    assert times == sorted(set(times), reverse=True)
    assert "下一页" in client.get(url).content.decode()


@pytest.mark.parametrize("query", ["since=x&until=2026-99-99", "period=century"])
def test_odd_spans_fall_back(client: Client, officer: User, query: str) -> None:
    point = factories.point()
    url = f"/polluters/outlets/{point.outlet_id}/data/?{query}"
    assert client.get(url).status_code == 200


def test_runs_of_flags() -> None:
    assert runs(["N", "M", "M", "N"]) == [(0, 1, "N"), (1, 3, "M"), (3, 4, "N")]
    assert runs([]) == []


def test_an_outlet_stands_under_its_worst_alert(client: Client, officer: User) -> None:
    point, now = factories.point(high=100), clock.now()
    for severity, minutes in (("minor", 5), ("critical", 60), ("major", 2)):
        at = now - timedelta(minutes=minutes)
        raise_alert(
            key=f"worst:{severity}",
            kind="exceedance",
            severity=severity,
            summary="NOx",
            explanation={},
            subject_key=point.outlet.subject_key,
            subject_name=str(point.outlet),
            district=point.outlet.enterprise.district,
            organisation=None,
            evidence_url="",
            occurred_at=at,
            now=at,
        )
    (row,) = outlet_rows(user=officer, filters=Filters(), now=now)
    assert row.alert is not None
    assert row.alert.severity == "critical"
    assert row.status.key == "critical"
