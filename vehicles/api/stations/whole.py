"""Whole tests: post up to 1,000 at once, read one back with its process data."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from bozhou_eco.common import clock
from bozhou_eco.common.openapi import operation
from vehicles.api.stations.doors import IdempotentView, Problem, StationView, problems
from vehicles.api.stations.rows import Taken, in_rows
from vehicles.api.stations.shapes import check_columns, read, serializer_for
from vehicles.domain.inspection.read import as_json
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import Inspection
from vehicles.services.tests_parts import process_of, whole_test
from vehicles.services.tests_whole import take_whole

MOST = 1000
TAG = ["检验机构"]
WholeTest = serializer_for(VehicleTest)


class WholeRow(serializers.Serializer[Any]):
    """What became of one row: its report number, or a problem."""

    index = serializers.IntegerField()
    status = serializers.IntegerField()
    session = serializers.CharField(required=False)
    report = serializers.CharField(required=False)
    outcome = serializers.CharField(required=False)
    problem = Problem(required=False)


WholeInput = inline_serializer(
    "WholeTestsInput", {"tests": WholeTest(many=True, help_text=f"最多 {MOST} 条")}
)
WholeOutput = inline_serializer("WholeTestsOutput", {"results": WholeRow(many=True)})


class WholeTests(IdempotentView):
    """Post whole tests."""

    @operation(
        tags=TAG, request=WholeInput, responses={200: WholeOutput, **problems(422)}
    )
    def post(self, request: Request) -> Response:
        """Take tests made while the connection was down; each row has its own answer."""
        return self.idempotent(request)

    def act(self, request: Request, **names: str) -> Response:
        """Take the rows one by one."""
        return in_rows(self.content(), "tests", MOST, self._row)

    def _row(self, row: Any) -> Taken:
        content = read(WholeTest, row)
        if content.get("process"):
            check_columns(content["process"], content["method"], "process")
        found, made = take_whole(station=self.station, content=content, now=clock.now())
        names = ("session", "report", "outcome")
        return made, {name: getattr(found, name) for name in names}


class WholeOne(StationView):
    """One whole test."""

    @operation(tags=TAG, responses={200: WholeTest, **problems()})
    def get(self, request: Request, report: str) -> Response:
        """Return a finished test of the station with its process data."""
        found = (
            Inspection.objects.filter(station=self.station, report=report)
            .select_related("station", "line", "vehicle")
            .first()
        )
        if found is None:
            raise NotFound("本机构没有该编号的报告")
        return Response(as_json(whole_test(found, process=process_of(found))))
