"""Repairs at maintenance stations that vehicles came back from before their retest."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bozhou_eco.common import clock
from bozhou_eco.common.openapi import operation
from vehicles.api.stations.doors import IdempotentView, Problem, problems
from vehicles.api.stations.register import MOST, TAG
from vehicles.api.stations.register_rows import READ_BACK, page_of, page_output, stamp
from vehicles.api.stations.rows import Taken, in_rows
from vehicles.api.stations.shapes import read, serializer_for
from vehicles.domain.inspection.checks import RepairEntry
from vehicles.models import RepairRecord, Station
from vehicles.services.repairs import Repair, take_repair

RepairInput = serializer_for(RepairEntry)


class RepairOutput(serializers.Serializer[Any]):
    """A repair as the platform holds it."""

    plate = serializers.CharField()
    plate_color = serializers.CharField()
    number = serializers.CharField()
    shop = serializers.CharField()
    shop_code = serializers.CharField()
    came_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField()
    items = serializers.ListField(child=serializers.CharField())
    failed_report = serializers.CharField(
        allow_null=True, help_text="维修前不合格的报告"
    )
    received_at = serializers.DateTimeField()


class RepairRow(serializers.Serializer[Any]):
    """What became of one repair."""

    index = serializers.IntegerField()
    status = serializers.IntegerField()
    number = serializers.CharField(required=False)
    failed_report = serializers.CharField(required=False, allow_null=True)
    problem = Problem(required=False)


def _report(record: RepairRecord, station: Station) -> str | None:
    """Return the failed report; one of another station is none of this one's business."""
    failed = record.inspection
    return failed.report if failed and failed.station_id == station.pk else None


def repair_row(record: RepairRecord, station: Station) -> dict[str, Any]:
    """Return a repair as the interface shows it."""
    names = ("number", "shop", "shop_code", "items")
    return {
        "plate": record.vehicle.plate,
        "plate_color": record.vehicle.plate_color,
        **{name: getattr(record, name) for name in names},
        "came_at": stamp(record.came_at),
        "left_at": stamp(record.left_at),
        "failed_report": _report(record, station),
        "received_at": stamp(record.received_at),
    }


class Repairs(IdempotentView):
    """Repairs that the station posted."""

    @operation(
        tags=TAG,
        operation_id="stations_repairs_list",
        parameters=READ_BACK,
        responses={200: page_output("RepairPage", RepairOutput), **problems()},
    )
    def get(self, request: Request) -> Response:
        """Return the repairs in the order in which they came."""
        found = self.station.repairs.select_related("vehicle", "inspection")
        rows, cursor = page_of(found, request, "received_at")
        shown = [repair_row(row, self.station) for row in rows]
        return Response({"results": shown, "cursor": cursor})

    @operation(
        tags=TAG,
        request=inline_serializer(
            "RepairsInput",
            {"repairs": RepairInput(many=True, help_text=f"最多 {MOST} 条")},
        ),
        responses={
            200: inline_serializer("RepairsOutput", {"results": RepairRow(many=True)}),
            **problems(422),
        },
    )
    def post(self, request: Request) -> Response:
        """Take up to 1,000 repairs; each has its own answer."""
        return self.idempotent(request)

    def act(self, request: Request, **names: str) -> Response:
        """Take the repairs one by one."""
        return in_rows(self.content(), "repairs", MOST, self._one)

    def _one(self, row: Any) -> Taken:
        given = read(RepairInput, row)
        record, made = take_repair(
            given=Repair(**{**given, "plate_color": given.get("plate_color") or ""}),
            station=self.station,
            now=clock.now(),
        )
        report = _report(record, self.station)
        return made, {"number": record.number, "failed_report": report}
