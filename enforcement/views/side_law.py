"""Side acts about law and money: basis, discretion, leniency, payment, remedies."""

from decimal import Decimal
from typing import Any

from bozhou_eco.common.clock import beijing
from enforcement.domain.law import RangeKind
from enforcement.domain.leniency import AFTERWARDS, CONDITIONS, Ground
from enforcement.domain.workflow import (
    AFTER_DECISION,
    UNDER_PROCEDURE,
    Field,
    FieldKind,
    Refused,
    State,
)
from enforcement.models import (
    BasisChoice,
    Case,
    Cause,
    DiscretionRun,
    DiscretionTable,
    LenientTest,
    Payment,
    Remedy,
)
from enforcement.selectors.facts import current_decision, fines_in_force
from enforcement.selectors.history import earlier_findings
from enforcement.selectors.law import bases_for, tables_for
from enforcement.services import money, penalties
from enforcement.services.feedback import revisit
from enforcement.services.measures import decide_daily_fine
from enforcement.views.registry import (
    LEADER,
    LEGAL,
    OFFICER,
    REVIEWER,
    Ask,
    Given,
    SideAct,
    register,
)
from enforcement.views.side_content import day, text

LAW_STATES = frozenset(
    {State.VISITED, State.ASSESSING, State.LENIENT, State.FILING, *UNDER_PROCEDURE}
)
PAY_STATES = frozenset(
    {State.FULFILLING, State.URGING, State.ENFORCING, State.FEEDBACK}
)


def _money(given: Given, name: str) -> Decimal | None:
    value = given.get(name)
    return value if isinstance(value, Decimal) else None


def _basis_fields(ask: Ask) -> tuple[Field, ...]:
    case = ask.case
    rows = bases_for(case.cause) if case.cause else []
    fields = [
        Field(
            "basis",
            "适用依据（新旧法轻重不明或另有理由时选择）",
            FieldKind.CHOICE,
            tuple((row.code, f"{row}　{row.get_range_kind_display()}") for row in rows),
            required=False,
        )
    ]
    if any(row.serious for row in rows):
        fields.append(Field("serious", "情节严重", FieldKind.YES_NO))
    if any(row.range_kind == RangeKind.PER_UNIT for row in rows):
        fields.append(Field("count", "台（辆）数", FieldKind.COUNT))
    if any(row.range_kind == RangeKind.MULTIPLE for row in rows):
        fields.append(Field("goods_value", "货值（元）", FieldKind.MONEY))
    topic = case.cause.topic if case.cause else ""
    others = Cause.objects.filter(active=True, ours=True).exclude(topic=topic)
    fields += [
        Field(
            "also",
            "同一行为还违反（竞合）",
            FieldKind.CHOICE,
            tuple((row.topic, row.name) for row in others),
            required=False,
        ),
        Field("reason", "理由", FieldKind.LONG, required=False),
    ]
    return tuple(fields)


def _choose_basis(ask: Ask, given: Given, _: str) -> object:
    rows = bases_for(ask.case.cause) if ask.case.cause else []
    code, count = text(given, "basis"), given.get("count")
    return penalties.choose_basis(
        case=ask.case,
        actor=ask.user,
        now=ask.now,
        reason=text(given, "reason"),
        basis=next((row for row in rows if row.code == code), None),
        serious=given.get("serious") is True,
        count=count if isinstance(count, int) else 1,
        goods_value=_money(given, "goods_value"),
        also=[text(given, "also")] if text(given, "also") else [],
    )


def _basis_extra(ask: Ask) -> dict[str, Any]:
    return {
        "bases": bases_for(ask.case.cause) if ask.case.cause else [],
        "today": beijing(ask.now).date(),
    }


def _table(ask: Ask) -> DiscretionTable:
    tables = tables_for(ask.case, beijing(ask.now).date())
    wanted = ask.query.get("table", "")
    for table in tables:
        if str(table.pk) == wanted:
            return table
    if not tables:
        raise Refused("本案案由没有在用的裁量表")
    return tables[0]


