"""Addresses of the enterprise portal and of explanations."""

from django.urls import URLPattern, path

from polluters.views import portal

urlpatterns: list[URLPattern] = [
    path("portal/", portal.home, name="portal"),
    path("portal/files/<int:pk>/", portal.portal_file, name="portal_file"),
    path("explanations/", portal.explanation_list, name="explanations"),
    path("explanations/new/", portal.explanation_new, name="explanation_new"),
    path("explanations/<int:pk>/", portal.explanation, name="explanation"),
    path(
        "explanations/<int:pk>/answer/",
        portal.explanation_answer,
        name="explanation_answer",
    ),
    path(
        "explanations/<int:pk>/decide/",
        portal.explanation_decide,
        name="explanation_decide",
    ),
    path("marks/<int:pk>/files/", portal.mark_prove, name="mark_prove"),
]
