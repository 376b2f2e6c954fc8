"""What is told to other systems, and which systems there are."""

from typing import Any

from django.db.models import QuerySet

from bozhou_eco.accounts.models import User
from enforcement.domain.exchange import Content
from enforcement.models import (
    Case,
    Counterpart,
    Decision,
    Document,
    ExchangeParcel,
    Transfer,
)
from enforcement.selectors.settings import kept

COUNTERPARTS_KEY = "enforcement:counterparts"


def counterparts(content: Content) -> list[Counterpart]:
    """Return the active systems that exchange ``content``; half a minute old at most."""
    rows: list[Counterpart] = kept(
        COUNTERPARTS_KEY,
        lambda: list(Counterpart.objects.filter(active=True).order_by("code")),
    )
    return [row for row in rows if content.value in row.contents]


def parcels_for(user: User) -> QuerySet[ExchangeParcel]:
    """Return the parcels of the cases that ``user`` may see, newest first.

    Parcels that brought several cases belong to the whole prefecture.
    """
    rows = ExchangeParcel.objects.select_related("counterpart", "case").order_by("-pk")
    ids = user.district_ids()
    return rows if ids is None else rows.filter(case__district__in=ids)


def _party(case: Case) -> dict[str, str]:
    known = case.party or {}
    organisation = case.organisation
    return {
        "name": known.get("name")
        or (organisation.name if organisation else case.subject_name),
        "code": known.get("code") or (organisation.code if organisation else ""),
        "kind": case.party_kind,
    }


def _head(case: Case) -> dict[str, Any]:
    return {
        "number": case.number,
        "case_number": case.case_number,
        "title": case.title,
        "kind": case.kind,
        "district": case.district.code if case.district else "",
        "subject": case.subject_name,
        "source": case.source,
        "system_of_record": case.system_of_record,
        "external_ref": case.external_ref,
    }


def transfer_message(transfer: Transfer) -> dict[str, Any]:
    """Return a transfer as its receiver reads it."""
    case = transfer.case
    letter = transfer.letter
    return {
        **_head(case),
        "transfer": transfer.pk,
        "authority": transfer.authority,
        "joint": transfer.joint,
        "matter": transfer.matter,
        "sent_on": transfer.sent_on.isoformat(),
        "reply_by": transfer.reply_by.isoformat() if transfer.reply_by else None,
        "letter": letter.number if letter else "",
        "party": _party(case),
        "facts": case.summary,
        "evidence": [
            {
                "id": file.pk,
                "title": file.title,
                "kind": file.kind,
                "sha256": file.sealed.sha256,
                "size": file.sealed.size,
                "taken_at": file.taken_at.isoformat() if file.taken_at else None,
            }
            for file in transfer.files.select_related("sealed").order_by("pk")
        ],
    }


def case_message(case: Case) -> dict[str, Any]:
    """Return a case and how far it is, as the penalty system reads it."""
    decisions = Decision.objects.filter(case=case).order_by("pk")
    papers = case.documents.exclude(state=Document.State.DRAFT).exclude(number="")
    return {
        **_head(case),
        "party": _party(case),
        "cause": case.cause.topic if case.cause else "",
        "act_ended_on": case.act_ended_on.isoformat() if case.act_ended_on else None,
        "discovered_on": case.discovered_on.isoformat() if case.discovered_on else None,
        "filed_on": case.filed_on.isoformat() if case.filed_on else None,
        "state": case.state,
        "outcome": case.outcome,
        "step": case.version,
        "decisions": [
            {
                "kind": row.kind,
                "amount": str(row.amount),
                "penalties": row.penalties,
                "decided_on": row.decided_on.isoformat(),
                "served_on": row.served_on.isoformat() if row.served_on else None,
                "revoked_on": row.revoked_on.isoformat() if row.revoked_on else None,
            }
            for row in decisions
        ],
        "documents": [
            {"kind": row.kind, "number": row.number, "state": row.state}
            for row in papers.defer("context").order_by("pk")
        ],
    }
