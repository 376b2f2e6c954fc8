"""URL map of the site."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from bozhou_eco.accounts.views import identity, no_reset

admin.autodiscover()
# The administrator configures; other people's second factors, mail addresses, sessions
# and sign-on tokens are their own.
OWN_AFFAIRS = {"account", "mfa", "usersessions", "socialaccount"}
admin.site.unregister(
    [model for model in admin.site._registry if model._meta.app_label in OWN_AFFAIRS]
)
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _exists(module: str) -> bool:
    parent, _, _ = module.rpartition(".")
    return (not parent or _exists(parent)) and find_spec(module) is not None


def _app(prefix: str, module: str) -> list[URLResolver]:
    return [path(prefix, include(module))] if _exists(module) else []


handler500 = "bozhou_eco.common.failures.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("accounts/identity/", identity, name="identity"),
    path("accounts/password/reset/", no_reset),
    path("accounts/password/reset/<path:rest>", no_reset),
    path("accounts/", include("allauth.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(), name="api-docs"),
    *_app("", "bozhou_eco.health"),
    *_app("", "bozhou_eco.overview.urls"),
    *_app("polluters/", "polluters.urls"),
    *_app("vehicles/", "vehicles.urls"),
    *_app("alerts/", "alerts.urls"),
    *_app("cases/", "enforcement.urls"),
    *_app("api/v1/", "polluters.api.urls"),
    *_app("api/v1/", "vehicles.api.urls"),
    *_app("api/v1/", "alerts.api.urls"),
    *_app("api/v1/", "enforcement.api.urls"),
]
