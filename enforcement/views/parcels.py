"""Exchange with other systems: what went and came, sending again, and the REST door."""

import os

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock, exchange
from bozhou_eco.common.exchange import rest
from bozhou_eco.common.exchange.parcel import MOST_BYTES
from enforcement.domain.exchange import Way
from enforcement.models import Counterpart, ExchangeParcel
from enforcement.selectors.exchange import parcels_for
from enforcement.services.exchange.inbox import receive
from enforcement.services.exchange.outbox import retry

PAGE = 40


@bureau_required
def parcels(request: HttpRequest) -> HttpResponse:
    """Show the parcels of the cases that the viewer sees."""
    rows = parcels_for(current_user(request))
    state = request.GET.get("state", "")
    if state in ExchangeParcel.State.values:
        rows = rows.filter(state=state)
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "states": ExchangeParcel.State.choices,
        "state": state,
        "systems": Counterpart.objects.all(),
    }
    return render(request, "enforcement/parcels.html", context)


@role_required(Role.OFFICER, Role.LEADER)
@require_POST
def retry_parcel(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a parcel again at the next turn."""
    user, now = current_user(request), clock.now()
    row = get_object_or_404(parcels_for(user).filter(direction="out"), pk=pk)
    retry(parcel=row, now=now)
    audit.record(
        actor=user, act="case.exchange_retry", subject=f"parcel:{row.pk}",
        detail={"number": row.number}, now=now,
    )  # fmt: skip
    messages.success(request, f"批次 {row.number} 将重新发送。")
    return redirect("enforcement:parcels")


@csrf_exempt
@require_POST
def receive_parcel(request: HttpRequest, code: str) -> HttpResponse:
    """Take a parcel from a system that signs with its shared secret; answer a receipt."""
    system = Counterpart.objects.filter(
        code=code, active=True, way=Way.REST.value
    ).first()
    secret = os.environ.get(system.secret_name, "") if system else ""
    number = request.headers.get("Idempotency-Key", "")[:80]
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return _answer(number, ["批次超过大小上限"], 413)
    body = request.read()
    try:
        rest.verify(body, request.headers.get(rest.SIGNATURE, ""), secret=secret)
    except exchange.RefusedError as error:
        return _answer(number, error.problems, 403)
    assert system is not None  # only a known system has a secret that fits
    try:
        receipt = receive(system=system, parcel=exchange.unpack(body), now=clock.now())
    except exchange.RefusedError as error:
        return _answer(number, error.problems, 422)
    return JsonResponse(receipt.as_json(), json_dumps_params={"ensure_ascii": False})


def _answer(
    number: str, problems: "list[str] | tuple[str, ...]", status: int
) -> HttpResponse:
    refusal = exchange.refusal(number, now=clock.now(), problems=problems)
    return JsonResponse(
        refusal.as_json(), status=status, json_dumps_params={"ensure_ascii": False}
    )
