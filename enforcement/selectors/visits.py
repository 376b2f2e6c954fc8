"""Visits to a party."""

from django.db.models import Q

from enforcement.models import Case, Inspection


def visits_this_year(case: Case, year: int) -> int:
    """Count the on-site checks of the case's party that count against the cap."""
    same = Q(subject_key=case.subject_key)
    if case.organisation_id:
        same |= Q(organisation_id=case.organisation_id)
    return Inspection.objects.filter(
        same,
        mode=Inspection.Mode.ON_SITE,
        done_on__year=year,
        kind__in=("routine", "special"),
    ).count()
