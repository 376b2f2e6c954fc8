"""Sending: what is not worth it, what nobody takes, which channel is next, what came late."""

import json
from datetime import timedelta
from typing import Any

import pytest

from alerts.clients.base import Outcome
from alerts.domain.backoff import Failure
from alerts.models import Alert, Channel, Delivery, PushSubscription, Receipt
from alerts.services import acknowledge, results, sending
from alerts.services.routing import route_pending
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import (
    alert,
    channel,
    json_channel,
    subscriber,
)
from tests.alerts.servers import Server, server
from tests.alerts.test_deliver import phone

__all__ = ["phone"]
pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def message(user: User | None = None, **given: Any) -> Delivery:
    """Put a message of a fresh alert into the outbox."""
    now = clock.now()
    values = {
        "alert": given.pop("of", None) or alert(now=now), "user": user, "why": "duty",
        "channel": Channel.objects.get(code="wecom"), "severity": "major",
        "address": "a", "due_at": now, "first_due_at": now, "created_at": now,
    }  # fmt: skip
    return Delivery.objects.create(**(values | given))


def state(row: Delivery) -> tuple[str, str]:
    row.refresh_from_db()
    return str(row.state), row.error


def test_a_summary_of_what_is_all_answered_is_dropped(phone: Server) -> None:
    person, now = subscriber("wecom", digest_at="09:30"), clock.now()
    rows = [alert(severity="minor", now=now) for _ in range(2)]
    route_pending(now=now)
    for row in rows:
        acknowledge(alert=row, actor=person, now=now)
    summary = Delivery.objects.get(summary=True)
    assert sending.send_due(now=now + timedelta(days=1)) == 1
    assert state(summary)[0] == "cancelled"
    assert summary.reason == "预警均已处置"
    assert phone.seen == []
    assert not Receipt.objects.exists()
    assert sending.send_due(now=now + timedelta(days=2)) == 0


def test_the_party_s_message_is_sent_though_an_officer_answered(phone: Server) -> None:
    row = alert(now=clock.now())
    own, duty = message(of=row, why="party"), message(of=row)
    Alert.objects.filter(pk=row.pk).update(state="acked")
    sending.send_due(now=clock.now())
    assert (state(own)[0], state(duty)[0]) == ("sent", "cancelled")
    assert len(phone.seen) == 1


def test_a_channel_switched_off_in_the_meantime_is_passed_over(phone: Server) -> None:
    with server() as other:
        spare = json_channel("spare", other, 30)
        person = subscriber("spare")
        row = message(person, rest=["spare"])
        Channel.objects.filter(code="wecom").update(enabled=False)
        sending.send_due(now=clock.now())
        assert state(row) == ("failed", "渠道已停用")
        second = Delivery.objects.get(before=row)
        assert (second.channel, second.reason) == (spare, "wecom：永久性")
        sending.send_due(now=clock.now())
        assert state(second)[0] == "sent"
    assert phone.seen == []


def test_a_resting_channel_without_another_is_waited_for(phone: Server) -> None:
    until = clock.now() + 2 * MINUTE
    row = message()
    Channel.objects.filter(code="wecom").update(broken_until=until)
    sending.send_due(now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.due_at, row.attempts) == ("waiting", until, 0)
    assert row.claimed_until is None
    assert sending.send_due(now=until - MINUTE) == 0
    assert sending.send_due(now=until) == 1
    assert state(row)[0] == "sent"


def test_fail_over_takes_the_next_channel_that_has_an_address(phone: Server) -> None:
    person = factories.user("officer")
    User.objects.filter(pk=person.pk).update(phone="13900000000")
    person.refresh_from_db()
    channel("off", "apprise", enabled=False)
    channel("bare", "apprise")
    sms = channel("sms", "sms_aliyun")
    row = message(person, rest=["off", "unknown", "bare", "sms", "browser"])
    found = results.fail_over(row, now=clock.now(), why="x")
    assert found is not None
    assert (found.channel, found.address) == (sms, "13900000000")
    assert found.rest == ["browser"]
    channel("browser", "browser")
    again = results.fail_over(found, now=clock.now(), why="x")
    assert again is not None
    assert (again.address, again.rest) == ("browser", [])
    group = message(None, rest=["sms"])
    assert results.fail_over(group, now=clock.now(), why="x") is None


def test_an_answer_that_comes_after_the_claim_was_lost_changes_nothing(
    phone: Server,
) -> None:
    row = message(state="cancelled")
    results.succeed(row, Outcome(provider_id="1"), now=clock.now())
    results.fail(row, Outcome(Failure.KEY, "失效"), now=clock.now())
    assert state(row) == ("cancelled", "")
    assert not Receipt.objects.exists()
    way = Channel.objects.get(code="wecom")
    assert (way.failures, way.last_ok_at, way.last_error) == (0, None, "")


def test_a_page_channel_that_is_away_hands_over(
    phone: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel("browser", "browser", 10)
    person = subscriber("browser", "wecom")
    monkeypatch.setattr(sending.publisher, "publish", lambda *_: False)
    alert(now=clock.now())
    now = clock.now()
    route_pending(now=now)
    sending.send_due(now=now)
    row = Delivery.objects.get()
    assert state(row) == ("waiting", "实时通道不可用")
    while not phone.seen:
        now += timedelta(seconds=5)
        sending.send_due(now=now)
        assert now < row.first_due_at + 2 * MINUTE
    assert Delivery.objects.get(channel__code="wecom").user == person


def test_a_summary_on_the_page_leads_to_the_list(
    phone: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        sending.publisher, "publish", lambda *given: told.append(given) or True
    )
    page = channel("browser", "browser", 10)
    person = factories.user("officer")
    summary = message(person, of=None, channel=page, summary=True)
    Delivery.objects.filter(pk=summary.pk).update(alert=None)
    row = alert(now=clock.now())
    told.clear()
    message(person, of=row, channel=page, parent=summary, state="merged")
    sending.send_due(now=clock.now())
    [(group, sent)] = [one for one in told if one[0].startswith("user.")]
    assert group == f"user.{person.pk}"
    assert (sent["url"], sent["alert"]) == ("/alerts/", None)
    assert "1" in sent["body"]
    assert state(summary)[0] == "sent"


def test_who_does_not_answer_in_time_is_tried_again(
    phone: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ATTEMPT_S", 0.05)
    phone.delay_s = 30.0
    row = message()
    sending.send_due(now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.error, row.failure) == ("waiting", "超时未应答", "passing")
    assert row.due_at > clock.now()
    assert Channel.objects.get(code="wecom").failures == 1


def test_a_person_without_a_registered_browser_is_told_otherwise(
    phone: Server,
) -> None:
    push = channel("webpush", "webpush", 15, secret=json.dumps({}))
    person = subscriber("wecom")
    row = message(person, channel=push, rest=["wecom"])
    assert not PushSubscription.objects.exists()
    sending.send_due(now=clock.now())
    assert state(row) == ("failed", "没有可用的登记")
    assert row.failure == "gone"
    push.refresh_from_db()
    assert push.failures == 0, "a gone address is not the channel's fault"
    sending.send_due(now=clock.now())
    assert len(phone.seen) == 1
