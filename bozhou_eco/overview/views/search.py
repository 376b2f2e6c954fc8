"""Ctrl-K."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.overview.navigation import navigation
from bozhou_eco.overview.selectors import search as reads


@require_GET
@bureau_required
def search(request: HttpRequest) -> JsonResponse:
    """Return what a few letters may mean, as JSON groups."""
    nav = navigation(request)["nav"]
    groups = nav["groups"]  # type: ignore[index]
    entries = [entry for group in groups for entry in group["entries"]]
    found = reads.search(
        user=current_user(request), text=request.GET.get("q", ""), entries=entries
    )
    response = JsonResponse({"groups": found})
    response["Cache-Control"] = "no-store"
    return response
