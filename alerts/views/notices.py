"""The page behind the link in a message, reachable without a login."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alerts.models import Delivery
from alerts.selectors.kinds import kind_label
from alerts.services.errors import RefusedError
from alerts.services.links import alerts_of, answer_link, needs_login, open_link
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """Show type, district and time of the alert; POST acknowledges it, once."""
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST":
        return _answer(request, token, user)
    delivery = open_link(token=token, now=clock.now())
    if delivery is None:
        context = {"refusal": "链接无效或已过期，请登录平台查看"}
        return render(request, "alerts/notice.html", context, status=404)
    return render(request, "alerts/notice.html", _context(delivery, user))


def _context(delivery: Delivery, user: User | None) -> dict[str, object]:
    rows = [
        {
            "severity": alert.severity,
            "kind": kind_label(alert.kind),
            "district": alert.district.name if alert.district else "全州",
            "at": alert.last_at,
            "state": alert.get_state_display(),
        }
        for alert in alerts_of(delivery)[:20]
    ]
    target = reverse("alerts:list")
    if delivery.alert is not None and not delivery.summary:
        target = delivery.alert.get_absolute_url()
    waits = delivery.alert is not None and delivery.alert.acknowledged_by_id is None
    return {
        "delivery": delivery,
        "rows": rows,
        "target": target,
        "can_answer": waits
        and not delivery.summary
        and delivery.link_used_at is None
        and (user is not None or not needs_login(delivery)),
        "needs_login": needs_login(delivery) and user is None,
    }


def _answer(request: HttpRequest, token: str, user: User | None) -> HttpResponse:
    try:
        alert = answer_link(token=token, now=clock.now(), user=user)
    except RefusedError as error:
        context = {"refusal": str(error), "target": reverse("alerts:list")}
        return render(request, "alerts/notice.html", context, status=409)
    if user is not None:
        return redirect(alert.get_absolute_url())
    return render(request, "alerts/notice.html", {"done": True})
