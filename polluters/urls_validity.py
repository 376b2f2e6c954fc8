"""Addresses of marks, rates, the ledger, masses and national data."""

from django.urls import URLPattern, path

from polluters.views import ledger, marks, masses, national, rates

urlpatterns: list[URLPattern] = [
    path("marks/", marks.mark_list, name="marks"),
    path("marks/new/", marks.mark_new, name="mark_new"),
    path("marks/<int:pk>/", marks.mark, name="mark"),
    path("marks/<int:pk>/end/", marks.mark_end, name="mark_end"),
    path("marks/<int:pk>/withdraw/", marks.mark_withdraw, name="mark_withdraw"),
    path("rates/", rates.rate_list, name="rates"),
    path("rates/points/<int:pk>/", rates.rate_point, name="rate_point"),
    path("rates/bulletin.xlsx", rates.rate_sheet, name="rate_sheet"),
    path("rates/bulletin.docx", rates.rate_word, name="rate_word"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/<str:tab>/new/", ledger.ledger_new, name="ledger_new"),
    path("ledger/<str:tab>/<int:pk>/", ledger.ledger_edit, name="ledger_edit"),
    path("masses/", masses.mass_list, name="masses"),
    path("masses/<int:pk>/<str:code>/", masses.mass_days, name="mass_days"),
    path("masses/points/<int:pk>/<str:day>/", masses.mass_day, name="mass_day"),
    path("national/", national.national, name="national"),
    path("national/upload/", national.national_upload, name="national_upload"),
]
