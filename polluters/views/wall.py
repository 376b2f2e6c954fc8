"""实时监控墙: all outlets at a glance, kept up to date by WebSocket."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.accounts.models import District
from bozhou_eco.common import clock
from polluters.selectors.pages.enterprises import Filters
from polluters.selectors.pages.wall import STATES, tally, tiles


@require_GET
@reader_required
def wall(request: HttpRequest) -> HttpResponse:
    """Show the wall, or only its tiles when a page asks after a gap."""
    asked = request.GET
    filters = Filters(
        district=asked.get("district", ""), medium=asked.get("medium", "")
    )
    now = clock.now()
    found = tiles(user=current_user(request), filters=filters, now=now)
    counts = tally(found)
    state = asked.get("state", "")
    if state in STATES:
        found = [tile for tile in found if tile.state == state]
    elif state == "over":
        found = [tile for tile in found if tile.over]
    context = {
        "tiles": found,
        "counts": counts,
        "all": sum(number for *_, number in counts),
        "filters": filters,
        "state": state,
        "districts": District.objects.order_by("code"),
        "now": now,
    }
    part = request.headers.get("HX-Request") == "true"
    name = "polluters/_wall_tiles.html" if part else "polluters/wall.html"
    return render(request, name, context)