def _discretion_fields(ask: Ask) -> tuple[Field, ...]:
    try:
        table = _table(ask).table()
    except Refused:
        return ()
    factors = tuple(
        Field(
            f"f_{factor.code}",
            f"{factor.name}（权重 {factor.weight}%）",
            FieldKind.CHOICE,
            tuple((o.code, f"{o.label}（{o.score}）") for o in factor.options),
        )
        for factor in table.factors
    )
    adjustments = tuple(
        Field(
            f"a_{item.code}",
            f"{item.label}（{item.percent:+}%）",
            FieldKind.YES_NO,
            required=False,
        )
        for item in table.adjustments
    )
    reduction = Field(
        "reduction_basis",
        "减轻处罚依据（低于下限时填写）",
        required=False,
        help="如：行政处罚法第三十二条第（一）项",
    )
    return (*factors, *adjustments, reduction)


def _run_discretion(ask: Ask, given: Given, _: str) -> object:
    return penalties.run_discretion(
        case=ask.case,
        table=_table(ask),
        answers={n[2:]: str(v) for n, v in given.items() if n.startswith("f_")},
        adjustments=[n[2:] for n, v in given.items() if n[:2] == "a_" and v is True],
        reduction_basis=text(given, "reduction_basis"),
        actor=ask.user,
        now=ask.now,
    )


def _discretion_initial(ask: Ask) -> dict[str, Any]:
    run = DiscretionRun.objects.filter(case=ask.case).order_by("-id").first()
    if run is None:
        return {}
    initial: dict[str, Any] = {f"f_{code}": v for code, v in run.answers.items()}
    initial |= {f"a_{code}": "yes" for code in run.adjustments}
    return initial | {"reduction_basis": run.reduction_basis}


def _discretion_extra(ask: Ask) -> dict[str, Any]:
    choice = BasisChoice.objects.filter(case=ask.case).select_related("basis").first()
    tables = tables_for(ask.case, beijing(ask.now).date())
    return {"choice": choice, "tables": tables, "table": tables[0] if tables else None}


def _ground(ask: Ask) -> Ground:
    wanted = ask.query.get("ground", "")
    if wanted in set(Ground):
        return Ground(wanted)
    test = LenientTest.objects.filter(case=ask.case).first()
    return Ground(test.ground) if test else Ground.MINOR


def _lenient_fields(ask: Ask) -> tuple[Field, ...]:
    ground = _ground(ask)
    fields: list[Field] = []
    for condition in (*CONDITIONS[ground], *AFTERWARDS):
        if condition.code == "first":
            continue
        fields.append(Field(f"c_{condition.code}", condition.text, FieldKind.YES_NO))
        fields.append(
            Field(
                f"e_{condition.code}",
                f"证据：{condition.text}",
                required=False,
                help=condition.proof,
            )
        )
    if ground is Ground.FIRST:
        fields.append(Field("list_item", "首违不罚清单条目"))
    fields.append(
        Field("revisit_on", "回访日期", FieldKind.DATE, required=False, past=False)
    )
    return tuple(fields)


def _lenient_initial(ask: Ask) -> dict[str, Any]:
    test = LenientTest.objects.filter(case=ask.case).first()
    if test is None:
        return {}
    initial: dict[str, Any] = {
        "revisit_on": test.revisit_on,
        "list_item": test.list_item,
    }
    for code, row in test.answers.get("answers", {}).items():
        initial[f"c_{code}"] = "yes" if row["met"] else "no"
        initial[f"e_{code}"] = row["evidence"]
    return initial


