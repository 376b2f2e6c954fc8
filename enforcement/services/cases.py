"""Open a clue and move it on; the only two doors by which a case changes state."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from alerts.models import Alert
from alerts.services import record_outcome
from bozhou_eco.accounts.models import District, Organisation, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.push import push_after_commit
from enforcement.domain.acts import action_name
from enforcement.domain.documents import CLUE_SERIES
from enforcement.domain.given import jsonable, parse
from enforcement.domain.kinds import CaseKind, Outcome, Source, kind_of_alert
from enforcement.domain.workflow import (
    ENDS,
    Action,
    Duty,
    EndReason,
    Move,
    Refused,
    Stage,
    State,
    decide_move,
    find_move,
    stage_of,
    target_of,
)
from enforcement.models import (
    Case,
    CaseAlert,
    CaseStep,
    Ending,
    SiteVisit,
    SummaryRevision,
)
from enforcement.selectors.facts import build_facts
from enforcement.selectors.scope import in_scope
from enforcement.services.clocks import (
    PARTY_CLOCKS,
    change_state,
    refresh_due,
    start_clock,
)
from enforcement.services.effects import EFFECTS, Moment
from enforcement.services.exchange.outbox import queue_case
from enforcement.services.numbers import take_number
from enforcement.services.spans import close_span, open_span
from enforcement.services.steps import add_step, take_part

WEIGHT = {"critical": 3, "major": 2, "minor": 1, "info": 0}
TOLD_ABROAD = frozenset(
    {
        Action.APPROVE_FILING,
        Action.DECIDE,
        Action.DECIDE_NO_PENALTY,
        Action.APPROVE_LENIENT,
        Action.SPOT_PENALTY,
        Action.SERVE,
        Action.FULFIL,
        Action.DECISION_REVOKED,
        Action.APPROVE_CLOSING,
    }
)
"""Moves after which the systems that follow cases are told."""
SERVED_FROM = {Action.NOTIFY, Action.SERVE, Action.SPOT_PENALTY, Action.URGE}


class Conflict(Refused):  # noqa: N818 - a refusal of its own kind
    """Somebody else acted on the case since the form was drawn; tells what they did."""

    def __init__(self, steps: Sequence[CaseStep]) -> None:
        told = tuple(
            f"{clock.beijing(step.at):%m-%d %H:%M} {step.actor or '系统'}："
            f"{action_name(step.action)}"
            for step in steps
        )
        super().__init__("打开页面后案件已有变化，请核对后重新提交", told)
        self.steps = tuple(steps)


@transaction.atomic
def open_case(
    *,
    alerts: Sequence[Alert] = (),
    actor: User | None,
    now: datetime,
    note: str = "",
    kind: str = "",
    source: str = "",
    title: str = "",
    subject_key: str = "",
    subject_name: str = "",
    district: District | None = None,
    organisation: Organisation | None = None,
    upstream_number: str = "",
    upstream_due: date | None = None,
    summary: str = "",
    severity: str = "",
    party_kind: str = "",
    evidence_url: str = "",
) -> Case:
    """Open a clue from one or several alerts, or by hand from what is stated.

    An alert that already belongs to an open clue brings that clue back instead of a
    second one; further alerts are added to it. ``actor`` None is the system itself.
    Raises `Refused` when neither an alert nor a subject is given, and when the alerts
    belong to different open clues.
    """
    alerts = _lock_alerts(alerts)
    found = _existing(alerts)
    if found is not None:
        add_alerts(case=found, alerts=alerts, actor=actor, now=now)
        return found
    lead = max(alerts, key=lambda a: WEIGHT.get(a.severity, 0), default=None)
    if lead is None and not (subject_key and subject_name):
        raise Refused("没有预警时须填写对象", ("未填写对象标识", "未填写对象名称"))
    base_kind, base_source = (
        kind_of_alert(lead.kind) if lead else (CaseKind.OTHER, Source.MANUAL)
    )
    unit = actor.organisation if actor else None
    number, _ = take_number(organisation=None, kind=CLUE_SERIES, now=now)
    case = Case.objects.create(
        number=number,
        title=(title or (lead.summary if lead else subject_name))[:120],
        kind=CaseKind(kind or base_kind).value,
        severity=severity or (lead.severity if lead else "minor"),
        state=State.ALERTED,
        stage=Stage.ALERT,
        source=Source(source or base_source).value,
        upstream_number=upstream_number,
        upstream_due=upstream_due,
        subject_key=subject_key or (lead.subject_key if lead else ""),
        subject_name=subject_name or (lead.subject_name if lead else ""),
        party_kind=party_kind or _party_kind(kind or base_kind),
        district=district or (lead.district if lead else None),
        organisation=organisation or (lead.organisation if lead else None),
        unit=unit,
        summary=summary or (lead.summary if lead else ""),
        explanation=lead.explanation if lead else {},
        evidence_url=evidence_url or (lead.evidence_url if lead else ""),
        discovered_on=clock.beijing(lead.occurred_at if lead else now).date(),
        opened_at=now,
        created_by=actor,
    )
    CaseAlert.objects.bulk_create(
        [CaseAlert(case=case, alert=alert, added_at=now) for alert in alerts]
    )
    SummaryRevision.objects.create(case=case, text=case.summary, author=actor, at=now)
    data: dict[str, object] = {
        "alerts": [alert.pk for alert in alerts],
        "number": number,
        "source": case.source,
    }
    add_step(case=case, action="open", actor=actor, now=now, note=note, data=data)
    _start_first_clocks(case, now)
    open_span(case=case, now=now)
    case.save(update_fields=["version", "due_on"])
    audit.record(
        actor=actor, act="case.open", subject=f"case:{case.pk}", detail=data, now=now
    )
    _tell(case, "open")
    return case


def _party_kind(kind: str) -> str:
    person = kind in (CaseKind.SMOKE, CaseKind.ROAD_CHECK)
    return Case.PartyKind.PERSON if person else Case.PartyKind.ENTITY


def _lock_alerts(alerts: Sequence[Alert]) -> list[Alert]:
    ids = [alert.pk for alert in alerts]
    return list(
        Alert.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    )


def _existing(alerts: Sequence[Alert]) -> Case | None:
    cases = list(
        Case.objects.open().filter(alert_links__alert__in=alerts).distinct()[:2]
    )
    if len(cases) > 1:
        raise Refused("所选预警已分属不同线索，请先并案")
    return cases[0] if cases else None


def _start_first_clocks(case: Case, now: datetime) -> None:
    today = clock.beijing(now).date()
    change_state(case=case, old="", new=case.state, now=now, since=None)
    if case.upstream_due:
        start_clock(case=case, code="upstream", day=today, fixed=case.upstream_due)
    refresh_due(case)


@transaction.atomic
def add_alerts(
    *, case: Case, alerts: Sequence[Alert], actor: User | None, now: datetime
) -> int:
    """Add alerts to an open clue; returns how many were new to it."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    if not case.is_open:
        raise Refused("线索已办结，不能再并入预警")
    present = set(case.alert_links.values_list("alert_id", flat=True))
    new = [alert for alert in alerts if alert.pk not in present]
    if not new:
        return 0
    CaseAlert.objects.bulk_create(
        [CaseAlert(case=case, alert=alert, added_at=now) for alert in new]
    )
    data: dict[str, object] = {"alerts": [alert.pk for alert in new]}
    add_step(case=case, action="add_alert", actor=actor, now=now, data=data)
    case.save(update_fields=["version"])
    audit.record(
        actor=actor,
        act="case.add_alert",
        subject=f"case:{case.pk}",
        detail=data,
        now=now,
    )
    return len(new)


