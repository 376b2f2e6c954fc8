"""回放: a past minute is told from stored moves and readings, not from the present."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from alerts.models import Alert
from alerts.selectors.replay import alerts_at
from alerts.services import acknowledge, clear_alert, raise_alert, record_outcome
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock
from polluters.models import Latest, Outlet, Period, Reading
from polluters.selectors.pages.replay import latest_at
from polluters.services import partitions
from tests import factories

pytestmark = pytest.mark.django_db


def minutes_ago(count: float) -> datetime:
    return clock.now() - timedelta(minutes=count)


def written(moment: datetime) -> str:
    return f"{clock.beijing(moment):%Y-%m-%dT%H:%M}"


def happen(outlet: Outlet, ago: float, severity: str, summary: str) -> Alert:
    at = minutes_ago(ago)
    return raise_alert(
        key=f"exceedance:{outlet.pk}",
        kind="exceedance",
        severity=severity,
        summary=summary,
        explanation={},
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=outlet.enterprise.district,
        organisation=outlet.enterprise.organisation,
        evidence_url="",
        occurred_at=at,
        now=at,
    ).alert


def end(alert: Alert, actor: User, ago: float) -> None:
    record_outcome(
        alert=alert,
        outcome="corrected",
        note="已改正",
        actor=actor,
        now=minutes_ago(ago),
    )


def test_an_alert_is_shown_as_it_stood_then() -> None:
    user, outlet = factories.user(Role.OFFICER), factories.outlet()
    alert = happen(outlet, 100, "minor", "NOx 105 mg/m3")
    happen(outlet, 80, "critical", "NOx 190 mg/m3")
    acknowledge(alert=alert, actor=user, now=minutes_ago(60))
    clear_alert(key=alert.key, now=minutes_ago(40), reason="恢复")
    end(alert, user, 20)

    def seen(ago: float) -> list[tuple[str, str, str]]:
        return [
            (one.state, one.severity, one.summary)
            for one in alerts_at(user, minutes_ago(ago))
        ]

    assert seen(110) == []
    assert seen(90) == [("unack", "minor", "NOx 105 mg/m3")]
    assert seen(70) == [("unack", "critical", "NOx 190 mg/m3")]
    assert seen(50) == [("acked", "critical", "NOx 190 mg/m3")]
    assert seen(30) == [("returned", "critical", "NOx 190 mg/m3")]
    assert seen(10) == []
    assert [one.acknowledged_by for one in alerts_at(user, minutes_ago(70))] == [None]
    assert Alert.objects.get(pk=alert.pk).state == "closed"


def test_the_value_is_the_last_that_had_come_by_then() -> None:
    point = factories.point(factories.logger(factories.outlet()))
    now = clock.now().replace(second=0, microsecond=0)
    days = (now, now - timedelta(days=1))
    partitions.ensure_months(partitions.month_of(day) for day in days)
    for ago, number, late in ((30, 50.0, 1), (20, 60.0, 15), (10, 70.0, 1)):
        time = now - timedelta(minutes=ago)
        Reading.objects.create(
            point=point,
            period=Period.MINUTE,
            time=time,
            value=number,
            flag="N",
            received_at=time + timedelta(minutes=late),
        )

    def value(ago: float) -> float | None:
        held = latest_at([point.pk], now - timedelta(minutes=ago)).get(point.pk)
        return held.value if held else None

    assert value(35) is None
    assert value(12) == 50.0  # the one of 20 minutes ago came 15 minutes late
    assert value(8) == 70.0


def test_page_shows_the_past_and_does_not_move(client: Client) -> None:
    outlet = factories.outlet()
    point = factories.point(factories.logger(outlet))
    now = clock.now()
    Latest.objects.create(
        point=point, period=1, time=now, value=88.8, flag="N", received_at=now
    )
    happen(outlet, 50, "critical", "当时的预警")
    officer = factories.user(Role.OFFICER)
    client.force_login(officer)
    alert = Alert.objects.get()
    end(alert, officer, 20)
    page = client.get(f"/?at={written(minutes_ago(30))}")
    body = page.content.decode()
    assert page.status_code == 200
    assert "正在回放" in body
    assert "当时的预警" in body
    assert page.context["nearest"] == []  # the value came later
    assert page.context["markers"][0].worst.text == "当时的预警"
    assert page.context["kpis"][0].value == "1"
    assert page.context["legend"]["crit"] == 1
    assert "data-parts" not in body
    assert 'id="live-state"' not in body
    assert "js/overview.js" not in body
    before = client.get(f"/?at={written(minutes_ago(55))}")
    assert before.context["rail"] == []
    assert before.context["legend"]["off"] == 1


def test_somebody_of_another_district_sees_nothing_of_it(client: Client) -> None:
    happen(factories.outlet(), 50, "critical", "NOx")
    elsewhere = factories.department(factories.district("652723", "温泉县"))
    client.force_login(factories.user(Role.OFFICER, organisation=elsewhere))
    page = client.get(f"/?at={written(minutes_ago(30))}")
    assert page.context["rail"] == []
    assert page.context["outlets"] == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("gestern", "应为"),
        ("", "应为"),
        ("2999-01-01T00:00", "不能晚于现在"),
        ("1999-01-01T00:00", "一年以内"),
        ("0001-01-01T00:00", "一年以内"),
        ("9999-12-31T23:59-12:00", "应为"),
    ],
)
def test_what_is_no_past_minute_leads_back_with_a_word(
    client: Client, text: str, word: str
) -> None:
    client.force_login(factories.user(Role.OFFICER))
    page = client.get("/", {"at": text}, follow=True)
    assert page.redirect_chain[-1][0] == "/"
    assert (
        "回放时刻（at）" in page.content.decode() or "只能回放" in page.content.decode()
    )
    assert word in page.content.decode()
