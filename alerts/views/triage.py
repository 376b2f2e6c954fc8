"""预警中心: the list, the card of one alert, and the fragments both are made of."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from alerts.access import ACT_ROLES
from alerts.domain.kinds import KINDS
from alerts.domain.severity import Severity
from alerts.forms import CommentForm, DismissForm, SelfCheckForm, ShelveForm
from alerts.models import Alert, SavedView, SelfCheck
from alerts.selectors import triage
from alerts.selectors.kinds import kind_label
from alerts.services.acting import can_acknowledge, can_conclude
from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.accounts.models import FACT_ROLES, District, User
from bozhou_eco.common import clock


def may_act(user: User) -> bool:
    """Return whether the viewer may answer alerts."""
    return user.has_role(*ACT_ROLES)


@require_safe
@reader_required
def alert_list(request: HttpRequest) -> HttpResponse:
    """Show the triage list; its filters are the address."""
    user = current_user(request)
    if not request.GET:
        default = SavedView.objects.filter(user=user, is_default=True).first()
        if default is not None and default.query:
            return redirect(f"{request.path}?{default.query}")
    filters = triage.read_filters(request.GET)
    page = triage.page_of(triage.find(user, filters), tab=filters.tab)
    counts = triage.tab_counts(user)
    context: dict[str, Any] = {
        "filters": filters,
        "page": page,
        "tabs": [
            (name, label, counts.get(name)) for name, (label, _) in triage.TABS.items()
        ],
        "severities": [(s.value, s.label) for s in Severity],
        "kinds": [(name, kind_label(name)) for name in KINDS],
        "districts": District.objects.all() if user.district_ids() is None else (),
        "views": SavedView.objects.filter(
            Q(user=user) | Q(user=None, role__in=user.roles)
        ),
        "may_act": may_act(user),
        "rendered_at": int(clock.now().timestamp() * 1000),
    }
    return render(request, "alerts/list.html", context)


@require_safe
@reader_required
def rows(request: HttpRequest) -> HttpResponse:
    """Return the next rows of the list as a fragment, or the first ones anew."""
    user = current_user(request)
    filters = triage.read_filters(request.GET)
    page = triage.page_of(
        triage.find(user, filters), tab=filters.tab, after=request.GET.get("after", "")
    )
    context = {"page": page, "filters": filters, "may_act": may_act(user)}
    return render(request, "alerts/_rows.html", context)


@require_safe
@reader_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one alert on a page of its own."""
    return render(request, "alerts/detail.html", _card(request, pk))


@require_safe
@reader_required
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the card of one alert as a fragment."""
    return render(request, "alerts/_card.html", _card(request, pk))


def _card(request: HttpRequest, pk: int) -> dict[str, Any]:
    user = current_user(request)
    alert = get_object_or_404(
        Alert.objects.visible_to(user).select_related(
            "district", "organisation", "acknowledged_by"
        ),
        pk=pk,
    )
    acts = may_act(user)
    check = SelfCheck.objects.filter(alert=alert).select_related("replied_by").first()
    own = check is not None and check.organisation_id == user.organisation_id
    told = alert.deliveries.select_related("user", "channel")
    return {
        "alert": alert,
        "check": check,
        "reply_form": SelfCheckForm()
        if check and own and not check.replied_at
        else None,
        "deliveries": told.prefetch_related("receipts").order_by("id")[:40]
        if user.has_role(*FACT_ROLES)
        else (),
        "events": alert.events.select_related("actor").order_by("-id")[:60],
        "similar": triage.similar(alert, user),
        "may_act": acts,
        "can_ack": acts and can_acknowledge(alert),
        "can_conclude": acts and can_conclude(alert),
        "open_case": open_case_url() if acts else "",
        "dismiss_form": DismissForm(),
        "shelve_form": ShelveForm(),
        "comment_form": CommentForm(),
    }


def open_case_url() -> str:
    """Return where "转为线索" posts to; empty while the site has no casework."""
    try:
        return reverse("enforcement:open")
    except NoReverseMatch:
        return ""