@transaction.atomic
def move_case(
    *,
    case: Case,
    action: str,
    actor: User,
    now: datetime,
    note: str = "",
    data: Mapping[str, object] | None = None,
    expected_version: int | None = None,
) -> CaseStep:
    """Take ``action`` on a case and return the step it made.

    ``data`` states what the action asks for (see `Move.fields`). ``expected_version``
    is the number of steps that the actor has seen. Raises `Conflict` when there are
    more by now, and `Refused` with everything that is missing when the workflow does
    not allow the action; nothing is changed then.
    """
    case = Case.objects.select_for_update().get(pk=case.pk)
    if expected_version is not None and expected_version != case.version:
        newer = case.steps.filter(seq__gt=expected_version).select_related("actor")
        raise Conflict(list(newer))
    if not in_scope(case, actor):
        raise Refused("本案不在您的管辖范围内")
    move = find_move(State(case.state), _action(action))
    given = parse(move.fields, data or {})
    facts = build_facts(case=case, actor=actor, now=now, given=given, note=note)
    decide_move(State(case.state), move.action, facts)
    target = target_of(move, State(case.resume_to) if case.resume_to else None)
    moment = Moment(case, actor, now, given, note.strip())
    return _make_move(case, move, target, moment, facts.duties)


def _action(name: str) -> Action:
    try:
        return Action(name)
    except ValueError as error:
        raise Refused(f"没有这个操作：{name}") from error


