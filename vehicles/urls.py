"""Addresses of vehicles."""

from django.urls import URLPattern

from vehicles import urls_captures

app_name = "vehicles"
urlpatterns: list[URLPattern] = [*urls_captures.urlpatterns]
