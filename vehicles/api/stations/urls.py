"""REST routes of inspection stations."""

from django.urls import URLPattern, path

from vehicles.api.stations import sessions, whole

ONE = "stations/sessions/<str:session>/"
urlpatterns: list[URLPattern] = [
    path("stations/sessions/", sessions.Sessions.as_view()),
    path(ONE, sessions.Session.as_view()),
    path(f"{ONE}appearance/", sessions.AppearancePart.as_view()),
    path(f"{ONE}obd/", sessions.ObdPart.as_view()),
    path(f"{ONE}process/", sessions.ProcessPart.as_view()),
    path(f"{ONE}results/", sessions.ResultsPart.as_view()),
    path(f"{ONE}go/", sessions.Go.as_view()),
    path(f"{ONE}finish/", sessions.Finish.as_view()),
    path(f"{ONE}abort/", sessions.Abort.as_view()),
    path("stations/tests/", whole.WholeTests.as_view()),
    path("stations/tests/<str:report>/", whole.WholeOne.as_view()),
]
