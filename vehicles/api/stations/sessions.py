"""Test sessions: open, fill in any order, ask, finish."""

from typing import Any

import segno
from django.core import signing
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from bozhou_eco.common import clock
from bozhou_eco.common.openapi import operation
from bozhou_eco.common.parsers import MomentField
from vehicles.api.stations.cursors import PAGE, decode_cursor, encode_cursor, since_of
from vehicles.api.stations.doors import IdempotentView, StationView, problems
from vehicles.api.stations.shapes import ProcessField, read, serializer_for
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.results import Results
from vehicles.domain.inspection.shapes import (
    Appearance,
    Environment,
    Instrument,
    Obd,
    VehicleTest,
)
from vehicles.models import Inspection
from vehicles.selectors.gate import locks_of
from vehicles.selectors.tests import changed_since, own_test
from vehicles.services.tests_open import open_session
from vehicles.services.tests_parts import abort, finish, put_part, put_process

TAG = ["检验机构"]
MASK = 2
"""The mask pattern of QR codes. Any is valid; a signature has no regularity that one of
the eight would have to break up, and trying all eight takes most of an answer's time."""
SessionInput = serializer_for(
    VehicleTest,
    (
        *("session", "line", "category", "method", "attempt", "started_at"),
        *("staff", "vehicle", "software_version", "sent_at"),
    ),
    "SessionInput",
)
AppearanceInput, ObdInput = serializer_for(Appearance), serializer_for(Obd)


class ResultsInput(serializers.Serializer[Any]):
    """Results with the conditions under which they were measured."""

    ended_at = MomentField(help_text="上线检测结束时间")
    results = serializer_for(Results)()
    environment = serializer_for(Environment)(required=False)
    instruments = serializer_for(Instrument)(many=True, required=False)


class ProcessInput(serializers.Serializer[Any]):
    """Process data of the session."""

    process = ProcessField()


class ReasonInput(serializers.Serializer[Any]):
    """A reason in words."""

    reason = serializers.CharField(max_length=200)


class ObjectionOutput(serializers.Serializer[Any]):
    """Why a test should not start."""

    reason = serializers.CharField()
    name = serializers.CharField()
    detail = serializers.CharField()
    binding = serializers.BooleanField()


class SessionOutput(serializers.Serializer[Any]):
    """A session as the platform holds it."""

    session = serializers.CharField()
    line = serializers.CharField()
    state = serializers.CharField()
    allowed = serializers.BooleanField(help_text="准予开始")
    method = serializers.CharField()
    attempt = serializers.IntegerField()
    objections = ObjectionOutput(many=True)
    received = serializers.ListField(child=serializers.CharField())
    report = serializers.CharField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)
    reasons = serializers.ListField(child=serializers.CharField())
    opened_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    clock_offset = serializers.FloatField(allow_null=True, help_text="机构时钟偏差 s")


class ReportOutput(SessionOutput):
    """A finished session with its report's QR code."""

    qr = serializers.CharField(help_text="二维码文字")
    qr_svg = serializers.CharField(help_text="二维码图形（SVG）")


class GoOutput(serializers.Serializer[Any]):
    """May the running test go on?"""

    go = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())
    server_time = serializers.DateTimeField()


class SessionPage(serializers.Serializer[Any]):
    """Sessions in order of change."""

    results = SessionOutput(many=True)
    cursor = serializers.CharField(
        allow_null=True, help_text="续读位置；null 表示已到末尾"
    )


def session_row(found: Inspection) -> dict[str, Any]:
    """Return a session as the interface shows it."""
    return {
        "session": found.session,
        "line": found.line.number,
        "state": found.state,
        "allowed": found.allowed,
        "method": found.method,
        "attempt": found.attempt,
        "objections": found.objections,
        "received": found.received,
        "report": found.report,
        "outcome": found.outcome,
        "reasons": found.reasons,
        "opened_at": clock.beijing(found.opened_at).isoformat(),
        "updated_at": clock.beijing(found.updated_at).isoformat(),
        "clock_offset": found.clock_offset,
    }


def report_row(found: Inspection) -> dict[str, Any]:
    """Return a finished session with its QR code: number and signature."""
    mark = signing.Signer(salt="vehicles.report").sign(found.report or "")
    svg = segno.make(mark, error="m", mask=MASK).svg_inline(scale=3)
    return {**session_row(found), "qr": mark, "qr_svg": svg}


