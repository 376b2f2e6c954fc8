"""接入向导: the steps to a first live frame, for the administrator."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.overview.selectors.setup import steps


@require_GET
@role_required(Role.ADMIN)
def guide(request: HttpRequest) -> HttpResponse:
    """The steps in their order; the first that is not done is pointed at."""
    rows = steps(now=clock.now())
    current = next((row for row in rows if not row.done), None)
    context = {
        "steps": rows,
        "current": current,
        "done": sum(row.done for row in rows),
    }
    return render(request, "overview/setup.html", context)
