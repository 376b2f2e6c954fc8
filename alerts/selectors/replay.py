"""Alerts as they stood at a past moment, read from their moves."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from alerts.domain.life import WAITING, Action, State, priority
from alerts.domain.severity import rank
from alerts.models import Alert, AlertEvent
from bozhou_eco.accounts.models import User

TELLING = (Action.RAISE.value, Action.WORSEN.value)
GONE = frozenset({State.RTN_UNACK, State.RETURNED})


def alerts_at(user: User, at: datetime) -> list[Alert]:
    """Return what was open for ``user`` at ``at``, in the order of the rail.

    The rows are as they were then, in memory only: state and severity of the last move
    until then, the text of the last occurrence that was told. They must not be saved.
    """
    rows = (
        Alert.objects.visible_to(user)
        .filter(created_at__lte=at)
        .filter(Q(closed_at=None) | Q(closed_at__gt=at))
        .select_related("district", "acknowledged_by")
    )
    alerts = {alert.pk: alert for alert in rows}
    moves = _last(alerts, at)
    told = _last(alerts, at, TELLING)
    found = [
        _as_then(alert, moves[key], told.get(key), at)
        for key, alert in alerts.items()
        if key in moves and moves[key].to_state != State.CLOSED
    ]
    return sorted(found, key=lambda one: (one.priority, one.last_at), reverse=True)


def waiting(alerts: Iterable[Alert]) -> list[Alert]:
    """Return those of `alerts_at` that waited for an answer."""
    return [alert for alert in alerts if State(alert.state) in WAITING]


def worst_by_subject(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """Return the worst alert of each subject whose condition was there."""
    found: dict[str, Alert] = {}
    for alert in alerts:
        held = found.get(alert.subject_key)
        if alert.active and (held is None or alert.severity_rank > held.severity_rank):
            found[alert.subject_key] = alert
    return found


def _last(
    alerts: Iterable[int], at: datetime, actions: tuple[str, ...] = ()
) -> dict[int, AlertEvent]:
    """Return the last move of each alert until ``at`` (one query)."""
    rows = AlertEvent.objects.filter(alert__in=list(alerts), at__lte=at)
    if actions:
        rows = rows.filter(action__in=actions)
    last = rows.order_by("alert_id", "-id").distinct("alert_id").defer("data")
    return {move.alert_id: move for move in last}


def _as_then(
    alert: Alert, move: AlertEvent, told: AlertEvent | None, at: datetime
) -> Alert:
    state = State(move.to_state)
    alert.state, alert.state_since = state.value, move.at
    alert.severity, alert.severity_rank = move.severity, rank(move.severity)
    alert.priority = priority(state, alert.severity_rank)
    if told is not None and told.reason:
        alert.summary = told.reason
    alert.last_at = max(alert.occurred_at, told.at if told else alert.occurred_at)
    alert.returned_at = move.at if state in GONE else None
    if alert.acknowledged_at is None or alert.acknowledged_at > at:
        alert.acknowledged_at = alert.acknowledged_by = None
    alert.flapping, alert.recurrences = False, 1
    alert.outcome, alert.closed_at, alert.wake_at = "", None, None
    return alert
