"""Measures beside the main line: preservation, sealing, daily fines."""

from datetime import date, datetime, timedelta

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import Refused
from enforcement.models import Case, CaseStep, Decision, Document
from enforcement.selectors.facts import current_decision
from enforcement.services.acts import record_act
from enforcement.services.clocks import running, start_clock, stop_clocks
from enforcement.services.locking import lock_open

PAY_DAYS = 15
ISSUED = (Document.State.ISSUED, Document.State.SERVED)
MEASURES = {
    "preserve": ("preservation", DocumentKind.PRESERVATION),
    "seize": ("seizure", DocumentKind.SEIZURE),
}
ENDS = {"end_preservation": "preservation", "release_seizure": "seizure"}


@transaction.atomic
def begin_measure(
    *, case: Case, measure: str, note: str, actor: User, now: datetime
) -> CaseStep:
    """Begin 先行登记保存 (7 working days) or 查封扣押 (30 days); the clock starts.

    Raises `Refused` without the document, while the same measure runs, or on a document
    that a measure rested on before: one that has ended does not begin again.
    """
    case = lock_open(case, actor, "officer")
    code, kind = MEASURES[measure]
    document = (
        case.documents.filter(kind=kind, state__in=ISSUED).order_by("-id").first()
    )
    if document is None:
        raise Refused(f"尚未制作《{kind.label}》")
    if running(case).filter(rule__code=code).exists():
        raise Refused("同一措施正在执行中")
    if case.steps.filter(action=measure, data__document=document.pk).exists():
        raise Refused(f"据《{kind.label}》采取的措施已结束，再次采取须另行制作")
    start_clock(case=case, code=code, day=beijing(now).date())
    return record_act(
        case=case,
        action=measure,
        actor=actor,
        now=now,
        note=note,
        data={"document": document.pk},
    )


@transaction.atomic
def end_measure(
    *, case: Case, measure: str, note: str, actor: User, now: datetime
) -> CaseStep:
    """End a measure with what was done about the things it held."""
    case = lock_open(case, actor, "officer")
    code = ENDS[measure]
    if not note.strip():
        raise Refused("未填写处理情况")
    if not stop_clocks(case=case, codes=[code], day=beijing(now).date()):
        raise Refused("没有正在执行的措施")
    return record_act(case=case, action=measure, actor=actor, now=now, note=note)


@transaction.atomic
def decide_daily_fine(
    *,
    case: Case,
    days: int,
    served_on: date,
    note: str,
    actor: User,
    now: datetime,
) -> Decision:
    """Fine on by the day what was not corrected (生态环境法典 art. 1060).

    The amount is the original fine times the days. Each fine rests on a document of its
    own, which is served with it. Raises `Refused` without a decision in force, without
    such a document, or by anyone but a leader.
    """
    case = lock_open(case, actor, "leader")
    original = current_decision(case)
    if original is None or original.kind != Decision.Kind.PENALTY:
        raise Refused("没有可以按日连续计罚的处罚决定")
    if days < 1:
        raise Refused("计罚日数应不小于 1")
    if not original.decided_on <= served_on <= beijing(now).date():
        raise Refused("送达日期应在原决定日期与今天之间")
    document = _daily_document(case)
    most = (served_on - _ordered_on(case, original)).days
    if days > most:
        raise Refused(f"计罚日数自责令改正决定送达次日起算，至今最多 {most} 日")
    decision = Decision.objects.create(
        case=case,
        kind=Decision.Kind.DAILY,
        penalties=[f"按日连续处罚 {days} 日"],
        amount=original.amount * days,
        proposed=original.amount * days,
        decided_on=served_on,
        decided_by=actor,
        served_on=served_on,
        service_method="direct",
        pay_by=served_on + timedelta(days=PAY_DAYS),
    )
    record_act(
        case=case,
        action="daily_fine",
        actor=actor,
        now=now,
        note=note,
        data={
            "days": days,
            "amount": str(decision.amount),
            "document": document.pk,
        },
    )
    if document.state == Document.State.ISSUED:
        document.state, document.served_on = Document.State.SERVED, served_on
        document.save(update_fields=["state", "served_on"])
    return decision


def _ordered_on(case: Case, original: Decision) -> date:
    """Return the day after which each uncorrected day counts (处罚办法 art. 17)."""
    orders = case.documents.filter(kind=DocumentKind.CORRECTION_ORDER, state__in=ISSUED)
    told = [
        row.served_on or beijing(row.issued_at or row.updated_at).date()
        for row in orders
    ]
    return min(told, default=case.discovered_on or original.decided_on)


def _daily_document(case: Case) -> Document:
    """Return the newest decision on a daily fine, which must not have fined before."""
    kind = DocumentKind.DAILY_FINE_DECISION
    document = (
        case.documents.filter(kind=kind, state__in=ISSUED).order_by("-id").first()
    )
    if document is None:
        raise Refused(f"尚未制作《{kind.label}》")
    if case.steps.filter(action="daily_fine", data__document=document.pk).exists():
        raise Refused(f"《{kind.label}》已据以计罚，再次计罚须另行制作")
    return document
