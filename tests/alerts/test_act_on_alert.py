"""What officers do through REST: acknowledge, undo, shelve, dismiss, remark, in bulk."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.models import Alert
from bozhou_eco.accounts.models import User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return factories.user("officer", name="巴特尔")


@pytest.fixture
def client(officer: User) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def post(client: Client, path: str, data: dict[str, Any] | None = None) -> Any:
    return client.post(
        f"/api/v1/alerts/{path}", data or {}, content_type="application/json"
    )


def fresh(**changes: Any) -> Alert:
    return alert(now=clock.now(), **changes)


def test_acknowledge_says_who(client: Client, officer: User) -> None:
    row = fresh()
    answer = post(client, f"{row.pk}/acknowledge/", {"note": "已电话核实"})
    assert answer.status_code == 200
    assert answer.json()["state"] == "acked"
    assert "巴特尔" in answer.json()["html"]
    row.refresh_from_db()
    assert (row.state, row.acknowledged_by) == ("acked", officer)
    event = row.events.latest("id")
    assert (event.action, event.actor, event.reason) == ("ack", officer, "已电话核实")
    entry = AuditEntry.objects.get(act="alert.acknowledge")
    assert (entry.actor, entry.subject) == (officer, f"alert:{row.pk}")


def test_acknowledging_twice_changes_nothing(client: Client) -> None:
    row = fresh()
    post(client, f"{row.pk}/acknowledge/")
    first = Alert.objects.get(pk=row.pk)
    assert post(client, f"{row.pk}/acknowledge/").status_code == 200
    second = Alert.objects.get(pk=row.pk)
    assert second.acknowledged_at == first.acknowledged_at
    assert second.version == first.version
    assert row.events.count() == 2


def test_undo_within_seconds_only(client: Client) -> None:
    row = fresh()
    post(client, f"{row.pk}/acknowledge/")
    assert post(client, f"{row.pk}/undo/").json()["state"] == "unack"
    row.refresh_from_db()
    assert (row.acknowledged_at, row.acknowledged_by) == (None, None)
    post(client, f"{row.pk}/acknowledge/")
    Alert.objects.update(acknowledged_at=clock.now() - timedelta(minutes=1))
    answer = post(client, f"{row.pk}/undo/")
    assert (answer.status_code, answer.json()["title"]) == (
        409,
        "已超过撤销时限，请在备注中更正",
    )
    row.refresh_from_db()
    assert row.state == "acked"


def test_undo_is_for_the_same_person(client: Client) -> None:
    row = fresh()
    post(client, f"{row.pk}/acknowledge/")
    other = Client()
    other.force_login(factories.user("officer"))
    assert post(other, f"{row.pk}/undo/").json()["title"] == "只能撤销本人的确认"


def test_shelve_and_wake(client: Client) -> None:
    row = fresh()
    answer = post(client, f"{row.pk}/shelve/", {"minutes": 60, "reason": "等待检修"})
    assert answer.json()["state"] == "shelved"
    row.refresh_from_db()
    assert row.wake_at is not None
    again = client.delete(f"/api/v1/alerts/{row.pk}/shelve/")
    assert again.json()["state"] == "unack"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"minutes": 60}, "reason"),
        ({"minutes": 0, "reason": "x"}, "minutes"),
        ({"minutes": 999999, "reason": "x"}, "minutes"),
    ],
)
def test_a_shelf_needs_reason_and_time(
    client: Client, given: dict[str, object], field: str
) -> None:
    row = fresh()
    answer = post(client, f"{row.pk}/shelve/", given)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    row.refresh_from_db()
    assert row.state == "unack"


def test_dismiss_keeps_the_key_while_the_condition_lasts(client: Client) -> None:
    row = fresh(key="a")
    answer = post(
        client, f"{row.pk}/dismiss/", {"reason": "maintenance", "note": "台账已核"}
    )
    assert answer.json()["outcome"] == "maintenance"
    repeat = fresh(key="a")
    assert repeat.pk == row.pk
    assert (repeat.state, repeat.recurrences) == ("closed", 2)
    worse = fresh(key="a", severity="critical")
    assert (worse.pk, worse.state, worse.outcome) == (row.pk, "unack", "")


def test_dismiss_twice_is_refused(client: Client) -> None:
    row = fresh()
    post(client, f"{row.pk}/dismiss/", {"reason": "device_fault"})
    answer = post(client, f"{row.pk}/dismiss/", {"reason": "maintenance"})
    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.outcome == "device_fault"


def test_an_unknown_reason_is_refused(client: Client) -> None:
    row = fresh()
    assert post(client, f"{row.pk}/dismiss/", {"reason": "penalty"}).status_code == 400
    row.refresh_from_db()
    assert row.state == "unack"


def test_bulk(client: Client) -> None:
    rows = [fresh() for _ in range(3)]
    closed = fresh()
    post(client, f"{closed.pk}/dismiss/", {"reason": "duplicate"})
    answer = post(
        client, "acknowledge/", {"ids": [r.pk for r in rows] + [closed.pk, 10**9]}
    )
    assert sorted(answer.json()["done"]) == [r.pk for r in rows]
    assert answer.json()["refused"] == [closed.pk, 10**9]
    assert Alert.objects.filter(state="acked").count() == 3


@pytest.mark.parametrize("role", ["legal", "enterprise", "admin", "auditor"])
@pytest.mark.parametrize("path", ["acknowledge/", "dismiss/", "shelve/", "undo/"])
def test_other_roles_may_not_act(role: str, path: str) -> None:
    row = fresh()
    client = Client()
    client.force_login(factories.user(role))
    given = {"reason": "maintenance", "minutes": 60}
    assert post(client, f"{row.pk}/{path}", given).status_code == 403
    row.refresh_from_db()
    assert (row.state, row.events.count()) == ("unack", 1)


def test_another_district_is_not_found() -> None:
    jinghe = factories.district()
    row = fresh(district=jinghe)
    other = factories.district("652723", "温泉县")
    client = Client()
    client.force_login(
        factories.user("officer", organisation=factories.department(other))
    )
    assert post(client, f"{row.pk}/acknowledge/").status_code == 404
    assert client.get(f"/alerts/{row.pk}/").status_code == 404
    assert client.get(f"/api/v1/alerts/{row.pk}/").status_code == 404
    assert client.get("/api/v1/alerts/").json()["results"] == []
    row.refresh_from_db()
    assert row.state == "unack"


def test_the_party_never_sees_what_is_confidential() -> None:
    enterprise = factories.enterprise()
    own = fresh(organisation=enterprise.organisation)
    fresh(organisation=enterprise.organisation, kind="fraud")
    fresh(organisation=enterprise.organisation, kind="some-new-tamper-check")
    fresh(organisation=enterprise.organisation, kind="stopped-running")
    client = Client()
    client.force_login(
        factories.user("enterprise", organisation=enterprise.organisation)
    )
    seen = client.get("/api/v1/alerts/").json()["results"]
    assert [row["id"] for row in seen] == [own.pk]
    page = client.get("/alerts/").content.decode()
    assert f'id="alert-{own.pk}"' in page
    assert page.count('id="alert-') == 1
