"""Rules at the door of views and REST operations."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import BasePermission

from bozhou_eco.accounts.models import FACT_ROLES, Role, User

if TYPE_CHECKING:  # these modules read the settings that name this one
    from rest_framework.request import Request
    from rest_framework.views import APIView

View = Callable[..., HttpResponseBase]


def role_required(*roles: str) -> Callable[[View], View]:
    """Let in signed-in people who hold one of ``roles``; others get 403."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not isinstance(request.user, User) or not request.user.has_role(*roles):
                raise PermissionDenied("当前角色不能使用此功能")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


bureau_required = role_required(*FACT_ROLES)
"""Any role of the bureau that may read facts."""

reader_required = role_required(*FACT_ROLES, Role.ENTERPRISE, Role.STATION)
"""Anyone who may read facts, within the own scope."""


def current_user(request: HttpRequest) -> User:
    """Return the signed-in user; a view behind ``role_required`` always has one."""
    if not isinstance(request.user, User):
        raise PermissionDenied("请先登录")
    return request.user


class IsSignedIn(BasePermission):
    """Any active user."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Return whether somebody is signed in."""
        return isinstance(request.user, User) and request.user.is_active


class HasRole(BasePermission):
    """Holds one of the view's ``roles``."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Return whether the user holds one of ``view.roles``."""
        user = request.user
        return isinstance(user, User) and user.has_role(*getattr(view, "roles", ()))


class HasFactRole(BasePermission):
    """Holds a role of the bureau that may read facts."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Return whether the user may read facts."""
        return isinstance(request.user, User) and request.user.has_role(*FACT_ROLES)
