"""污染源清单 and the file of one enterprise."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.accounts.models import District
from bozhou_eco.common import clock
from polluters.models import Enterprise
from polluters.selectors.pages import enterprises as pages

PAGE_SIZE = 50


@require_GET
@reader_required
def outlet_list(request: HttpRequest) -> HttpResponse:
    """List outlets in scope, worst first, filtered by the address."""
    now, user = clock.now(), current_user(request)
    filters = pages.Filters(
        text=request.GET.get("q", "").strip(),
        district=request.GET.get("district", ""),
        medium=request.GET.get("medium", ""),
        status=request.GET.get("status", ""),
        key_unit=request.GET.get("key") == "1",
    )
    rows = pages.outlet_rows(user=user, filters=filters, now=now)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = pages.with_sparks(list(page.object_list), now=now)
    context = {
        "rows": shown,
        "page": page,
        "filters": filters,
        "tally": pages.tally(rows),
        "districts": District.objects.all(),
        "now": now,
    }
    name = "_outlet_rows" if request.headers.get("HX-Request") else "enterprises"
    return render(request, f"polluters/{name}.html", context)


@require_GET
@reader_required
def enterprise(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an enterprise with permit, outlets, loggers and analysers."""
    user, now = current_user(request), clock.now()
    firm = get_object_or_404(
        Enterprise.objects.visible_to(user).select_related("district"), pk=pk
    )
    rows = pages.outlet_rows(
        user=user, filters=pages.Filters(enterprise=firm.pk), now=now
    )
    context = {
        "firm": firm,
        "rows": pages.with_sparks(rows, now=now),
        "loggers": pages.loggers_of(firm),
        "analysers": pages.analysers_of(firm),
        "limits": pages.limits_of(firm),
        "now": now,
    }
    return render(request, "polluters/enterprise.html", context)
