from datetime import timedelta

import pytest
from django.test import Client

from alerts.services import raise_alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.overview.selectors import home
from polluters.models import Mean, Outlet, Period
from tests import factories

pytestmark = pytest.mark.django_db


def alert(outlet: Outlet, severity: str = "critical", *, hours: float = 0.1) -> None:
    now = clock.now()
    raise_alert(
        key=f"exceedance-warning:{outlet.pk}",
        kind="exceedance",
        severity=severity,
        summary="NOx 78.6 mg/m3",
        explanation={},
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=outlet.enterprise.district,
        organisation=outlet.enterprise.organisation,
        evidence_url=f"/polluters/outlets/{outlet.pk}/",
        occurred_at=now - timedelta(hours=hours),
        now=now - timedelta(hours=hours),
    )


def test_page_shows_alert_and_its_place(client: Client) -> None:
    outlet = factories.outlet()
    factories.point(factories.logger(outlet))
    alert(outlet)
    client.force_login(factories.user(Role.OFFICER))
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.context["kpis"][0].value == "1"
    assert answer.context["kpis"][0].note == "严重 1"
    assert answer.context["kpis"][2].value == "1"
    assert answer.context["legend"]["crit"] == 1
    assert [marker.shape for marker in answer.context["markers"]] == ["crit"]
    assert outlet.enterprise.short_name in answer.content.decode()


def test_officer_of_another_district_sees_nothing_of_it(client: Client) -> None:
    alert(factories.outlet(factories.enterprise(factories.district())))
    elsewhere = factories.department(factories.district("652723", "温泉县"))
    client.force_login(factories.user(Role.OFFICER, organisation=elsewhere))
    answer = client.get("/")
    assert answer.context["kpis"][0].value == "0"
    assert answer.context["rail"] == []
    assert answer.context["markers"] == []


def test_yesterday_is_compared_at_the_same_time() -> None:
    user = factories.user(Role.OFFICER)
    alert(factories.outlet(), hours=30)
    alert(factories.outlet(), hours=1)
    figure = home.kpis(user, clock.now())[2]
    assert (figure.value, figure.note, figure.bad) == ("2", "较昨日同时 +1", True)


def test_transmission_counts_valid_hours_over_due_hours() -> None:
    user = factories.user(Role.OFFICER)
    point = factories.point()
    yesterday = clock.beijing(clock.now()).date() - timedelta(days=1)
    begin = home.midnight(yesterday)
    for hour in range(24):
        stopped = hour < 4
        Mean.objects.create(
            point=point,
            period=Period.HOUR,
            time=begin + timedelta(hours=hour),
            due=60,
            got=60,
            valid_count=0 if stopped or hour == 10 else 60,
            valid=not stopped and hour != 10,
            flags={"F": 60} if stopped else {"N": 60},
            state="closed",
            computed_at=clock.now(),
        )
    assert home.transmission(user, yesterday) == pytest.approx(19 / 20)


def test_transmission_of_a_day_without_points_is_unknown() -> None:
    user = factories.user(Role.OFFICER)
    today = clock.beijing(clock.now()).date()
    assert home.transmission(user, today) is None


def test_trend_has_a_round_axis_that_holds_every_day() -> None:
    user = factories.user(Role.OFFICER)
    for _ in range(4):
        alert(factories.outlet())
    shown = home.trend(user, days=7, now=clock.now())
    assert len(shown.days) == 7
    assert shown.days[-1].total + shown.days[-2].total == 4
    assert shown.top >= 4
    assert shown.top % 3 == 0


@pytest.mark.parametrize("highest", [0, 1, 3, 4, 7, 16, 29, 100, 1234])
def test_axis_is_never_lower_than_the_data(highest: int) -> None:
    top = home._top(highest)
    assert top >= max(highest, 3)
    assert top <= max(highest * 3, 3)


def test_odd_parameters_are_ignored(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    answer = client.get("/?days=9999&layer=<script>&alarms=x&wall=1")
    assert answer.status_code == 200
    assert (answer.context["span"], answer.context["layer"]) == (14, "")
    assert b"<script>&" not in answer.content
