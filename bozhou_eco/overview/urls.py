"""Addresses of the overview, search, figures, help and the phone app."""

from django.urls import URLPattern, path

from bozhou_eco.overview.views import home, pwa, search

app_name = "overview"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("overview/parts/", home.parts, name="parts"),
    path("search/", search.search, name="search"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.service_worker, name="service_worker"),
    path("offline/", pwa.offline, name="offline"),
]
