"""List, read and answer alerts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts import services
from alerts.access import ACT_ROLES
from alerts.api.serializers import (
    LIST_FIELDS,
    AlertDetailOutput,
    AlertOutput,
    BulkInput,
    CommentInput,
    DismissInput,
    NoteInput,
    ShelveInput,
    alert_row,
    alert_values,
)
from alerts.domain.life import IllegalMoveError
from alerts.models import Alert
from alerts.selectors import triage
from alerts.selectors.changes import changes_since
from alerts.services.announce import message_of, render_row
from bozhou_eco.accounts.access import HasRole
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from bozhou_eco.common.openapi import operation
from bozhou_eco.common.problems import problem

LARGEST_PAGE = 200


class ReadsFacts(BasePermission):
    """Anyone who may read alerts, within the own scope."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the user may read facts."""
        return isinstance(request.user, User) and request.user.reads_facts


def viewer(request: Request) -> User:
    """Return the signed-in user; permissions have let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


FILTERS = [
    OpenApiParameter("tab", enum=list(triage.TABS), description="默认 open"),
    OpenApiParameter("severity", many=True),
    OpenApiParameter("kind"),
    OpenApiParameter("district", description="行政区划代码"),
    OpenApiParameter("subject", description="对象键"),
    OpenApiParameter("q", description="对象或摘要中的文字"),
    OpenApiParameter("mine", description="1 为本人确认的"),
    OpenApiParameter("after", description="上一页返回的 next"),
    OpenApiParameter("limit", int, description="每页条数，1–200，默认 50"),
]


class AlertListView(APIView):
    """Alerts within the viewer's scope."""

    permission_classes = (ReadsFacts,)

    @operation(
        operation_id="alerts_list",
        parameters=FILTERS,
        responses={200: AlertOutput(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Return a page: ``results`` and ``next``, the token of the page after it."""
        filters = triage.read_filters(request.query_params)
        size = _limit(request.query_params.get("limit", ""))
        rows, after = triage.values_of(
            triage.find(viewer(request), filters),
            (*LIST_FIELDS, "priority", "district__code", "acknowledged_by__name"),
            tab=filters.tab,
            after=request.query_params.get("after", ""),
            size=size,
        )
        return Response({"results": [alert_row(row) for row in rows], "next": after})


def _limit(text: str) -> int:
    asked = whole(text)
    return triage.PAGE if asked is None else min(max(asked, 1), LARGEST_PAGE)


class ChangesView(APIView):
    """What happened while a page was away."""

    permission_classes = (ReadsFacts,)

    @operation(
        operation_id="alerts_changes",
        parameters=[OpenApiParameter("since", int, required=True)],
        responses={200: dict},
    )
    def get(self, request: Request) -> Response:
        """Return changed alerts since ``since`` (Unix ms) as the socket sends them."""
        text = request.query_params.get("since", "")
        if not text.isdecimal() or len(text) > 14:
            return problem(status.HTTP_400_BAD_REQUEST, "since 应为毫秒时间戳")
        found = changes_since(viewer(request), since=int(text), now=clock.now())
        return Response(
            {
                "reload": found.too_many,
                "alerts": [message_of(alert) for alert in found.alerts],
                "sent": int(clock.now().timestamp() * 1000),
            }
        )


class AlertView(APIView):
    """One alert."""

    permission_classes = (ReadsFacts,)

    @operation(operation_id="alerts_read", responses={200: AlertDetailOutput})
    def get(self, request: Request, pk: int) -> Response:
        """Return the alert with its explanation and its moves."""
        alert = _visible(viewer(request), pk)
        events = alert.events.select_related("actor").order_by("id")
        return Response(
            alert_values(alert)
            | {
                "explanation": alert.explanation,
                "legal_article": alert.legal_article,
                "outcome_note": alert.outcome_note,
                "events": [
                    {
                        "at": event.at,
                        "action": event.action,
                        "from_state": event.from_state,
                        "to_state": event.to_state,
                        "severity": event.severity,
                        "actor": str(event.actor or ""),
                        "reason": event.reason,
                        "data": event.data,
                    }
                    for event in events
                ],
            }
        )


def _visible(user: User, pk: int) -> Alert:
    rows = Alert.objects.visible_to(user).select_related("district", "acknowledged_by")
    alert: Alert = get_object_or_404(rows, pk=pk)
    return alert


class ActView(APIView):
    """An act on one alert: reads the input, calls the service, answers the new row."""

    permission_classes = (HasRole,)
    roles = ACT_ROLES

    def act(
        self, request: Request, pk: int, call: Callable[[Alert, User], object]
    ) -> Response:
        """Call the service on a visible alert; refusals are 409 with the reason."""
        user = viewer(request)
        try:
            call(_visible(user, pk), user)
        except (IllegalMoveError, services.RefusedError) as error:
            return problem(status.HTTP_409_CONFLICT, str(error), code="refused")
        alert = _visible(user, pk)
        return Response(alert_values(alert) | {"html": render_row(alert)})


def checked(form: Any, request: Request) -> dict[str, Any]:
    """Return the validated input; raises DRF's ``ValidationError``."""
    given = form(data=request.data)
    given.is_valid(raise_exception=True)
    data: dict[str, Any] = given.validated_data
    return data


class AcknowledgeView(ActView):
    """Acknowledge one alert."""

    @operation(
        operation_id="alerts_acknowledge",
        request=NoteInput,
        responses={200: AlertOutput},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take the alert on."""
        note = checked(NoteInput, request).get("note", "")
        return self.act(
            request,
            pk,
            lambda alert, user: services.acknowledge(
                alert=alert, actor=user, now=clock.now(), note=note
            ),
        )


class UndoView(ActView):
    """Take one's own acknowledgement back."""

    @operation(operation_id="alerts_undo", request=None, responses={200: AlertOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Undo within a few seconds."""
        return self.act(
            request,
            pk,
            lambda alert, user: services.undo_acknowledge(
                alert=alert, actor=user, now=clock.now()
            ),
        )


class ShelveView(ActView):
    """Put an alert aside, or take it back."""

    @operation(
        operation_id="alerts_shelve", request=ShelveInput, responses={200: AlertOutput}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Shelve with a reason and a wake time."""
        given, now = checked(ShelveInput, request), clock.now()
        return self.act(
            request,
            pk,
            lambda alert, user: services.shelve(
                alert=alert,
                actor=user,
                now=now,
                wake_at=now + timedelta(minutes=given["minutes"]),
                reason=given["reason"],
            ),
        )

    @operation(operation_id="alerts_unshelve", responses={200: AlertOutput})
    def delete(self, request: Request, pk: int) -> Response:
        """Take the alert off the shelf."""
        return self.act(
            request,
            pk,
            lambda alert, user: services.unshelve(
                alert=alert, actor=user, now=clock.now()
            ),
        )


class DismissView(ActView):
    """Close an alert as no violation."""

    @operation(
        operation_id="alerts_dismiss",
        request=DismissInput,
        responses={200: AlertOutput},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Dismiss with a reason, which feeds the hit rate of the rule."""
        given = checked(DismissInput, request)
        return self.act(
            request,
            pk,
            lambda alert, user: services.dismiss(
                alert=alert,
                reason=given["reason"],
                note=given.get("note", ""),
                actor=user,
                now=clock.now(),
            ),
        )


class CommentView(ActView):
    """Remark on an alert."""

    @operation(
        operation_id="alerts_comment",
        request=CommentInput,
        responses={200: AlertOutput},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add a remark."""
        text = checked(CommentInput, request)["text"]
        return self.act(
            request,
            pk,
            lambda alert, user: services.comment(
                alert=alert, text=text, actor=user, now=clock.now()
            ),
        )


class BulkAcknowledgeView(APIView):
    """Acknowledge several alerts."""

    permission_classes = (HasRole,)
    roles = ACT_ROLES

    @operation(
        operation_id="alerts_acknowledge_many", request=BulkInput, responses={200: dict}
    )
    def post(self, request: Request) -> Response:
        """Acknowledge what can be; says which could not."""
        given, user = checked(BulkInput, request), viewer(request)
        alerts = list(Alert.objects.visible_to(user).filter(pk__in=given["ids"]))
        done, refused = services.acknowledge_many(
            alerts=alerts, actor=user, now=clock.now(), note=given.get("note", "")
        )
        missing = set(given["ids"]) - {alert.pk for alert in alerts}
        return Response(
            {
                "done": [alert.pk for alert in done],
                "refused": [alert.pk for alert in refused] + sorted(missing),
            }
        )
