"""数据标记: list, make, end and withdraw; enterprises see and make their own."""

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import current_user, reader_required, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.sniff import SUFFIXES, WORDS
from polluters.models import Mark, MarkKind
from polluters.portal_forms import uploads
from polluters.selectors import marks as rows
from polluters.selectors import rulebook
from polluters.services import explanations as proof
from polluters.services import marks as acts
from polluters.validity_forms import MarkForm
from polluters.views.exceedances import PAGE_SIZE, chosen_month

may_mark = role_required(Role.OFFICER, Role.ENTERPRISE)


@require_GET
@reader_required
def mark_list(request: HttpRequest) -> HttpResponse:
    """List a month's marks with who made them and whether in time."""
    user = current_user(request)
    month = chosen_month(request.GET.get("month", ""))
    origin = request.GET.get("origin", "")
    origin = origin if origin in Mark.Origin.values else ""
    group = request.GET.get("group", "")
    group = group if group in MarkKind.Group.values else ""
    late = request.GET.get("late") == "1"
    found = rows.marks_of_month(
        user, month=month, origin=origin, group=group, late=late
    )
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "month": month,
        "origin": origin,
        "origins": Mark.Origin.choices,
        "group": group,
        "groups": MarkKind.Group.choices,
        "late": late,
        "filtered": bool(origin or group or late),
        "may_mark": user.has_role(Role.OFFICER, Role.ENTERPRISE),
        "deadline": rulebook.number("mark_deadline_hour"),
    }
    return render(request, "polluters/marks.html", context)


@may_mark
def mark_new(request: HttpRequest) -> HttpResponse:
    """Make a mark."""
    user = current_user(request)
    initial = {"outlet": request.GET.get("outlet")}
    form = MarkForm(
        request.POST or None, request.FILES or None, user=user, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = _made(request, form)
        except (acts.RefusedError, proof.RefusedError) as error:
            form.add_error(error.field or None, str(error))
        else:
            word = "已保存，但已过标记时限" if made.late else "已保存"
            messages.success(request, word)
            return redirect("polluters:mark", pk=made.pk)
    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "polluters/mark_new.html", context, status=status)


@transaction.atomic
def _made(request: HttpRequest, form: MarkForm) -> Mark:
    """Make the mark with its proof: both or neither."""
    user, now = current_user(request), clock.now()
    given = {name: form.cleaned_data[name] for name in form.cleaned_data}
    given.pop("proof", None)
    made = acts.make_mark(draft=acts.Draft(**given), actor=user, now=now)
    files = uploads(request.FILES, rulebook.number("portal_file_mb"))
    if files:
        proof.prove_mark(mark=made, files=files, actor=user, now=now)
    return made


@require_GET
@reader_required
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a mark, what follows from it, and the acts that are possible."""
    user = current_user(request)
    row = get_object_or_404(
        Mark.objects.visible_to(user).select_related(
            "outlet__enterprise__district", "point__pollutant", "kind", "made_by",
            "withdrawn_by",
        ),
        pk=pk,
    )  # fmt: skip
    own = row.origin == Mark.Origin.ENTERPRISE or user.has_role(Role.OFFICER)
    open_ = row.withdrawn_at is None and row.origin in (
        Mark.Origin.ENTERPRISE,
        Mark.Origin.OFFICER,
    )
    bound = rulebook.must_mark(
        row.outlet.enterprise, rulebook.scopes(), on=clock.beijing(row.begin).date()
    )
    context = {
        "row": row,
        "bound": bound,
        "files": row.files.select_related("sealed"),
        "suffixes": SUFFIXES,
        "kinds": WORDS,
        "has_effect": row.withdrawn_at is None and rows.in_effect(row, in_scope=bound),
        "may_act": open_ and own and user.has_role(Role.OFFICER, Role.ENTERPRISE),
    }
    return render(request, "polluters/mark.html", context)


@require_POST
@may_mark
def mark_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an open mark its end."""
    user = current_user(request)
    row = get_object_or_404(Mark.objects.visible_to(user), pk=pk)
    end = _moment(request.POST.get("end", ""))
    if end is None:
        messages.error(request, "请填写结束时间")
        return redirect("polluters:mark", pk=pk)
    try:
        acts.end_mark(mark=row, end=end, actor=user, now=clock.now())
    except acts.RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已填写结束时间")
    return redirect("polluters:mark", pk=pk)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is not None and timezone.is_naive(moment):
        moment = moment.replace(tzinfo=clock.BEIJING)
    return moment


@require_POST
@may_mark
def mark_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a mark with a reason."""
    user = current_user(request)
    row = get_object_or_404(Mark.objects.visible_to(user), pk=pk)
    try:
        acts.withdraw_mark(
            mark=row, reason=request.POST.get("reason", ""), actor=user, now=clock.now()
        )
    except acts.RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已撤销，原标记仍保留在案")
    return redirect("polluters:mark", pk=pk)
