"""The condition is gone: return alerts to normal, and let their children speak again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from alerts.domain.flap import add_turn, is_flapping, is_settled
from alerts.domain.life import Action, State
from alerts.domain.severity import LOW, Severity
from alerts.models import Alert, AlertEvent
from alerts.selectors.kinds import kind_policy
from alerts.services import moves
from alerts.services.raising import DAMPING


def clear_alert(*, key: str, now: datetime, reason: str) -> Alert | None:
    """Return the open alert of ``key`` to normal; see `clear_alerts`."""
    cleared = clear_alerts(keys=[key], now=now, reason=reason)
    return cleared[0] if cleared else None


@transaction.atomic
def clear_alerts(*, keys: Sequence[str], now: datetime, reason: str) -> list[Alert]:
    """Return the open alerts of ``keys`` to normal; returns those it changed.

    A flapping alert stays active until it has been quiet for its hold time. An alert
    that was judged while its condition lasted gives its key free. Unknown keys and
    alerts already returned are left alone.
    """
    rows = (
        Alert.objects.select_for_update(of=("self",))
        .filter(open_key__in=set(keys))
        .order_by("open_key")
    )
    return [alert for alert in rows if _clear(alert, now, reason)]


def _clear(alert: Alert, now: datetime, reason: str) -> bool:
    if alert.state == State.CLOSED:
        if alert.outcome != "returned":
            moves.release_key(alert)
            alert.returned_at = alert.returned_at or now
            alert.save(update_fields=["open_key", "key_until", "returned_at"])
        return False
    if not alert.active:
        return False
    alert.returned_at = now
    alert.turns = add_turn(alert.turns, now)
    if is_flapping(alert.turns, now, DAMPING):
        alert.flapping = True
        alert.save(update_fields=["returned_at", "turns", "flapping"])
        return True
    settle(alert, now=now, reason=reason)
    return True


def settle(alert: Alert, *, now: datetime, reason: str) -> None:
    """Apply the return to normal of a locked alert and save it."""
    alert.flapping = False
    events = [moves.move(alert, Action.CLEAR, now=now, reason=reason)]
    if closes_itself(alert):
        note = reason or "已恢复正常"
        events.append(moves.close(alert, now=now, outcome="returned", note=note))
    moves.write(alert, events, now=now)
    release_children(parent_key=alert.key, now=now)


def closes_itself(alert: Alert) -> bool:
    """Return whether a returned alert needs nobody any more.

    Kinds without a verdict close once acknowledged, and unacknowledged too when their
    severity is low.
    """
    if kind_policy(alert.kind).verdict or alert.active:
        return False
    if alert.state == State.RETURNED:
        return True
    return alert.state == State.RTN_UNACK and Severity(alert.severity) in LOW


def release_children(*, parent_key: str, now: datetime) -> int:
    """Let the alerts that a parent suppressed speak for themselves; returns how many."""
    children = (
        Alert.objects.select_for_update(of=("self",))
        .filter(parent_key=parent_key, state=State.SUPPRESSED)
        .order_by("open_key")
    )
    count = 0
    for child in children:
        release(child, now=now, reason="上级预警已恢复")
        count += 1
    return count


def release(alert: Alert, *, now: datetime, reason: str) -> None:
    """End the hold of a locked alert: tell it if it lasts, else finish it."""
    if alert.active:
        events: list[AlertEvent] = [
            moves.move(alert, Action.RELEASE, now=now, reason=reason)
        ]
    else:
        events = [_finish(alert, now, reason)]
        if closes_itself(alert):
            events.append(moves.close(alert, now=now, outcome="returned", note=reason))
    moves.write(alert, events, now=now)


def _finish(alert: Alert, now: datetime, reason: str) -> AlertEvent:
    event = moves.move(alert, Action.RELEASE_NORMAL, now=now, reason=reason)
    if alert.state == State.CLOSED:
        alert.outcome, alert.outcome_note, alert.closed_at = "returned", reason, now
        moves.release_key(alert)
    return event


@transaction.atomic
def settle_flapping(*, now: datetime) -> int:
    """Return to normal the flapping alerts that have been quiet long enough."""
    rows = (
        Alert.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(flapping=True, returned_at__isnull=False)
        .order_by("open_key")
    )
    count = 0
    for alert in rows:
        if is_settled(alert.turns, now, DAMPING):
            settle(alert, now=now, reason="波动结束，已持续正常")
            count += 1
    return count
