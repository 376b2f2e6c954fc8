"""What the pages of casework share."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from bozhou_eco.accounts.access import current_user
from bozhou_eco.accounts.models import Organisation, User
from enforcement.models import Case


def case_for(request: HttpRequest, pk: int) -> Case:
    """Return a case the viewer may see, or answer 404."""
    rows = Case.objects.visible_to(current_user(request)).select_related(
        "district", "organisation", "unit", "handler", "cause", "merged_into"
    )
    case: Case = get_object_or_404(rows, pk=pk)
    return case


def is_party(user: User) -> bool:
    """Return whether the viewer is an enterprise or a station, not the bureau."""
    return (
        user.organisation is not None
        and user.organisation.kind != Organisation.Kind.DEPARTMENT
    )


def bureau_case(request: HttpRequest, pk: int) -> Case:
    """Return a case for a member of the bureau; parties get 404."""
    if is_party(current_user(request)):
        raise Http404
    return case_for(request, pk)
