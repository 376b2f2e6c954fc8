"""REST routes of captures."""

from django.urls import path

from vehicles.api.captures import views

urlpatterns = [
    path("captures/", views.CaptureListView.as_view(), name="api-captures"),
    path("captures/vendor/", views.VendorCaptureView.as_view(), name="api-vendor"),
]
