"""The devices part of 链路状态, drawn into the page of alerting."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.common import clock
from bozhou_eco.overview.selectors import links


@require_safe
@bureau_required
def devices(request: HttpRequest) -> HttpResponse:
    """Return which devices are heard of."""
    groups = links.groups(current_user(request), clock.now())
    return render(request, "overview/_links.html", {"groups": groups})
