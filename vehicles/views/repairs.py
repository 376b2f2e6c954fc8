"""Repairs at maintenance stations (M 站): the list, the shops, entering one by hand."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from vehicles.forms import RepairEntryForm
from vehicles.selectors import repairs as reads
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.repairs import take_repair
from vehicles.views.periods import read_period

PAGE_SIZE = 40
ENTERING = (Role.OFFICER, Role.LEADER)


@require_GET
@bureau_required
def repair_list(request: HttpRequest) -> HttpResponse:
    """Repairs of a period, and how the shops' vehicles fared at the next test."""
    user, period = current_user(request), read_period(request)
    given = {key: str(value) for key, value in request.GET.items()}
    rows = reads.repairs_for(user, given, period.first, period.last)
    shown = rows.select_related("vehicle", "inspection", "station")
    shops = reads.shops_of(rows)
    context = {
        "page": Paginator(shown, PAGE_SIZE).get_page(given.get("page")),
        "given": given,
        "period": period,
        "shops": shops,
        "total": {
            "repairs": sum(shop.repairs for shop in shops),
            "tested": sum(shop.tested for shop in shops),
            "passed": sum(shop.passed for shop in shops),
        },
        "states": reads.STATES,
        "may_enter": user.has_role(*ENTERING),
        "narrowed": any(given.get(key) for key in ("q", "shop", "state")),
    }
    return render(request, "vehicles/repairs.html", context)


@require_http_methods(["GET", "POST"])
@role_required(*ENTERING)
def repair_add(request: HttpRequest) -> HttpResponse:
    """Enter a repair that reached the bureau on paper."""
    form = RepairEntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            record, made = take_repair(
                given=form.repair(), actor=current_user(request), now=clock.now()
            )
        except StationRefusalError as error:
            known = error.field if error.field in form.fields else None
            form.add_error(known, error.message)
        else:
            text = f"{record.vehicle.plate} {record.shop} 单号 {record.number}"
            messages.success(
                request, f"{text} 已登记" if made else f"{text} 此前已登记"
            )
            return redirect("vehicles:repairs")
    status = 422 if request.method == "POST" else 200
    return render(request, "vehicles/repair_add.html", {"form": form}, status=status)
