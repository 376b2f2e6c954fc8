"""The one place where an alert changes its state: table, row, event, announcement."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from alerts.domain.life import CALLS, Action, State, next_state
from alerts.domain.severity import Severity, rank
from alerts.models import Alert, AlertEvent
from alerts.selectors.kinds import kind_policy
from alerts.services.announce import announce_after_commit
from alerts.services.wake import router
from bozhou_eco.accounts.models import User
from bozhou_eco.common.push import safely_after_commit


def move(
    alert: Alert,
    action: Action,
    *,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
    data: dict[str, object] | None = None,
    new: bool = False,
) -> AlertEvent:
    """Take ``action`` in memory and return the unsaved event; see `write`.

    The caller holds the row's lock. Raises `IllegalMoveError`.
    """
    before = State(alert.state)
    after = before if new else next_state(before, action)
    calls = after in CALLS and (
        new or before not in CALLS or action in (Action.WORSEN, Action.REOPEN)
    )
    if action is Action.UNACK:
        calls = False
    if after is not before:
        alert.state, alert.state_since = after.value, now
    alert.set_priority()
    if calls:
        alert.told_severity, alert.escalation_step = alert.severity, 0
    if calls or not keeps_calling(alert):
        alert.escalate_at = None
    if after is not State.SHELVED:
        alert.wake_at = None
    return AlertEvent(
        alert=alert,
        at=now,
        action=action.value,
        from_state="" if new else before.value,
        to_state=after.value,
        severity=alert.severity,
        actor=actor,
        reason=reason,
        data=data or {},
        tell=calls,
    )


def keeps_calling(alert: Alert) -> bool:
    """Return whether the escalation runs on: unacknowledged, or critical and over."""
    if alert.state == State.UNACK:
        return True
    return alert.state == State.RTN_UNACK and alert.severity == Severity.CRITICAL


def close(
    alert: Alert,
    *,
    now: datetime,
    outcome: str,
    note: str = "",
    actor: User | None = None,
) -> AlertEvent:
    """Close an alert in memory and say how long it still answers for its key.

    Over by itself: a new occurrence within the kind's window re-opens it. Judged while
    the condition lasts: repeats only count until it clears or the mute runs out.
    """
    event = move(
        alert,
        Action.CLOSE,
        now=now,
        actor=actor,
        reason=note,
        data={"outcome": outcome},
    )
    policy = kind_policy(alert.kind)
    alert.outcome, alert.outcome_note, alert.closed_at = outcome, note, now
    alert.flapping = False
    hold = timedelta(0)
    if outcome == "returned":
        hold = policy.reopen
    elif alert.active and not policy.momentary:
        hold = policy.mute
    if hold:
        alert.key_until = now + hold
    else:
        release_key(alert)
    return event


def release_key(alert: Alert) -> None:
    """Let the next occurrence of the key make a new alert."""
    alert.open_key, alert.key_until = None, None


def write(alert: Alert, events: Sequence[AlertEvent], *, now: datetime) -> None:
    """Save a moved alert with its events and tell open pages after the commit."""
    alert.version += 1
    alert.announced_at = now
    alert.save()
    AlertEvent.objects.bulk_create(events)
    finish([alert.pk], events)


def finish(
    ids: Iterable[int], events: Sequence[AlertEvent], *, fresh: Sequence[Alert] = ()
) -> None:
    """After the commit, tell open pages and wake the router where people must know.

    ``fresh`` are rows made in this transaction, which need not be read again.
    """
    announce_after_commit(list(ids), fresh)
    if any(event.tell for event in events):
        wake_router()


def wake_router() -> None:
    """Have deliveries made soon; the sweep would find them anyway."""
    safely_after_commit(router.wake)


def is_worse(alert: Alert, severity: str) -> bool:
    """Return whether ``severity`` is worse than what people were told last."""
    return rank(severity) > rank(alert.told_severity)
