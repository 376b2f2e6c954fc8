"""allauth without sign-up: accounts are made by an administrator; logins are audited."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest, HttpResponse

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry

LONGEST_NAME = 60


def client_address(request: HttpRequest) -> str:
    """Return the address a request came from, as the proxy of ours reports it."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def note_login(request: HttpRequest, act: str, user: User | None, name: str) -> None:
    """Write a login, a failed one, or a logout to the audit log."""
    audit.record(
        actor=user,
        act=act,
        subject=f"user:{user.pk}" if user else f"name:{name[:LONGEST_NAME]}",
        detail={"address": client_address(request)},
        kind=AuditEntry.Kind.LOGIN,
    )


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """No one signs up; who came in, who was refused and who left is written down."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False always."""
        return False

    def post_login(
        self, request: HttpRequest, user: User, **kwargs: Any
    ) -> HttpResponse:
        """Note a login once every stage, the second factor too, is passed."""
        note_login(request, "login.ok", user, "")
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        return answer

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note a wrong name or password; the password itself is not kept."""
        super().authentication_failed(request, **credentials)
        note_login(request, "login.failed", None, str(credentials.get("username", "")))

    def logout(self, request: HttpRequest) -> None:
        """Note who leaves."""
        if isinstance(request.user, User):
            note_login(request, "login.out", request.user, "")
        super().logout(request)


class ClosedSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on opens existing accounts only."""

    def is_open_for_signup(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        """Return False always."""
        return False
