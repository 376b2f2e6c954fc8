"""Visits of an officer, their check-lists and what was written so far."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from bozhou_eco.accounts.models import User
from enforcement.domain.fieldwork import Item
from enforcement.models import SiteVisit, VisitDraft, VisitTemplate

OPEN = (SiteVisit.State.PLANNED, SiteVisit.State.APPROVED, SiteVisit.State.STARTED)


def visits_of(user: User) -> QuerySet[SiteVisit]:
    """Return the open visits that ``user`` is to make, soonest first."""
    return (
        SiteVisit.objects.filter(officers=user, state__in=OPEN)
        .select_related("case__district", "case__organisation")
        .prefetch_related("officers")
        .order_by("planned_on", "id")
    )


def visit_for(user: User, pk: int) -> SiteVisit | None:
    """Return a visit of ``user``, whatever its state; None outside the own."""
    return (
        SiteVisit.objects.filter(officers=user, pk=pk)
        .select_related("case__district", "case__organisation")
        .first()
    )


def template_for(kind: str) -> VisitTemplate | None:
    """Return the check-list for a kind of case: its own before the general one."""
    fits = VisitTemplate.objects.filter(Q(kind=kind) | Q(kind=""), active=True)
    rows = sorted(fits, key=lambda row: (row.kind == "", row.position, row.pk))
    return rows[0] if rows else None


def items_of(draft: VisitDraft) -> list[Item]:
    """Return the lines of the check-list that the draft was begun with."""
    return [Item(**row) for row in draft.items]


def photo_rows(visit: SiteVisit) -> Sequence[dict[str, Any]]:
    """Return the photos of a visit, whole or not."""
    return [
        {
            "id": str(row.pk),
            "code": row.code,
            "received": row.received,
            "size": row.size,
            "sealed": row.file_id is not None,
            "taken_at": row.taken_at.isoformat(),
            "accuracy_m": row.accuracy_m,
        }
        for row in visit.photos.order_by("taken_at")
    ]
