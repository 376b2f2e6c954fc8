"""Side acts about what is said of a case: facts, people, check-list, links."""

from datetime import date
from typing import Any

from bozhou_eco.accounts.models import User
from bozhou_eco.common.digits import whole
from enforcement.checklists import checklist_for
from enforcement.domain.kinds import CaseKind
from enforcement.domain.workflow import (
    BEFORE_FILING,
    Field,
    FieldKind,
    Refused,
    State,
)
from enforcement.models import Case, CaseLink, Cause
from enforcement.services import content
from enforcement.services.splitting import split_case
from enforcement.views.registry import (
    BUREAU,
    LEADER,
    OFFICER,
    REVIEWER,
    Ask,
    Given,
    SideAct,
    register,
)

PARTY_FIELDS = (
    ("name", "当事人名称"),
    ("code", "统一社会信用代码（证件号）"),
    ("representative", "法定代表人（负责人）"),
    ("address", "地址"),
    ("phone", "联系电话"),
)


def text(given: Given, name: str) -> str:
    """Return an answer as text."""
    return str(given.get(name, ""))


def day(given: Given, name: str) -> date | None:
    """Return an answer as a date."""
    value = given.get(name)
    return value if isinstance(value, date) else None


def _summary_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("text", "事实摘要", FieldKind.LONG),
        Field("reason", "修改理由", required=False),
    )


def _edit_summary(ask: Ask, given: Given, _: str) -> object:
    return content.edit_summary(
        case=ask.case,
        text=text(given, "text"),
        reason=text(given, "reason"),
        actor=ask.user,
        now=ask.now,
    )


def _facts_fields(_: Ask) -> tuple[Field, ...]:
    causes = Cause.objects.filter(active=True)
    return (
        Field(
            "cause",
            "案由",
            FieldKind.CHOICE,
            tuple((row.topic, row.name) for row in causes),
            required=False,
        ),
        Field("kind", "类别", FieldKind.CHOICE, tuple(CaseKind.choices())),
        Field("act_started_on", "违法行为开始日", FieldKind.DATE, required=False),
        Field(
            "act_ended_on",
            "违法行为终了日",
            FieldKind.DATE,
            required=False,
            help="行为持续的，以发现日为终了日；适用法律按此日确定",
        ),
        Field("discovered_on", "发现日", FieldKind.DATE, required=False),
        Field(
            "party_kind",
            "当事人类别",
            FieldKind.CHOICE,
            tuple(Case.PartyKind.choices),
        ),
        *(
            Field(f"party_{name}", label, required=False)
            for name, label in PARTY_FIELDS
        ),
        Field("upstream_number", "交办文号", required=False, most=60),
        Field("external_ref", "外部系统编号", required=False, most=60),
    )


def _facts_initial(ask: Ask) -> dict[str, Any]:
    case = ask.case
    names = (
        "kind",
        "act_started_on",
        "act_ended_on",
        "discovered_on",
        "party_kind",
        "upstream_number",
        "external_ref",
    )
    initial: dict[str, Any] = {name: getattr(case, name) for name in names}
    initial["cause"] = case.cause.topic if case.cause else ""
    known = {
        "name": case.organisation.name if case.organisation else case.subject_name,
        "code": case.organisation.code if case.organisation else "",
        **case.party,
    }
    return initial | {f"party_{name}": known.get(name, "") for name, _ in PARTY_FIELDS}


def _set_facts(ask: Ask, given: Given, _: str) -> object:
    return content.set_facts(
        case=ask.case,
        actor=ask.user,
        now=ask.now,
        cause=Cause.objects.filter(topic=text(given, "cause")).first(),
        act_started_on=day(given, "act_started_on"),
        act_ended_on=day(given, "act_ended_on"),
        discovered_on=day(given, "discovered_on"),
        kind=text(given, "kind"),
        party_kind=text(given, "party_kind"),
        party={name: text(given, f"party_{name}") for name, _ in PARTY_FIELDS},
        upstream_number=text(given, "upstream_number"),
        external_ref=text(given, "external_ref"),
    )


def officer_choices(case: Case) -> tuple[tuple[str, str], ...]:
    """Return the officers who may work on ``case``, with their card numbers."""
    rows = User.objects.filter(
        is_active=True, roles__contains=["officer"]
    ).select_related("organisation")
    return tuple(
        (
            str(row.pk),
            f"{row.name}（{row.organisation}，{row.card_number or '无执法证'}）",
        )
        for row in rows
        if Case.objects.visible_to(row).filter(pk=case.pk).exists()
    )


def chosen_users(given: Given, *names: str) -> list[User]:
    """Return the users chosen in the fields ``names``, in order, each once."""
    ids = [key for name in names if (key := whole(text(given, name)))]
    rows = User.objects.in_bulk(ids)
    return [rows[pk] for pk in dict.fromkeys(ids) if pk in rows]


