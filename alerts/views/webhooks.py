"""What was sent to other systems, what they answered, and sending it again."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from alerts.models import Alert, Webhook, WebhookCall
from alerts.services import webhooks
from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock

PAGE = 50
replayer_required = role_required(Role.OFFICER, Role.LEADER)


def _visible(user: User) -> QuerySet[WebhookCall]:
    """Return the calls about alerts that the viewer may see."""
    rows = WebhookCall.objects.select_related("webhook", "event__alert")
    return rows.filter(event__alert__in=Alert.objects.visible_to(user))


@require_safe
@bureau_required
def calls(request: HttpRequest) -> HttpResponse:
    """List the calls, newest first; the filters are the address."""
    rows = _visible(current_user(request)).order_by("-id")
    hook, state = request.GET.get("webhook", ""), request.GET.get("state", "")
    if hook.isdecimal():
        rows = rows.filter(webhook=int(hook[:9]))
    if state in WebhookCall.State.values:
        rows = rows.filter(state=state)
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "hooks": Webhook.objects.order_by("name"),
        "states": WebhookCall.State.choices,
        "hook": hook,
        "state": state,
    }
    return render(request, "alerts/webhooks.html", context)


@require_safe
@bureau_required
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one call: what was sent and what came back."""
    user = current_user(request)
    row = get_object_or_404(_visible(user), pk=pk)
    context = {
        "call": row,
        "payload": json.dumps(row.payload, ensure_ascii=False, indent=2),
        "replays": row.replays.order_by("id"),
        "may_replay": user.has_role(Role.OFFICER, Role.LEADER),
    }
    return render(request, "alerts/webhook_call.html", context)


@require_POST
@replayer_required
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a call again as it was."""
    user = current_user(request)
    row = get_object_or_404(_visible(user), pk=pk)
    again = webhooks.replay(call=row, actor=user, now=clock.now())
    messages.success(request, "已排队重发，几秒后可看结果")
    return redirect("alerts:webhook_call", again.pk)
