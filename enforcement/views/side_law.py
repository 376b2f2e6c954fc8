"""Side acts about law and money: basis, discretion, leniency, payment, remedies."""

from decimal import Decimal
from typing import Any

from bozhou_eco.common.clock import beijing
from enforcement.domain.law import RangeKind
from enforcement.domain.leniency import AFTERWARDS, CONDITIONS, Ground
from enforcement.domain.workflow import (
    UNDER_PROCEDURE,
    Field,
    FieldKind,
    Refused,
    State,
)
from enforcement.models import (
    BasisChoice,
    Cause,
    DiscretionRun,
    DiscretionTable,
    LenientTest,
)
from enforcement.selectors.history import earlier_findings
from enforcement.selectors.law import bases_for, tables_for
from enforcement.services import penalties
from enforcement.views.registry import (
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


def amount_of(given: Given, name: str) -> Decimal | None:
    """Return an answer as an amount."""
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
        goods_value=amount_of(given, "goods_value"),
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
        most=160,
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
        shown=lambda now: now.case.cause_id is not None,
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
        shown=lambda now: now.law_chosen,
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
        shown=lambda now: now.case.cause_id is not None,
    ),
)