def _answer_leniency(ask: Ask, given: Given, _: str) -> object:
    codes = [name[2:] for name in given if name.startswith("c_")]
    return penalties.answer_leniency(
        case=ask.case,
        ground=_ground(ask).value,
        answers={
            code: {
                "met": given.get(f"c_{code}") is True,
                "evidence": text(given, f"e_{code}"),
            }
            for code in codes
        },
        list_item=text(given, "list_item"),
        revisit_on=day(given, "revisit_on"),
        actor=ask.user,
        now=ask.now,
    )


def _lenient_extra(ask: Ask) -> dict[str, Any]:
    return {
        "grounds": list(Ground),
        "ground": _ground(ask),
        "earlier": earlier_findings(ask.case),
    }


def _payment_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("kind", "种类", FieldKind.CHOICE, tuple(Payment.Kind.choices)),
        Field("amount", "金额（元）", FieldKind.MONEY),
        Field("paid_on", "日期", FieldKind.DATE),
        Field("receipt", "票据号"),
    )


def _register_payment(ask: Ask, given: Given, _: str) -> object:
    paid_on = day(given, "paid_on")
    assert paid_on is not None
    return money.register_payment(
        case=ask.case,
        kind=text(given, "kind"),
        amount=_money(given, "amount") or Decimal(0),
        paid_on=paid_on,
        receipt=text(given, "receipt"),
        actor=ask.user,
        now=ask.now,
    )


def _remedy_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("kind", "种类", FieldKind.CHOICE, tuple(Remedy.Kind.choices)),
        Field("body", "受理机关"),
        Field("accepted_on", "受理日期", FieldKind.DATE),
    )


def _register_remedy(ask: Ask, given: Given, _: str) -> object:
    accepted_on = day(given, "accepted_on")
    assert accepted_on is not None
    return money.register_remedy(
        case=ask.case,
        kind=text(given, "kind"),
        body=text(given, "body"),
        accepted_on=accepted_on,
        actor=ask.user,
        now=ask.now,
    )


def _open_remedies(case: Case) -> tuple[tuple[str, str], ...]:
    decision = current_decision(case)
    rows = decision.remedies.filter(ended_on=None) if decision else []
    return tuple((str(row.pk), str(row)) for row in rows)


def _end_remedy_fields(ask: Ask) -> tuple[Field, ...]:
    return (
        Field("remedy", "程序", FieldKind.CHOICE, _open_remedies(ask.case)),
        Field("result", "结果", FieldKind.CHOICE, tuple(Remedy.Result.choices)),
        Field("ended_on", "终结日期", FieldKind.DATE),
        Field("reference", "文书文号"),
    )


def _end_remedy(ask: Ask, given: Given, _: str) -> object:
    ended_on = day(given, "ended_on")
    assert ended_on is not None
    remedy = Remedy.objects.filter(
        pk=int(text(given, "remedy")), decision__case=ask.case
    ).first()
    if remedy is None:
        raise Refused("没有这个程序")
    return money.end_remedy(
        remedy=remedy,
        result=text(given, "result"),
        ended_on=ended_on,
        reference=text(given, "reference"),
        actor=ask.user,
        now=ask.now,
    )


def _publish_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("published_on", "公示日期", FieldKind.DATE),
        Field("url", "公示地址", required=False),
    )


def _publish(ask: Ask, given: Given, _: str) -> object:
    on = day(given, "published_on")
    assert on is not None
    return money.publish_decision(
        case=ask.case,
        published_on=on,
        url=text(given, "url"),
        actor=ask.user,
        now=ask.now,
    )


def _repair(ask: Ask, given: Given, note: str) -> object:
    on = day(given, "repaired_on")
    assert on is not None
    return money.repair_credit(
        case=ask.case, repaired_on=on, note=note, actor=ask.user, now=ask.now
    )


def _daily_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("days", "计罚日数", FieldKind.COUNT),
        Field("served_on", "送达日期", FieldKind.DATE),
    )


