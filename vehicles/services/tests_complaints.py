"""A station complains about a refusal or an objection; the bureau answers."""

from datetime import datetime

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from vehicles.models import Complaint, Inspection
from vehicles.services.alerts_stations import tell_complaint
from vehicles.services.errors_stations import StationRefusalError


@transaction.atomic
def complain(
    *, inspection: Inspection, text: str, now: datetime
) -> tuple[Complaint, bool]:
    """Keep a complaint about a session's objections; the same text again is the same."""
    if not inspection.objections:
        raise StationRefusalError(
            "该次检验没有开检意见", code="nothing_to_complain", field="text"
        )
    made, new = Complaint.objects.get_or_create(
        inspection=inspection, text=text.strip(), defaults={"at": now}
    )
    if new:
        audit.record(
            actor=None,
            act="inspection.complain",
            subject=f"inspection:{inspection.pk}",
            detail={"text": made.text},
            now=now,
        )
        tell_complaint(complaint=made, now=now)
    return made, new


@transaction.atomic
def answer_complaint(
    *, complaint: Complaint, granted: bool, answer: str, actor: User, now: datetime
) -> Complaint:
    """Answer a complaint once, with words."""
    complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint.pk)
    if complaint.answered_at is not None:
        raise StationRefusalError("该异议已答复", code="already_answered")
    if not answer.strip():
        raise StationRefusalError(
            "请填写答复", status=400, code="required", field="answer"
        )
    complaint.granted, complaint.answer = granted, answer.strip()[:500]
    complaint.answered_at, complaint.answered_by = now, actor
    complaint.save()
    audit.record(
        actor=actor,
        act="inspection.complaint.answer",
        subject=f"inspection:{complaint.inspection_id}",
        detail={"granted": granted, "answer": complaint.answer},
        now=now,
    )
    return complaint
