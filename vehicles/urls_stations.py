"""Addresses of stations, tests and findings."""

from django.urls import URLPattern, path

from vehicles.views import findings, stations

urlpatterns: list[URLPattern] = [
    path("stations/", stations.station_list, name="stations"),
    path("stations/<str:code>/", stations.station, name="station"),
    path("inspections/<int:pk>/", stations.inspection, name="inspection"),
    path(
        "inspections/<int:pk>/curve.json",
        stations.inspection_curve,
        name="inspection_curve",
    ),
    path("findings/", findings.finding_list, name="findings"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path(
        "findings/<int:pk>/verdict/", findings.finding_verdict, name="finding_verdict"
    ),
]
