"""The link in a message: signed, single use, login where it matters; browser receipts."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from alerts.models import Alert, Channel, Delivery, Receipt
from alerts.services.receipts import LINK_AGE, new_token, note_receipt, token_digest
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import alert, channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return factories.user("officer")


def message(
    user: User, severity: str = "major", **given: object
) -> tuple[str, Delivery]:
    made = new_token()[0]
    row = given.pop("alert", None) or alert(severity=severity, now=clock.now())
    way: Channel = channel("sms", "sms_aliyun")
    delivery = Delivery.objects.create(
        alert=row,
        user=user,
        channel=way,
        why="duty",
        severity=severity,
        state="sent",
        due_at=clock.now(),
        first_due_at=clock.now(),
        created_at=clock.now(),
        sent_at=clock.now(),
        token_digest=token_digest(made),
        **given,
    )
    return made, delivery


def kinds(delivery: Delivery) -> list[str]:
    return sorted(delivery.receipts.values_list("kind", flat=True))


def test_opening_shows_little_and_leaves_a_receipt(officer: User) -> None:
    token, delivery = message(officer)
    page = Client().get(f"/alerts/n/{token}/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "超标预警" in text
    assert "虚构水泥" not in text
    assert "132" not in text
    assert kinds(delivery) == ["opened"]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.delivered_at is not None) == ("delivered", True)


def test_answering_works_once_and_is_the_recipients_act(officer: User) -> None:
    token, delivery = message(officer)
    client = Client()
    assert client.post(f"/alerts/n/{token}/").status_code == 200
    row = Alert.objects.get()
    assert (row.state, row.acknowledged_by) == ("acked", officer)
    assert row.events.get(action="ack").data["via"] == "link"
    assert "acknowledged" in kinds(delivery)
    again = client.post(f"/alerts/n/{token}/")
    assert again.status_code == 409
    assert "已使用过" in again.content.decode()
    assert row.events.filter(action="ack").count() == 1


def test_a_critical_alert_asks_for_a_login(officer: User) -> None:
    token, delivery = message(officer, severity="critical")
    assert "须登录后确认" in Client().get(f"/alerts/n/{token}/").content.decode()
    refused = Client().post(f"/alerts/n/{token}/")
    assert (refused.status_code, Alert.objects.get().state) == (409, "unack")
    delivery.refresh_from_db()
    assert delivery.link_used_at is None
    client = Client()
    client.force_login(officer)
    assert client.post(f"/alerts/n/{token}/").status_code == 302
    assert Alert.objects.get().acknowledged_by == officer


def test_another_person_cannot_use_it(officer: User) -> None:
    token, delivery = message(officer)
    client = Client()
    client.force_login(factories.user("officer"))
    assert client.post(f"/alerts/n/{token}/").status_code == 409
    assert Alert.objects.get().state == "unack"
    delivery.refresh_from_db()
    assert delivery.link_used_at is None


def test_forged_altered_and_old_links(officer: User) -> None:
    token, _ = message(officer)
    forged = signing.TimestampSigner(key="x" * 40, salt="alerts.notice", sep=".").sign(
        "abc"
    )
    for bad in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        forged,
        "x",
        new_token()[0],
    ):
        assert Client().get(f"/alerts/n/{bad}/").status_code == 404
        assert Client().post(f"/alerts/n/{bad}/").status_code == 409
    assert Alert.objects.get().state == "unack"


def test_a_link_dies_of_age(officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    import time  # noqa: PLC0415

    old = time.time() - LINK_AGE.total_seconds() - 5
    with monkeypatch.context() as past:
        past.setattr(signing.time, "time", lambda: old)
        token, _ = message(officer)
    assert Client().get(f"/alerts/n/{token}/").status_code == 404


def test_who_lost_the_district_lost_the_link(officer: User) -> None:
    jinghe = factories.district()
    row = alert(district=jinghe, now=clock.now())
    token, _ = message(officer, alert=row)
    other = factories.district("652723", "温泉县")
    officer.organisation = factories.department(other)
    officer.save()
    assert Client().post(f"/alerts/n/{token}/").status_code == 409
    row.refresh_from_db()
    assert row.state == "unack"


def test_a_browsers_receipt_counts_for_its_person_only(officer: User) -> None:
    token, delivery = message(officer, confirm_by=clock.now() + timedelta(seconds=20))
    now = clock.now()
    other = factories.user("officer")
    assert not note_receipt(token=token, kind="received", now=now, user=other)
    assert note_receipt(token=token, kind="received", now=now, user=officer)
    assert not note_receipt(token=token, kind="received", now=now, user=officer)
    assert note_receipt(token=token, kind="opened", now=now, user=officer)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.confirm_by) == ("delivered", None)
    assert kinds(delivery) == ["delivered", "opened"]
    assert Receipt.objects.count() == 2
