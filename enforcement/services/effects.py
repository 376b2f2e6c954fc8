"""What a move brings about besides the new state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from bozhou_eco.accounts.models import Organisation, User
from bozhou_eco.common import clock
from enforcement.domain.documents import CASE_SERIES, DocumentKind
from enforcement.domain.kinds import Outcome
from enforcement.domain.workflow import Action, EndReason, Refused, State
from enforcement.models import (
    BasisChoice,
    Case,
    CaseFile,
    CaseLink,
    Decision,
    DiscretionRun,
    Document,
    Ending,
    LenientTest,
    Rectification,
    Transfer,
)
from enforcement.selectors.facts import current_decision
from enforcement.services.clocks import follow_clock, start_clock, stop_clocks
from enforcement.services.exchange.outbox import queue_transfer
from enforcement.services.numbers import take_number

SENT_ALONG = (
    CaseFile.Kind.DATA,
    CaseFile.Kind.PHOTO,
    CaseFile.Kind.VIDEO,
    CaseFile.Kind.RECORDER,
    CaseFile.Kind.SAMPLE,
)
"""Evidence that goes with a matter that is handed over whole."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A move being made: the locked case, who, when, and what was stated."""

    case: Case
    actor: User
    now: datetime
    given: dict[str, object]
    note: str

    @property
    def today(self) -> date:
        """The day in Beijing time."""
        return clock.beijing(self.now).date()

    def day(self, name: str) -> date:
        """Return the date stated as ``name``, today if none was."""
        value = self.given.get(name)
        return value if isinstance(value, date) else self.today

    def text(self, name: str) -> str:
        """Return the text stated as ``name``."""
        return str(self.given.get(name, ""))


Effect = Callable[[Moment], None]


def _end_online(m: Moment) -> None:
    reason = EndReason(m.text("reason"))
    m.case.end_reason = reason.value
    helped = reason is EndReason.HELPED
    m.case.outcome = Outcome.HELPED if helped else Outcome.FALSE_ALARM


def _hand_over(m: Moment) -> None:
    unit = Organisation.objects.filter(
        pk=int(str(m.given["unit"])), kind=Organisation.Kind.DEPARTMENT
    ).first()
    if unit is None:
        raise Refused("接收单位不存在或不是执法部门")
    m.case.unit = unit


def _transfer_out(m: Moment) -> None:
    letter = _document(m.case, DocumentKind.TRANSFER_LETTER)
    reply_by = m.given.get("reply_by")
    transfer = Transfer.objects.create(
        case=m.case,
        authority=m.text("authority"),
        matter=m.text("matter"),
        letter=letter,
        state=Transfer.State.SENT,
        sent_on=m.today,
        reply_by=reply_by if isinstance(reply_by, date) else None,
    )
    transfer.files.set(m.case.files.filter(kind__in=SENT_ALONG))
    queue_transfer(transfer=transfer, now=m.now)


def _open_transfer(case: Case) -> Transfer | None:
    rows = case.transfers.filter(
        state__in=[Transfer.State.SENT, Transfer.State.RECEIVED], joint=False
    )
    return rows.order_by("-id").first()


def _record_reply(m: Moment) -> None:
    transfer = _open_transfer(m.case)
    if transfer is None:
        raise Refused("没有等待回函的移送")
    transfer.state = Transfer.State.REPLIED
    transfer.reply_number = m.text("reply_number")
    transfer.replied_on = m.day("replied_on")
    transfer.result = m.text("result")
    transfer.save()
    m.case.outcome = Outcome.TRANSFERRED


def _reply_refused(m: Moment) -> None:
    transfer = _open_transfer(m.case)
    if transfer is None:
        raise Refused("没有等待回函的移送")
    transfer.state = Transfer.State.REFUSED
    transfer.replied_on = m.day("replied_on")
    transfer.result = m.note
    transfer.save()


def _no_violation(m: Moment) -> None:
    m.case.outcome = Outcome.NO_VIOLATION


def _order_only(m: Moment) -> None:
    due = m.day("correct_by")
    Rectification.objects.create(
        case=m.case, demand=m.note, due_on=due, state=Rectification.State.OPEN
    )
    start_clock(case=m.case, code="correction", day=m.today, fixed=due)


def _confirm_corrected(m: Moment) -> None:
    stop_clocks(case=m.case, codes=["correction"], day=m.day("corrected_on"))
    m.case.outcome = Outcome.CORRECTED


def _correction_failed(m: Moment) -> None:
    stop_clocks(case=m.case, codes=["correction"], day=m.today)


def _approve_lenient(m: Moment) -> None:
    _decide(m, Decision.Kind.NONE, Decision(amount=0))
    LenientTest.objects.filter(case=m.case).update(approved_on=m.today)
    m.case.outcome = Outcome.LENIENT


def _decide_no_penalty(m: Moment) -> None:
    _approve_lenient(m)
    stop_clocks(case=m.case, codes=["case_total"], day=m.today)


