"""Pages of 预警中心."""

from django.urls import path

from alerts.views import triage

app_name = "alerts"
urlpatterns = [
    path("", triage.alert_list, name="list"),
    path("rows/", triage.rows, name="rows"),
    path("<int:pk>/", triage.detail, name="detail"),
    path("<int:pk>/card/", triage.card, name="card"),
]
