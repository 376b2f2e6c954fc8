"""Addresses of polluters."""

from django.urls import URLPattern, path

from polluters import urls_portal, urls_screens, urls_validity
from polluters.views import (
    commands,
    enterprises,
    exceedances,
    findings,
    live,
    outlets,
    quarantine,
)

app_name = "polluters"
urlpatterns: list[URLPattern] = [
    path("", enterprises.outlet_list, name="enterprises"),
    path("enterprises/<int:pk>/", enterprises.enterprise, name="enterprise"),
    path("outlets/<int:pk>/", outlets.outlet, name="outlet"),
    path("outlets/<int:pk>/cells/", live.cells, name="cells"),
    path("outlets/<int:pk>/data/", outlets.data, name="outlet_data"),
    path("outlets/<int:pk>/data.csv", outlets.export, name="outlet_export"),
    path("points/<int:pk>/history/", live.history, name="history"),
    path("exceedances/", exceedances.exceedance_list, name="exceedances"),
    path("exceedances/<int:pk>/", exceedances.exceedance, name="exceedance"),
    path(
        "exceedances/<int:pk>/bundle.zip", exceedances.bundle, name="exceedance_bundle"
    ),
    path("findings/", findings.finding_list, name="findings"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/overrule/", findings.overrule, name="finding_overrule"),
    path("latest.json", exceedances.latest, name="latest"),
    path("quarantine/", quarantine.frames, name="quarantine"),
    path("quarantine/<int:pk>/", quarantine.frame, name="quarantined"),
    path("quarantine/<int:pk>/retry/", quarantine.retry, name="quarantine_retry"),
    path("quarantine/<int:pk>/dismiss/", quarantine.dismiss, name="quarantine_dismiss"),
    path("quarantine/retry/", quarantine.retry_many, name="quarantine_retry_many"),
    path("unmapped/<int:pk>/", quarantine.unmapped, name="unmapped"),
    path("outlets/<int:pk>/commands/", commands.panel, name="commands"),
    path("outlets/<int:pk>/commands/fields/", commands.fields, name="command_fields"),
    path("outlets/<int:pk>/commands/ask/", commands.ask, name="command_ask"),
    path(
        "commands/<int:pk>/<str:act>/",
        commands.decide,
        name="command_decide",
    ),
    *urls_portal.urlpatterns,
    *urls_validity.urlpatterns,
    *urls_screens.urlpatterns,
]
