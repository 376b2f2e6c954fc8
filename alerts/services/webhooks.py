"""Tell other systems of moves: signed calls, retried, logged, and replayed on request."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.clients import webhook as client
from alerts.domain.backoff import LAST_RESORT_TRIES, delay_s
from alerts.domain.kinds import base_of
from alerts.domain.severity import rank
from alerts.models import AlertEvent, Webhook, WebhookCall
from alerts.selectors.kinds import kind_label
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock, metrics

BATCH = 200
CLAIM = timedelta(seconds=60)
SETTLE = timedelta(seconds=2)
State = WebhookCall.State


def payload_of(event: AlertEvent) -> dict[str, Any]:
    """Return what another system is told of a move.

    Webhooks are for systems of the government network; they get the same small set of
    facts as other outside channels, and an id to ask the REST interface with.
    """
    alert = event.alert
    return {
        "event": event.pk,
        "at": event.at.isoformat(),
        "action": event.action,
        "state": event.to_state,
        "alert": {
            "id": alert.pk,
            "kind": alert.kind,
            "kind_label": kind_label(alert.kind),
            "severity": event.severity,
            "district": alert.district.code if alert.district else "",
            "occurred_at": alert.occurred_at.isoformat(),
        },
    }


@transaction.atomic
def queue_calls(*, now: datetime) -> int:
    """Write a call for each new move and webhook that wants it; returns how many.

    Event numbers are given before the commit, so events younger than `SETTLE` wait.
    """
    count = 0
    hooks = Webhook.objects.select_for_update(skip_locked=True).filter(enabled=True)
    for hook in hooks:
        events = list(
            AlertEvent.objects.filter(pk__gt=hook.last_event, at__lte=now - SETTLE)
            .select_related("alert__district")
            .order_by("pk")[:BATCH]
        )
        if not events:
            continue
        calls = [
            WebhookCall(
                webhook=hook,
                event=event,
                payload=payload_of(event),
                due_at=now,
                created_at=now,
            )
            for event in events
            if wants(hook, event)
        ]
        WebhookCall.objects.bulk_create(calls, ignore_conflicts=True)
        hook.last_event = events[-1].pk
        hook.save(update_fields=["last_event"])
        count += len(calls)
    return count


def wants(hook: Webhook, event: AlertEvent) -> bool:
    """Return whether a webhook is told of a move."""
    if rank(event.severity) < rank(hook.min_severity):
        return False
    kind = event.alert.kind
    return not hook.kinds or kind in hook.kinds or base_of(kind) in hook.kinds


def send_calls(*, now: datetime, limit: int = 20) -> int:
    """Send calls that are due; returns how many were tried."""
    with transaction.atomic():
        due = Q(state=State.WAITING, due_at__lte=now)
        stuck = Q(state=State.SENDING, claimed_until__lte=now)
        rows = list(
            WebhookCall.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(due | stuck)
            .select_related("webhook")
            .order_by("due_at")[:limit]
        )
        WebhookCall.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.SENDING, claimed_until=now + CLAIM
        )
    for row in rows:
        _send(row)
    return len(rows)


def _send(call: WebhookCall) -> None:
    hook = call.webhook
    status, answer = client.post(
        hook.url,
        call.payload,
        secret=hook.secret,
        call_id=str(call.replay_of_id or call.pk),
        at=int(clock.now().timestamp()),
    )
    now = clock.now()
    call.attempts += 1
    call.status, call.answer, call.claimed_until = status, answer[:500], None
    if 200 <= status < 300:
        call.state, call.done_at = State.DONE, now
    elif status == 410 or call.attempts >= LAST_RESORT_TRIES:
        call.state, call.done_at = State.FAILED, now
        metrics.count("alerts_webhook_failed_total", webhook=hook.name)
    else:
        call.state = State.WAITING
        call.due_at = now + timedelta(seconds=delay_s(call.attempts))
    call.save()


@transaction.atomic
def replay(*, call: WebhookCall, actor: User, now: datetime) -> WebhookCall:
    """Send a logged call again as it was; the receiver sees the same delivery id."""
    again = WebhookCall.objects.create(
        webhook=call.webhook,
        event=call.event,
        payload=call.payload,
        due_at=now,
        replay_of=call.replay_of or call,
        created_at=now,
    )
    audit.record(
        actor=actor,
        act="alert.webhook.replay",
        subject=f"webhookcall:{call.pk}",
        detail={"again": again.pk},
        now=now,
    )
    return again
