"""Captures handed to the traffic police, and the page that takes their replies."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from vehicles.models import Capture, CaptureTransfer
from vehicles.selectors import captures as reads
from vehicles.services.transfers import (
    COLUMNS,
    ReplyError,
    hand_over,
    import_replies,
)
from vehicles.views.media import send_bytes

PAGE_SIZE = 40
SHOWN_REFUSALS = 20


@require_POST
@bureau_required
@identity_required()
def package(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a capture over: note it and answer with the package for the traffic police."""
    user = current_user(request)
    found = get_object_or_404(reads.captures_for(user), pk=pk)
    if found.state != Capture.State.CONFIRMED:
        raise PermissionDenied("只有已确认的抓拍可以移交")
    content = hand_over(capture=found, actor=user, now=clock.now())
    return send_bytes(
        request, content, "application/zip", name=f"transfer-{found.pk}.zip"
    )


@require_GET
@bureau_required
def transfer_list(request: HttpRequest) -> HttpResponse:
    """What was handed over, with the replies, and the form for more of them."""
    user = current_user(request)
    found = reads.with_objections(
        CaptureTransfer.objects.visible_to(user).select_related(
            "capture__site", "sent_by"
        )
    )
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "columns": COLUMNS,
        "may_import": user.has_role(Role.OFFICER, Role.LEGAL, Role.LEADER),
    }
    return render(request, "vehicles/capture_transfers.html", context)


@require_POST
@role_required(Role.OFFICER, Role.LEGAL, Role.LEADER)
def replies(request: HttpRequest) -> HttpResponse:
    """Take a file of replies; every refused line is named."""
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise ReplyError("请选择回执文件")
        done = import_replies(
            content=sent.read(), actor=current_user(request), now=clock.now()
        )
    except ReplyError as error:
        messages.error(request, f"未导入：{error}。")
        return redirect("vehicles:capture_transfers")
    messages.success(request, f"导入 {done.taken} 条，{done.known} 条此前已有。")
    if done.refused:
        shown = "；".join(done.refused[:SHOWN_REFUSALS])
        messages.error(request, f"{len(done.refused)} 行未导入：{shown}。")
    return redirect("vehicles:capture_transfers")
