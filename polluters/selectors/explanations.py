"""Explanations by state, and those beside a finding, an exceedance or a mark."""

from datetime import datetime
from typing import Any

from django.db.models import Count, FilteredRelation, Prefetch, Q, QuerySet

from bozhou_eco.accounts.models import Role, User
from polluters.models import (
    Enterprise,
    Explanation,
    ExplanationEntry,
    Finding,
    Mark,
    PortalFile,
)


def explanations(
    user: User, *, now: datetime, state: str = "", overdue: bool = False
) -> QuerySet[Explanation]:
    """Return the explanations that ``user`` may see, newest first."""
    rows = Explanation.objects.visible_to(user).select_related(
        "outlet__enterprise__district", "asked_by", "decided_by"
    )
    if state:
        rows = rows.filter(state=state)
    if overdue:
        missing = Q(state__in=Explanation.WAITING, deadline__lt=now)
        rows = rows.filter(missing | Q(late=True))
    return rows


def beside_menu(user: User) -> dict[str, int]:
    """Return the enterprises in scope, and the explanations that wait for this person.

    The enterprise answers, the officer reads; one query, since every page asks it.
    """
    rows = Enterprise.objects.visible_to(user)
    if user.has_role(Role.ENTERPRISE):
        states: tuple[Explanation.State, ...] = Explanation.WAITING
    elif user.has_role(Role.OFFICER):
        states = (Explanation.State.GIVEN,)
    else:
        return {"enterprises": rows.count(), "explanations": 0}
    waiting = FilteredRelation(
        "outlets__explanations", condition=Q(outlets__explanations__state__in=states)
    )
    counted: dict[str, int] = rows.annotate(waiting=waiting).aggregate(
        enterprises=Count("pk", distinct=True),
        explanations=Count("waiting", distinct=True),
    )
    return counted


def entries(explanation: Explanation) -> QuerySet[ExplanationEntry]:
    """Return what was said, in order, with its files."""
    return explanation.entries.select_related("author__organisation").prefetch_related(
        _files()
    )


def of(user: User, **subject: Any) -> QuerySet[Explanation]:
    """Return the explanations of one finding or exceedance with all that was said."""
    said = ExplanationEntry.objects.select_related("author").prefetch_related(_files())
    return (
        Explanation.objects.visible_to(user)
        .filter(**subject)
        .prefetch_related(Prefetch("entries", queryset=said))
    )


def _files() -> Prefetch[Any]:
    return Prefetch("files", queryset=PortalFile.objects.select_related("sealed"))


def marks_beside(finding: Finding) -> QuerySet[Mark]:
    """Return standing marks that touch a finding's span, with their files."""
    rows = Mark.objects.filter(
        Q(end__isnull=True) | Q(end__gt=finding.begin),
        outlet=finding.logger.outlet_id,
        begin__lt=finding.end,
        withdrawn_at=None,
    ).exclude(origin=Mark.Origin.LOGGER)
    if finding.point_id is not None:
        rows = rows.filter(Q(point=None) | Q(point=finding.point_id))
    return rows.select_related("kind", "made_by").prefetch_related(_files())[:20]