def _decide(m: Moment, kind: str, decision: Decision) -> Decision:
    decision.case = m.case
    decision.kind = kind
    decision.decided_on = m.today
    decision.decided_by = m.actor
    decision.save(force_insert=True)
    return decision


def _spot_penalty(m: Moment) -> None:
    amount = m.given["amount"]
    assert isinstance(amount, Decimal)
    served = m.day("served_on")
    decision = _decide(
        m,
        Decision.Kind.SPOT,
        Decision(
            amount=amount,
            penalties=["罚款"] if amount else ["警告"],
            served_on=served,
            service_method="direct",
        ),
    )
    _mark_served(m, DocumentKind.SPOT_DECISION, served)
    m.case.outcome = Outcome.PENALTY
    _start_payment(m, decision, served)


def _approve_filing(m: Moment) -> None:
    if not m.case.case_number:
        number, _ = take_number(organisation=m.case.unit, kind=CASE_SERIES, now=m.now)
        m.case.case_number = number
    m.case.filed_on = m.today
    start_clock(case=m.case, code="case_total", day=m.today)


def _refuse_filing(m: Moment) -> None:
    m.case.outcome = Outcome.NOT_FILED


def _police_took(m: Moment) -> None:
    m.case.outcome = Outcome.CRIME
    stop_clocks(case=m.case, codes=["case_total"], day=m.today)


def _notify(m: Moment) -> None:
    _mark_served(m, DocumentKind.PRIOR_NOTICE, m.day("served_on"))


def _penalise(m: Moment) -> None:
    amount = m.given["amount"]
    assert isinstance(amount, Decimal)
    run = DiscretionRun.objects.filter(case=m.case, current=True).first()
    choice = BasisChoice.objects.filter(case=m.case).select_related("basis").first()
    penalties = ["罚款"]
    if choice and choice.basis.confiscate:
        penalties.append("没收违法所得")
    _decide(
        m,
        Decision.Kind.PENALTY,
        Decision(
            amount=amount,
            penalties=penalties,
            proposed=run.amount if run else None,
            deviation_reason=m.text("deviation_reason"),
        ),
    )
    stop_clocks(case=m.case, codes=["case_total"], day=m.today)
    start_clock(case=m.case, code="publicity", day=m.today)
    m.case.outcome = Outcome.PENALTY


def _serve(m: Moment) -> None:
    served = m.day("served_on")
    decision = current_decision(m.case)
    assert decision is not None  # the move is for penalties that were decided
    if served < decision.decided_on:
        raise Refused(f"送达日期早于决定日期 {decision.decided_on}")
    decision.served_on, decision.service_method = served, m.text("method")
    decision.save(update_fields=["served_on", "service_method"])
    _mark_served(m, DocumentKind.PENALTY_DECISION, served)
    _start_payment(m, decision, served)


def _start_payment(m: Moment, decision: Decision, served: date) -> None:
    payment = start_clock(case=m.case, code="payment", day=served)
    start_clock(case=m.case, code="review_request", day=served)
    suit = start_clock(case=m.case, code="suit", day=served)
    if suit and suit.last_day:
        start_clock(case=m.case, code="court_request", day=suit.last_day)
    if payment:
        follow_clock(payment)


def _serve_no_penalty(m: Moment) -> None:
    served = m.day("served_on")
    Decision.objects.filter(
        case=m.case, kind=Decision.Kind.NONE, revoked_on=None
    ).update(served_on=served, service_method=m.text("method"))
    _mark_served(m, DocumentKind.NO_PENALTY_DECISION, served)


def _defer(m: Moment) -> None:
    decision = current_decision(m.case)
    if decision is None:
        raise Refused("没有需要缴纳的决定")
    until = m.day("until")
    if decision.pay_by and until <= (decision.deferred_to or decision.pay_by):
        raise Refused(
            f"延期（分期）应晚于现缴款期限 {decision.deferred_to or decision.pay_by}"
        )
    decision.deferred_to = until
    decision.save(update_fields=["deferred_to"])
    clock_row = m.case.clocks.filter(
        rule__code="payment", stopped_on=None, cancelled=False
    ).first()
    if clock_row:
        clock_row.fixed_day = clock_row.last_day = decision.deferred_to
        clock_row.warned_at = clock_row.overdue_at = None
        clock_row.save()


def _urge(m: Moment) -> None:
    _mark_served(m, DocumentKind.URGE_LETTER, m.day("served_on"))


def _apply_court(m: Moment) -> None:
    stop_clocks(case=m.case, codes=["court_request"], day=m.day("applied_on"))


def _fulfil(m: Moment) -> None:
    stop_clocks(case=m.case, codes=["court_request"], day=m.today, cancel=True)