def _make_move(
    case: Case,
    move: Move,
    target: State,
    moment: Moment,
    duties: Mapping[Duty, frozenset[int]],
) -> CaseStep:
    old, now, actor = case.state, moment.now, moment.actor
    effect = EFFECTS.get(move.action)
    if effect is not None:
        effect(moment)
    if move.duty is not Duty.REGISTER:
        take_part(case=case, user=actor, duty=move.duty, now=now, duties=duties)
    step = add_step(
        case=case,
        action=move.action.value,
        actor=actor,
        now=now,
        to_state=target.value,
        note=moment.note,
        data=jsonable(moment.given),
        duty=move.duty.value,
    )
    before = case.stage
    _enter(case, move, target)
    if case.stage != before or target in ENDS or move.action is Action.REOPEN:
        close_span(case=case, now=now)
        if target not in ENDS:
            open_span(case=case, now=now)
    since = moment.day("served_on") if move.action in SERVED_FROM else None
    change_state(case=case, old=old, new=target.value, now=now, since=since)
    if target in ENDS:
        _end(case, moment)
    refresh_due(case)
    case.save()
    audit.record(
        actor=actor,
        act=f"case.{move.action.value}",
        subject=f"case:{case.pk}",
        detail={"from": old, "to": target.value, "seq": step.seq},
        now=now,
    )
    if move.action in TOLD_ABROAD:
        queue_case(case=case, step=step.seq, now=now)
    _tell(case, move.action.value)
    return step


def _enter(case: Case, move: Move, target: State) -> None:
    if target is State.SUSPENDED:
        case.resume_to = case.state
    elif move.action is Action.RESUME:
        case.resume_to = ""
    case.state = target.value
    case.stage = stage_of(target, Stage(case.stage)).value


def _end(case: Case, moment: Moment) -> None:
    case.ended_at = moment.now
    case.guests.filter(ended_at=None).update(ended_at=moment.now)
    unbegun = case.visits.filter(
        state__in=[SiteVisit.State.PLANNED, SiteVisit.State.APPROVED]
    )
    unbegun.update(state=SiteVisit.State.CANCELLED)
    for row in case.clocks.filter(stopped_on=None, cancelled=False).select_related(
        "rule"
    ):
        row.stopped_on = moment.today
        row.cancelled = row.rule.code in PARTY_CLOCKS
        row.save(update_fields=["stopped_on", "cancelled"])
    outcome = Outcome(case.outcome or Outcome.NO_VIOLATION)
    Ending.objects.create(
        case=case,
        ended_at=moment.now,
        outcome=outcome.value,
        filed=case.is_case,
        district_id=case.district_id,
    )
    if case.state == State.MERGED:
        return
    verdict = EndReason(case.end_reason).verdict if case.end_reason else outcome.value
    for link in case.alert_links.select_related("alert"):
        record_outcome(
            alert=link.alert,
            outcome=verdict,
            note=moment.note or outcome.label,
            actor=moment.actor,
            now=moment.now,
        )


def _tell(case: Case, act: str) -> None:
    message: dict[str, object] = {
        "type": "case.changed",
        "case": case.pk,
        "state": case.state,
        "version": case.version,
        "act": action_name(act),
    }
    push_after_commit(f"case.{case.pk}", message)
