"""Addresses of vehicle files, watch list, road checks, loops, statistics, exchange."""

from django.urls import URLPattern, path

from vehicles.views import exchange, fleet, repairs, roadchecks, vehicles, watchlist

urlpatterns: list[URLPattern] = [
    path("files/", vehicles.file_list, name="files"),
    path("files/by-plate/", vehicles.vehicle_by_plate, name="file_by_plate"),
    path("files/import/", vehicles.vehicle_import, name="import"),
    path("files/import/<int:pk>/", vehicles.import_result, name="import_result"),
    path(
        "files/import/<str:kind>.csv", vehicles.import_template, name="import_template"
    ),
    path("files/<int:pk>/", vehicles.vehicle_file, name="file"),
    path("files/<int:pk>/owner/", vehicles.vehicle_owner, name="file_owner"),
    path("watchlist/", watchlist.watch_list, name="watchlist"),
    path("watchlist/add/", watchlist.watch_add, name="watch_add"),
    path("watchlist/export/", watchlist.watch_export, name="watch_export"),
    path("watchlist/<int:pk>/", watchlist.watch_entry, name="watch_entry"),
    path(
        "watchlist/<int:pk>/leave/",
        watchlist.watch_act,
        {"act": "leave"},
        name="watch_leave",
    ),
    path(
        "watchlist/<int:pk>/owner/",
        watchlist.watch_act,
        {"act": "assign"},
        name="watch_assign",
    ),
    path(
        "watchlist/<int:pk>/note/",
        watchlist.watch_act,
        {"act": "note"},
        name="watch_note",
    ),
    path("roadchecks/", roadchecks.campaign_list, name="roadchecks"),
    path("roadchecks/new/", roadchecks.campaign_new, name="campaign_new"),
    path("roadchecks/plate/", roadchecks.plate_ask, name="plate_ask"),
    path(
        "roadchecks/plate/<uuid:token>/",
        roadchecks.plate_answer,
        name="plate_answer",
    ),
    path("roadchecks/<int:pk>/", roadchecks.campaign, name="campaign"),
    path("roadchecks/<int:pk>/end/", roadchecks.campaign_end, name="campaign_end"),
    path("roadchecks/<int:pk>/record/", roadchecks.record, name="roadcheck_record"),
    path("roadchecks/<int:pk>/checks/", roadchecks.check_add, name="roadcheck_add"),
    path("roadchecks/checks/<uuid:pk>/", roadchecks.check, name="roadcheck"),
    path(
        "roadchecks/checks/<uuid:pk>/transfer/",
        roadchecks.check_transfer,
        name="roadcheck_transfer",
    ),
    path(
        "roadchecks/checks/<uuid:pk>/photos/<int:place>/",
        roadchecks.check_photo,
        name="roadcheck_photo",
    ),
    path("fleet/", fleet.fleet, name="fleet"),
    path("loops/", fleet.loop_list, name="loops"),
    path("loops/<int:pk>/", fleet.loop, name="loop"),
    path("repairs/", repairs.repair_list, name="repairs"),
    path("repairs/add/", repairs.repair_add, name="repair_add"),
    path("exchange/", exchange.exchange, name="exchange"),
    path(
        "exchange/parcels/<int:pk>/retry/",
        exchange.exchange_retry,
        name="exchange_retry",
    ),
    path(
        "exchange/checks/<int:pk>/resend/",
        exchange.exchange_resend,
        name="exchange_resend",
    ),
]
