"""What a document may say about a case: every variable of the templates."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.acts import action_name
from enforcement.domain.documents import DocumentKind
from enforcement.domain.kinds import CaseKind, Outcome, Source
from enforcement.domain.law import RangeKind
from enforcement.domain.leniency import AFTERWARDS, CONDITIONS, Ground
from enforcement.domain.money import capital, yuan
from enforcement.domain.workflow import Duty
from enforcement.models import (
    Agency,
    BasisChoice,
    Case,
    Decision,
    DiscretionRun,
    Document,
    LegalBasis,
    LenientTest,
)
from enforcement.selectors.agencies import acting_agency
from enforcement.selectors.facts import COUNTING, case_owes, current_decision

NO_AGENCY = "博尔塔拉蒙古自治州生态环境局"


def day_text(day: date | None) -> str:
    """Return a date as documents write it: 2026年11月23日."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def document_context(
    *, case: Case, author: User, now: datetime, form: Mapping[str, object], number: str
) -> dict[str, Any]:
    """Return the values that a document of ``case`` is rendered from.

    All values are text or lists of rows of text, so that the context can be kept as
    JSON beside the issued document.
    """
    decision = current_decision(case)
    return {
        **_agency(acting_agency(case.unit)),
        **_case(case),
        **_party(case),
        **_people(case, author),
        **_law(case),
        **_money(case, decision, beijing(now).date()),
        **_papers(case, decision),
        **_lists(case, decision),
        **_lenient(case),
        "number": number,
        "date": day_text(beijing(now).date()),
        "nl": "\n",
        "form": {name: _text(value) for name, value in form.items()},
    }


def sample_context(kind: DocumentKind) -> dict[str, Any]:
    """Return a context with every variable and no case, to try templates on."""
    blank = Case(
        number="", title="", kind=CaseKind.OTHER.value, source=Source.MANUAL.value
    )
    rows = {"evidence", "documents", "steps", "payments", "readings", "checklist"}
    rows |= {"lenient_answers", "discretion"}
    names = (
        {*_agency(None), *_case(blank), *_party(blank), *_LAW_NAMES, *_MONEY_NAMES}
        | {*_PAPER_NAMES, *_LENIENT_NAMES, "author", "handlers", "cards", "unit"}
        | {"number", "date", "nl", "form"}
    )
    return {name: [] if name in rows else "" for name in names | rows} | {"form": {}}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Decimal):
        return yuan(value)
    return str(value)


def _agency(agency: Agency | None) -> dict[str, str]:
    return {
        "agency": agency.full_name if agency else NO_AGENCY,
        "agency_address": agency.address if agency else "",
        "agency_phone": agency.phone if agency else "",
        "review_body": (agency.review_body if agency else "") or "上级行政机关",
        "court": (agency.court if agency else "") or "有管辖权的人民法院",
        "payee": (agency.payee if agency else "")
        or "缴至指定银行或者通过电子支付系统缴纳",
    }


def _case(case: Case) -> dict[str, str]:
    return {
        "clue_number": case.number,
        "case_number": case.case_number,
        "display_number": case.display_number,
        "title": case.title,
        "kind": CaseKind(case.kind).label,
        "source": Source(case.source).label,
        "subject": case.subject_name,
        "district": case.district.name if case.district else "全州",
        "summary": case.summary,
        "cause": case.cause.name if case.cause else "",
        "discovered_on": day_text(case.discovered_on),
        "act_started_on": day_text(case.act_started_on),
        "act_ended_on": day_text(case.act_ended_on),
        "filed_on": day_text(case.filed_on),
        "outcome": Outcome(case.outcome).label if case.outcome else "",
    }


def _party(case: Case) -> dict[str, str]:
    party = case.party or {}
    organisation = case.organisation
    return {
        "party": party.get("name")
        or (organisation.name if organisation else case.subject_name),
        "party_code": party.get("code") or (organisation.code if organisation else ""),
        "party_rep": party.get("representative", ""),
        "party_address": party.get("address", ""),
        "party_phone": party.get("phone", ""),
    }


def _people(case: Case, author: User) -> dict[str, str]:
    rows = [
        row.user
        for row in case.people.filter(duty=Duty.INVESTIGATE)
        .select_related("user")
        .order_by("-lead", "id")
    ]
    return {
        "handlers": "、".join(user.name for user in rows) or author.name,
        "cards": "、".join(user.card_number for user in rows if user.card_number),
        "author": author.name,
        "unit": case.unit.name if case.unit else "",
    }


_LAW_NAMES = [
    "basis_title",
    "basis_text",
    "basis_reason",
    "range_text",
    "daily_basis",
    "discretion",
    "proposed",
    "proposed_capital",
]


def range_text(basis: LegalBasis, bounds: tuple[Decimal, Decimal] | None) -> str:
    """Return a range as people read it."""
    kind = RangeKind(basis.range_kind)
    if kind is RangeKind.NONE or bounds is None:
        return kind.label
    low, high = bounds
    if low == high:
        return f"{yuan(low)} 元"
    return f"{yuan(low)}–{yuan(high)} 元"


