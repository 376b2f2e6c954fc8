"""Rules that follow a signed-in person through every request."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common.problems import MEDIA_TYPE, problem_body

IDLE_KEY = "last_seen"
MFA_KEY = "mfa_set_up"
FREE_PREFIXES = ("/accounts/", "/static/", "/healthz", "/readyz")
API_PREFIX = "/api/"
STAFF_ROLES = frozenset(Role) - {Role.STATION, Role.ENTERPRISE}
NO_FACTOR = "请先在网页上启用动态验证码或通行密钥，再使用接口"


def needs_second_factor(user: object) -> bool:
    """Return whether the person may read nothing without a second factor."""
    return (
        settings.MFA_REQUIRED and isinstance(user, User) and user.has_role(*STAFF_ROLES)
    )


def has_second_factor(user: User) -> bool:
    """Return whether the person has set one up."""
    return bool(Authenticator.objects.filter(user=user).exists())


def forget_factor(*, request: HttpRequest, **_: object) -> None:
    """Let the next request look whether there still is a second factor."""
    request.session.pop(MFA_KEY, None)


def is_idle(session: Mapping[str, Any], now: float) -> bool:
    """Return whether nobody has used a session for too long."""
    return bool(now - int(session.get(IDLE_KEY, now)) > settings.SESSION_IDLE_SECONDS)


class AccountMiddleware:
    """End idle sessions, ask for a second factor, keep facts out of shared caches.

    The admin's own scripts need a wider policy, which it gets here as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refusal = self._idle(request) or self._second_factor(request)
        response = refusal or self.get_response(request)
        # The user is None where another system came in by its token.
        if getattr(request.user, "is_authenticated", True):
            # Facts are for this person alone, and are asked for anew after a logout.
            response.setdefault("Cache-Control", "private, no-cache")
        if request.path.startswith(settings.CSP_ADMIN_PATH):
            response._csp_update = {  # type: ignore[attr-defined]
                "script-src": settings.CSP_ADMIN_SCRIPT
            }
        return response

    def _idle(self, request: HttpRequest) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        now = int(time.time())
        last = int(request.session.get(IDLE_KEY, now))
        if is_idle(request.session, now):
            logout(request)
            return HttpResponseRedirect(
                f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.path})}"
            )
        if now - last >= 60 or IDLE_KEY not in request.session:
            request.session[IDLE_KEY] = now
        return None

    def _second_factor(self, request: HttpRequest) -> HttpResponse | None:
        user = request.user
        if (
            not isinstance(user, User)
            or not needs_second_factor(user)
            or request.path.startswith(FREE_PREFIXES)
            or request.session.get(MFA_KEY)
        ):
            return None
        if has_second_factor(user):
            request.session[MFA_KEY] = True
            return None
        if request.path.startswith(API_PREFIX):
            body = problem_body(403, NO_FACTOR, code="second_factor_missing", errors=[])
            return JsonResponse(body, status=403, content_type=MEDIA_TYPE)
        return HttpResponseRedirect(reverse("mfa_activate_totp"))
