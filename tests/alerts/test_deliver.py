"""From a raised alert to messages: routing, sending, retry, fail-over, escalation."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from alerts.models import (
    Alert,
    AlertEvent,
    Channel,
    Delivery,
    DutyShift,
    Receipt,
    SelfCheck,
)
from alerts.services import acknowledge, clear_alert, undo_acknowledge
from alerts.services.results import fail_over, follow_unconfirmed
from alerts.services.routing import escalate_due, route_pending
from alerts.services.sending import send_due
from bozhou_eco.audit.models import Link
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import (
    alert,
    channel,
    json_channel,
    ladder,
    only_channels,
    raised,
    subscriber,
)
from tests.alerts.servers import Server, server

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def phone() -> Iterator[Server]:
    with server() as running:
        json_channel("wecom", running, 20)
        only_channels("wecom")
        ladder("critical", (0, ["subscribers", "duty"]), (10, ["backup"]), repeats=1)
        ladder("major", (0, ["subscribers", "duty"]))
        ladder("minor", (0, ["subscribers"]))
        yield running


@pytest.fixture
def spare() -> Iterator[Server]:
    with server() as running:
        json_channel("sms", running, 30)
        yield running


def told(phone: Server) -> list[str]:
    return [json.loads(seen.body)["message"] for seen in phone.seen]


def deliver() -> None:
    route_pending(now=clock.now())
    send_due(now=clock.now())


def states() -> list[tuple[str, str]]:
    rows = Delivery.objects.order_by("pk").values_list("channel__code", "state")
    return list(rows)


def test_it_works(phone: Server) -> None:
    person = subscriber("wecom", address="wx 1/甲")
    row = alert(
        severity="critical",
        district=factories.district(),
        subject_name="虚构水泥",
        now=clock.now(),
    )
    assert route_pending(now=clock.now()) == 1
    assert route_pending(now=clock.now()) == 0
    assert send_due(now=clock.now()) == 1
    (message,) = told(phone)
    assert "严重预警：精河县 超标预警" in message
    assert "http://localhost:8000/alerts/n/" in message
    assert phone.seen[0].path == "/wecom/wx%201%2F%E7%94%B2"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.user, delivery.alert) == ("sent", person, row)
    assert delivery.body == message
    receipt = Receipt.objects.get()
    assert receipt.kind == "sent"
    assert Link.objects.filter(
        chain="notices", subject=f"receipt:{receipt.pk}"
    ).exists()
    assert AlertEvent.objects.get(action="raise").told_at is not None
    row.refresh_from_db()
    assert row.escalation_step == 1
    assert row.escalate_at is not None


def test_outside_channels_say_neither_who_nor_what(phone: Server) -> None:
    subscriber("wecom")
    alert(
        summary="NOx 132 mg/m3 新E12345",
        subject_name="虚构水泥 DA001",
        explanation={"限值": "100"},
        now=clock.now(),
    )
    deliver()
    sent = phone.seen[0].body.decode()
    for secret in ("虚构水泥", "DA001", "NOx", "132", "新E12345", "100"):
        assert secret not in json.loads(sent)["message"]


def test_nobody_hears_of_another_district(phone: Server) -> None:
    jinghe, wenquan = factories.district(), factories.district("652723", "温泉县")
    here = subscriber("wecom", organisation=factories.department(jinghe))
    subscriber("wecom", organisation=factories.department(wenquan))
    alert(district=jinghe, now=clock.now())
    deliver()
    assert list(Delivery.objects.values_list("user", flat=True)) == [here.pk]


def test_an_answered_alert_is_not_sent(phone: Server) -> None:
    person = subscriber("wecom")
    row = alert(now=clock.now())
    route_pending(now=clock.now())
    acknowledge(alert=row, actor=person, now=clock.now())
    assert send_due(now=clock.now()) == 0
    assert phone.seen == []
    assert Delivery.objects.get().state == "cancelled"
    second = alert(now=clock.now())
    acknowledge(alert=second, actor=person, now=clock.now())
    route_pending(now=clock.now())
    assert Delivery.objects.count() == 1


def test_a_rolled_back_alert_leaves_nothing(phone: Server) -> None:
    subscriber("wecom")
    with transaction.atomic():
        raised(now=clock.now())
        transaction.set_rollback(True)
    deliver()
    assert (Alert.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_dead_end_goes_over_at_once(phone: Server, spare: Server) -> None:
    subscriber("wecom", "sms")
    phone.status = 400
    alert(now=clock.now())
    deliver()
    assert states() == [("wecom", "failed"), ("sms", "waiting")]
    deliver()
    assert states() == [("wecom", "failed"), ("sms", "sent")]
    assert len(spare.seen) == 1
    second = Delivery.objects.get(channel__code="sms")
    assert second.before is not None
    assert second.before.failure == "permanent"


@pytest.mark.parametrize(
    ("status", "failure"), [(500, "passing"), (429, "passing"), (403, "key")]
)
def test_within_a_minute_the_next_channel_is_used(
    phone: Server, spare: Server, status: int, failure: str
) -> None:
    subscriber("wecom", "sms")
    phone.status = status
    row = alert(now=clock.now())
    now = start = clock.now()
    route_pending(now=now)
    while not spare.seen:
        send_due(now=now)
        now += timedelta(seconds=1)
        assert now - start < timedelta(seconds=61)
    first = Delivery.objects.filter(channel__code="wecom").get()
    assert (first.state, first.failure) == ("failed", failure)
    assert row.deliveries.filter(state="sent").count() == 1


def test_a_channel_that_keeps_failing_is_left_alone(
    phone: Server, spare: Server
) -> None:
    subscriber("wecom", "sms")
    phone.status = 403
    for _ in range(3):
        alert(now=clock.now())
        deliver()
    tried = len(phone.seen)
    assert tried == 3
    alert(now=clock.now())
    deliver()
    deliver()
    assert len(phone.seen) == tried
    assert Delivery.objects.filter(channel__code="sms", state="sent").count() == 4
    resting = Channel.objects.get(code="wecom")
    assert resting.broken_until is not None
    phone.status = 200
    Channel.objects.update(broken_until=clock.now() - MINUTE)
    alert(now=clock.now())
    deliver()
    resting.refresh_from_db()
    assert (resting.failures, resting.broken_until) == (0, None)


def test_a_sender_that_died_is_replaced(phone: Server) -> None:
    subscriber("wecom")
    alert(now=clock.now())
    route_pending(now=clock.now())
    Delivery.objects.update(
        state="sending", claimed_until=clock.now() + timedelta(seconds=30)
    )
    assert send_due(now=clock.now()) == 0
    assert send_due(now=clock.now() + timedelta(seconds=31)) == 1
    assert len(phone.seen) == 1


def test_unanswered_it_climbs_until_somebody_answers(phone: Server) -> None:
    subscriber("wecom")
    backup = subscriber("wecom", min_severity="critical", kinds=["never"])
    now = clock.now()
    DutyShift.objects.create(
        user=backup,
        level="backup",
        starts_at=now - MINUTE,
        ends_at=now + timedelta(hours=9),
    )
    row = alert(severity="critical", now=now)
    route_pending(now=now)
    assert escalate_due(now=now + 9 * MINUTE) == 0
    assert escalate_due(now=now + 10 * MINUTE) == 1
    assert escalate_due(now=now + 10 * MINUTE) == 0
    late = Delivery.objects.get(step=1)
    assert (late.user, late.why) == (backup, "backup")
    event = row.events.get(action="escalate")
    assert event.data == {"step": 1, "people": [backup.pk]}
    assert escalate_due(now=now + 40 * MINUTE) == 1
    row.refresh_from_db()
    assert row.escalate_at is None
    assert escalate_due(now=now + timedelta(hours=9)) == 0


def test_acknowledging_stops_the_climb_and_undo_resumes_it(phone: Server) -> None:
    person = subscriber("wecom")
    now = clock.now()
    row = alert(severity="critical", now=now)
    route_pending(now=now)
    row.refresh_from_db()
    due = row.escalate_at
    acknowledge(alert=row, actor=person, now=now)
    row.refresh_from_db()
    assert row.escalate_at is None
    undo_acknowledge(alert=row, actor=person, now=now)
    row.refresh_from_db()
    assert row.escalate_at == due


def test_a_severe_alert_without_duty_or_subscriber_goes_to_the_leader(
    phone: Server,
) -> None:
    leader = subscriber("wecom", roles=("leader",), kinds=["never"])
    subscriber("wecom", kinds=["never"])
    alert(severity="critical", now=clock.now())
    route_pending(now=clock.now())
    delivery = Delivery.objects.get()
    assert (delivery.user, delivery.why) == (leader, "leader")


def test_low_ones_wait_for_the_morning_and_high_ones_do_not(phone: Server) -> None:
    subscriber("wecom", quiet_from="00:00", quiet_to="23:59")
    noon = clock.beijing(clock.now()).replace(hour=12, minute=0)
    alert(severity="minor", now=noon)
    alert(severity="major", now=noon)
    route_pending(now=noon)
    low = Delivery.objects.get(severity="minor")
    high = Delivery.objects.get(severity="major")
    assert clock.beijing(low.due_at).strftime("%H:%M") == "23:59"
    assert high.due_at == noon


def test_a_digest_gathers_low_ones_into_one_message(phone: Server) -> None:
    subscriber("wecom", digest_at="09:30")
    now = clock.now()
    for _ in range(5):
        alert(severity="minor", now=now)
    gone = alert(severity="minor", now=now)
    route_pending(now=now)
    assert send_due(now=now) == 0
    summary = Delivery.objects.get(summary=True)
    assert summary.children.count() == 6
    acknowledge(alert=gone, actor=factories.user("officer"), now=now)
    assert send_due(now=now + timedelta(days=1)) == 1
    (message,) = told(phone)
    assert "一般 5 条" in message


def test_the_flood_is_capped_and_every_alert_is_in_a_message(phone: Server) -> None:
    person = subscriber("wecom", cap=5)
    now = clock.now()
    for number in range(40):
        severity = "critical" if number % 10 == 9 else "minor"
        alert(severity=severity, now=now)
        route_pending(now=now)
    for minute in range(11):
        send_due(now=now + minute * MINUTE)
    assert len(phone.seen) <= 6
    singles = Delivery.objects.filter(user=person, summary=False)
    assert singles.count() == 40
    assert not singles.filter(sent_at=None).exists()
    in_first_minute = singles.filter(severity="critical", parent=None)
    assert in_first_minute.count() >= 2
    assert any("40" in text or "条" in text for text in told(phone))


def test_group_robots_hear_by_district_and_severity() -> None:
    with server() as robot:
        jinghe = factories.district()
        given = json_channel("robot", robot)
        channel(
            "robot",
            "apprise",
            scope="group",
            min_severity="major",
            district=jinghe,
            secret=given.secret.replace("/{address}", ""),
        )
        only_channels("robot")
        ladder("major", (0, ["subscribers"]))
        ladder("minor", (0, ["subscribers"]))
        alert(severity="minor", district=jinghe, now=clock.now())
        alert(severity="major", district=None, now=clock.now())
        alert(severity="major", district=jinghe, now=clock.now())
        deliver()
        assert len(robot.seen) == 1
        assert Delivery.objects.get().user is None


def test_the_page_must_confirm_or_the_phone_rings(phone: Server) -> None:
    channel("browser", "browser", 10)
    subscriber("browser", "wecom")
    row = alert(now=clock.now())
    now = clock.now()
    deliver()
    assert states() == [("browser", "sent")]
    assert follow_unconfirmed(now=now + timedelta(seconds=20)) == 0
    assert follow_unconfirmed(now=now + timedelta(seconds=40)) == 1
    send_due(now=now + timedelta(seconds=40))
    assert len(phone.seen) == 1
    assert states() == [("browser", "failed"), ("wecom", "sent")]
    acknowledge(alert=row, actor=factories.user("officer"), now=clock.now())
    assert Delivery.objects.filter(state="waiting").count() == 0


def test_the_party_is_warned_and_asked_but_not_of_suspicion(phone: Server) -> None:
    plant = factories.enterprise()
    owner = subscriber("wecom", roles=("enterprise",), organisation=plant.organisation)
    subscriber("wecom")
    facts = {
        "organisation": plant.organisation,
        "district": plant.district,
        "now": clock.now(),
    }
    row = alert(severity="minor", **facts)
    alert(kind="fraud", severity="critical", **facts)
    alert(kind="stopped-running", severity="critical", **facts)
    route_pending(now=clock.now())
    mine = Delivery.objects.filter(user=owner)
    assert [(d.alert_id, d.why) for d in mine] == [(row.pk, "party")]
    check = SelfCheck.objects.get()
    assert (check.alert, check.organisation) == (row, plant.organisation)


def test_receipts_cannot_be_changed(phone: Server) -> None:
    subscriber("wecom")
    alert(now=clock.now())
    deliver()
    for act in (
        lambda: Receipt.objects.update(kind="opened"),
        lambda: Receipt.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    assert Receipt.objects.get().kind == "sent"


def test_a_critical_alert_that_ended_unseen_still_climbs(phone: Server) -> None:
    subscriber("wecom")
    now = clock.now()
    row = alert(key="a", severity="critical", now=now)
    route_pending(now=now)
    clear_alert(key="a", now=now + MINUTE, reason="回落")
    row.refresh_from_db()
    assert (row.state, row.escalate_at is not None) == ("rtn_unack", True)


def test_no_channel_left_is_no_loop(phone: Server) -> None:
    subscriber("wecom")
    alert(now=clock.now())
    deliver()
    delivery = Delivery.objects.get()
    assert fail_over(delivery, now=clock.now(), why="x") is None
