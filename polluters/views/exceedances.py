"""超标记录: what closed hours and days came to."""

from datetime import date

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import (
    bureau_required,
    current_user,
    reader_required,
)
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import FACT_ROLES, Role
from bozhou_eco.common import clock
from polluters.models import Exceedance
from polluters.selectors import exceedances as rows
from polluters.selectors import explanations as said
from polluters.services.bundles import exceedance_bundle
from polluters.services.exceedances import lines_of

PAGE_SIZE = 50


def chosen_month(text: str) -> date:
    """Return the first day of the month asked for, of this month if it is none."""
    try:
        chosen = parse_date(f"{text}-01") if text else None
    except ValueError:
        chosen = None
    if chosen is None or not clock.askable(chosen):
        chosen = clock.beijing(clock.now()).date()
    return chosen.replace(day=1)


@require_GET
@reader_required
def exceedance_list(request: HttpRequest) -> HttpResponse:
    """List a month's exceedances with the word that may be used."""
    month = chosen_month(request.GET.get("month", ""))
    state = request.GET.get("state", "")
    if state not in Exceedance.State.values:
        state = ""
    found = rows.exceedances(current_user(request), month=month, state=state)
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "month": month,
        "state": state,
        "states": Exceedance.State.choices,
    }
    return render(request, "polluters/exceedances.html", context)


@require_GET
@reader_required
def exceedance(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every step from the values to the judgement."""
    user, found = current_user(request), _exceedance(request, pk)
    context = {
        "row": found,
        "lines": lines_of(found.explanation),
        "explanations": said.of(user, exceedance=found),
        "explain_query": f"exceedance={found.pk}",
        "may_explain": user.has_role(Role.OFFICER, Role.ENTERPRISE),
        "asks": user.has_role(Role.OFFICER),
        "may_export": user.has_role(*FACT_ROLES),
    }
    return render(request, "polluters/exceedance.html", context)


@require_GET
@bureau_required
@identity_required()
def bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the exceedance as a zip that anyone can verify offline."""
    content = exceedance_bundle(
        exceedance=_exceedance(request, pk),
        actor=current_user(request),
        now=clock.now(),
    )
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="exceedance-{pk}.zip"'
    return answer


def _exceedance(request: HttpRequest, pk: int) -> Exceedance:
    found: Exceedance = get_object_or_404(
        Exceedance.objects.visible_to(current_user(request)).select_related(
            "point__pollutant", "point__logger", "point__outlet__enterprise__district"
        ),
        pk=pk,
    )
    return found


@require_GET
@reader_required
def latest(request: HttpRequest) -> JsonResponse:
    """Return the newest value of every point, for the live wall after a gap."""
    return JsonResponse({"values": rows.latest_values(current_user(request))})
