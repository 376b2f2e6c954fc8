"""Alerts under stress: storms of equal triggers, races, floods, dead ends, lost Redis."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from alerts.clients.base import Outcome, Parcel
from alerts.domain.backoff import Failure
from alerts.models import Alert, Delivery, DutyShift, Heartbeat, PushSubscription
from alerts.services import acknowledge, clear_alert, composing, raise_alert
from alerts.services.heartbeats import beat, sweep_heartbeats
from alerts.services.routing import route_pending
from alerts.services.sending import send_due
from bozhou_eco.common import clock
from bozhou_eco.common.push import PAUSE_S, publisher
from bozhou_eco.embedded.valkey import ValkeyServer
from tests import factories
from tests.alerts.makers import (
    NOON,
    alert,
    channel,
    json_channel,
    ladder,
    occurrence,
    only_channels,
    subscriber,
)
from tests.alerts.servers import Server, server

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


def at_once(*acts: Callable[[], object]) -> list[Exception]:
    """Run every act in a thread of its own, all released at the same moment."""
    errors: list[Exception] = []
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            ready.wait(30)
            act()
        except Exception as error:  # noqa: BLE001  (the test looks at them)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return errors


def storm(rounds: int, width: int = 50) -> None:
    """``rounds`` times ``width`` equal triggers at once, with long-lived connections."""
    barrier = threading.Barrier(width)
    errors: list[Exception] = []

    def worker() -> None:
        try:
            for number in range(rounds):
                barrier.wait(60)
                raise_alert(**occurrence(key=f"storm:{number}"))
        except Exception as error:  # noqa: BLE001  (the test looks at them)
            errors.append(error)
            barrier.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(900)
    assert errors == []
    counts = list(Alert.objects.values_list("recurrences", flat=True))
    assert counts == [width] * rounds
    assert Alert.objects.filter(state="unack").count() == rounds


def test_equal_triggers_at_once_make_one_alert_with_the_right_count() -> None:
    storm(8)


@pytest.mark.slow
def test_fifty_equal_triggers_two_hundred_times() -> None:
    storm(200)


def test_raise_and_clear_against_each_other_leave_a_consistent_row() -> None:
    for number in range(10):
        key = f"race:{number}"
        alert(key=key)
        acts: list[Callable[[], object]] = []
        for _ in range(6):
            acts.append(lambda key=key: raise_alert(**occurrence(key=key)))
            acts.append(lambda key=key: clear_alert(key=key, now=NOON, reason=""))
        assert at_once(*acts) == []
        row = Alert.objects.get(key=key)
        assert row.recurrences == 7
        raise_alert(**occurrence(key=key))
        row.refresh_from_db()
        assert row.returned_at is None
        clear_alert(key=key, now=NOON, reason="")
        row.refresh_from_db()
        assert row.returned_at is not None


def test_acknowledging_at_once_is_one_acknowledgement() -> None:
    people = [factories.user("officer") for _ in range(8)]
    row = alert()
    acts = [lambda p=p: acknowledge(alert=row, actor=p, now=NOON) for p in people]
    assert at_once(*acts) == []
    assert row.events.filter(action="ack").count() == 1
    row.refresh_from_db()
    assert row.state == "acked"


def timeouts(count: int) -> None:
    """A beat within ± 1 ms of its time-out, against the sweep, ``count`` times."""
    rng = random.Random(7)
    for number in range(count):
        key, base = f"device:{number}", NOON + number * timedelta(minutes=5)
        beat(key=key, now=base, timeout_s=60)
        arrival = base + 60 * SECOND + timedelta(microseconds=rng.randint(-1000, 1000))
        sweep = base + 60 * SECOND + timedelta(microseconds=rng.randint(-1000, 1000))
        Heartbeat.objects.exclude(key=key).update(active=False)
        assert (
            at_once(
                partial(beat, key=key, now=arrival),
                partial(sweep_heartbeats, now=sweep),
            )
            == []
        )
        sweep_heartbeats(now=max(arrival, sweep) + SECOND)
        stuck = Alert.objects.filter(key=f"heartbeat:{key}", returned_at=None)
        assert not stuck.exclude(state="closed").exists()
        assert Heartbeat.objects.get(key=key).lost_at is None
        late = arrival + 61 * SECOND
        sweep_heartbeats(now=late)
        assert Alert.objects.filter(key=f"heartbeat:{key}", returned_at=None).exists()


def test_data_at_the_very_timeout_leave_no_alert_stuck() -> None:
    timeouts(15)


@pytest.mark.slow
def test_data_at_the_very_timeout_a_thousand_times() -> None:
    timeouts(1000)


@pytest.fixture
def phone() -> Iterator[Server]:
    with server() as running:
        json_channel("wecom", running, 20)
        only_channels("wecom")
        for severity in ("critical", "major", "minor"):
            ladder(severity, (0, ["subscribers"]))
        yield running


def flood(phone: Server, minutes: int, each: int, people: int = 3) -> None:
    """``each`` alerts a minute; simulated time, real routing and sending."""
    officers = [subscriber("wecom", cap=10) for _ in range(people)]
    rng = random.Random(3)
    start = clock.now()
    critical = 0
    for minute in range(minutes):
        now = start + timedelta(minutes=minute)
        with transaction.atomic():
            for _ in range(each):
                severity = rng.choices(
                    ["critical", "major", "minor"], weights=[2, 18, 80]
                )[0]
                critical += severity == "critical"
                raise_alert(**occurrence(now=now, severity=severity))
        while route_pending(now=now):
            pass
        while send_due(now=now, limit=200):
            pass
    end = start + timedelta(minutes=minutes + 11)
    while send_due(now=end, limit=200):
        pass
    total = minutes * each
    windows = minutes // 10 + 2
    assert len(phone.seen) <= people * 10 * windows
    for officer in officers:
        own = Delivery.objects.filter(user=officer, summary=False)
        assert own.count() == total
        assert not own.filter(sent_at=None).exists()
        severe = own.filter(severity="critical")
        assert severe.count() == critical
        sent = Delivery.objects.filter(user=officer, parent=None, state="sent")
        times = sorted(sent.values_list("due_at", flat=True))
        for first in times:
            inside = [t for t in times if first <= t < first + timedelta(minutes=10)]
            assert len(inside) <= 10


def test_a_flood_stays_within_the_cap_and_misses_nothing(phone: Server) -> None:
    flood(phone, minutes=3, each=40)


@pytest.mark.slow
def test_a_thousand_alerts_a_minute_for_ten_minutes(phone: Server) -> None:
    flood(phone, minutes=10, each=1000)


@pytest.mark.parametrize("status", [404, 410, 403, 429, 500])
def test_a_bad_endpoint_is_left_within_a_minute(phone: Server, status: int) -> None:
    with server() as spare:
        json_channel("sms", spare, 30)
        subscriber("wecom", "sms")
        phone.status = status
        alert(now=clock.now())
        start = now = clock.now()
        route_pending(now=now)
        while not spare.seen:
            send_due(now=now)
            now += SECOND
            assert now - start <= 60 * SECOND
        assert Delivery.objects.filter(state="sent").count() == 1


def test_a_slow_endpoint_neither_holds_intake_nor_the_other_channel(
    phone: Server,
) -> None:
    with server() as spare:
        json_channel("sms", spare, 30)
        json_channel("fast", spare, 40)
        slow = subscriber("wecom", "sms")
        fast = subscriber("fast")
        phone.delay_s = 30
        alert(now=clock.now())
        route_pending(now=clock.now())
        begun = time.monotonic()
        sender = threading.Thread(target=_send_and_close)
        sender.start()
        raised = 0
        while sender.is_alive() and raised < 50:
            raise_begun = time.monotonic()
            raise_alert(**occurrence(now=clock.now()))
            assert time.monotonic() - raise_begun < 2
            raised += 1
        sender.join(60)
        assert time.monotonic() - begun < 25
        assert Delivery.objects.get(user=fast, alert__key__isnull=False, attempts=1).pk
        now = clock.now()
        while not Delivery.objects.filter(user=slow, channel__code="sms").exists():
            Delivery.objects.filter(state="waiting", user=slow).update(
                due_at=now - SECOND, first_due_at=now - 50 * SECOND
            )
            send_due(now=now, limit=1)
        assert time.monotonic() - begun < 60
        send_due(now=clock.now(), limit=200)
        assert any(seen.path.startswith("/sms/") for seen in spare.seen)


def _send_and_close() -> None:
    try:
        send_due(now=clock.now(), limit=2)
    finally:
        connection.close()


def test_a_dead_browser_endpoint_is_pruned_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def gone(parcel: Parcel) -> Outcome:
        tried.append(parcel.address)
        return Outcome(Failure.GONE, "HTTP 410")

    monkeypatch.setitem(composing.CARRIERS, "webpush", gone)  # type: ignore[arg-type]
    channel("webpush", "webpush", 10)
    only_channels("webpush")
    ladder("major", (0, ["subscribers"]))
    person = subscriber("webpush")
    PushSubscription.objects.create(
        user=person,
        endpoint="http://127.0.0.1:9/dead",
        p256dh="x",
        auth="y",
        created_at=clock.now(),
    )
    for _ in range(3):
        alert(now=clock.now())
        route_pending(now=clock.now())
        send_due(now=clock.now())
    assert tried == ["http://127.0.0.1:9/dead"]
    assert PushSubscription.objects.get().gone_at is not None


def test_redis_lost_while_alerts_are_raised(
    phone: Server, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriber("wecom", cap=60)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(publisher, "_client", None)
    monkeypatch.setattr(publisher, "_resting_until", 0.0)
    begun = time.monotonic()
    for _ in range(20):
        alert(now=clock.now())
    assert time.monotonic() - begun < 10
    assert Alert.objects.count() == 20
    assert phone.seen == []
    monkeypatch.undo()
    while route_pending(now=clock.now()):
        pass
    while send_due(now=clock.now()):
        pass
    assert len(phone.seen) == 20
    assert not Delivery.objects.exclude(state="sent").exists()


def test_a_killed_redis_costs_no_message_and_is_used_again(
    phone: Server, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A real server, killed without a word while alerts are raised, then back."""
    subscriber("wecom", cap=60)
    valkey = ValkeyServer(tmp_path, durable=False)
    valkey.start()
    try:
        settings.REDIS_URL = valkey.url
        monkeypatch.setattr(publisher, "_client", None)
        monkeypatch.setattr(publisher, "_resting_until", 0.0)
        alert(now=clock.now())
        assert publisher.publish("alerts.all", {"type": "alert.reload"})
        valkey.child.kill()
        begun = time.monotonic()
        for _ in range(20):
            alert(now=clock.now())
        assert time.monotonic() - begun < 10
        assert not publisher.publish("alerts.all", {"type": "alert.reload"})
        valkey.start()
        time.sleep(PAUSE_S + 0.1)
        assert publisher.publish("alerts.all", {"type": "alert.reload"})
        alert(now=clock.now())
    finally:
        valkey.stop()
    while route_pending(now=clock.now()):
        pass
    while send_due(now=clock.now()):
        pass
    assert Alert.objects.count() == len(phone.seen) == 22
    assert not Delivery.objects.exclude(state="sent").exists()


def test_two_senders_share_the_work_without_doubling(phone: Server) -> None:
    subscriber("wecom", cap=60)
    for _ in range(40):
        alert(now=clock.now())

    def work() -> None:
        for _ in range(30):
            route_pending(now=clock.now(), limit=5)
            send_due(now=clock.now(), limit=5)

    assert at_once(*[work] * 4) == []
    assert len(phone.seen) == 40
    assert Delivery.objects.filter(state="sent").count() == 40


def test_shift_change_at_the_moment_of_the_alert(phone: Server) -> None:
    now = clock.now()
    first, second = (subscriber("wecom", kinds=["never"]) for _ in range(2))
    for user, begin in ((first, now - 9 * 3600 * SECOND), (second, now)):
        DutyShift.objects.create(
            user=user, starts_at=begin, ends_at=begin + 9 * 3600 * SECOND
        )
    ladder("critical", (0, ["duty"]))
    alert(severity="critical", now=now)
    route_pending(now=now)
    assert [d.user for d in Delivery.objects.all()] == [second]
