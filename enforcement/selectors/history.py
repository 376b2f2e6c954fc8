"""What the party has done before: cases of the platform and imported penalties."""

from datetime import date

from django.db.models import Q

from enforcement.domain.kinds import Outcome
from enforcement.domain.leniency import PastAct, earlier_acts
from enforcement.models import Case, PastPenalty
from enforcement.selectors.settings import int_setting

FOUND = (
    Outcome.CORRECTED,
    Outcome.LENIENT,
    Outcome.PENALTY,
    Outcome.TRANSFERRED,
    Outcome.CRIME,
    Outcome.HELPED,
)


def party_history(case: Case) -> list[PastAct]:
    """Return every earlier finding against the case's party, latest first."""
    same = Q(subject_key=case.subject_key)
    if case.organisation_id:
        same |= Q(organisation_id=case.organisation_id)
    code = (case.party or {}).get("code", "")
    known = same | Q(party__code=code) if code else same
    cases = (
        Case.objects.filter(known, outcome__in=FOUND)
        .exclude(pk=case.pk)
        .exclude(cause=None)
        .select_related("cause")
    )
    found = [
        PastAct(row.cause.topic, row.discovered_on, row.display_number)
        for row in cases
        if row.cause and row.discovered_on
    ]
    if code:
        same |= Q(uscc=code)
    found += [
        PastAct(row.cause.topic, row.found_on, row.reference)
        for row in PastPenalty.objects.filter(same).select_related("cause")
    ]
    return sorted(found, key=lambda past: past.found_on, reverse=True)


def earlier_findings(case: Case) -> list[dict[str, str]]:
    """Return the same acts of the party within the months that exclude 首违."""
    if case.cause is None:
        return []
    found_on = case.discovered_on or date.max
    months = int_setting("first_offence_months", 12)
    return [
        {"found_on": past.found_on.isoformat(), "reference": past.reference}
        for past in earlier_acts(
            party_history(case), case.cause.topic, found_on, months
        )
    ]
