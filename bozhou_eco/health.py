"""``/healthz`` (this process), ``/readyz`` (its stores), ``/metrics`` (Prometheus)."""

import ipaddress
import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bozhou_eco.common import probes
from bozhou_eco.overview import telemetry

# A page can be read without the broker; it only reports what arrived before.
NOT_DECISIVE = frozenset({"mqtt"})
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that this process answers; asks nothing of any store."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Say which stores are usable: 200 if all that decide are, else 503.

    The reasons are left to ``manage.py doctor``: the answer is public.
    """
    answers = probes.stores()
    ready = all(answer.ok or answer.name in NOT_DECISIVE for answer in answers)
    body = {
        "ready": ready,
        "stores": {answer.name: "ok" if answer.ok else "down" for answer in answers},
    }
    return JsonResponse(body, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all figures; for the holder of the token, or an unproxied local caller."""
    if not _may_read_metrics(request):
        raise Http404
    return HttpResponse(telemetry.render(), content_type=METRICS_TYPE)


def _may_read_metrics(request: HttpRequest) -> bool:
    wanted = settings.METRICS_TOKEN
    if wanted:
        given = request.headers.get("Authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {wanted}".encode())
    if "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