def _assign_fields(ask: Ask) -> tuple[Field, ...]:
    options = officer_choices(ask.case)
    return (
        Field("lead", "主办", FieldKind.CHOICE, options),
        Field("helper", "协办", FieldKind.CHOICE, options),
        Field("third", "协办（可不填）", FieldKind.CHOICE, options, required=False),
    )


def _assign(ask: Ask, given: Given, _: str) -> object:
    lead, *helpers = chosen_users(given, "lead", "helper", "third")
    if not helpers:
        raise Refused("承办人员不少于 2 人")
    return content.assign(
        case=ask.case, lead=lead, helpers=helpers, actor=ask.user, now=ask.now
    )


def _comment(ask: Ask, _: Given, note: str) -> object:
    return content.comment(case=ask.case, text=note, actor=ask.user, now=ask.now)


def _checklist_fields(ask: Ask) -> tuple[Field, ...]:
    fields: list[Field] = []
    for item in checklist_for(ask.case):
        fields.append(
            Field(f"a_{item.code}", item.text, FieldKind.LONG, help=item.fact)
        )
    fields.append(Field("conclusion", "排查结论", FieldKind.LONG))
    return tuple(fields)


def _checklist_initial(ask: Ask) -> dict[str, Any]:
    return {f"a_{item.code}": item.answer for item in checklist_for(ask.case)}


def _fill_checklist(ask: Ask, given: Given, _: str) -> object:
    items = [
        {
            "code": item.code,
            "text": item.text,
            "answer": text(given, f"a_{item.code}"),
            "note": item.fact,
        }
        for item in checklist_for(ask.case)
    ]
    return content.fill_checklist(
        case=ask.case,
        items=items,
        conclusion=text(given, "conclusion"),
        actor=ask.user,
        now=ask.now,
    )


def _link_fields(_: Ask) -> tuple[Field, ...]:
    kinds = (CaseLink.Kind.JOINT, CaseLink.Kind.RELATED)
    return (
        Field("other", "线索或案件编号", FieldKind.CASE),
        Field(
            "kind", "关系", FieldKind.CHOICE, tuple((k.value, k.label) for k in kinds)
        ),
    )


def _link(ask: Ask, given: Given, note: str) -> object:
    number = text(given, "other")
    rows = Case.objects.visible_to(ask.user)
    other = (
        rows.filter(number=number).first() or rows.filter(case_number=number).first()
    )
    if other is None:
        raise Refused("没有这个编号的线索或案件")
    return content.link_cases(
        case=ask.case,
        other=other,
        kind=text(given, "kind"),
        note=note,
        actor=ask.user,
        now=ask.now,
    )


def _split_fields(ask: Ask) -> tuple[Field, ...]:
    return tuple(
        Field(
            f"alert_{link.alert_id}",
            str(link.alert.summary)[:80],
            FieldKind.YES_NO,
            required=False,
        )
        for link in ask.case.alert_links.select_related("alert")
    )


def _split(ask: Ask, given: Given, note: str) -> object:
    ids = [int(name[6:]) for name, value in given.items() if value is True]
    return split_case(
        case=ask.case, alert_ids=ids, note=note, actor=ask.user, now=ask.now
    )


register(
    SideAct(
        "summary",
        "修改事实摘要",
        BUREAU,
        _summary_fields,
        _edit_summary,
        initial=lambda ask: {"text": ask.case.summary},
        anchor="facts",
    ),
    SideAct(
        "facts",
        "填写案件要素",
        (OFFICER, REVIEWER),
        _facts_fields,
        _set_facts,
        initial=_facts_initial,
        icon="clipboard-list",
        anchor="facts",
    ),
    SideAct(
        "assign",
        "指定承办人员",
        (OFFICER, LEADER, REVIEWER),
        _assign_fields,
        _assign,
        icon="users",
        anchor="people",
    ),
    SideAct(
        "comment",
        "批注",
        BUREAU,
        lambda ask: (),
        _comment,
        note=True,
        said="批注",
        icon="message",
        anchor="activity",
        after_end=True,
    ),
    SideAct(
        "checklist",
        "填写线上排查清单",
        (OFFICER, REVIEWER),
        _checklist_fields,
        _fill_checklist,
        initial=_checklist_initial,
        icon="list-check",
        states=frozenset({State.CHECKING}),
        help="平台已有的事实写在每一项下面，核对后填写结论；没有的请说明如何核实。",
    ),
    SideAct(
        "link",
        "关联案件",
        BUREAU,
        _link_fields,
        _link,
        note=False,
        icon="link",
        anchor="links",
    ),
    SideAct(
        "split",
        "拆分线索",
        (OFFICER, REVIEWER),
        _split_fields,
        _split,
        note=True,
        said="拆分理由",
        icon="git-compare",
        states=frozenset(BEFORE_FILING),
        shown=lambda now: now.alerts > 1,
        help="选“是”的预警移入新的线索。",
    ),
)
