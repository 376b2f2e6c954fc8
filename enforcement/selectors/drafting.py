"""What a document form is filled with before anybody types."""

from datetime import datetime, timedelta
from typing import Any

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.documents import DocumentKind
from enforcement.models import BasisChoice, Case, DiscretionRun, Document
from enforcement.selectors.agencies import acting_agency
from enforcement.selectors.context import day_text
from enforcement.selectors.facts import COUNTING, current_decision

NUMBERS = {
    "decision": (DocumentKind.PENALTY_DECISION, DocumentKind.SPOT_DECISION),
    "original": (DocumentKind.PENALTY_DECISION,),
    "urge": (DocumentKind.URGE_LETTER,),
}


def suggestions(
    case: Case, kind: DocumentKind, user: User, now: datetime
) -> dict[str, Any]:
    """Return first values for the fields of ``kind``; the officer may change them."""
    today = beijing(now).date()
    choice = BasisChoice.objects.filter(case=case).select_related("basis").first()
    agency = acting_agency(case.unit)
    run = DiscretionRun.objects.filter(case=case, current=True).first()
    decision = current_decision(case)
    found: dict[str, Any] = {
        "when": f"{day_text(today)} 10时00分",
        "began": "",
        "violates": choice.basis.prohibits or "" if choice else "",
        "contact": agency.phone if agency else "",
        "host": "",
        "chair": "",
        "person": "",
        "recipient": _recipient(case, kind),
        "document": _latest_title(case),
        "method": "直接送达",
        "place": case.party.get("address", "") or case.subject_name,
        "demand": "",
        "matter": case.cause.name if case.cause else case.title,
        "legal_basis": str(choice.basis) if choice else _transfer_basis(case),
        "correct_by": (today + timedelta(days=30)).isoformat(),
        "hearing": "yes" if run and run.amount >= 50_000 else "no",
        "amount": decision.amount if decision else "",
    }
    return {**found, **_numbers(case), **_visit(case)}


def _numbers(case: Case) -> dict[str, str]:
    papers = {
        row.kind: row.number
        for row in Document.objects.filter(case=case, state__in=COUNTING)
        .exclude(number="")
        .only("kind", "number")
        .order_by("id")
    }
    return {
        name: next((papers[kind] for kind in kinds if kind in papers), "")
        for name, kinds in NUMBERS.items()
    }


def _visit(case: Case) -> dict[str, str]:
    visit = case.visits.filter(state="done").order_by("-id").first()
    if visit is None:
        return {}

    def moment(value: datetime | None) -> str:
        if value is None:
            return ""
        local = beijing(value)
        return f"{day_text(local.date())} {local:%H时%M分}"

    return {
        "began": moment(visit.arrived_at),
        "finished": moment(visit.left_at),
        "findings": visit.conclusion,
    }


def _recipient(case: Case, kind: DocumentKind) -> str:
    if kind is DocumentKind.HANDOVER_LETTER:
        return case.unit.name if case.unit else ""
    if kind is DocumentKind.CRIME_TRANSFER:
        return "博乐市公安局"
    if kind is DocumentKind.SERVICE_RECEIPT:
        return str(case.party.get("name") or case.subject_name)
    return ""


def _transfer_basis(case: Case) -> str:
    basis = case.cause.bases.order_by("-valid_from").first() if case.cause else None
    return str(basis) if basis else ""


def _latest_title(case: Case) -> str:
    row = (
        Document.objects.filter(case=case, state=Document.State.ISSUED)
        .exclude(number="")
        .order_by("-id")
        .first()
    )
    if row is None:
        return ""
    return f"《{DocumentKind(row.kind).label}》{row.number}"
