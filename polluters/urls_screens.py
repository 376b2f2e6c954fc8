"""Addresses of screens: history, live wall, statistics, video, ambient air."""

from django.urls import URLPattern, path

from polluters.views import curves, statistics, wall

urlpatterns: list[URLPattern] = [
    path("live/", wall.wall, name="wall"),
    path("statistics/", statistics.page, name="statistics"),
    path("statistics.xlsx", statistics.export, name="statistics_export"),
    path("history/", curves.page, name="curves"),
    path("history/data.json", curves.data, name="curve_data"),
    path("history/progress.json", curves.progress, name="export_progress"),
    path("history/export/<str:form>/", curves.export, name="curve_export"),
    path("points/<int:pk>/raw/", curves.raw, name="raw_frames"),
]
