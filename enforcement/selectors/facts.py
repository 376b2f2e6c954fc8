"""Gather what the guards of the workflow look at."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from bozhou_eco.accounts.models import User
from bozhou_eco.common.calendar import ONE, UnknownYearError
from bozhou_eco.common.clock import beijing
from enforcement.domain.documents import DocumentKind
from enforcement.domain.fines import Owed, owed_now
from enforcement.domain.leniency import Ground
from enforcement.domain.money import yuan
from enforcement.domain.workflow import Duty, Facts, State
from enforcement.models import (
    BasisChoice,
    Case,
    Clock,
    Decision,
    DiscretionRun,
    Document,
    LenientTest,
    Payment,
    Rectification,
    SiteVisit,
)
from enforcement.selectors.settings import (
    money_setting,
    office_calendar,
)

HEARING_AHEAD = 7
COUNTING = (Document.State.ISSUED, Document.State.SERVED)


def build_facts(
    *,
    case: Case,
    actor: User,
    now: datetime,
    given: Mapping[str, object] | None = None,
    note: str = "",
) -> Facts:
    """Return the facts of ``case`` as ``actor`` wants to act on it at ``now``.

    A clue that has not been visited yet has no law, fine or decision to look up.
    """
    if case.state in EARLY:
        return _early_facts(case, actor, now, given or {}, note)
    documents = _documents(case)
    clocks = {clock.rule.code: clock for clock in _clocks(case)}
    decision = current_decision(case)
    choice = (
        BasisChoice.objects.filter(case=case)
        .select_related("basis", "act_basis")
        .first()
    )
    run = DiscretionRun.objects.filter(case=case, current=True).first()
    lenient = LenientTest.objects.filter(case=case).first()
    entity = case.party_kind == Case.PartyKind.ENTITY
    owed = case_owes(case, beijing(now).date()).total if decision else Decimal(0)
    procedure = _procedure(case, documents)
    suit_day = _last_day(clocks.get("suit"))
    return Facts(
        now=now,
        actor=actor.pk,
        roles=frozenset(actor.roles) if actor.is_active else frozenset(),
        unit=actor.organisation_id,
        handling_unit=case.unit_id,
        is_case=case.is_case,
        entity=entity,
        given=given or {},
        note=note,
        duties=duties_of(case),
        documents=frozenset(documents),
        officers=officer_count(case),
        visit_done=SiteVisit.objects.filter(
            case=case, state=SiteVisit.State.DONE
        ).exists(),
        evidence=case.files.count() + case.alert_links.count(),
        discovered_on=case.discovered_on,
        act_ended_on=case.act_ended_on,
        limitation_years=case.cause.limitation_years if case.cause else 2,
        cause=case.cause.name if case.cause else "",
        basis_chosen=choice is not None,
        lighter_open=_uncompared(choice, beijing(now).date()),
        penalty_range=(run.low, run.high) if run else None,
        proposed=run.amount if run else None,
        reduction_basis=run.reduction_basis if run else "",
        lenient_missing=_lenient_missing(lenient),
        exempted=lenient.exempted if lenient else None,
        hearing_threshold=money_setting(
            "hearing_threshold_entity" if entity else "hearing_threshold_person"
        ),
        spot_limit=money_setting(
            "spot_limit_entity" if entity else "spot_limit_person"
        ),
        notice_served_on=procedure.notice_served_on,
        notice_last_day=_last_day(clocks.get("notice")),
        noticed=procedure.noticed,
        hearing_right=procedure.hearing_right,
        defence_open=procedure.defence_open,
        hearing_first_day=procedure.hearing_first_day,
        discussed=procedure.discussed,
        discussion_reason=_discussion(procedure, run, choice),
        decision=_decision_word(decision),
        owed=owed,
        payment_last_day=_payment_day(decision, clocks.get("payment")),
        urge_last_day=_last_day(clocks.get("urge")),
        court_first_day=suit_day + ONE if suit_day else None,
        court_last_day=_last_day(clocks.get("court_request")),
        corrected=_corrected(case),
        open_obligations=open_obligations(case, decision, owed),
    )


def _uncompared(choice: BasisChoice | None, today: date) -> bool:
    """Return whether the law changed after the act and both were not compared yet.

    It may also have changed after the basis was chosen.
    """
    if choice is None:
        return False
    ended = choice.act_basis.valid_to
    over = ended is not None and ended < today
    return choice.lighter == "unclear" or (over and not choice.comparison)


EARLY = frozenset({State.ALERTED, State.CHECKING, State.HANDOVER})


def _early_facts(
    case: Case, actor: User, now: datetime, given: Mapping[str, object], note: str
) -> Facts:
    return Facts(
        now=now,
        actor=actor.pk,
        roles=frozenset(actor.roles) if actor.is_active else frozenset(),
        unit=actor.organisation_id,
        handling_unit=case.unit_id,
        is_case=case.is_case,
        given=given,
        note=note,
        duties=duties_of(case),
        documents=frozenset(_documents(case)),
        evidence=int(case.alert_links.exists() or case.files.exists()),
        discovered_on=case.discovered_on,
        act_ended_on=case.act_ended_on,
    )


def _documents(case: Case) -> dict[DocumentKind, Document]:
    rows = Document.objects.filter(case=case, state__in=COUNTING)
    return {
        DocumentKind(row.kind): row
        for row in rows.defer("context").order_by("id")
        if row.round == case.round or row.kind in _LASTING
    }


_LASTING = frozenset(
    {
        DocumentKind.CHECK_REPORT.value,
        DocumentKind.HANDOVER_LETTER.value,
        DocumentKind.SITE_RECORD.value,
        DocumentKind.FILING_FORM.value,
        DocumentKind.CORRECTION_ORDER.value,
    }
)
"""Documents that stay good when the procedure is run again."""


def _clocks(case: Case) -> list[Clock]:
    return list(
        Clock.objects.filter(case=case, cancelled=False)
        .select_related("rule")
        .order_by("id")
    )


def _last_day(clock: Clock | None) -> date | None:
    return clock.last_day if clock else None


def duties_of(case: Case) -> dict[Duty, frozenset[int]]:
    """Return who has taken part in which function of ``case``."""
    people: dict[Duty, set[int]] = defaultdict(set)
    for user_id, duty in case.people.values_list("user_id", "duty"):
        people[Duty(duty)].add(user_id)
    return {duty: frozenset(ids) for duty, ids in people.items()}


def officer_count(case: Case) -> int:
    """Count the officers with a card who investigate ``case``."""
    return (
        case.people.filter(duty=Duty.INVESTIGATE)
        .exclude(user__card_number="")
        .values("user")
        .distinct()
        .count()
    )


def current_decision(case: Case) -> Decision | None:
    """Return the decision in force, if any."""
    return (
        Decision.objects.filter(case=case, revoked_on=None)
        .exclude(kind=Decision.Kind.DAILY)
        .prefetch_related("payments", "remedies")
        .order_by("-id")
        .first()
    )


def fines_in_force(case: Case) -> list[Decision]:
    """Return the decisions that oblige to pay, daily fines included, oldest first."""
    return list(
        Decision.objects.filter(case=case, revoked_on=None)
        .exclude(kind=Decision.Kind.NONE)
        .prefetch_related("payments", "remedies")
        .order_by("id")
    )


def case_owes(case: Case, today: date, fines: Sequence[Decision] | None = None) -> Owed:
    """Return what is owed in a case over all its fines, given those if at hand."""
    found = fines_in_force(case) if fines is None else fines
    parts = [owed_parts(decision, today) for decision in found]
    return Owed(
        sum((part.fine for part in parts), Decimal(0)),
        sum((part.late for part in parts), Decimal(0)),
        max((part.days for part in parts), default=0),
    )


def owed_parts(decision: Decision, today: date) -> Owed:
    """Return what is owed on ``decision``: fine and late fee apart."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in decision.payments.all():
        paid[payment.kind] += payment.amount
    remedies = [
        (remedy.accepted_on, remedy.ended_on) for remedy in decision.remedies.all()
    ]
    return owed_now(
        fine=decision.amount,
        paid_fine=[
            (p.paid_on, p.amount)
            for p in decision.payments.all()
            if p.kind == Payment.Kind.FINE
        ],
        paid_late=paid[Payment.Kind.LATE] + paid[Payment.Kind.REMITTED],
        due=decision.deferred_to or decision.pay_by,
        today=today,
        rate=money_setting("late_fee_rate", "0.03"),
        stopped=remedies,
    )


