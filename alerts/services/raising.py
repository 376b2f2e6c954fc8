"""Raise alerts: one open row per key however many ask at once, repeats counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from alerts.domain.flap import Damping, add_turn, is_flapping
from alerts.domain.kinds import KindPolicy
from alerts.domain.life import Action, State, priority
from alerts.domain.severity import Severity, rank, settle, worst
from alerts.models import Alert, AlertEvent
from alerts.models.alerts import KEY_LENGTH
from alerts.selectors.kinds import kind_policy
from alerts.selectors.surroundings import Surroundings, surroundings
from alerts.services import moves
from bozhou_eco.accounts.models import District, Organisation
from bozhou_eco.common import metrics

ANNOUNCE_EVERY = timedelta(seconds=10)
TRIES = 20
DAMPING = Damping()


@dataclass(frozen=True, slots=True)
class Signal:
    """One occurrence of a condition, as the app that owns the facts reports it.

    ``key`` names source and rule (at most 200 characters), ``magnitude`` is what a peak
    is taken of (a multiple of the limit, minutes of silence), ``rule`` is
    ``code@version`` where a stored rule raised it. Times are aware.
    """

    key: str
    kind: str
    severity: str
    summary: str
    subject_key: str
    subject_name: str
    occurred_at: datetime
    explanation: Mapping[str, object] = field(default_factory=dict)
    district: District | None = None
    organisation: Organisation | None = None
    evidence_url: str = ""
    parent_key: str = ""
    legal_article: str = ""
    magnitude: float | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """The open alert of a key, and whether this occurrence is news.

    ``created`` is true for a new row and for one opened again.
    """

    alert: Alert
    created: bool


def raise_alert(
    *,
    key: str,
    kind: str,
    severity: str,
    summary: str,
    explanation: Mapping[str, object],
    subject_key: str,
    subject_name: str,
    district: District | None,
    organisation: Organisation | None,
    evidence_url: str,
    occurred_at: datetime,
    now: datetime,
    parent_key: str = "",
    legal_article: str = "",
    magnitude: float | None = None,
    rule: str = "",
) -> RaisedAlert:
    """Raise one alert; see `raise_alerts`."""
    signal = Signal(
        key=key,
        kind=kind,
        severity=severity,
        summary=summary,
        explanation=explanation,
        subject_key=subject_key,
        subject_name=subject_name,
        district=district,
        organisation=organisation,
        evidence_url=evidence_url,
        occurred_at=occurred_at,
        parent_key=parent_key,
        legal_article=legal_article,
        magnitude=magnitude,
        rule=rule,
    )
    return raise_alerts([signal], now=now)[0]


@transaction.atomic
def raise_alerts(signals: Sequence[Signal], *, now: datetime) -> list[RaisedAlert]:
    """Raise a batch in the caller's transaction; results are in the order given.

    A key that is open counts the repeat under its row lock; a new key is inserted
    against the unique ``open_key``, and a loser of that race counts itself on the
    winner's row. Locks are taken in the order of keys. Raises ``ValueError`` for an
    unknown severity or a key that is empty or too long; nothing is written then.
    """
    for signal in signals:
        if not 0 < len(signal.key) <= KEY_LENGTH:
            raise ValueError(f"alert key must have 1–{KEY_LENGTH} characters")
        rank(signal.severity)
    todo: dict[str, list[int]] = {}
    for index, signal in enumerate(signals):
        todo.setdefault(signal.key, []).append(index)
    results: dict[int, RaisedAlert] = {}
    batch = _Batch(signals, now)
    for _ in range(TRIES):
        around = batch.look(todo)
        if around.known:
            batch.repeat_open(todo, results)
        if todo and batch.create(todo, results, around) and todo:
            batch.repeat_open(todo, results)
        if not todo:
            break
    else:
        raise IntegrityError(f"alert keys stayed contested: {sorted(todo)[:5]}")
    batch.write()
    return [results[index] for index in range(len(signals))]


class _Batch:
    """What a call of `raise_alerts` has read and is going to write."""

    def __init__(self, signals: Sequence[Signal], now: datetime) -> None:
        self.signals = signals
        self.now = now
        self.events: list[AlertEvent] = []
        self.changed: dict[int, Alert] = {}
        self.moved: set[int] = set()
        self.fresh: list[Alert] = []

    def look(self, todo: dict[str, list[int]]) -> Surroundings:
        """Ask what is known of the keys still to do."""
        firsts = [self.signals[indices[0]] for indices in todo.values()]
        return surroundings(
            parents={signal.parent_key for signal in firsts} - {""},
            subjects={signal.subject_key for signal in firsts},
            keys=todo,
            now=self.now,
        )

    def repeat_open(
        self, todo: dict[str, list[int]], results: dict[int, RaisedAlert]
    ) -> None:
        """Count the signals whose key has a row; take them off ``todo``."""
        rows = {
            alert.open_key: self.changed.get(alert.pk, alert)
            for alert in Alert.objects.select_for_update(of=("self",))
            .select_related("district")
            .filter(open_key__in=list(todo))
            .order_by("open_key")
        }
        for key in sorted(todo):
            alert = rows.get(key)
            if alert is None:
                continue
            if self._key_is_over(alert):
                moves.release_key(alert)
                Alert.objects.filter(pk=alert.pk).update(open_key=None, key_until=None)
                continue
            for index in todo.pop(key):
                news = self._repeat(alert, self.signals[index])
                results[index] = RaisedAlert(alert, news)

    def _key_is_over(self, alert: Alert) -> bool:
        return (
            alert.state == State.CLOSED
            and alert.key_until is not None
            and alert.key_until <= self.now
        )

    def _repeat(self, alert: Alert, signal: Signal) -> bool:
        """Count one occurrence on a locked row; return whether it is news."""
        alert.recurrences += 1
        alert.last_at = max(alert.last_at, signal.occurred_at)
        _note_peak(alert, signal)
        self.changed[alert.pk] = alert
        if alert.state == State.CLOSED:
            return self._knock(alert, signal)
        came_back = not alert.active
        alert.returned_at = None
        alert.summary = signal.summary
        alert.explanation = dict(signal.explanation)
        self._set_severity(alert, signal.severity)
        if came_back:
            alert.turns = add_turn(alert.turns, self.now)
        if moves.is_worse(alert, alert.severity):
            self._move(alert, Action.WORSEN, signal.summary)
        elif came_back and not alert.flapping:
            self._move(alert, Action.RAISE, signal.summary)
        return False

    def _knock(self, alert: Alert, signal: Signal) -> bool:
        """An occurrence on a closed row that still answers for its key."""
        judged = alert.outcome != "returned"
        if judged and rank(signal.severity) <= alert.severity_rank:
            return False
        alert.returned_at = None
        alert.summary = signal.summary
        alert.explanation = dict(signal.explanation)
        self._set_severity(alert, signal.severity, force=True)
        reason = "处置后加重" if judged else "恢复后再次发生"
        alert.key_until, alert.closed_at = None, None
        alert.outcome = alert.outcome_note = ""
        alert.turns = add_turn(alert.turns, self.now)
        alert.flapping = is_flapping(alert.turns, self.now, DAMPING)
        self._move(alert, Action.REOPEN, reason)
        return True

    def _set_severity(self, alert: Alert, severity: str, force: bool = False) -> None:
        old = alert.severity
        new = (
            Severity(severity)
            if force
            else settle(
                old=old, new=severity, old_since=alert.severity_at, now=self.now
            )
        )
        if rank(severity) >= rank(old) or new != old:
            alert.severity_at = self.now
        if new != old:
            alert.severity, alert.severity_rank = new.value, new.rank
            alert.peak_severity = worst(alert.peak_severity, new).value
            alert.set_priority()
            if rank(new) < rank(old) or not moves.is_worse(alert, new):
                self._note(alert, "ease" if rank(new) < rank(old) else "rise", old)

    def _note(self, alert: Alert, what: str, old: str) -> None:
        self.events.append(
            AlertEvent(
                alert=alert,
                at=self.now,
                action=what,
                from_state=alert.state,
                to_state=alert.state,
                severity=alert.severity,
                data={"from": old},
            )
        )
        self.moved.add(alert.pk)

    def _move(self, alert: Alert, action: Action, reason: str) -> None:
        self.events.append(moves.move(alert, action, now=self.now, reason=reason))
        self.moved.add(alert.pk)

    def create(
        self,
        todo: dict[str, list[int]],
        results: dict[int, RaisedAlert],
        around: Surroundings,
    ) -> bool:
        """Insert rows for the keys left; False if another transaction was first."""
        keys = sorted(todo)
        firsts = [self.signals[todo[key][0]] for key in keys]
        rows = [
            _new_alert(signal, kind_policy(signal.kind), around, self.now)
            for signal in firsts
        ]
        try:
            with transaction.atomic():
                Alert.objects.bulk_create(rows)
        except IntegrityError:
            return False
        for key, alert in zip(keys, rows, strict=True):
            index = todo[key].pop(0)
            results[index] = RaisedAlert(alert, created=True)
            if not todo[key]:
                del todo[key]
            self.moved.add(alert.pk)
            self.events.append(
                moves.move(
                    alert,
                    Action.RAISE,
                    now=self.now,
                    reason=alert.summary,
                    data={"explanation": dict(alert.explanation)},
                    new=True,
                )
            )
            metrics.count("alerts_raised_total", severity=alert.severity)
        self.fresh += rows
        self._suppress_children([row for row in rows if row.key in around.parents])
        return True

    def _suppress_children(self, parents: Sequence[Alert]) -> None:
        keys = [alert.key for alert in parents if alert.state == State.UNACK]
        if not keys:
            return
        children = (
            Alert.objects.select_for_update(of=("self",))
            .filter(parent_key__in=keys)
            .exclude(parent_key="")
            .exclude(state=State.CLOSED)
            .filter(state__in=(State.UNACK, State.RTN_UNACK))
            .order_by("open_key")
        )
        for child in children:
            self.changed[child.pk] = child
            self._move(child, Action.SUPPRESS, f"上级预警：{child.parent_key}")

    def write(self) -> None:
        """Save what changed; say it to open pages, repeats at most now and then."""
        tell = set(self.moved)
        for alert in self.changed.values():
            alert.version += 1
            last = alert.announced_at
            if alert.pk in tell or last is None or self.now - last >= ANNOUNCE_EVERY:
                alert.announced_at = self.now
                tell.add(alert.pk)
        if len(self.changed) == 1:
            for alert in self.changed.values():
                alert.save(update_fields=REPEAT_FIELDS)
        elif self.changed:
            Alert.objects.bulk_update(
                list(self.changed.values()), REPEAT_FIELDS, batch_size=200
            )
        if self.events:
            AlertEvent.objects.bulk_create(self.events)
        fresh = {
            alert.pk: alert for alert in self.fresh if alert.pk not in self.changed
        }
        moves.finish(sorted(tell - set(fresh)), self.events, fresh=list(fresh.values()))


REPEAT_FIELDS = [
    "recurrences", "last_at", "magnitude", "peak", "peak_at", "returned_at", "summary",
    "explanation", "severity", "severity_rank", "priority", "severity_at", "peak_severity",
    "told_severity", "turns", "flapping", "state", "state_since", "escalate_at",
    "escalation_step", "wake_at", "outcome", "outcome_note", "closed_at", "key_until",
    "announced_at", "version",
]  # fmt: skip


def _note_peak(alert: Alert, signal: Signal) -> None:
    if signal.magnitude is None:
        return
    alert.magnitude = signal.magnitude
    if alert.peak is None or signal.magnitude > alert.peak:
        alert.peak, alert.peak_at = signal.magnitude, signal.occurred_at


def _new_alert(
    signal: Signal,
    policy: KindPolicy,
    around: Surroundings,
    now: datetime,
) -> Alert:
    severity = Severity(signal.severity)
    state = State.UNACK
    if signal.parent_key in around.active:
        state = State.SUPPRESSED
    if around.breaks & {(signal.subject_key, ""), (signal.subject_key, signal.kind)}:
        state = State.OUT_OF_SERVICE
    return Alert(
        key=signal.key,
        open_key=signal.key,
        parent_key=signal.parent_key,
        kind=signal.kind,
        rule=signal.rule,
        state=state.value,
        state_since=now,
        severity=severity.value,
        severity_rank=severity.rank,
        priority=priority(state, severity.rank),
        severity_at=now,
        peak_severity=severity.value,
        told_severity=severity.value,
        summary=signal.summary,
        explanation=dict(signal.explanation),
        legal_article=signal.legal_article,
        subject_key=signal.subject_key,
        subject_name=signal.subject_name,
        district=signal.district,
        organisation=signal.organisation,
        confidential=policy.confidential,
        evidence_url=signal.evidence_url,
        occurred_at=signal.occurred_at,
        last_at=signal.occurred_at,
        magnitude=signal.magnitude,
        peak=signal.magnitude,
        peak_at=signal.occurred_at if signal.magnitude is not None else None,
        turns=[now],
        announced_at=now,
        created_at=now,
    )
