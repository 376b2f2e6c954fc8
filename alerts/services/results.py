"""What follows from the way a message went: receipt, retry, next channel, or the end."""

from datetime import datetime, timedelta

from django.db import transaction

from alerts.clients.base import Outcome
from alerts.domain.backoff import Breaker, Failure, Step, after_failure
from alerts.models import Channel, ContactAddress, Delivery, DeliveryState, Receipt
from alerts.services.receipts import add_receipt
from bozhou_eco.common import metrics

CONFIRM = timedelta(seconds=25)
BREAKER = Breaker()
State = DeliveryState


@transaction.atomic
def succeed(delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    """Note that the carrier took a message, with the receipt that proves it."""
    inside = delivery.channel.inside
    updated = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING).update(
        state=State.SENT,
        sent_at=now,
        claimed_until=None,
        confirm_by=now + CONFIRM if inside and delivery.rest else None,
        failure="",
        error="",
    )
    if not updated:
        return
    if delivery.summary:
        delivery.children.filter(state=State.MERGED).update(sent_at=now)
    detail: dict[str, object] = {"address": delivery.address[-4:]}
    if outcome.provider_id:
        detail["provider_id"] = outcome.provider_id
    add_receipt(delivery=delivery, kind=Receipt.Kind.SENT, now=now, detail=detail)
    if delivery.channel.failures:
        Channel.objects.filter(pk=delivery.channel_id).update(
            failures=0, broken_until=None
        )
    Channel.objects.filter(pk=delivery.channel_id).update(last_ok_at=now)
    metrics.count("alerts_sent_total", channel=delivery.channel.code)


@transaction.atomic
def fail(delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    """Note that a message was not taken: again, by the next channel, or never."""
    assert outcome.failure is not None
    step = after_failure(
        outcome.failure,
        attempt=max(delivery.attempts, 1),
        first_at=delivery.first_due_at,
        now=now,
        has_next=bool(delivery.rest),
        asked_wait_s=outcome.wait_s,
    )
    changes: dict[str, object] = {
        "claimed_until": None,
        "failure": outcome.failure.value,
        "error": outcome.error[:300],
        "state": State.WAITING if step.step is Step.RETRY else State.FAILED,
    }
    if step.step is Step.RETRY:
        changes["due_at"] = step.at
    updated = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING).update(
        **changes
    )
    if not updated:
        return
    _blame(delivery.channel, outcome, now)
    metrics.count(
        "alerts_send_failed_total",
        channel=delivery.channel.code,
        failure=outcome.failure.value,
    )
    if step.step is Step.FAIL_OVER:
        fail_over(delivery, now=now, why=outcome.failure.label)
    elif step.step is Step.GIVE_UP:
        metrics.count("alerts_undelivered_total", channel=delivery.channel.code)


def _blame(channel: Channel, outcome: Outcome, now: datetime) -> None:
    """Rest a channel that fails again and again; a gone address is not its fault."""
    if outcome.failure in (Failure.GONE, Failure.PERMANENT) or channel.inside:
        return
    failures = Channel.objects.values_list("failures", flat=True).get(pk=channel.pk) + 1
    rest = BREAKER.rests_until(failures, now)
    Channel.objects.filter(pk=channel.pk).update(
        failures=failures, broken_until=rest, last_error=outcome.error[:300]
    )


def skip(delivery: Delivery, now: datetime) -> None:
    """Pass over a resting channel without trying it."""
    assert delivery.channel.broken_until is not None
    if not delivery.rest:
        Delivery.objects.filter(pk=delivery.pk).update(
            state=State.WAITING,
            claimed_until=None,
            due_at=delivery.channel.broken_until,
        )
        return
    Delivery.objects.filter(pk=delivery.pk, state=State.SENDING).update(
        state=State.FAILED,
        claimed_until=None,
        failure=Failure.PASSING,
        error="渠道暂停使用",
    )
    fail_over(delivery, now=now, why="渠道暂停使用")


def fail_over(delivery: Delivery, *, now: datetime, why: str) -> Delivery | None:
    """Put a message into the outbox again for its next channel; None if there is none."""
    for position, code in enumerate(delivery.rest):
        channel = Channel.objects.filter(code=code, enabled=True).first()
        address = _address(delivery, channel) if channel else ""
        if channel is None or not address:
            continue
        following = Delivery.objects.create(
            alert=delivery.alert,
            event=delivery.event,
            user=delivery.user,
            channel=channel,
            address=address,
            why=delivery.why,
            step=delivery.step,
            severity=delivery.severity,
            summary=delivery.summary,
            digest=delivery.digest,
            before=delivery,
            reason=f"{delivery.channel.name}：{why}"[:200],
            rest=delivery.rest[position + 1 :],
            due_at=now,
            first_due_at=now,
            created_at=now,
        )
        delivery.children.filter(state=State.MERGED).update(parent=following)
        return following
    return None


def _address(delivery: Delivery, channel: Channel) -> str:
    if channel.kind in (Channel.Kind.BROWSER, Channel.Kind.WEBPUSH):
        return channel.kind
    given = ContactAddress.objects.filter(user=delivery.user, channel=channel)
    found = given.values_list("address", flat=True).first()
    if found:
        return found
    if channel.kind.startswith("sms") and delivery.user is not None:
        return str(delivery.user.phone)
    return ""


@transaction.atomic
def follow_unconfirmed(*, now: datetime, limit: int = 200) -> int:
    """Use the next channel for messages that no open page confirmed; returns how many."""
    rows = list(
        Delivery.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=State.SENT, confirm_by__lte=now)
        .select_related("channel", "user", "alert")[:limit]
    )
    for row in rows:
        row.confirm_by, row.state = None, State.FAILED
        row.failure, row.error = Failure.PASSING, "没有打开的页面确认收到"
        row.save(update_fields=["confirm_by", "state", "failure", "error"])
        fail_over(row, now=now, why="页面未确认收到")
    return len(rows)