def _law(case: Case) -> dict[str, Any]:
    choice = BasisChoice.objects.filter(case=case).select_related("basis").first()
    run = DiscretionRun.objects.filter(case=case, current=True).first()
    daily = LegalBasis.objects.filter(range_kind=RangeKind.BY_DAY).first()
    bounds = choice.bounds if choice and choice.basis.range_kind != "none" else None
    return {
        "basis_title": str(choice.basis) if choice else "",
        "basis_text": choice.basis.text if choice else "",
        "basis_reason": choice.reason if choice else "",
        "range_text": range_text(choice.basis, bounds) if choice else "",
        "daily_basis": str(daily) if daily else "按日连续处罚的规定",
        "discretion": run.steps if run else [],
        "proposed": yuan(run.amount) if run else "",
        "proposed_capital": capital(run.amount) if run else "",
    }


_MONEY_NAMES = [
    "penalties",
    "amount",
    "amount_capital",
    "decided_on",
    "decision_served_on",
    "owed_fine",
    "owed_late",
    "payments",
]


def _money(case: Case, decision: Decision | None, today: date) -> dict[str, Any]:
    if decision is None:
        run = DiscretionRun.objects.filter(case=case, current=True).exists()
        blank = dict.fromkeys(_MONEY_NAMES, "")
        return {**blank, "penalties": "罚款" if run else "", "payments": []}
    owed = case_owes(case, today)
    fined = decision.amount > 0
    return {
        "penalties": "、".join(decision.penalties),
        "amount": yuan(decision.amount) if fined else "",
        "amount_capital": capital(decision.amount) if fined else "",
        "decided_on": day_text(decision.decided_on),
        "decision_served_on": day_text(decision.served_on),
        "owed_fine": yuan(owed.fine),
        "owed_late": yuan(owed.late),
        "payments": [
            {
                "paid_on": day_text(row.paid_on),
                "kind": row.get_kind_display(),
                "amount": yuan(row.amount),
                "receipt": row.receipt,
            }
            for row in decision.payments.all()
        ],
    }


_PAPER_NAMES = [
    "notice_number",
    "notice_served_on",
    "decision_number",
    "urge_number",
    "urge_served_on",
]


def _papers(case: Case, decision: Decision | None) -> dict[str, str]:
    papers = {
        row.kind: row
        for row in case.documents.filter(state__in=COUNTING)
        .exclude(number="")
        .defer("context")
        .order_by("id")
    }
    notice = papers.get(DocumentKind.PRIOR_NOTICE)
    urge = papers.get(DocumentKind.URGE_LETTER)
    kinds = (
        DocumentKind.PENALTY_DECISION,
        DocumentKind.NO_PENALTY_DECISION,
        DocumentKind.SPOT_DECISION,
    )
    decided = next((papers[kind] for kind in kinds if kind in papers), None)
    return {
        "notice_number": notice.number if notice else "",
        "notice_served_on": day_text(notice.served_on if notice else None),
        "decision_number": decided.number if decided and decision else "",
        "urge_number": urge.number if urge else "",
        "urge_served_on": day_text(urge.served_on if urge else None),
    }


def _lists(case: Case, decision: Decision | None) -> dict[str, Any]:
    visit = case.visits.filter(state="done").order_by("-id").first()
    return {
        "evidence": [
            {
                "title": row.title,
                "kind": row.get_kind_display(),
                "hash": row.sealed.sha256,
                "taken_at": f"{beijing(row.taken_at):%Y-%m-%d %H:%M}"
                if row.taken_at
                else "",
            }
            for row in case.files.select_related("sealed").order_by("id")
        ],
        "documents": [
            {
                "title": DocumentKind(row.kind).label,
                "number": row.number,
                "date": day_text(beijing(row.issued_at).date()),
                "state": row.get_state_display(),
            }
            for row in case.documents.exclude(state=Document.State.DRAFT)
            .defer("context")
            .order_by("id")
            if row.issued_at
        ],
        "steps": [
            {
                "seq": str(row.seq),
                "at": f"{beijing(row.at):%Y-%m-%d %H:%M}",
                "actor": row.actor.name if row.actor else "系统",
                "action": action_name(row.action),
            }
            for row in case.steps.select_related("actor").order_by("seq")
        ],
        "readings": [
            {
                name: str(row.get(name, ""))
                for name in ("factor", "platform", "site", "unit", "data_time")
            }
            for row in (visit.readings if visit else [])
        ],
        "checklist": _checklist(case),
    }


def _checklist(case: Case) -> list[dict[str, str]]:
    step = case.steps.filter(action="fill_checklist").order_by("-seq").first()
    rows = step.data.get("items", []) if step else []
    return [
        {name: str(row.get(name, "")) for name in ("text", "answer", "note")}
        for row in rows
    ]


_LENIENT_NAMES = [
    "lenient_ground",
    "lenient_article",
    "lenient_answers",
    "revisit_on",
    "exempted",
]
_ARTICLES = {
    Ground.MINOR: "第一款",
    Ground.FIRST: "第一款",
    Ground.NO_FAULT: "第二款",
}


def _lenient(case: Case) -> dict[str, Any]:
    test = LenientTest.objects.filter(case=case).first()
    if test is None:
        return {**dict.fromkeys(_LENIENT_NAMES, ""), "lenient_answers": []}
    ground = Ground(test.ground)
    answers = test.answers.get("answers", {})
    return {
        "lenient_ground": ground.label,
        "lenient_article": _ARTICLES[ground],
        "lenient_answers": [
            {
                "text": condition.text,
                "evidence": str(answers.get(condition.code, {}).get("evidence", "")),
            }
            for condition in (*CONDITIONS[ground], *AFTERWARDS)
        ],
        "revisit_on": day_text(test.revisit_on),
        "exempted": yuan(test.exempted) if test.exempted is not None else "",
    }