class Sessions(IdempotentView):
    """Open a session; read sessions back."""

    @operation(
        tags=TAG,
        operation_id="stations_sessions_list",
        parameters=[
            OpenApiParameter("updated_since", str, description="ISO 8601 时间"),
            OpenApiParameter("cursor", str, description="上一页的 cursor"),
        ],
        responses={200: SessionPage, **problems()},
    )
    def get(self, request: Request) -> Response:
        """Return the station's sessions in order of change."""
        at, cursor = since_of(request), request.query_params.get("cursor")
        after = decode_cursor(cursor) if cursor else None
        rows = changed_since(self.station, at, after, PAGE)
        last = rows[-1] if len(rows) == PAGE else None
        more = encode_cursor(last.updated_at, last.pk) if last else None
        return Response({"results": [session_row(row) for row in rows], "cursor": more})

    @operation(
        tags=TAG,
        request=SessionInput,
        responses={201: SessionOutput, 200: SessionOutput, **problems(409, 422)},
    )
    def post(self, request: Request) -> Response:
        """Open a session; the answer says whether the test may start."""
        return self.idempotent(request)

    def act(self, request: Request, **names: str) -> Response:
        """Validate and open."""
        given = read(SessionInput, self.content())
        found, made = open_session(station=self.station, content=given, now=clock.now())
        return Response(session_row(found), status=201 if made else 200)


class SessionView(StationView):
    """Base of operations on one session of the calling station."""

    def found(self, session: str) -> Inspection:
        """Return the session or answer 404, also for other stations' sessions."""
        inspection = own_test(self.station, session)
        if inspection is None:
            raise NotFound("本机构没有该流水号的检验")
        return inspection

    def read(self, session: str, kind: type[serializers.Serializer[Any]]) -> Any:
        """Return the validated body; a session that is not there is told first."""
        try:
            return read(kind, self.content())
        except serializers.ValidationError:
            self.found(session)
            raise


class Session(SessionView):
    """One session."""

    @operation(tags=TAG, responses={200: SessionOutput, **problems()})
    def get(self, request: Request, session: str) -> Response:
        """Return what the platform holds, so that a lost connection can resume."""
        return Response(session_row(self.found(session)))


class AppearancePart(SessionView):
    """Appearance inspection of a session."""

    @operation(
        tags=TAG,
        request=AppearanceInput,
        responses={200: SessionOutput, **problems(409)},
    )
    def put(self, request: Request, session: str) -> Response:
        """Take the appearance inspection."""
        return _put(self, session, "appearance", AppearanceInput)


class ObdPart(SessionView):
    """OBD inspection of a session."""

    @operation(
        tags=TAG, request=ObdInput, responses={200: SessionOutput, **problems(409)}
    )
    def put(self, request: Request, session: str) -> Response:
        """Take the OBD inspection."""
        return _put(self, session, "obd", ObdInput)


class ResultsPart(SessionView):
    """Results of a session."""

    @operation(
        tags=TAG, request=ResultsInput, responses={200: SessionOutput, **problems(409)}
    )
    def put(self, request: Request, session: str) -> Response:
        """Take the results."""
        return _put(self, session, "results", ResultsInput)


def _put(
    view: SessionView,
    session: str,
    part: str,
    kind: type[serializers.Serializer[Any]],
) -> Response:
    changed = put_part(
        station=view.station,
        session=session,
        part=part,
        content=view.read(session, kind),
        now=clock.now(),
    )
    return Response(session_row(changed))


class ProcessPart(SessionView):
    """Process data of a session."""

    @operation(
        tags=TAG, request=ProcessInput, responses={200: SessionOutput, **problems(409)}
    )
    def put(self, request: Request, session: str) -> Response:
        """Take the per-second data of the whole test at once."""
        curve: Curve = self.read(session, ProcessInput)["process"]
        changed = put_process(
            station=self.station, session=session, process=curve, now=clock.now()
        )
        return Response(session_row(changed))


class Go(SessionView):
    """Polling during a test."""

    @operation(tags=TAG, responses={200: GoOutput, **problems()})
    def get(self, request: Request, session: str) -> Response:
        """Say whether the running test may go on; ask at least every minute."""
        found = self.found(session)
        held = [lock.reason for lock in locks_of(found)]
        stopped = bool(held) and found.station.binding
        running = found.state == Inspection.State.OPEN
        reasons = held if running else [f"该次检验{found.get_state_display()}"]
        return Response(
            {
                "go": running and not stopped,
                "reasons": reasons,
                "server_time": clock.beijing(clock.now()).isoformat(),
            }
        )


class Finish(SessionView):
    """The end of a test."""

    @operation(
        tags=TAG, request=None, responses={200: ReportOutput, **problems(409, 503)}
    )
    def post(self, request: Request, session: str) -> Response:
        """Judge and issue the report number; asking again gives the same answer."""
        found, _ = finish(station=self.station, session=session, now=clock.now())
        return Response(report_row(found))


class Abort(SessionView):
    """A test that ends without a report."""

    @operation(
        tags=TAG, request=ReasonInput, responses={200: SessionOutput, **problems(409)}
    )
    def post(self, request: Request, session: str) -> Response:
        """Abort the session with a reason."""
        reason = self.read(session, ReasonInput)["reason"]
        changed = abort(
            station=self.station,
            session=session,
            reason=reason,
            now=clock.now(),
        )
        return Response(session_row(changed))
