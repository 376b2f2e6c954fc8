"""REST routes of inspection stations."""

from django.urls import URLPattern, path

from vehicles.api.stations import files, register, repairs, sessions, whole

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
    path(f"{ONE}files/", files.Files.as_view()),
    path(f"{ONE}files/<str:file>/", files.OneFile.as_view()),
    path(f"{ONE}files/<str:file>/content/", files.Piece.as_view()),
    path(f"{ONE}complaints/", files.Complaints.as_view()),
    path("stations/self/", register.Own.as_view()),
    path("stations/lines/", register.Lines.as_view()),
    path("stations/lines/<str:number>/", register.OneLine.as_view()),
    path("stations/instruments/", register.Instruments.as_view()),
    path("stations/instruments/<str:serial>/", register.OneInstrument.as_view()),
    path("stations/staff/", register.Staff.as_view()),
    path("stations/staff/<str:number>/", register.OnePerson.as_view()),
    path("stations/checks/", register.Checks.as_view()),
    path("stations/locks/", register.Locks.as_view()),
    path("stations/repairs/", repairs.Repairs.as_view()),
    path("stations/tests/", whole.WholeTests.as_view()),
    path("stations/tests/<str:report>/", whole.WholeOne.as_view()),
]
