"""Addresses of the overview, search, figures, help and the phone app."""

from django.urls import URLPattern, path

from bozhou_eco.overview.views import audit, home, pwa, search

app_name = "overview"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("overview/parts/", home.parts, name="parts"),
    path("search/", search.search, name="search"),
    path("audit/", audit.entry_list, name="audit"),
    path("audit/export/", audit.export, name="audit_export"),
    path("audit/integrity/", audit.integrity, name="integrity"),
    path("audit/<int:pk>/", audit.entry, name="audit_entry"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.service_worker, name="service_worker"),
    path("offline/", pwa.offline, name="offline"),
]