def _decision_word(decision: Decision | None) -> str:
    if decision is None:
        return ""
    return "none" if decision.kind == Decision.Kind.NONE else "penalty"


def _lenient_missing(test: LenientTest | None) -> tuple[str, ...] | None:
    if test is None:
        return None
    if test.passed:
        return ()
    return tuple(test.answers.get("missing", [])) or (
        f"{Ground(test.ground).label}的条件尚未核对完",
    )


@dataclass(frozen=True, slots=True)
class _Procedure:
    """What has been done in the present round."""

    notice_served_on: date | None
    noticed: Decimal | None
    hearing_right: bool
    hearing_first_day: date | None
    defence_open: bool
    discussed: bool
    heard: bool


def _procedure(case: Case, documents: dict[DocumentKind, Document]) -> _Procedure:
    notice = documents.get(DocumentKind.PRIOR_NOTICE)
    hearing = documents.get(DocumentKind.HEARING_NOTICE)
    steps = [
        step
        for step in case.steps.filter(action__in=_TELLING).order_by("seq")
        if step.data.get("round") == case.round
    ]
    done = {step.action for step in steps}
    told = [step for step in steps if step.action == "notify"]
    return _Procedure(
        notice_served_on=notice.served_on if notice else None,
        noticed=_announced(case, told[-1].at) if told else None,
        hearing_right=bool(told and told[-1].data.get("hearing_right")),
        hearing_first_day=_hearing_first_day(hearing.served_on if hearing else None),
        defence_open="record_defence" in done,
        discussed="conclude_discussion" in done,
        heard="finish_hearing" in done,
    )


