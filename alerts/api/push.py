"""Register the browser one sits at for Web Push."""

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.views import ReadsFacts, checked, viewer
from alerts.models import Channel
from alerts.services import RefusedError
from alerts.services.push_browsers import (
    CODE,
    forget_browser,
    public_key,
    register_browser,
)
from bozhou_eco.common import clock
from bozhou_eco.common.openapi import operation
from bozhou_eco.common.problems import problem


class EndpointInput(serializers.Serializer[Any]):
    """Which browser."""

    endpoint = serializers.URLField(max_length=600)


class BrowserInput(EndpointInput):
    """A browser's registration, as ``PushSubscription.toJSON()`` gives it."""

    p256dh = serializers.CharField(max_length=120)
    auth = serializers.CharField(max_length=40)
    browser = serializers.CharField(max_length=200, required=False, allow_blank=True)


class PushView(APIView):
    """The platform's key, and one's own browsers."""

    permission_classes = (ReadsFacts,)

    @operation(operation_id="push_key", responses={200: dict})
    def get(self, request: Request) -> Response:
        """Return the VAPID public key, empty while Web Push is off."""
        channel = Channel.objects.filter(code=CODE, enabled=True).first()
        return Response({"key": public_key(channel) if channel else ""})

    @operation(
        operation_id="push_register", request=BrowserInput, responses={201: dict}
    )
    def post(self, request: Request) -> Response:
        """Register this browser."""
        given = checked(BrowserInput, request)
        try:
            row = register_browser(
                user=viewer(request),
                endpoint=given["endpoint"],
                p256dh=given["p256dh"],
                auth=given["auth"],
                browser=given.get("browser", ""),
                now=clock.now(),
            )
        except RefusedError as error:
            return problem(status.HTTP_409_CONFLICT, str(error), code="refused")
        return Response({"id": row.pk}, status=status.HTTP_201_CREATED)

    @operation(operation_id="push_forget", request=EndpointInput, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Stop pushing to this browser; an unknown one is no error."""
        given = checked(EndpointInput, request)
        forget_browser(
            user=viewer(request), endpoint=given["endpoint"], now=clock.now()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
