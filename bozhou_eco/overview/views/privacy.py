"""个人信息与留存: what is kept of whom, for how long, and what must not be erased."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from bozhou_eco.accounts.access import current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import FACT_ROLES
from bozhou_eco.common import clock
from bozhou_eco.evidence import retention
from bozhou_eco.evidence.models import LegalHold, RetentionClass

SHOWN = 100


@require_safe
@login_required
def privacy(request: HttpRequest) -> HttpResponse:
    """Tell everybody what is kept; show the bureau the holds."""
    user = current_user(request)
    context: dict[str, object] = {
        "classes": RetentionClass.objects.all(),
        "insider": user.has_role(*FACT_ROLES),
        "may_hold": user.has_role(*retention.HOLDERS),
    }
    if context["insider"]:
        rows = LegalHold.objects.select_related("placed_by", "released_by")
        context["holds"] = rows.order_by("-released_at", "-placed_at")[:SHOWN]
    return render(request, "overview/privacy.html", context)


@require_POST
@role_required(*retention.HOLDERS)
@identity_required()
def hold(request: HttpRequest) -> HttpResponse:
    """Place a hold."""
    try:
        made = retention.place_hold(
            subject=request.POST.get("subject", ""),
            reason=request.POST.get("reason", ""),
            actor=current_user(request),
            now=clock.now(),
        )
        messages.success(request, f"已保全 {made.subject}，解除前不会被自动删除。")
    except retention.HoldRefusedError as error:
        messages.error(request, str(error))
    return redirect("overview:privacy")


@require_POST
@role_required(*retention.HOLDERS)
@identity_required()
def hold_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Release a hold that another person placed."""
    found = get_object_or_404(LegalHold, pk=pk)
    try:
        retention.release_hold(
            hold=found,
            reason=request.POST.get("reason", ""),
            actor=current_user(request),
            now=clock.now(),
        )
        messages.success(request, f"已解除对 {found.subject} 的保全。")
    except retention.HoldRefusedError as error:
        messages.error(request, str(error))
    return redirect("overview:privacy")
