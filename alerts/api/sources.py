"""Raise and clear alerts from other systems, each with a bearer token of its own."""

import json
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts import services
from alerts.domain.severity import Severity
from alerts.models import Source
from alerts.services.sources import known
from bozhou_eco.accounts.models import District
from bozhou_eco.common import clock
from bozhou_eco.common.openapi import operation
from bozhou_eco.common.parsers import MomentField
from bozhou_eco.common.problems import problem

MOST_LEVELS, MOST_TEXT = 6, 20_000


class SourceAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>`` of a registered source."""

    def authenticate(self, request: Request) -> tuple[None, Source] | None:
        """Return the source; None without a bearer token, refusal for a wrong one."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return None
        source = known.find(token.strip())
        if source is None:
            raise AuthenticationFailed("令牌无效或已停用")
        return None, source

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return "Bearer"


class SourceScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """The bearer token in the OpenAPI document."""

    target_class = SourceAuthentication
    name = "alertSource"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}


class IsSource(BasePermission):
    """A registered source."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether a source's token came with the request."""
        return isinstance(request.auth, Source)


def _of_bounded_size(given: dict[str, Any]) -> None:
    """Refuse an explanation that no page could show."""
    level: list[Any] = [given]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    if any(isinstance(one, dict | list) for one in level):
        raise serializers.ValidationError(f"explanation 最多嵌套 {MOST_LEVELS} 层")
    if len(json.dumps(given, ensure_ascii=False)) > MOST_TEXT:
        raise serializers.ValidationError(f"explanation 最多 {MOST_TEXT} 字")


class RaiseInput(serializers.Serializer[Any]):
    """One occurrence."""

    key = serializers.CharField(max_length=150)
    kind = serializers.SlugField(max_length=60)
    severity = serializers.ChoiceField(choices=Severity.choices())
    summary = serializers.CharField(max_length=4000)
    subject_key = serializers.CharField(max_length=120)
    subject_name = serializers.CharField(max_length=200)
    district = serializers.CharField(
        max_length=12, required=False, allow_blank=True, help_text="行政区划代码"
    )
    explanation = serializers.DictField(required=False, validators=[_of_bounded_size])
    occurred_at = MomentField(required=False)
    parent_key = serializers.CharField(max_length=150, required=False, allow_blank=True)
    magnitude = serializers.FloatField(required=False, allow_null=True)


class ClearInput(serializers.Serializer[Any]):
    """The condition of a key is gone."""

    key = serializers.CharField(max_length=150)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


class RaisedOutput(serializers.Serializer[Any]):
    """The open alert of the key."""

    id = serializers.IntegerField()
    created = serializers.BooleanField()
    state = serializers.CharField()
    recurrences = serializers.IntegerField()


class SourceView(APIView):
    """Base of what sources may do."""

    authentication_classes = (SourceAuthentication,)
    permission_classes = (IsSource,)

    def source(self, request: Request) -> Source:
        """Return the source that asks."""
        assert isinstance(request.auth, Source)
        return request.auth


class RaiseView(SourceView):
    """Raise an alert; equal keys are counted, not doubled."""

    @operation(
        operation_id="alerts_raise",
        request=RaiseInput,
        responses={200: RaisedOutput, 201: RaisedOutput},
    )
    def post(self, request: Request) -> Response:
        """Raise or count."""
        source = self.source(request)
        form = RaiseInput(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        if source.kinds and given["kind"] not in source.kinds:
            return problem(status.HTTP_403_FORBIDDEN, "此来源不能触发该类型")
        now = clock.now()
        occurred_at = min(given.get("occurred_at") or now, now)
        district = None
        if code := given.get("district"):
            district = District.objects.filter(code=code).first()
            if district is None:
                return problem(
                    status.HTTP_400_BAD_REQUEST,
                    "提交的数据不符合要求",
                    errors=[{"field": "district", "detail": "没有此行政区"}],
                )
        parent = given.get("parent_key")
        raised = services.raise_alert(
            key=f"{source.code}:{given['key']}",
            kind=given["kind"],
            severity=given["severity"],
            summary=given["summary"],
            explanation=given.get("explanation", {}) | {"来源": source.name},
            subject_key=given["subject_key"],
            subject_name=given["subject_name"],
            district=district,
            organisation=None,
            evidence_url="",
            occurred_at=occurred_at,
            now=now,
            parent_key=f"{source.code}:{parent}" if parent else "",
            magnitude=given.get("magnitude"),
        )
        body = {
            "id": raised.alert.pk,
            "created": raised.created,
            "state": raised.alert.state,
            "recurrences": raised.alert.recurrences,
        }
        return Response(body, status=201 if raised.created else 200)


class ClearView(SourceView):
    """Say that the condition of a key is gone."""

    @operation(operation_id="alerts_clear", request=ClearInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Return the alert to normal; an unknown key is no error."""
        form = ClearInput(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        services.clear_alert(
            key=f"{self.source(request).code}:{given['key']}",
            now=clock.now(),
            reason=given.get("reason", ""),
        )
        return Response(status=204)
