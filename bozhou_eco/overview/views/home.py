"""总览一张图."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.accounts.models import FACT_ROLES, User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from bozhou_eco.overview.geometry import the_map
from bozhou_eco.overview.navigation import first_address
from bozhou_eco.overview.selectors import home as reads
from bozhou_eco.overview.selectors import markers, replay
from polluters.selectors.pages import enterprises

LAYERS = (("", "全部"), ("gas", "废气"), ("water", "废水"), ("vehicle", "机动车"))
SPANS = (7, 14, 30)


def _frame(request: HttpRequest, user: User, now: datetime) -> dict[str, Any]:
    """What is chosen in the address, and the days up to ``now``."""
    days = whole(request.GET.get("days", ""))
    span = days if days in SPANS else 14
    layer = request.GET.get("layer", "")
    return {
        "now": now,
        "map": the_map(),
        "layers": LAYERS,
        "layer": layer if layer in dict(LAYERS) else "",
        "alarms_only": request.GET.get("alarms") == "1",
        "trend": reads.trend(user, days=span, now=now),
        "span": span,
        "spans": SPANS,
    }


def _context(request: HttpRequest, user: User) -> dict[str, Any]:
    now, drawing = clock.now(), the_map()
    rows = enterprises.outlet_rows(user=user, filters=enterprises.Filters(), now=now)
    places = markers.outlet_places(rows, drawing.projection)
    places += markers.camera_places(user, drawing.projection)
    places += markers.station_places(user, drawing.projection)
    return _frame(request, user, now) | {
        "markers": markers.crowd(places),
        "legend": markers.legend(places),
        "kpis": reads.kpis(user, now),
        "nearest": enterprises.with_sparks(reads.nearest(rows), now=now),
        "outlets": len(rows),
        "wall": request.GET.get("wall") == "1",
        "an_hour_ago": replay.written(now - timedelta(hours=1)),
    }


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what needs the officer now; ``?wall=1`` is the form for a wall screen.

    ``?at=2026-11-23T10:31`` shows instead what could be seen at that minute.

    Who may not see it lands on the first page of the own menu.
    """
    user = current_user(request)
    if not user.has_role(*FACT_ROLES):
        first = first_address(user)
        if not first:
            raise PermissionDenied("您的账户还没有角色，请联系管理员分配角色。")
        return redirect(first)
    if "at" in request.GET:
        return _past(request, user)
    context = _context(request, user) | {"rail": reads.rail(user)}
    return render(request, "overview/home.html", context)


def _past(request: HttpRequest, user: User) -> HttpResponse:
    """Show a past minute; what cannot be one leads back to the present with a word."""
    now = clock.now()
    try:
        at = replay.moment_of(request.GET["at"], now)
    except replay.BadMomentError as error:
        messages.error(request, str(error))
        return redirect("overview:home")
    context = _frame(request, user, at) | replay.context(user, at, the_map())
    context |= {
        "at": at,
        "value": replay.written(at),
        "latest": replay.written(now),
        "steps": replay.steps(at, now),
    }
    return render(request, "overview/replay.html", context)


@require_GET
@bureau_required
def parts(request: HttpRequest) -> HttpResponse:
    """Return the parts that change, for a page that stays open."""
    context = _context(request, current_user(request))
    return render(request, "overview/_parts.html", context)
