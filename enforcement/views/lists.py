"""The list of clues and cases."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.common import clock
from enforcement.domain.workflow import State
from enforcement.selectors.lists import (
    SCOPES,
    Filters,
    choices_for,
    list_cases,
    near_day,
    page_of,
)
from enforcement.views.common import is_party


@reader_required
def case_list(request: HttpRequest) -> HttpResponse:
    """Show the cases that the address asks for; parties see their own."""
    user, today = current_user(request), clock.beijing(clock.now()).date()
    filters = Filters.read(request.GET)
    if is_party(user) and "scope" not in request.GET:
        filters = Filters.read({**request.GET.dict(), "scope": "all"})
    rows = list_cases(user=user, filters=filters, today=today)
    context = {
        "page": page_of(rows, request.GET.get("page")),
        "filters": filters,
        "scopes": SCOPES,
        "choices": choices_for(user),
        "today": today,
        "near": near_day(today),
        "states": {state.value: state.label for state in State},
        "party": is_party(user),
    }
    return render(request, "enforcement/cases.html", context)
