"""Addresses of the overview, search, figures, help and the phone app."""

from django.urls import URLPattern, path

from bozhou_eco.overview.views import (
    audit,
    figures,
    home,
    links,
    manual,
    privacy,
    pwa,
    search,
    setup,
    visits,
    weekly,
)

app_name = "overview"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("overview/parts/", home.parts, name="parts"),
    path("search/", search.search, name="search"),
    path("figures/", figures.figures, name="figures"),
    path("figures/report.docx", figures.export, name="figures_export"),
    path("figures/<slug:code>/", figures.figure, name="figure"),
    path("audit/", audit.entry_list, name="audit"),
    path("audit/export/", audit.export, name="audit_export"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("privacy/hold/", privacy.hold, name="hold"),
    path("privacy/hold/<int:pk>/release/", privacy.hold_release, name="hold_release"),
    path("audit/integrity/", audit.integrity, name="integrity"),
    path("audit/<int:pk>/", audit.entry, name="audit_entry"),
    path("links/devices/", links.devices, name="links"),
    path("weekly/", weekly.archive, name="weekly"),
    path("weekly/draft/", weekly.draft, name="weekly_draft"),
    path("weekly/<int:pk>/", weekly.report, name="weekly_report"),
    path("weekly/<int:pk>/save/", weekly.save, name="weekly_save"),
    path("weekly/items/<int:pk>/", weekly.verdict, name="weekly_verdict"),
    path("weekly/<int:pk>/<slug:form>/", weekly.file, name="weekly_file"),
    path("visits/", visits.visit_list, name="visits"),
    path("visits/<int:pk>/", visits.visit, name="visit"),
    path("visits/<int:pk>/sync/", visits.sync, name="visit_sync"),
    path("visits/<int:pk>/photos/", visits.photo, name="visit_photo"),
    path("setup/", setup.guide, name="setup"),
    path("help/", manual.help_page, name="help"),
    path("help/dictionary/", manual.dictionary, name="dictionary"),
    path("help/screenshots/<slug:name>.webp", manual.picture, name="help_picture"),
    path("help/<slug:slug>/", manual.help_page, name="help_page"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.service_worker, name="service_worker"),
    path("offline/", pwa.offline, name="offline"),
]
