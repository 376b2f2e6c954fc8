"""Whether a case lies within what a person may act on."""

from bozhou_eco.accounts.models import Organisation, User
from enforcement.models import Case, CaseGuest


def in_scope(case: Case, user: User) -> bool:
    """Return whether ``user`` may see ``case``, without asking the database again.

    Members of the bureau act in their district, those of the prefecture everywhere, an
    invited person in the case of the invitation; a party acts in its own cases only.
    """
    organisation = user.organisation
    if organisation is None or not user.is_active:
        return False
    if organisation.kind != Organisation.Kind.DEPARTMENT:
        return case.organisation_id == organisation.pk
    if organisation.district_id in (None, case.district_id):
        return True
    invitations = CaseGuest.objects.filter(case=case, user=user, ended_at=None)
    return invitations.exists()