def _decision_revoked(m: Moment) -> None:
    decision = current_decision(m.case)
    if decision is None:
        raise Refused("没有可以撤销的决定")
    _set_aside(m, m.case.decisions.filter(pk__gte=decision.pk))
    m.case.round += 1
    m.case.outcome = ""
    codes = ["payment", "review_request", "suit", "court_request", "publicity"]
    stop_clocks(case=m.case, codes=codes, day=m.today, cancel=True)
    start_clock(case=m.case, code="case_total", day=m.today)


def _set_aside(m: Moment, decisions: QuerySet[Decision]) -> None:
    """End ``decisions``, and the test that one not to punish rested on.

    Fines by the day rest on the decision they follow and fall with it.
    """
    decisions.filter(revoked_on=None).update(revoked_on=m.today)
    for test in LenientTest.objects.filter(case=m.case, passed=True):
        test.passed = False
        test.answers = {**test.answers, "missing": ["案件已重新办理，条件须重新核对"]}
        test.save(update_fields=["passed", "answers"])


def _withdraw(m: Moment) -> None:
    m.case.outcome = Outcome.WITHDRAWN


def _merge(m: Moment) -> None:
    target = (
        Case.objects.visible_to(m.actor)
        .filter(number=m.text("into"))
        .exclude(pk=m.case.pk)
        .first()
        or Case.objects.visible_to(m.actor)
        .filter(case_number=m.text("into"))
        .exclude(pk=m.case.pk)
        .first()
    )
    if target is None:
        raise Refused("没有这个编号的线索或案件")
    _hold(target)
    if not target.is_open:
        raise Refused("不能并入已办结的案件")
    m.case.merged_into = target
    m.case.outcome = Outcome.MERGED
    for link in m.case.alert_links.all():
        target.alert_links.get_or_create(alert=link.alert, defaults={"added_at": m.now})
    CaseLink.objects.get_or_create(
        case=m.case,
        other=target,
        kind=CaseLink.Kind.MERGED,
        defaults={"at": m.now, "note": m.note[:240]},
    )


def _hold(target: Case) -> None:
    """Lock the case that another one is merged into, so that neither ends in the other.

    Somebody who merges the other way round holds it; waiting for them would not end.
    """
    try:
        with transaction.atomic():
            held = Case.objects.select_for_update(of=("self",), nowait=True)
            target.state = held.get(pk=target.pk).state
    except OperationalError as error:
        raise Refused("目标案件正由他人办理，请稍后再试") from error


def _reopen(m: Moment) -> None:
    m.case.outcome = ""
    m.case.end_reason = ""
    m.case.ended_at = None
    m.case.round += 1
    _set_aside(m, m.case.decisions.filter(kind=Decision.Kind.NONE))
    Ending.objects.filter(case=m.case, reopened_at=None).update(reopened_at=m.now)


def _document(case: Case, kind: DocumentKind) -> Document | None:
    return (
        case.documents.filter(
            kind=kind, state__in=[Document.State.ISSUED, Document.State.SERVED]
        )
        .order_by("-id")
        .first()
    )


def _mark_served(m: Moment, kind: DocumentKind, day: date) -> None:
    document = _document(m.case, kind)
    assert document is not None  # the move asked for it
    issued = clock.beijing(document.issued_at or m.now).date()
    if day < issued:
        raise Refused(f"送达日期早于《{kind.label}》定稿日期 {issued}")
    document.served_on = day
    document.state = Document.State.SERVED
    document.save(update_fields=["served_on", "state"])


EFFECTS: dict[Action, Effect] = {
    Action.END_ONLINE: _end_online,
    Action.HAND_OVER: _hand_over,
    Action.TRANSFER_OUT: _transfer_out,
    Action.RECORD_REPLY: _record_reply,
    Action.REPLY_REFUSED: _reply_refused,
    Action.NO_VIOLATION: _no_violation,
    Action.ORDER_ONLY: _order_only,
    Action.CONFIRM_CORRECTED: _confirm_corrected,
    Action.CORRECTION_FAILED: _correction_failed,
    Action.APPROVE_LENIENT: _approve_lenient,
    Action.DECIDE_NO_PENALTY: _decide_no_penalty,
    Action.SPOT_PENALTY: _spot_penalty,
    Action.APPROVE_FILING: _approve_filing,
    Action.REFUSE_FILING: _refuse_filing,
    Action.POLICE_TOOK: _police_took,
    Action.NOTIFY: _notify,
    Action.DECIDE: _penalise,
    Action.SERVE: _serve,
    Action.SERVE_NO_PENALTY: _serve_no_penalty,
    Action.DEFER: _defer,
    Action.URGE: _urge,
    Action.APPLY_COURT: _apply_court,
    Action.FULFIL: _fulfil,
    Action.DECISION_REVOKED: _decision_revoked,
    Action.WITHDRAW: _withdraw,
    Action.MERGE: _merge,
    Action.REOPEN: _reopen,
}

CLOSING_STATES = (State.CLOSED, State.ENDED, State.WITHDRAWN, State.MERGED)
