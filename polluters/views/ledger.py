"""运维监管: the ledger by matter, what is overdue, and its forms."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, reader_required, role_required
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.configuration import changes_of
from bozhou_eco.common import clock
from polluters.models import ParameterChange
from polluters.selectors import ledger as rows
from polluters.selectors import rulebook
from polluters.services import ledger as acts
from polluters.validity_forms import (
    ChangeForm,
    ConsumableForm,
    InstallationForm,
    LedgerForm,
    ServiceForm,
    UpkeepForm,
)
from polluters.views.exceedances import PAGE_SIZE

FORMS: dict[str, type[LedgerForm]] = {
    "upkeep": UpkeepForm,
    "consumable": ConsumableForm,
    "change": ChangeForm,
    "installation": InstallationForm,
    "service": ServiceForm,
}
BUREAU_ONLY = frozenset(("installation",))
may_write = role_required(Role.OFFICER, Role.ENTERPRISE)


def _may(user: User, tab: str) -> bool:
    if tab in BUREAU_ONLY:
        return user.has_role(Role.OFFICER)
    return user.has_role(Role.OFFICER, Role.ENTERPRISE)


@require_GET
@reader_required
def ledger(request: HttpRequest) -> HttpResponse:
    """Show one matter of the ledger with the counts of all."""
    user, now = current_user(request), clock.beijing(clock.now())
    tab = request.GET.get("tab", "upkeep")
    tab = tab if tab in rows.TABS else "upkeep"
    state = "overdue" if request.GET.get("state") == "overdue" else ""
    found = rows.rows_of(user, tab, state=state, now=now)
    notice = rulebook.number("expiry_notice_d")
    context = {
        "tab": tab,
        "tabs": [(code, name) for code, (name, _) in rows.TABS.items()],
        "state": state,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "tally": rows.tally(user, now=now, notice=notice),
        "staff": rows.staff_of(found, now.date()) if tab == "service" else [],
        "unconnected": rows.without_logger(user) if tab == "installation" else [],
        "may_write": _may(user, tab),
        "now": now,
        "today": now.date(),
        "notice": notice,
    }
    return render(request, "polluters/ledger.html", context)


@may_write
def ledger_new(request: HttpRequest, tab: str) -> HttpResponse:
    """Add a row."""
    return _edit(request, tab, None)


@may_write
def ledger_edit(request: HttpRequest, tab: str, pk: int) -> HttpResponse:
    """Change a row."""
    if tab not in rows.TABS:
        raise Http404
    user = current_user(request)
    row = get_object_or_404(rows.TABS[tab][1].objects.visible_to(user), pk=pk)
    if isinstance(row, ParameterChange):
        raise Http404  # what was declared or told stays as it is
    return _edit(request, tab, row)


def _edit(request: HttpRequest, tab: str, row: Any) -> HttpResponse:
    user = current_user(request)
    if tab not in FORMS:
        raise Http404
    if not _may(user, tab):
        raise PermissionDenied("安装联网台账由执法人员登记")
    form = FORMS[tab](request.POST or None, instance=row, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            acts.save_row(
                row=form.save(commit=False), changes=changes_of(form),
                created=row is None, actor=user, now=clock.now(),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "已保存")
            return redirect(f"{reverse('polluters:ledger')}?tab={tab}")
    context = {"form": form, "tab": tab, "name": rows.TABS[tab][0], "row": row}
    status = 422 if form.errors else 200
    return render(request, "polluters/ledger_form.html", context, status=status)
