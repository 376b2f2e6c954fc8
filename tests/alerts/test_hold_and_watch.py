"""Flapping, parents, shelves, breaks, heartbeats, canary, webhooks."""

import time
from datetime import timedelta

import pytest

from alerts.models import (
    Alert,
    CanaryRun,
    Heartbeat,
    ServiceBreak,
    Webhook,
    WebhookCall,
)
from alerts.services import (
    RefusedError,
    acknowledge,
    canary,
    clear_alert,
    dismiss,
    rounds,
    shelve,
)
from alerts.services.clearing import settle_flapping
from alerts.services.heartbeats import beat, sweep_heartbeats
from alerts.services.holding import (
    declare_break,
    follow_breaks,
    follow_parents,
    wake_shelved,
)
from alerts.services.webhooks import queue_calls, replay, send_calls
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import NOON, alert, channel, ladder, raised, subscriber
from tests.alerts.servers import server

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def state(row: Alert) -> str:
    row.refresh_from_db()
    return str(row.state)


def test_a_flapping_condition_is_one_quiet_alert() -> None:
    row = alert(key="a")
    acknowledge(alert=row, actor=factories.user("officer"), now=NOON)
    now = NOON
    for _ in range(6):
        now += MINUTE
        clear_alert(key="a", now=now, reason="回落")
        now += MINUTE
        raised(key="a", now=now)
    clear_alert(key="a", now=now, reason="回落")
    row.refresh_from_db()
    assert row.flapping
    assert row.events.filter(tell=True).count() == 2
    assert settle_flapping(now=now + 9 * MINUTE) == 0
    assert settle_flapping(now=now + 10 * MINUTE) == 1
    row.refresh_from_db()
    assert (row.flapping, row.state) == (False, "rtn_unack")
    assert Alert.objects.count() == 1


def test_a_parent_speaks_for_its_children() -> None:
    first = alert(key="point:1", parent_key="logger:1")
    parent = alert(key="logger:1", kind="offline", severity="minor")
    second = alert(key="point:2", parent_key="logger:1")
    assert [state(a) for a in (first, second, parent)] == [
        "suppressed",
        "suppressed",
        "unack",
    ]
    assert not second.events.filter(tell=True).exists()
    clear_alert(key="point:1", now=NOON, reason="")
    clear_alert(key="logger:1", now=NOON + MINUTE, reason="恢复")
    assert [state(a) for a in (first, second, parent)] == ["closed", "unack", "closed"]
    assert second.events.filter(tell=True).count() == 1


def test_what_two_transactions_missed_is_mended() -> None:
    child = alert(key="point:1", parent_key="logger:1")
    parent = alert(key="logger:1", kind="offline")
    Alert.objects.filter(pk=child.pk).update(state="unack")
    assert follow_parents(now=NOON) == 1
    assert state(child) == "suppressed"
    Alert.objects.filter(pk=parent.pk).update(returned_at=NOON)
    assert follow_parents(now=NOON) == 1
    assert state(child) == "unack"


def test_a_judged_parent_gives_its_children_their_voice() -> None:
    parent = alert(key="logger:1", kind="offline")
    child = alert(key="point:1", parent_key="logger:1")
    officer = factories.user("officer")
    dismiss(alert=parent, reason="device_fault", note="", actor=officer, now=NOON)
    assert state(child) == "unack"


def test_a_shelf_wakes_in_time_or_when_it_worsens() -> None:
    officer = factories.user("officer")
    rows = [alert(key=k, severity="minor") for k in "abc"]
    for row in rows:
        wake = NOON + 60 * MINUTE
        shelve(alert=row, actor=officer, now=NOON, wake_at=wake, reason="等待检修")
    raised(key="b", severity="major", now=NOON + MINUTE)
    clear_alert(key="c", now=NOON + MINUTE, reason="")
    assert [state(row) for row in rows] == ["shelved", "unack", "shelved"]
    assert wake_shelved(now=NOON + 59 * MINUTE) == 0
    assert wake_shelved(now=NOON + 60 * MINUTE) == 2
    assert [state(row) for row in rows] == ["unack", "unack", "returned"]


@pytest.mark.parametrize(
    ("reason", "wake"), [(" ", 60), ("x", 0), ("x", -5), ("x", 8 * 24 * 60)]
)
def test_a_shelf_needs_sense(reason: str, wake: int) -> None:
    row = alert(key="a")
    with pytest.raises(RefusedError):
        shelve(
            alert=row,
            actor=factories.user("officer"),
            now=NOON,
            wake_at=NOON + wake * MINUTE,
            reason=reason,
        )
    assert state(row) == "unack"


