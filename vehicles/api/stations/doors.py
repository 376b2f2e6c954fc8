"""Who may come in: station keys, throttling, idempotency, problems."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from bozhou_eco.common import clock, limiter
from bozhou_eco.common.problems import problem
from vehicles.domain.inspection.dialects import translate
from vehicles.models import IdempotentAnswer, Station, StationCredential
from vehicles.services.credentials import CredentialError, Signed, check_key
from vehicles.services.errors_stations import StationRefusalError

SCHEME = "Station"


@dataclass(frozen=True, slots=True)
class StationPrincipal:
    """Stands in ``request.user`` for a station's software; it is no person."""

    station: Station
    is_authenticated: bool = True
    is_active: bool = True
    pk: None = None


class StationKeyAuthentication(BaseAuthentication):
    """``Authorization: Station <prefix>.<secret>`` with optional HMAC signature."""

    def authenticate(
        self, request: Request
    ) -> tuple[StationPrincipal, StationCredential] | None:
        """Return who calls, None if no station key was sent."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != SCHEME:
            return None
        plain: HttpRequest = request._request
        try:
            found = check_key(
                key=key.strip(),
                address=str(plain.META.get("REMOTE_ADDR", "")),
                now=clock.now(),
                signed=self._signed(plain),
            )
        except CredentialError as error:
            raise AuthenticationFailed(str(error)) from error
        return StationPrincipal(found.station), found

    def _signed(self, request: HttpRequest) -> Signed | None:
        signature = request.headers.get("X-Signature")
        if not signature:
            return None
        return Signed(
            str(request.method),
            request.get_full_path(),
            request.headers.get("X-Timestamp", ""),
            request.body,
            signature,
        )

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in a 401."""
        return SCHEME


class StationKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """Describe the key in the schema."""

    target_class = "vehicles.api.stations.doors.StationKeyAuthentication"
    name = "StationKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Station 前缀.密钥；启用签名的密钥另需 X-Timestamp 与 X-Signature",
        }


class IsStation(BasePermission):
    """A station's software."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether a station calls."""
        return isinstance(request.user, StationPrincipal)


class StationThrottle(SimpleRateThrottle):
    """So many requests a minute per station, counted by minutes of the clock."""

    scope = "station"
    rate = "12000/min"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; return whether it is within the limit."""
        user = request.user
        most, seconds = self.parse_rate(self.rate)
        if not isinstance(user, StationPrincipal) or not most or not seconds:
            return True
        number, self.rest = limiter.count(f"station:{user.station.pk}", seconds)
        return number <= most

    def wait(self) -> float:
        """Return the seconds until the next minute."""
        return self.rest


class FieldProblem(serializers.Serializer[Any]):
    """One field at fault."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(required=False)
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]


def problems(*statuses: int) -> dict[tuple[int, str], type[Problem]]:
    """Return the documented refusals of an operation, with those of every operation."""
    return {
        (status, "application/problem+json"): Problem
        for status in sorted({400, 401, 403, 404, 405, 406, 415, 429, *statuses})
    }


def refusal(error: StationRefusalError) -> Response:
    """Return the problem details of a refusal."""
    errors = (
        [{"field": error.field, "code": error.code, "detail": error.message}]
        if error.field
        else []
    )
    return problem(error.status, error.message, code=error.code, errors=errors)


class StationView(APIView):
    """Base of the stations' operations: key, throttle, dialect, refusals."""

    authentication_classes = [StationKeyAuthentication]
    permission_classes = [IsStation]
    throttle_classes = [StationThrottle]

    @property
    def station(self) -> Station:
        """The calling station."""
        user = self.request.user
        if not isinstance(user, StationPrincipal):
            raise AuthenticationFailed("缺少机构密钥")
        return user.station

    def content(self) -> Any:
        """Return the posted JSON in the platform's words."""
        if self.station.dialect_id is None:
            return self.request.data
        rows = self.station.dialect.words.all() if self.station.dialect else []
        words = {(row.kind, row.theirs): row.ours for row in rows}
        return translate(self.request.data, words)

    def handle_exception(self, exc: Exception) -> Response:
        """Turn a service's refusal into problem details."""
        if isinstance(exc, StationRefusalError):
            return refusal(exc)
        return super().handle_exception(exc)


class IdempotentView(StationView):
    """A view whose POST may carry ``Idempotency-Key``: same key, same answer."""

    def act(self, request: Request, **names: str) -> Response:
        """Do the work of POST."""
        raise NotImplementedError

    def idempotent(self, request: Request, **names: str) -> Response:
        """Answer from memory if the key was seen with the same request."""
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return self.act(request, **names)
        if len(key) > 80 or not key.isprintable():
            return problem(
                400, "Idempotency-Key 应为不超过 80 个可见字符", code="bad_key"
            )
        digest = hashlib.sha256(
            f"{request.get_full_path()}\n".encode() + request._request.body
        ).hexdigest()
        held = self._held(key)
        if held is None:
            response = self.act(request, **names)
            if response.status_code >= 300:
                return response
            self._keep(key, digest, response)
            return response
        if held.request != digest:
            return problem(
                422, "该 Idempotency-Key 已用于不同的请求", code="key_reused", errors=[]
            )
        return Response(held.body, status=held.status)

    def _held(self, key: str) -> IdempotentAnswer | None:
        return IdempotentAnswer.objects.filter(station=self.station, key=key).first()

    def _keep(self, key: str, digest: str, response: Response) -> None:
        try:
            with transaction.atomic():
                IdempotentAnswer.objects.create(
                    station=self.station,
                    key=key,
                    request=digest,
                    status=response.status_code,
                    body=response.data,
                    at=clock.now(),
                )
        except IntegrityError:
            return
