"""Addresses of screens: history, live wall, statistics, video, ambient air."""

from django.urls import URLPattern, path

from polluters.views import air, curves, statistics, video, wall

urlpatterns: list[URLPattern] = [
    path("live/", wall.wall, name="wall"),
    path("statistics/", statistics.page, name="statistics"),
    path("statistics.xlsx", statistics.export, name="statistics_export"),
    path("video/", video.channel_list, name="video"),
    path("video/<int:pk>/", video.channel, name="video_channel"),
    path("video/<int:pk>/still.jpg", video.still, name="video_still"),
    path("video/<int:pk>/stream.mp4", video.stream, name="video_stream"),
    path("video/snapshots/<int:pk>.jpg", video.picture, name="video_picture"),
    path("air/", air.page, name="air"),
    path("air/import/", air.imports, name="air_import"),
    path("air/template.csv", air.template, name="air_template"),
    path("history/", curves.page, name="curves"),
    path("history/data.json", curves.data, name="curve_data"),
    path("history/progress.json", curves.progress, name="export_progress"),
    path("history/export/<str:form>/", curves.export, name="curve_export"),
    path("points/<int:pk>/raw/", curves.raw, name="raw_frames"),
]
