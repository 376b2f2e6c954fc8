"""Payments, remedies, publication and credit repair of a decision."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.common.calendar import add_months
from bozhou_eco.common.clock import beijing
from enforcement.domain.money import yuan
from enforcement.domain.workflow import Refused
from enforcement.models import Case, Decision, Payment, Remedy
from enforcement.selectors.facts import (
    case_owes,
    current_decision,
    fines_in_force,
    owed_parts,
)
from enforcement.selectors.scope import in_scope
from enforcement.selectors.settings import int_setting
from enforcement.services.acts import record_act
from enforcement.services.clocks import stop_clocks
from enforcement.services.locking import lock_open


def _decision(case: Case) -> Decision:
    decision = current_decision(case)
    if decision is None or decision.kind == Decision.Kind.NONE:
        raise Refused("本案没有罚款决定")
    return decision


def _owing(case: Case, kind: str, today: date) -> Decision:
    """Return the oldest fine on which something of ``kind`` is still owed."""
    fines = fines_in_force(case)
    if not fines:
        raise Refused("本案没有罚款决定")
    for decision in fines:
        owed = owed_parts(decision, today)
        if (owed.fine if kind == Payment.Kind.FINE else owed.late) > 0:
            return decision
    raise Refused("该项已经缴清")


@transaction.atomic
def register_payment(
    *,
    case: Case,
    kind: str,
    amount: Decimal,
    paid_on: date,
    receipt: str,
    actor: User,
    now: datetime,
) -> Payment:
    """Register a payment with its receipt.

    Raises `Refused` without a receipt, for a receipt that is registered already, for
    amounts that are not positive or exceed what is owed, and for days before service.
    """
    case = lock_open(case, actor, "officer", "legal")
    if kind not in Payment.Kind.values:
        raise Refused("请选择缴款种类")
    today = beijing(now).date()
    decision = _owing(case, kind, today)
    if kind == Payment.Kind.REMITTED and not actor.has_role("legal", "leader"):
        raise Refused("减免加处罚款须由法制审核人员或负责人登记")
    if not receipt.strip():
        raise Refused("缺少缴款票据号")
    if decision.served_on is None or paid_on < decision.served_on:
        raise Refused("缴款日期早于决定送达日期")
    if paid_on > today:
        raise Refused("缴款日期不能晚于今天")
    owed = owed_parts(decision, today)
    limit = owed.fine if kind == Payment.Kind.FINE else owed.late
    if not 0 < amount <= limit:
        raise Refused(f"金额应大于 0 且不超过应缴 {yuan(limit)} 元")
    try:
        with transaction.atomic():
            payment = Payment.objects.create(
                decision=decision,
                kind=kind,
                amount=amount,
                paid_on=paid_on,
                receipt=receipt.strip(),
                registered_by=actor,
                at=now,
            )
    except IntegrityError as error:
        raise Refused(f"票据 {receipt} 已经登记过") from error
    record_act(
        case=case,
        action="register_payment",
        actor=actor,
        now=now,
        data={"payment": payment.pk, "kind": kind, "amount": str(amount)},
    )
    if case_owes(case, today).fine == 0:
        stop_clocks(case=case, codes=["payment"], day=paid_on)
    return payment


@transaction.atomic
def register_remedy(
    *,
    case: Case,
    kind: str,
    body: str,
    accepted_on: date,
    actor: User,
    now: datetime,
) -> Remedy:
    """Register that a reconsideration or suit was accepted; late fees stand still."""
    case = lock_open(case, actor, "legal", "officer")
    decision = current_decision(case)
    if decision is None:
        raise Refused("本案尚无处理决定")
    if kind not in Remedy.Kind.values or not body.strip():
        raise Refused("请填写复议（诉讼）种类和受理机关")
    if accepted_on < decision.decided_on or accepted_on > beijing(now).date():
        raise Refused("受理日期应在决定日期与今天之间")
    if decision.remedies.filter(kind=kind, ended_on=None).exists():
        raise Refused("同类程序尚未终结")
    remedy = Remedy.objects.create(
        decision=decision, kind=kind, body=body.strip(), accepted_on=accepted_on
    )
    record_act(
        case=case,
        action="register_remedy",
        actor=actor,
        now=now,
        note=f"{remedy.get_kind_display()}：{body}",
        data={"remedy": remedy.pk, "kind": kind},
    )
    return remedy


@transaction.atomic
def end_remedy(
    *,
    remedy: Remedy,
    result: str,
    ended_on: date,
    reference: str,
    actor: User,
    now: datetime,
) -> Remedy:
    """Register how a reconsideration or suit ended."""
    case = lock_open(remedy.decision.case, actor, "legal", "officer")
    remedy = Remedy.objects.select_for_update(of=("self",)).get(pk=remedy.pk)
    if remedy.ended_on is not None:
        raise Refused("该程序已经终结")
    if result not in Remedy.Result.values:
        raise Refused("请选择结果")
    if not remedy.accepted_on <= ended_on <= beijing(now).date():
        raise Refused("终结日期应在受理日期与今天之间")
    remedy.result, remedy.ended_on = result, ended_on
    remedy.reference = reference.strip()
    remedy.save()
    record_act(
        case=case,
        action="end_remedy",
        actor=actor,
        now=now,
        note=f"{remedy.get_kind_display()}：{remedy.get_result_display()}",
        data={"remedy": remedy.pk, "result": result, "reference": reference},
    )
    return remedy


@transaction.atomic
def publish_decision(
    *, case: Case, published_on: date, url: str, actor: User, now: datetime
) -> Decision:
    """Register the publication (公示) and until when it lasts."""
    case = lock_open(case, actor, "officer", "legal")
    decision = _decision(case)
    if decision.published_on:
        raise Refused("处罚决定已经公示")
    if not decision.decided_on <= published_on <= beijing(now).date():
        raise Refused("公示日期应在决定日期与今天之间")
    decision.published_on = published_on
    decision.publish_until = add_months(
        published_on, int_setting("publication_months", 12)
    )
    decision.publication_url = url.strip()[:300]
    decision.save(update_fields=["published_on", "publish_until", "publication_url"])
    stop_clocks(case=case, codes=["publicity"], day=published_on)
    record_act(
        case=case,
        action="publish_decision",
        actor=actor,
        now=now,
        data={"published_on": published_on.isoformat(), "url": url},
    )
    return decision


@transaction.atomic
def repair_credit(
    *, case: Case, repaired_on: date, note: str, actor: User, now: datetime
) -> Decision:
    """Register that publication ended early by credit repair (信用修复).

    A case stays open for this after it has been closed.
    """
    if not actor.has_role("officer", "legal"):
        raise Refused("当前角色不能办理此事项")
    if not in_scope(case, actor):
        raise Refused("本案不在您的管辖范围内")
    case = Case.objects.select_for_update().get(pk=case.pk)
    decision = _decision(case)
    if decision.published_on is None:
        raise Refused("处罚决定尚未公示")
    if case_owes(case, beijing(now).date()).total > 0:
        raise Refused("罚款尚未缴清，不能信用修复")
    if decision.credit_repaired_on is not None:
        raise Refused(f"已于 {decision.credit_repaired_on} 登记信用修复")
    if not decision.published_on <= repaired_on <= beijing(now).date():
        raise Refused("修复日期应在公示日期与今天之间")
    if decision.publish_until and repaired_on > decision.publish_until:
        raise Refused(f"公示已于 {decision.publish_until} 届满，无须信用修复")
    decision.credit_repaired_on = decision.publish_until = repaired_on
    decision.save(update_fields=["credit_repaired_on", "publish_until"])
    record_act(case=case, action="repair_credit", actor=actor, now=now, note=note)
    return decision
