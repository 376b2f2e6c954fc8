"""Pages of 预警中心."""

from django.urls import path

from alerts.views import notices, triage

app_name = "alerts"
urlpatterns = [
    path("", triage.alert_list, name="list"),
    path("rows/", triage.rows, name="rows"),
    path("n/<str:token>/", notices.notice, name="notice"),
    path("<int:pk>/", triage.detail, name="detail"),
    path("<int:pk>/card/", triage.card, name="card"),
]