def test_a_declared_break_keeps_and_counts_but_does_not_tell() -> None:
    officer = factories.user("officer")
    before = alert(key="a", subject_key="outlet:1")
    other = alert(key="b", subject_key="outlet:2")
    given = {"subject_key": "outlet:1", "subject_name": "甲", "kind": ""}
    declare_break(
        **given,
        starts_at=NOON,
        ends_at=NOON + 60 * MINUTE,
        reason="年度检修",
        actor=officer,
        now=NOON,
    )
    during = alert(key="c", subject_key="outlet:1", now=NOON + MINUTE)
    assert [state(a) for a in (before, other, during)] == [
        "out_of_service",
        "unack",
        "out_of_service",
    ]
    assert not during.events.filter(tell=True).exists()
    clear_alert(key="c", now=NOON + 2 * MINUTE, reason="")
    assert follow_breaks(now=NOON + 60 * MINUTE) == 2
    assert [state(a) for a in (before, during)] == ["unack", "closed"]
    with pytest.raises(RefusedError, match="不成立"):
        declare_break(
            **given, starts_at=NOON, ends_at=NOON, reason="x", actor=officer, now=NOON
        )
    assert ServiceBreak.objects.count() == 1


def test_silence_becomes_one_alert_and_a_beat_ends_it() -> None:
    beat(key="worker", name="任务进程", now=NOON, timeout_s=60)
    assert sweep_heartbeats(now=NOON + MINUTE) == (0, 0)
    late = NOON + timedelta(seconds=61)
    assert sweep_heartbeats(now=late) == (1, 0)
    assert sweep_heartbeats(now=late) == (0, 0)
    row = Alert.objects.get()
    assert (row.key, row.kind, row.state) == ("heartbeat:worker", "process", "unack")
    beat(key="worker", now=NOON - MINUTE)
    assert Heartbeat.objects.get().last_at == NOON
    beat(key="worker", now=late)
    assert sweep_heartbeats(now=late) == (0, 1)
    row.refresh_from_db()
    assert row.returned_at == late


def test_after_a_start_every_process_gets_time_for_its_first_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = clock.now()
    beat(key="ingest:1", now=now - 10 * MINUTE, timeout_s=60)
    monkeypatch.setattr(rounds, "STARTED", time.monotonic())
    assert rounds.sweep(now=now)["lost"] == 0
    monkeypatch.setattr(rounds, "STARTED", time.monotonic() - rounds.GRACE_S - 1)
    assert rounds.sweep(now=now)["lost"] == 1


def test_the_canary_reaches_the_test_phone_or_cries() -> None:
    ladder("info", (0, ["subscribers"]))
    channel("phone", "phone", 90)
    person = subscriber("phone", kinds=["canary"])
    person.contact_addresses.create(channel=channel("phone", "phone", 90), address="t")
    run = canary.run_self_canary(now=clock.now())
    rounds.deliver(longest_s=5)
    assert canary.follow_canaries(now=clock.now()) == 1
    run.refresh_from_db()
    assert run.seconds is not None
    assert 0 <= run.seconds < 5
    assert list(run.stages) == ["sent", "raised", "routed", "delivered"]
    assert state(Alert.objects.get()) == "closed"
    person.subscriptions.all().delete()
    lost = canary.run_self_canary(now=clock.now())
    rounds.deliver(longest_s=5)
    assert canary.follow_canaries(now=clock.now() + 6 * MINUTE) == 1
    lost.refresh_from_db()
    assert (lost.failed, lost.finished_at) == (True, None)
    assert Alert.objects.filter(key="canary-lost:alert", state="unack").exists()
    assert CanaryRun.objects.count() == 2


def test_webhooks_tell_each_move_once_and_replay() -> None:
    with server() as remote:
        hook = Webhook.objects.create(
            name="州政务平台",
            url=remote.url + "/in",
            secret="s" * 32,
            enabled=True,
            kinds=["exceedance"],
            min_severity="major",
        )
        row = alert(key="a", severity="major")
        alert(kind="offline", severity="major")
        alert(severity="minor")
        later = NOON + MINUTE
        assert queue_calls(now=NOON + timedelta(seconds=1)) == 0
        assert queue_calls(now=later) == 1
        assert queue_calls(now=later) == 0
        remote.status = 500
        assert send_calls(now=later) == 1
        call = WebhookCall.objects.get()
        assert (call.state, call.status, call.attempts) == ("waiting", 500, 1)
        remote.status = 200
        assert send_calls(now=clock.now() + MINUTE) == 1
        call.refresh_from_db()
        assert (call.state, call.payload["alert"]["id"]) == ("done", row.pk)
        assert "虚构水泥" not in remote.seen[0].body.decode()
        again = replay(call=call, actor=factories.user("admin"), now=later)
        send_calls(now=clock.now() + MINUTE)
        again.refresh_from_db()
        assert again.state == "done"
        ids = [seen.headers["X-Bozhou-Delivery"] for seen in remote.seen]
        assert ids == [str(call.pk)] * 3
        hook.refresh_from_db()
        assert hook.last_event > 0
