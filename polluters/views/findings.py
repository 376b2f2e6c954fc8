"""数据异常: what the checks found, in words, and the decision to exclude one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import current_user, reader_required, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from polluters.domain.matters import KNOWN
from polluters.models import Finding
from polluters.selectors import explanations as said
from polluters.selectors import findings as rows
from polluters.services import findings as acts
from polluters.views.exceedances import PAGE_SIZE, chosen_month


@require_GET
@reader_required
def finding_list(request: HttpRequest) -> HttpResponse:
    """List a month's findings by check."""
    user = current_user(request)
    month = chosen_month(request.GET.get("month", ""))
    state = request.GET.get("state", "")
    if state not in Finding.State.values:
        state = Finding.State.OPEN.value
    check = request.GET.get("check", "")
    if check not in KNOWN:
        check = ""
    counts = rows.counts_by_check(user, month=month, state=state)
    page = Paginator(
        rows.findings(user, month=month, state=state, check=check), PAGE_SIZE
    ).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "month": month,
        "state": state,
        "states": Finding.State.choices,
        "check": check,
        "checks": [(code, KNOWN[code].name, n) for code, n in counts.items()],
    }
    return render(request, "polluters/findings.html", context)


@require_GET
@reader_required
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one finding with what to look at on site."""
    row = get_object_or_404(
        rows.readable(current_user(request)).select_related(
            "logger__outlet__enterprise__district", "point__pollutant", "decided_by"
        ),
        pk=pk,
    )
    user = current_user(request)
    check = KNOWN[row.check_code]
    may_overrule = (
        check.override
        and row.state == Finding.State.OPEN
        and user.has_role(Role.OFFICER, Role.REVIEWER)
    )
    context = {
        "row": row,
        "check": check,
        "may_overrule": may_overrule,
        "marks": said.marks_beside(row),
        "explanations": said.of(user, finding=row),
        "explain_query": f"finding={row.pk}",
        "may_explain": user.has_role(Role.OFFICER, Role.ENTERPRISE),
        "asks": user.has_role(Role.OFFICER),
    }
    return render(request, "polluters/finding.html", context)


@require_POST
@role_required(Role.OFFICER, Role.REVIEWER)
def overrule(request: HttpRequest, pk: int) -> HttpResponse:
    """Exclude a finding with a reason."""
    user = current_user(request)
    row = get_object_or_404(Finding.objects.visible_to(user), pk=pk)
    try:
        acts.overrule(
            finding=row,
            reason=request.POST.get("reason", ""),
            actor=user,
            now=clock.now(),
        )
    except acts.RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已排除，理由已记录")
    return redirect("polluters:finding", pk=pk)
