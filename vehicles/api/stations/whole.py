"""Whole tests: post up to 1,000 at once, read one back with its process data."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from bozhou_eco.common import clock
from bozhou_eco.common import problems as common_problems
from bozhou_eco.common.openapi import operation
from vehicles.api.stations.doors import IdempotentView, Problem, StationView, problems
from vehicles.api.stations.shapes import check_columns, serializer_for
from vehicles.domain.inspection.read import as_json
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import Inspection
from vehicles.services.errors_stations import StationRefusalError
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
        content = self.content()
        rows = content.get("tests") if isinstance(content, dict) else None
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST:
            raise ValidationError({"tests": [f"应为 1～{MOST} 条检验的数组"]})
        return Response(
            {"results": [self._row(index, row) for index, row in enumerate(rows)]}
        )

    def _row(self, index: int, row: Any) -> dict[str, Any]:
        given = WholeTest(data=row)
        try:
            given.is_valid(raise_exception=True)
            content = dict(given.validated_data)
            if content.get("process"):
                check_columns(content["process"], content["method"], "process")
            found, made = take_whole(
                station=self.station, content=content, now=clock.now()
            )
        except ValidationError as error:
            return _refused(
                index,
                400,
                "提交的数据不符合要求",
                common_problems._fields(error.detail),
            )
        except StationRefusalError as error:
            field = {"field": error.field, "code": error.code, "detail": error.message}
            errors = [field] if error.field else []
            return _refused(index, error.status, error.message, errors, error.code)
        return {
            "index": index,
            "status": 201 if made else 200,
            "session": found.session,
            "report": found.report,
            "outcome": found.outcome,
        }


def _refused(
    index: int,
    status: int,
    title: str,
    errors: list[dict[str, str]],
    code: str = "invalid",
) -> dict[str, Any]:
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return {"index": index, "status": status, "problem": {**body, "errors": errors}}


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
