"""Addresses of casework."""

from django.urls import path

from enforcement.views import (
    side_content,
    side_law,
    side_money,
    side_people,
    side_replies,
    side_visits,
    side_work,
)
from enforcement.views.case import case_page
from enforcement.views.export import (
    bundle,
    catalogue,
    feed,
    feed_page,
    revisions,
)
from enforcement.views.figures import consistency, figure, figures, inspections
from enforcement.views.files import add, check, show
from enforcement.views.lists import case_list
from enforcement.views.moves import act
from enforcement.views.opening import new, open_from_alerts
from enforcement.views.papers import document_page, download, serve, void, write
from enforcement.views.parcels import parcels, receive_parcel, retry_parcel
from enforcement.views.parts import part, part_file, parts, sign
from enforcement.views.sides import side

app_name = "enforcement"
REGISTERED = (
    *(side_content, side_law, side_money, side_people, side_replies),
    *(side_visits, side_work),
)

urlpatterns = [
    path("", case_list, name="cases"),
    path("new/", new, name="new"),
    path("open/", open_from_alerts, name="open"),
    path("<int:pk>/", case_page, name="case"),
    path("figures/", figures, name="figures"),
    path("figures/consistency/", consistency, name="consistency"),
    path("figures/<slug:code>/", figure, name="figure"),
    path("inspections/", inspections, name="inspections"),
    path("calendar/", feed_page, name="feed_page"),
    path("calendar/<str:token>.ics", feed, name="feed"),
    path("<int:pk>/bundle/", bundle, name="bundle"),
    path("<int:pk>/revisions/", revisions, name="revisions"),
    path("<int:pk>/catalogue/", catalogue, name="catalogue"),
    path("<int:pk>/act/<slug:action>/", act, name="act"),
    path("<int:pk>/do/<slug:code>/", side, name="side"),
    path("<int:pk>/write/<slug:kind>/", write, name="write"),
    path("<int:pk>/files/add/", add, name="add_file"),
    path("<int:pk>/files/check/", check, name="check_files"),
    path("files/<int:pk>/", show, name="file"),
    path("parts/", parts, name="parts"),
    path("parts/<int:pk>/", part, name="part"),
    path("parts/<int:pk>/sign/", sign, name="part_sign"),
    path("parts/<int:pk>/files/<int:file>/", part_file, name="part_file"),
    path("exchange/", parcels, name="parcels"),
    path("exchange/<int:pk>/retry/", retry_parcel, name="parcel_retry"),
    path("exchange/in/<slug:code>/", receive_parcel, name="parcel_in"),
    path("documents/<int:pk>/", document_page, name="document"),
    path("documents/<int:pk>/serve/", serve, name="serve"),
    path("documents/<int:pk>/void/", void, name="void"),
    path("documents/<int:pk>/<str:form>/", download, name="download"),
]