def _announced(case: Case, told_at: datetime) -> Decimal | None:
    """Return the fine worked out when the notice was served."""
    runs = DiscretionRun.objects.filter(case=case, at__lte=told_at).order_by("-id")
    return runs.values_list("amount", flat=True).first()


_TELLING = ("notify", "record_defence", "conclude_discussion", "finish_hearing")


def _hearing_first_day(served_on: date | None) -> date | None:
    if served_on is None:
        return None
    try:
        return office_calendar().add_working_days(served_on, HEARING_AHEAD) + ONE
    except UnknownYearError:
        return None


def _discussion(
    procedure: _Procedure, run: DiscretionRun | None, choice: BasisChoice | None
) -> str:
    reasons = []
    threshold = money_setting("discussion_threshold", "100000")
    if run and run.amount >= threshold:
        reasons.append(f"拟罚款 {yuan(run.amount)} 元，达到 {yuan(threshold)} 元")
    if choice and choice.serious:
        reasons.append("情节严重")
    if procedure.heard:
        reasons.append("经过听证")
    return "；".join(reasons)


def _payment_day(decision: Decision | None, clock: Clock | None) -> date | None:
    if decision and decision.deferred_to:
        return decision.deferred_to
    return _last_day(clock)


def _corrected(case: Case) -> bool:
    rows = list(case.rectifications.values_list("state", flat=True))
    return bool(rows) and all(row == Rectification.State.ACCEPTED for row in rows)


def open_obligations(
    case: Case, decision: Decision | None, owed: Decimal
) -> tuple[str, ...]:
    """Return what is still to be done before closing, in words."""
    found = []
    if owed > 0:
        found.append(f"罚款及加处罚款尚欠 {yuan(owed)} 元")
    if decision and decision.kind != Decision.Kind.NONE and not decision.published_on:
        found.append("处罚决定尚未公示")
    waiting = case.rectifications.exclude(state=Rectification.State.ACCEPTED).count()
    if waiting:
        found.append(f"{waiting} 项整改未验收")
    unanswered = case.transfers.filter(state__in=["sent", "received"]).count()
    if unanswered:
        found.append(f"{unanswered} 件移送未回函")
    if case.upstream_number and not case.replies.exclude(sent_on=None).exists():
        found.append(f"交办件 {case.upstream_number} 尚未回复")
    elif case.upstream_number and not case.replies.exclude(receipt="").exists():
        found.append(f"交办件 {case.upstream_number} 的回复没有回执")
    return tuple(found)
