"""Addresses of vehicles."""

from django.urls import URLPattern

from vehicles import urls_captures, urls_files, urls_stations

app_name = "vehicles"
urlpatterns: list[URLPattern] = [
    *urls_captures.urlpatterns,
    *urls_stations.urlpatterns,
    *urls_files.urlpatterns,
]
