"""A case as a bundle that holds up without the platform."""

from datetime import datetime
from typing import Any

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.services import build_bundle
from enforcement.domain.acts import action_name
from enforcement.models import Case, Document
from enforcement.services.acts import record_act
from enforcement.services.documents import ensure_pdf


def export_bundle(*, case: Case, actor: User, now: datetime) -> bytes:
    """Return the case as a zip: documents, evidence, steps, chain, manifest, verifier.

    The export is itself a step of the case, taken before the bundle is made so that the
    chain in the bundle covers it.
    """
    for document in case.documents.filter(pdf=None).exclude(state="draft"):
        ensure_pdf(document=document, now=now)
    with transaction.atomic():
        locked = Case.objects.select_for_update().get(pk=case.pk)
        record_act(
            case=locked, action="export_bundle", actor=actor, now=now, kind="export"
        )
    files = _files(case)
    return build_bundle(
        subject=f"case:{case.pk} {case.display_number}",
        files=files,
        records=case_records(case),
        chain=case.chain,
        actor=actor,
        now=now,
    )


def _files(case: Case) -> list[SealedFile]:
    found = [row.sealed for row in case.files.select_related("sealed")]
    for document in case.documents.exclude(state=Document.State.DRAFT).select_related(
        "word", "pdf", "signed_copy"
    ):
        found += [
            sealed
            for sealed in (document.word, document.pdf, document.signed_copy)
            if sealed is not None
        ]
    return [sealed for sealed in found if sealed.erased_at is None]


def case_records(case: Case) -> dict[str, Any]:
    """Return the case and its steps as plain values for a bundle."""
    return {
        "case": {
            "number": case.number,
            "case_number": case.case_number,
            "title": case.title,
            "state": case.state,
            "subject": case.subject_name,
            "summary": case.summary,
            "outcome": case.outcome,
            "explanation": case.explanation,
        },
        "steps": [
            {
                "id": step.pk,
                "case": step.case_id,
                "seq": step.seq,
                "action": step.action,
                "name": action_name(step.action),
                "from": step.from_state,
                "to": step.to_state,
                "actor": step.actor_id,
                "actor_name": step.actor.name if step.actor else "系统",
                "duty": step.duty,
                "at": step.at.isoformat(),
                "note": step.note,
                "data": step.data,
                "digest": bytes(step.digest).hex(),
                "hash": bytes(step.hash).hex(),
            }
            for step in case.steps.select_related("actor").order_by("seq")
        ],
        "documents": [
            {
                "kind": row.kind,
                "number": row.number,
                "version": row.version,
                "state": row.state,
                "issued_at": row.issued_at.isoformat() if row.issued_at else "",
                "word_sha256": row.word.sha256 if row.word else "",
                "pdf_sha256": row.pdf.sha256 if row.pdf else "",
                "context": row.context,
            }
            for row in case.documents.exclude(state=Document.State.DRAFT)
            .select_related("word", "pdf")
            .order_by("id")
        ],
        "evidence": [
            {
                "title": row.title,
                "kind": row.kind,
                "sha256": row.sealed.sha256,
                "taken_at": row.taken_at.isoformat() if row.taken_at else "",
                "latitude": row.latitude,
                "longitude": row.longitude,
                "accuracy_m": row.accuracy_m,
            }
            for row in case.files.select_related("sealed").order_by("id")
        ],
    }
