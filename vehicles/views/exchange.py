"""Exchange: where data comes from, parcels with their receipts, daily 对账."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from vehicles.models import (
    DataSource,
    ExchangeChannel,
    ExchangeCheck,
    ExchangeParcel,
)
from vehicles.services import exchange as acts

PAGE_SIZE = 40


@require_GET
@bureau_required
def exchange(request: HttpRequest) -> HttpResponse:
    """Sources with access mode and system of record, parcels, and 对账 by day."""
    parcels = ExchangeParcel.objects.select_related("channel")
    state = request.GET.get("state", "")
    if state in ExchangeParcel.State.values:
        parcels = parcels.filter(state=state)
    context = {
        "sources": DataSource.objects.all(),
        "channels": ExchangeChannel.objects.all(),
        "page": Paginator(parcels, PAGE_SIZE).get_page(request.GET.get("page")),
        "checks": ExchangeCheck.objects.select_related("channel")[:31],
        "states": ExchangeParcel.State.choices,
        "state": state,
        "may_send": current_user(request).has_role(Role.OFFICER, Role.LEADER),
    }
    return render(request, "vehicles/exchange.html", context)


@require_POST
@role_required(Role.OFFICER, Role.LEADER)
def exchange_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a parcel again."""
    parcel = get_object_or_404(ExchangeParcel, pk=pk)
    try:
        sent = acts.retry(parcel=parcel, actor=current_user(request), now=clock.now())
        messages.info(request, f"{sent.number}：{sent.get_state_display()}")
    except acts.ExchangeRefusedError as error:
        messages.error(request, str(error))
    return redirect("vehicles:exchange")


@require_POST
@role_required(Role.OFFICER, Role.LEADER)
def exchange_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again what a day's comparison found missing or different."""
    check = get_object_or_404(ExchangeCheck.objects.select_related("channel"), pk=pk)
    try:
        sent = acts.resend(check=check, actor=current_user(request), now=clock.now())
        messages.info(request, f"{sent.number}：{sent.get_state_display()}")
    except acts.ExchangeRefusedError as error:
        messages.error(request, str(error))
    return redirect("vehicles:exchange")
