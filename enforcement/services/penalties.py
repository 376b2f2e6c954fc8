"""Choose the law, work out the fine, test leniency."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.discretion import TableError, calculate
from enforcement.domain.law import Choice, Lighter, RangeKind, choose
from enforcement.domain.leniency import (
    AFTERWARDS,
    CONDITIONS,
    Answer,
    Ground,
    examine,
)
from enforcement.domain.workflow import Refused
from enforcement.models import (
    BasisChoice,
    Case,
    DiscretionRun,
    DiscretionTable,
    LegalBasis,
    LenientTest,
)
from enforcement.selectors.history import earlier_findings
from enforcement.selectors.law import bases_for, overlapping_rows
from enforcement.selectors.settings import int_setting
from enforcement.services.acts import record_act
from enforcement.services.locking import lock_open


@transaction.atomic
def choose_basis(
    *,
    case: Case,
    actor: User,
    now: datetime,
    reason: str = "",
    basis: LegalBasis | None = None,
    serious: bool = False,
    count: int = 1,
    goods_value: Decimal | None = None,
    also: Sequence[str] = (),
) -> BasisChoice:
    """Settle which provision applies to the case's act.

    The act's last day chooses; where the law has changed since, the two are compared
    and the lighter one is taken. ``basis`` is a person's choice among the two where the
    comparison is unclear, or against its outcome; both need ``reason``. ``also`` are
    topics that the same act breaks besides (竞合). Earlier calculations are set aside.
    """
    case = lock_open(case, actor, "officer", "reviewer", "legal")
    if case.cause is None or case.act_ended_on is None:
        raise Refused("请先填写案由和违法行为终了日期")
    if not case.cause.ours:
        raise Refused(f"“{case.cause.name}”由{case.cause.authority}处罚，应当移送")
    topic = case.cause.topic + ("!" if serious else "")
    rows = bases_for(case.cause)
    try:
        found = choose(
            [row.basis() for row in rows],
            topic,
            case.act_ended_on,
            beijing(now).date(),
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    chosen, act_basis = _settle(rows, found, basis, reason)
    lighter = found.comparison.outcome if found.comparison else ""
    choice, _ = BasisChoice.objects.update_or_create(
        case=case,
        defaults={
            "basis": chosen,
            "act_basis": act_basis,
            "lighter": "" if lighter is Lighter.UNCLEAR else lighter,
            "comparison": _comparison(found),
            "overlapping": overlapping_rows(
                also, chosen, case.act_ended_on, count, goods_value
            ),
            "serious": serious,
            "count": count,
            "goods_value": goods_value,
            "reason": reason.strip() or found.reason,
            "actor": actor,
            "at": now,
        },
    )
    _check_bounds(choice)
    DiscretionRun.objects.filter(case=case, current=True).update(current=False)
    record_act(
        case=case,
        action="choose_basis",
        actor=actor,
        now=now,
        note=choice.reason,
        data={"basis": chosen.code, "lighter": str(lighter), "serious": serious},
    )
    return choice


def _settle(
    rows: Sequence[LegalBasis], found: Choice, basis: LegalBasis | None, reason: str
) -> tuple[LegalBasis, LegalBasis]:
    by_code = {row.code: row for row in rows}
    if found.comparison is not None:
        old = by_code[found.comparison.old.code]
        new = by_code[found.comparison.new.code]
        allowed = [old, new]
    elif found.basis is not None:
        old = by_code[found.basis.code]
        allowed = [old]
    else:
        raise Refused(found.reason)
    settled = by_code[found.basis.code] if found.basis else None
    if basis is None:
        if settled is None:
            reasons = found.comparison.reasons if found.comparison else ()
            raise Refused(
                "新旧法轻重不能自动判定，请选择依据并说明理由", tuple(reasons)
            )
        return settled, old
    if basis not in allowed:
        raise Refused("所选依据不适用于本案行为时或决定时")
    if basis != settled and not reason.strip():
        raise Refused("与比较结果不一致的选择须说明理由")
    return basis, old


def _comparison(found: Choice) -> dict[str, object]:
    pair = found.comparison
    if pair is None:
        return {}
    return {
        "outcome": pair.outcome.value,
        "label": pair.outcome.label,
        "reasons": list(pair.reasons),
        "old": {"code": pair.old.code, "title": pair.old.title},
        "new": {"code": pair.new.code, "title": pair.new.title},
    }


def _check_bounds(choice: BasisChoice) -> None:
    if choice.basis.range_kind in (RangeKind.NONE, RangeKind.BY_DAY):
        return
    try:
        choice.basis.basis().fine.bounds(count=choice.count, value=choice.goods_value)
    except ValueError as error:
        raise Refused(str(error)) from error


@transaction.atomic
def run_discretion(
    *,
    case: Case,
    table: DiscretionTable,
    answers: Mapping[str, str],
    actor: User,
    now: datetime,
    adjustments: Sequence[str] = (),
    reduction_basis: str = "",
) -> DiscretionRun:
    """Work out the fine by a table; the run with all its steps becomes the current one.

    Raises `Refused` when no basis is chosen, the basis sets no fine, the table is not
    in force or not for the cause, or an answer is missing.
    """
    case = lock_open(case, actor, "officer", "reviewer", "legal")
    choice = BasisChoice.objects.filter(case=case).select_related("basis").first()
    if choice is None:
        raise Refused("请先选择法律依据")
    if choice.basis.range_kind in (RangeKind.NONE, RangeKind.BY_DAY):
        raise Refused("所选依据没有可以计算的罚款幅度")
    _check_table(case, table, beijing(now).date())
    try:
        result = calculate(
            table.table(),
            choice.bounds,
            answers,
            adjustments=adjustments,
            reduction_basis=reduction_basis.strip(),
        )
    except TableError as error:
        raise Refused(str(error)) from error
    DiscretionRun.objects.filter(case=case, current=True).update(current=False)
    run = DiscretionRun.objects.create(
        case=case,
        table=table,
        basis=choice.basis,
        answers=dict(answers),
        adjustments=list(adjustments),
        reduction_basis=reduction_basis.strip(),
        low=result.low,
        high=result.high,
        amount=result.amount,
        steps=[
            {"label": s.label, "detail": s.detail, "value": s.value}
            for s in result.steps
        ],
        actor=actor,
        at=now,
    )
    record_act(
        case=case,
        action="run_discretion",
        actor=actor,
        now=now,
        data={"run": run.pk, "table": str(table), "amount": str(result.amount)},
    )
    return run


def _check_table(case: Case, table: DiscretionTable, today: date) -> None:
    if table.valid_from > today or (table.valid_to and table.valid_to < today):
        raise Refused(f"裁量表“{table}”不在有效期内")
    if case.cause is None or not table.causes.filter(pk=case.cause.pk).exists():
        raise Refused("该裁量表不适用于本案案由")


@transaction.atomic
def answer_leniency(
    *,
    case: Case,
    ground: str,
    answers: Mapping[str, Mapping[str, object]],
    actor: User,
    now: datetime,
    list_item: str = "",
    revisit_on: date | None = None,
) -> LenientTest:
    """Answer the conditions of a ground for not punishing.

    ``answers``: condition code → ``{"met": bool, "evidence": str}``. The condition that
    it is the first act is answered by the search of the history, whatever was said. The
    exempted amount is what the discretion table would have given.
    """
    case = lock_open(case, actor, "officer", "reviewer")
    chosen = Ground(ground)
    earlier = earlier_findings(case)
    given = {
        condition.code: _answer(answers.get(condition.code, {}))
        for condition in (*CONDITIONS[chosen], *AFTERWARDS)
    }
    if chosen is Ground.FIRST:
        given["first"] = _first(case, earlier)
    verdict = examine(chosen, given)
    run = DiscretionRun.objects.filter(case=case, current=True).first()
    days = int_setting("lenient_revisit_days", 90)
    test, _ = LenientTest.objects.update_or_create(
        case=case,
        defaults={
            "ground": chosen.value,
            "answers": {
                "answers": {
                    code: {"met": answer.met, "evidence": answer.evidence}
                    for code, answer in given.items()
                },
                "missing": list(verdict.missing),
            },
            "earlier": earlier,
            "list_item": list_item[:160],
            "exempted": run.amount if run else None,
            "revisit_on": revisit_on or beijing(now).date() + timedelta(days=days),
            "passed": verdict.passed,
            "actor": actor,
            "at": now,
        },
    )
    record_act(
        case=case,
        action="test_leniency",
        actor=actor,
        now=now,
        data={
            "ground": chosen.value,
            "passed": verdict.passed,
            "exempted": str(run.amount) if run else "",
        },
    )
    return test


def _answer(row: Mapping[str, object]) -> Answer:
    return Answer(row.get("met") is True, str(row.get("evidence", "")))


def _first(case: Case, earlier: Sequence[dict[str, str]]) -> Answer:
    months = int_setting("first_offence_months", 12)
    if earlier:
        found = "；".join(f"{row['found_on']} {row['reference']}" for row in earlier)
        return Answer(False, f"{months} 个月内有同类行为：{found}")
    return Answer(True, f"检索平台案件和历史处罚，{months} 个月内无同类行为")
