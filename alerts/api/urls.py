"""REST routes of alerting."""

from django.urls import path

from alerts.api import push, sources, views

urlpatterns = [
    path("alerts/", views.AlertListView.as_view(), name="api-alerts"),
    path("alerts/raise/", sources.RaiseView.as_view(), name="api-alerts-raise"),
    path("alerts/clear/", sources.ClearView.as_view(), name="api-alerts-clear"),
    path("push/", push.PushView.as_view(), name="api-push"),
    path("alerts/changes/", views.ChangesView.as_view(), name="api-alert-changes"),
    path(
        "alerts/acknowledge/",
        views.BulkAcknowledgeView.as_view(),
        name="api-alerts-acknowledge",
    ),
    path("alerts/<int:pk>/", views.AlertView.as_view(), name="api-alert"),
    path(
        "alerts/<int:pk>/acknowledge/",
        views.AcknowledgeView.as_view(),
        name="api-alert-acknowledge",
    ),
    path("alerts/<int:pk>/undo/", views.UndoView.as_view(), name="api-alert-undo"),
    path(
        "alerts/<int:pk>/shelve/", views.ShelveView.as_view(), name="api-alert-shelve"
    ),
    path(
        "alerts/<int:pk>/dismiss/",
        views.DismissView.as_view(),
        name="api-alert-dismiss",
    ),
    path(
        "alerts/<int:pk>/comments/",
        views.CommentView.as_view(),
        name="api-alert-comment",
    ),
]
