"""What people do to an alert. Every act is a move, an audit entry and an event row."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from alerts.domain.life import OPEN, WAITING, Action, IllegalMoveError, State
from alerts.domain.verdicts import DISMISSALS, Verdict
from alerts.models import Alert, AlertEvent
from alerts.services import moves
from alerts.services.clearing import closes_itself, release_children
from alerts.services.ending import stop_deliveries
from alerts.services.errors import RefusedError
from alerts.services.receipts import note_acknowledged
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit

UNDO_WINDOW = timedelta(seconds=15)
LONGEST_SHELF = timedelta(days=7)


def _lock(alert: Alert) -> Alert:
    row: Alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    return row


def _audit(
    alert: Alert, act: str, actor: User | None, now: datetime, **detail: object
) -> None:
    audit.record(
        actor=actor,
        act=f"alert.{act}",
        subject=f"alert:{alert.pk}",
        detail={"key": alert.key, "state": alert.state, **detail},
        now=now,
    )


@transaction.atomic
def acknowledge(
    *, alert: Alert, actor: User, now: datetime, note: str = "", via: str = "web"
) -> Alert:
    """Take an alert on: escalation and repeats stop, and everyone sees by whom.

    Acknowledging what is already acknowledged changes nothing. Raises
    `IllegalMoveError` where the alert is closed or held back.
    """
    row = _lock(alert)
    if row.acknowledged_by_id is not None and row.state in (
        State.ACKED,
        State.RETURNED,
    ):
        return row
    due = row.escalate_at.isoformat() if row.escalate_at else None
    events = [
        moves.move(
            row,
            Action.ACK,
            now=now,
            actor=actor,
            reason=note,
            data={"via": via, "escalate_at": due},
        )
    ]
    row.acknowledged_at, row.acknowledged_by = now, actor
    row.told_severity = row.severity
    if closes_itself(row):
        events.append(
            moves.close(row, now=now, outcome="returned", note="已恢复并确认")
        )
    moves.write(row, events, now=now)
    stop_deliveries(alert=row, now=now, why="已确认")
    note_acknowledged(alert=row, actor=actor, now=now)
    _audit(row, "acknowledge", actor, now, note=note, via=via)
    return row


@transaction.atomic
def acknowledge_many(
    *, alerts: Sequence[Alert], actor: User, now: datetime, note: str = ""
) -> tuple[list[Alert], list[Alert]]:
    """Acknowledge several; returns those done and those that could not be."""
    done, refused = [], []
    for alert in sorted(alerts, key=lambda a: a.key):
        try:
            with transaction.atomic():
                done.append(acknowledge(alert=alert, actor=actor, now=now, note=note))
        except IllegalMoveError:
            refused.append(alert)
    return done, refused


@transaction.atomic
def undo_acknowledge(*, alert: Alert, actor: User, now: datetime) -> Alert:
    """Take one's own acknowledgement back within `UNDO_WINDOW`.

    Raises `RefusedError` after that, or for another person's; raises
    `IllegalMoveError` where the alert has moved on.
    """
    row = _lock(alert)
    if row.acknowledged_by_id != actor.pk:
        raise RefusedError("只能撤销本人的确认")
    if row.acknowledged_at is None or now - row.acknowledged_at > UNDO_WINDOW:
        raise RefusedError("已超过撤销时限，请在备注中更正")
    event = moves.move(row, Action.UNACK, now=now, actor=actor)
    row.acknowledged_at = row.acknowledged_by = None
    due = row.events.filter(action=Action.ACK).latest("id").data.get("escalate_at")
    if moves.keeps_calling(row):
        row.escalate_at = datetime.fromisoformat(due) if due else now
    moves.write(row, [event], now=now)
    _audit(row, "undo_acknowledge", actor, now)
    return row


@transaction.atomic
def shelve(
    *, alert: Alert, actor: User, now: datetime, wake_at: datetime, reason: str
) -> Alert:
    """Put an alert aside until ``wake_at``; it wakes earlier if it worsens.

    Raises `RefusedError` without a reason or for a time that is past or too far.
    """
    reason = reason.strip()
    if not reason:
        raise RefusedError("搁置须写明原因")
    if not now < wake_at <= now + LONGEST_SHELF:
        raise RefusedError("唤醒时间须在七日之内")
    row = _lock(alert)
    event = moves.move(
        row,
        Action.SHELVE,
        now=now,
        actor=actor,
        reason=reason,
        data={"wake_at": wake_at.isoformat()},
    )
    row.wake_at, row.told_severity = wake_at, row.severity
    if row.acknowledged_by_id is None:
        row.acknowledged_at, row.acknowledged_by = now, actor
    moves.write(row, [event], now=now)
    stop_deliveries(alert=row, now=now, why="已搁置")
    _audit(row, "shelve", actor, now, reason=reason, wake_at=wake_at.isoformat())
    return row


@transaction.atomic
def unshelve(*, alert: Alert, actor: User, now: datetime) -> Alert:
    """Take an alert off the shelf before its time."""
    row = _lock(alert)
    action = Action.RELEASE if row.active else Action.RELEASE_NORMAL
    if row.state != State.SHELVED:
        raise IllegalMoveError(State(row.state), action)
    event = moves.move(row, action, now=now, actor=actor, reason="取消搁置")
    moves.write(row, [event], now=now)
    _audit(row, "unshelve", actor, now)
    return row


@transaction.atomic
def dismiss(
    *, alert: Alert, reason: str, note: str, actor: User, now: datetime
) -> Alert:
    """Close an alert as no violation, with one of `DISMISSALS`.

    Raises `RefusedError` for another reason, `IllegalMoveError` if already closed.
    """
    try:
        verdict = Verdict(reason)
    except ValueError:
        verdict = None
    if verdict not in DISMISSALS:
        raise RefusedError("请选择排除原因")
    row = _lock(alert)
    if row.state == State.CLOSED:
        raise IllegalMoveError(State.CLOSED, Action.CLOSE)
    return _conclude(row, verdict, note, actor, now, act="dismiss")


@transaction.atomic
def record_outcome(
    *, alert: Alert, outcome: str, note: str, actor: User | None, now: datetime
) -> Alert:
    """Store how the case made from an alert ended, and close the alert.

    ``outcome`` is a `Verdict` value; raises ``ValueError`` for another. An alert that
    is already closed keeps its times and takes the later finding; the move says so.
    """
    verdict = Verdict(outcome)
    row = _lock(alert)
    if row.state != State.CLOSED:
        return _conclude(row, verdict, note, actor, now, act="outcome")
    before = row.outcome
    row.outcome, row.outcome_note = verdict.value, note
    event = AlertEvent(
        alert=row,
        at=now,
        action="outcome",
        from_state=row.state,
        to_state=row.state,
        severity=row.severity,
        actor=actor,
        reason=note,
        data={"outcome": verdict.value, "before": before},
    )
    moves.write(row, [event], now=now)
    _audit(row, "outcome", actor, now, outcome=verdict.value, before=before)
    return row


def _conclude(
    row: Alert,
    verdict: Verdict,
    note: str,
    actor: User | None,
    now: datetime,
    *,
    act: str,
) -> Alert:
    event = moves.close(row, now=now, outcome=verdict.value, note=note, actor=actor)
    if row.acknowledged_by_id is None and actor is not None:
        row.acknowledged_at, row.acknowledged_by = now, actor
    moves.write(row, [event], now=now)
    release_children(parent_key=row.key, now=now)
    stop_deliveries(alert=row, now=now, why="已处置", party=True)
    _audit(row, act, actor, now, outcome=verdict.value, note=note)
    return row


@transaction.atomic
def comment(*, alert: Alert, text: str, actor: User, now: datetime) -> AlertEvent:
    """Add a remark to an alert without moving it; raises `RefusedError` if empty."""
    text = text.strip()
    if not text:
        raise RefusedError("备注不能为空")
    row = _lock(alert)
    event = AlertEvent(
        alert=row,
        at=now,
        action="comment",
        from_state=row.state,
        to_state=row.state,
        severity=row.severity,
        actor=actor,
        reason=text,
    )
    moves.write(row, [event], now=now)
    _audit(row, "comment", actor, now)
    return event


def can_acknowledge(alert: Alert) -> bool:
    """Return whether the alert waits for an acknowledgement."""
    return State(alert.state) in WAITING


def can_conclude(alert: Alert) -> bool:
    """Return whether the alert can still be judged."""
    return State(alert.state) in OPEN
