"""Acts that bind somebody ask again who is there (step-up authentication).

A decision, an approval, a second review, the activation of a rule or an export of
personal data needs a password or second factor given within ``REAUTHENTICATE_SECONDS``;
signing in counts. What was filled in is never lost: a form that came from a page is
carried through the question in hidden fields and then handed to the view as it was; a
script keeps its page and asks in another tab.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.core import ratelimit
from allauth.mfa.base.forms import ReauthenticateForm as CodeForm
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from bozhou_eco.accounts.access import View, current_user
from bozhou_eco.accounts.adapter import note_login
from bozhou_eco.accounts.models import User

FIELD = "identity_secret"
NOT_CARRIED = frozenset({FIELD, "csrfmiddlewaretoken"})
WRONG = "口令或动态验证码不正确"
TOO_OFTEN = "尝试次数过多，请稍后再试"
NOT_YET = "尚未确认身份，请输入口令或动态验证码"


def confirmed_recently(request: HttpRequest) -> bool:
    """Return whether the person proved who they are within the window."""
    window = settings.REAUTHENTICATE_SECONDS
    if not window:
        return True
    records = get_authentication_records(request, current_user(request))
    newest = max((float(record.get("at", 0)) for record in records), default=0.0)
    return bool(time.time() - newest < window)


def identity_required(
    when: Callable[..., bool] | None = None,
) -> Callable[[View], View]:
    """Ask again who is there before the view acts; put it below the role's decorator.

    ``when`` gets the view's own arguments and tells whether this call binds; without
    it every call does.
    """

    def decorate(view: View) -> View:
        @sensitive_post_parameters(FIELD)
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if when is not None and not when(request, *args, **kwargs):
                return view(request, *args, **kwargs)
            refusal = _question(request)
            return refusal or view(request, *args, **kwargs)

        guarded.asks_identity = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def _question(request: HttpRequest) -> HttpResponse | None:
    """Return what to answer instead of acting, or None to go on."""
    error, secret = "", request.POST.get(FIELD, "")
    if secret:
        error = prove(request, secret)
        if not error:
            return None
    elif confirmed_recently(request):
        return None
    elif FIELD in request.POST:
        error = NOT_YET
    elsewhere = reverse("identity")
    if request.method != "POST":
        return redirect(f"{elsewhere}?{urlencode({'next': request.get_full_path()})}")
    if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
        return redirect(elsewhere)
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in NOT_CARRIED
        for value in values
    ]
    return question_page(request, error=error, carried=carried)


def question_page(
    request: HttpRequest,
    *,
    error: str = "",
    carried: list[tuple[str, str]] | None = None,
    onward: str = "",
) -> HttpResponse:
    """Draw the question; the answer goes to the same address."""
    kinds = set(
        Authenticator.objects.filter(user=current_user(request)).values_list(
            "type", flat=True
        )
    )
    context = {
        "field": FIELD,
        "error": error,
        "carried": carried or [],
        "onward": onward,
        "has_code": bool(kinds - {Authenticator.Type.WEBAUTHN}),
        "has_passkey": Authenticator.Type.WEBAUTHN in kinds,
        "minutes": settings.REAUTHENTICATE_SECONDS // 60,
    }
    return render(
        request, "account/identity.html", context, status=422 if error else 200
    )


def prove(request: HttpRequest, secret: str) -> str:
    """Check a password or code and note it for the session; return what is wrong."""
    user = current_user(request)
    if not ratelimit.consume(request, action="reauthenticate", user=user):
        return TOO_OFTEN
    error = _wrong(request, user, secret.strip())
    note_login(request, "identity.failed" if error else "identity.ok", user, "")
    return error


def _wrong(request: HttpRequest, user: User, secret: str) -> str:
    """Try the secret as a code where one can be meant, and else as the password."""
    if secret.isdigit() and _has_codes(user):
        code = CodeForm(data={"code": secret}, user=user)
        if code.is_valid():
            code.save()
            return ""
        return _told(code)
    password = PasswordForm(data={"password": secret}, user=user)
    if not password.is_valid():
        return _told(password)
    record_authentication(request, user, method="password", reauthenticated=True)
    return ""


def _has_codes(user: User) -> bool:
    rows = Authenticator.objects.filter(user=user)
    return bool(rows.exclude(type=Authenticator.Type.WEBAUTHN).exists())


def _told(form: forms.Form) -> str:
    """Return the form's reason; which of password and code was meant is not told."""
    codes = {
        error.code for errors in form.errors.as_data().values() for error in errors
    }
    if codes <= {"incorrect_password", "incorrect_code"}:
        return WRONG
    return str(next(iter(form.errors.values()))[0])
