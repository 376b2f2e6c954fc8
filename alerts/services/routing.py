"""From a move that people must know of to the messages in the outbox.

An event is claimed under its row lock and its deliveries are written in the same
transaction, so every event is routed exactly once however many workers run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from alerts.domain.escalation import Climb, Target, climb
from alerts.domain.flood import Cap, Merge, admit
from alerts.domain.roster import Level
from alerts.domain.routing import Call, Fact, Why, merge_calls, subscribers
from alerts.domain.severity import LOW, Severity, rank, worst
from alerts.models import Alert, AlertEvent, Channel, Delivery, DeliveryState
from alerts.selectors.kinds import kind_policy
from alerts.selectors.people import DEFAULT_CAP, Book, group_channels, read_book
from alerts.services.moves import keeps_calling
from alerts.services.self_checks import ask_self_check
from bozhou_eco.common import clock, metrics

BATCH = 200
WINDOW = Cap().window
SENT_STATES = (
    DeliveryState.WAITING,
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
)


def route_pending(*, now: datetime, limit: int = BATCH) -> int:
    """Write the deliveries of moves that were not told yet; returns how many moves."""
    with transaction.atomic():
        events = list(
            AlertEvent.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(tell=True, told_at__isnull=True)
            .select_related("alert__district", "alert__organisation")
            .order_by("id")[:limit]
        )
        if not events:
            return 0
        office = Router(read_book(now), now)
        for event in events:
            office.tell(event)
        office.write()
        AlertEvent.objects.filter(pk__in=[event.pk for event in events]).update(
            told_at=now
        )
    return len(events)


@dataclass(slots=True)
class _Line:
    """What one person has on one channel: recent times and the waiting summary."""

    times: list[datetime]
    summary: Delivery | None = None


class Router:
    """Plans deliveries for a batch of alerts and writes them at once."""

    def __init__(self, book: Book, now: datetime) -> None:
        self.book = book
        self.now = now
        self.fresh: list[Delivery] = []
        self.lines: dict[tuple[int | None, str], _Line] = {}
        self.digests: dict[tuple[int, str, datetime], Delivery] = {}
        self.children: list[tuple[Delivery, Delivery]] = []

    def tell(self, event: AlertEvent) -> None:
        """Plan the first call of a move; the alert must still be unanswered."""
        alert = event.alert
        if not keeps_calling(alert):
            return
        # Asked first: the officers' calls leave the party its time.
        asked = ask_self_check(alert=alert, now=self.now)
        self.climb(alert, event, 0)
        self._groups(alert, event)
        if asked:
            self._party(alert, event)

    def climb(self, alert: Alert, event: AlertEvent | None, step: int) -> Climb | None:
        """Plan the calls of one rung and note when the next is due."""
        ladder = self.book.ladders.get(alert.severity)
        found = climb(ladder, step, self.now) if ladder else None
        if found is None:
            Alert.objects.filter(pk=alert.pk).update(escalate_at=None)
            return None
        calls = self._calls(alert, found)
        for call in calls:
            self._add(alert, event, call, step)
        if not calls and rank(alert.severity) >= rank(Severity.MAJOR):
            metrics.count("alerts_nobody_told_total", severity=alert.severity)
        Alert.objects.filter(pk=alert.pk).update(
            escalate_at=found.again_at, escalation_step=step + 1
        )
        return found

    def _calls(self, alert: Alert, found: Climb) -> list[Call]:
        fact = fact_of(alert)
        local = clock.beijing(self.now)
        targets = found.rung.targets
        wished: list[Call] = []
        if Target.SUBSCRIBERS in targets:
            wished = subscribers(
                self.book.wishes, fact, local=local, hours=self.book.hours
            )
            wished = [c for c in wished if self.book.people[c.person].party is None]
            wished = [self._after_party(alert, call) for call in wished]
        duty = [
            Call(person, (), local, why)
            for target, level, why in ROSTER
            if target in targets
            for person in self.book.on_duty(level, self.now, alert.district_id)
        ]
        if not wished and not duty and rank(alert.severity) >= rank(Severity.MAJOR):
            duty = [Call(pk, (), local, Why.LEADER) for pk in self.book.leaders]
        calls = merge_calls(duty, wished)
        return [self._with_chain(call, found.rung.channels) for call in calls]

    def _after_party(self, alert: Alert, call: Call) -> Call:
        """Give the party its time first where the kind says so and the matter is low.

        Only a party of whom somebody can be told has that time.
        """
        if Severity(alert.severity) not in LOW or not goes_first(alert):
            return call
        check = getattr(alert, "self_check", None)
        if check is None or check.replied_at is not None or not self._hears(alert):
            return call
        at = call.at
        if call.digest:
            while at < check.due_at:
                at += timedelta(days=1)
        return replace(call, at=max(at, check.due_at))

    def _hears(self, alert: Alert) -> bool:
        """Return whether anybody of the party can be reached."""
        people = self.book.parties.get(alert.organisation_id or 0, ())
        return any(self.book.chain_of(person, ()) for person in people)

    def _with_chain(self, call: Call, forced: Sequence[str]) -> Call:
        own = call.channels or self.book.chains.get(call.person, ())
        wanted = [*forced, *(code for code in own if code not in forced)]
        chain = self.book.chain_of(call.person, wanted)
        return Call(call.person, chain, call.at, call.why, call.digest)

    def _party(self, alert: Alert, event: AlertEvent) -> None:
        for person in self.book.parties.get(alert.organisation_id or 0, ()):
            chain = self.book.chain_of(person, self.book.chains.get(person, ()))
            self._add(alert, event, Call(person, chain, self.now, Why.PARTY), 0)

    def _groups(self, alert: Alert, event: AlertEvent) -> None:
        channels = group_channels(self.book, alert.severity_rank, alert.district_id)
        for channel in channels:
            self._place(
                self._draft(alert, event, channel, None, "", Why.SUBSCRIPTION, 0),
                Cap(),
            )

    def _add(
        self, alert: Alert, event: AlertEvent | None, call: Call, step: int
    ) -> None:
        if not call.channels:
            metrics.count("alerts_unreachable_total")
            return
        code = call.channels[0]
        draft = self._draft(
            alert,
            event,
            self.book.channels[code],
            call.person,
            self.book.addresses[call.person, code],
            call.why,
            step,
        )
        draft.rest = list(call.channels[1:])
        draft.due_at = draft.first_due_at = max(call.at, self.now)
        if call.digest:
            self._into_digest(draft)
            return
        limit = self.book.caps.get(call.person, DEFAULT_CAP)
        self._place(draft, Cap(limit=limit, reserve=min(3, limit // 2)))

    def _draft(
        self,
        alert: Alert,
        event: AlertEvent | None,
        channel: Channel,
        person: int | None,
        address: str,
        why: Why,
        step: int,
    ) -> Delivery:
        return Delivery(
            alert=alert,
            event=event,
            channel=channel,
            user_id=person,
            address=address,
            why=why.value,
            step=step,
            severity=alert.severity,
            due_at=self.now,
            first_due_at=self.now,
            created_at=self.now,
        )

    def _place(self, draft: Delivery, cap: Cap) -> None:
        """Let a message out on its own, or into the summary when the cap is reached."""
        line = self._line(draft)
        if line.summary is not None and not self._stands_alone(draft, line, cap):
            self._join(line.summary, draft, line.summary.due_at)
            return
        verdict = admit(draft.severity, line.times, draft.due_at, cap)
        if isinstance(verdict, Merge):
            line.summary = self._summary(draft, verdict.at)
            line.times.append(verdict.at)
            self._join(line.summary, draft, verdict.at)
            return
        line.times.append(draft.due_at)
        self.fresh.append(draft)

    def _stands_alone(self, draft: Delivery, line: _Line, cap: Cap) -> bool:
        """A 严重 message passes a waiting summary while there is room kept for it."""
        if Severity(draft.severity) is not Severity.CRITICAL:
            return False
        return not isinstance(
            admit(draft.severity, line.times, draft.due_at, cap), Merge
        )

    def _line(self, draft: Delivery) -> _Line:
        key = (draft.user_id, draft.channel.code)
        line = self.lines.get(key)
        if line is None:
            whose: dict[str, Any] = {"user_id": draft.user_id}
            recent = Delivery.objects.filter(
                **whose,
                channel=draft.channel,
                due_at__gt=self.now - WINDOW,
                state__in=SENT_STATES,
                digest=False,
            )
            waiting = (
                recent.select_for_update()
                .filter(summary=True, state=DeliveryState.WAITING)
                .order_by("due_at")
                .first()
            )
            times = list(recent.values_list("due_at", flat=True))
            line = self.lines[key] = _Line(times, waiting)
        return line

    def _summary(
        self, draft: Delivery, at: datetime, *, digest: bool = False
    ) -> Delivery:
        summary = Delivery(
            channel=draft.channel,
            user_id=draft.user_id,
            address=draft.address,
            why=draft.why,
            severity=draft.severity,
            summary=True,
            digest=digest,
            rest=draft.rest,
            due_at=at,
            first_due_at=at,
            created_at=self.now,
        )
        summary.save()
        return summary

    def _join(self, summary: Delivery, draft: Delivery, at: datetime) -> None:
        severity = worst(summary.severity, draft.severity).value
        due_at = min(summary.due_at, max(at, self.now))
        if (severity, due_at) != (summary.severity, summary.due_at):
            summary.severity, summary.due_at = severity, due_at
            summary.first_due_at = due_at
            summary.save(update_fields=["severity", "due_at", "first_due_at"])
        draft.state, draft.parent = DeliveryState.MERGED, summary
        self.fresh.append(draft)

    def _into_digest(self, draft: Delivery) -> None:
        assert draft.user_id is not None
        key = (draft.user_id, draft.channel.code, draft.due_at)
        digest = self.digests.get(key)
        if digest is None:
            digest = (
                Delivery.objects.select_for_update()
                .filter(
                    user_id=draft.user_id,
                    channel=draft.channel,
                    digest=True,
                    summary=True,
                    state=DeliveryState.WAITING,
                    due_at=draft.due_at,
                )
                .first()
            ) or self._summary(draft, draft.due_at, digest=True)
            self.digests[key] = digest
        draft.digest = True
        self._join(digest, draft, draft.due_at)

    def write(self) -> None:
        """Put everything planned into the outbox."""
        Delivery.objects.bulk_create(self.fresh, batch_size=500)


ROSTER = (
    (Target.DUTY, Level.DUTY, Why.DUTY),
    (Target.BACKUP, Level.BACKUP, Why.BACKUP),
    (Target.LEADER, Level.LEADER, Why.LEADER),
)


def fact_of(alert: Alert) -> Fact:
    """Return what routing needs to know of an alert."""
    return Fact(
        kind=alert.kind,
        severity=alert.severity,
        district=alert.district_id,
        organisation=alert.organisation_id,
        confidential=alert.confidential,
    )


def goes_first(alert: Alert) -> bool:
    """Return whether the party is warned before the officers."""
    return (
        alert.organisation_id is not None
        and not alert.confidential
        and kind_policy(alert.kind).enterprise_first
    )


@transaction.atomic
def escalate_due(*, now: datetime, limit: int = 100) -> int:
    """Climb one rung for every alert that nobody has answered in time."""
    alerts = list(
        Alert.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(escalate_at__lte=now)
        .order_by("-priority", "escalate_at")[:limit]
    )
    if not alerts:
        return 0
    office = Router(read_book(now), now)
    events = []
    for alert in alerts:
        if not keeps_calling(alert):
            Alert.objects.filter(pk=alert.pk).update(escalate_at=None)
            continue
        planned = len(office.fresh)
        found = office.climb(alert, None, alert.escalation_step)
        if found is None:
            continue
        people = sorted({d.user_id for d in office.fresh[planned:] if d.user_id})
        events.append(
            AlertEvent(
                alert=alert,
                at=now,
                action="escalate",
                from_state=alert.state,
                to_state=alert.state,
                severity=alert.severity,
                data={"step": alert.escalation_step, "people": people},
            )
        )
    office.write()
    AlertEvent.objects.bulk_create(events)
    return len(events)