def _daily(ask: Ask, given: Given, note: str) -> object:
    served_on, days = day(given, "served_on"), given.get("days")
    assert served_on is not None
    return decide_daily_fine(
        case=ask.case,
        days=days if isinstance(days, int) else 0,
        served_on=served_on,
        note=note,
        actor=ask.user,
        now=ask.now,
    )


def _revisit(ask: Ask, given: Given, note: str) -> object:
    on = day(given, "on")
    assert on is not None
    return revisit(case=ask.case, on=on, finding=note, actor=ask.user, now=ask.now)


def _has_fine(case: Case) -> bool:
    return bool(fines_in_force(case))


def _published(case: Case) -> bool:
    return any(row.published_on for row in fines_in_force(case))


register(
    SideAct(
        "basis",
        "选择法律依据",
        (OFFICER, REVIEWER, LEGAL),
        _basis_fields,
        _choose_basis,
        icon="scale",
        around=_basis_extra,
        anchor="law",
        states=LAW_STATES,
        shown=lambda case: case.cause is not None,
        help="按违法行为终了日确定依据；其后法律有修改的，比较轻重后适用较轻的。",
    ),
    SideAct(
        "discretion",
        "裁量计算",
        (OFFICER, REVIEWER, LEGAL),
        _discretion_fields,
        _run_discretion,
        icon="adjustments",
        initial=_discretion_initial,
        around=_discretion_extra,
        anchor="law",
        states=LAW_STATES,
        shown=lambda case: BasisChoice.objects.filter(case=case).exists(),
    ),
    SideAct(
        "leniency",
        "不予处罚条件核对",
        (OFFICER, REVIEWER),
        _lenient_fields,
        _answer_leniency,
        icon="shield-check",
        initial=_lenient_initial,
        around=_lenient_extra,
        anchor="law",
        states=LAW_STATES,
        shown=lambda case: case.cause is not None,
    ),
    SideAct(
        "payment",
        "登记缴款",
        (OFFICER, LEGAL, LEADER),
        _payment_fields,
        _register_payment,
        icon="receipt",
        anchor="money",
        states=PAY_STATES,
        shown=_has_fine,
    ),
    SideAct(
        "remedy",
        "登记复议诉讼",
        (LEGAL, OFFICER),
        _remedy_fields,
        _register_remedy,
        icon="book",
        anchor="money",
        states=frozenset({*AFTER_DECISION, State.FEEDBACK}),
        shown=_has_fine,
    ),
    SideAct(
        "end-remedy",
        "登记复议诉讼结果",
        (LEGAL, OFFICER),
        _end_remedy_fields,
        _end_remedy,
        icon="book",
        anchor="money",
        shown=lambda case: bool(_open_remedies(case)),
    ),
    SideAct(
        "publish",
        "公示处罚决定",
        (OFFICER, LEGAL),
        _publish_fields,
        _publish,
        icon="world",
        anchor="money",
        shown=lambda case: _has_fine(case) and not _published(case),
    ),
    SideAct(
        "repair-credit",
        "登记信用修复",
        (OFFICER, LEGAL),
        lambda ask: (Field("repaired_on", "修复日期", FieldKind.DATE),),
        _repair,
        note=True,
        icon="certificate",
        anchor="money",
        after_end=True,
        shown=_published,
    ),
    SideAct(
        "daily-fine",
        "按日连续处罚",
        (LEADER,),
        _daily_fields,
        _daily,
        note=True,
        said="复查情况与决定意见",
        icon="calendar-event",
        anchor="money",
        states=frozenset({State.FULFILLING, State.URGING}),
        shown=_has_fine,
    ),
    SideAct(
        "revisit",
        "登记回访",
        (OFFICER, REVIEWER),
        lambda ask: (Field("on", "回访日期", FieldKind.DATE),),
        _revisit,
        note=True,
        said="回访情况",
        icon="route",
        anchor="feedback",
        after_end=True,
        states=frozenset({State.FEEDBACK, State.CLOSING, State.CLOSED}),
    ),
)
