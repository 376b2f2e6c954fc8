"""Addresses of stations, tests and findings."""

from django.urls import URLPattern, path

from vehicles.views import findings, stations, supervision

urlpatterns: list[URLPattern] = [
    path("stations/", stations.station_list, name="stations"),
    path("stations/ranking/", supervision.ranking, name="ranking"),
    path("stations/draw/", supervision.site_draw, name="site_draw"),
    path("stations/<str:code>/", stations.station, name="station"),
    path("stations/<str:code>/supervision/", supervision.supervise, name="supervision"),
    path(
        "stations/<str:code>/acts/<str:act>/",
        supervision.station_act,
        name="station_act",
    ),
    path(
        "inspections/<int:pk>/files/<str:file>/",
        stations.inspection_file,
        name="inspection_file",
    ),
    path("inspections/<int:pk>/", stations.inspection, name="inspection"),
    path("inspections/<int:pk>/bundle.zip", stations.bundle, name="inspection_bundle"),
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
