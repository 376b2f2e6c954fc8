"""隔离报文: what was refused and why, mended and taken in again."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from polluters.forms import MappingForm, NoteForm
from polluters.ingest.retry import replay_unmapped, retry_frame
from polluters.selectors.pages import quarantine as pages
from polluters.services import mapping
from polluters.services import quarantine as services

PAGE_SIZE = 50
AT_ONCE = 200
may_read = role_required(Role.OFFICER, Role.LEADER, Role.ADMIN)
may_settle = role_required(Role.OFFICER, Role.ADMIN)


@require_GET
@may_read
def frames(request: HttpRequest) -> HttpResponse:
    """List waiting frames by reason, and codes without a point."""
    user = current_user(request)
    reason, mn = request.GET.get("reason", ""), request.GET.get("mn", "").strip()
    rows = pages.waiting(user, reason=reason, mn=mn)
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "groups": pages.groups(user),
        "unmapped": pages.unmapped_for(user)[:PAGE_SIZE],
        "reason": reason,
        "mn": mn,
        "at_once": AT_ONCE,
        "may_settle": user.has_role(Role.OFFICER, Role.ADMIN),
    }
    return render(request, "polluters/quarantine.html", context)


@require_GET
@may_read
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one refused frame with its bytes and what has to be mended."""
    user = current_user(request)
    found = get_object_or_404(
        pages.frames_for(user).select_related(
            "logger__outlet__enterprise", "settled_by"
        ),
        pk=pk,
    )
    text, hidden = pages.readable(bytes(found.body))
    context = {
        "frame": found,
        "text": text,
        "hidden": hidden,
        "mend": pages.mend_of(found.reason),
        "form": NoteForm(),
        "may_settle": user.has_role(Role.OFFICER, Role.ADMIN),
        "may_configure": user.has_role(Role.ADMIN),
    }
    return render(request, "polluters/quarantined.html", context)


@require_POST
@may_settle
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try one frame again."""
    user = current_user(request)
    found = get_object_or_404(pages.frames_for(user), pk=pk)
    if retry_frame(frame=found, actor=user, now=clock.now()):
        messages.success(request, "已重新入库")
        return redirect("polluters:quarantine")
    found.refresh_from_db()
    messages.error(request, f"仍未通过：{found.get_reason_display()} {found.detail}")
    return redirect("polluters:quarantined", pk=pk)


@require_POST
@may_settle
def retry_many(request: HttpRequest) -> HttpResponse:
    """Try the waiting frames of a reason or logger again, oldest first."""
    user, now = current_user(request), clock.now()
    rows = pages.waiting(
        user,
        reason=request.POST.get("reason", ""),
        mn=request.POST.get("mn", "").strip(),
    ).order_by("first_at")[:AT_ONCE]
    results = [retry_frame(frame=row, actor=user, now=now) for row in rows]
    taken = sum(results)
    text = f"重试 {len(results)} 条，入库 {taken} 条，仍隔离 {len(results) - taken} 条"
    messages.info(request, text)
    return redirect("polluters:quarantine")


@require_POST
@may_settle
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Set one frame aside for good, with a reason."""
    user = current_user(request)
    found = get_object_or_404(pages.frames_for(user), pk=pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请填写忽略的理由（至少两个字）")
        return redirect("polluters:quarantined", pk=pk)
    services.dismiss(
        frame=found, actor=user, note=form.cleaned_data["note"], now=clock.now()
    )
    messages.success(request, "已忽略，原始字节仍保留")
    return redirect("polluters:quarantine")


@may_settle
def unmapped(request: HttpRequest, pk: int) -> HttpResponse:
    """Map a wire code to a factor, then read its raw frames again."""
    user, now = current_user(request), clock.now()
    row = get_object_or_404(pages.unmapped_for(user), pk=pk)
    guess = pages.guess_pollutant(row.code)
    initial = {
        "outlet": row.logger.outlet_id,
        "pollutant": guess.code if guess else "",
        "unit": guess.unit if guess else "",
        "unit_factor": 1.0,
    }
    form = MappingForm(
        request.POST or None, initial=initial, outlets=pages.outlets_of(row)
    )
    if request.method == "POST" and form.is_valid():
        try:
            mapping.map_code(unmapped=row, actor=user, now=now, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            won = replay_unmapped(unmapped=row, actor=user, now=now)
            messages.success(request, f"已映射 {row.code}，从原始报文补入 {won} 个值")
            return redirect("polluters:quarantine")
    context = {"row": row, "form": form, "guess": guess}
    status = 422 if form.errors else 200
    return render(request, "polluters/unmapped.html", context, status=status)
