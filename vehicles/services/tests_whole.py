"""Take whole tests that were made while the connection was down (补传)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from vehicles.domain.codes import has_exhaust
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.read import as_json, build
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import Inspection, Station
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.tests_open import (
    ContentDiffersError,
    keeping_refused,
    open_session,
)
from vehicles.services.tests_parts import finish, put_part, put_process


@keeping_refused
def take_whole(
    *, station: Station, content: dict[str, Any], now: datetime
) -> tuple[Inspection, bool]:
    """Take a whole test at once; returns it and whether it is new.

    ``content`` is a validated ``VehicleTest``. The start gate only records, for the test
    already took place. Nothing is written when a part is refused.
    """
    if content.get("station") not in ("", None, station.code):
        raise StationRefusalError(
            "station 不是本机构编号", status=400, code="not_yours", field="station"
        )
    given_report = _check_report(station, content, now)
    with transaction.atomic():
        found, made = open_session(station=station, content=content, now=now, late=True)
        session = found.session

        def put(part: str, given: dict[str, Any]) -> None:
            put_part(
                station=station, session=session, part=part, content=given, now=now
            )

        for part in ("appearance", "obd"):
            if content.get(part):
                put(part, content[part])
        curve: Curve | None = content.get("process")
        if curve is not None and curve.rows and has_exhaust(found.vehicle.fuel):
            put_process(station=station, session=session, process=curve, now=now)
        names = ("ended_at", "results", "environment", "instruments")
        put("results", {name: content.get(name) for name in names})
        found, _ = finish(station=station, session=session, now=now)
        if given_report:
            Inspection.objects.filter(pk=found.pk).update(given_report=given_report)
    return found, made


def _check_report(station: Station, content: dict[str, Any], now: datetime) -> str:
    """Return a report number that the station made up itself, or nothing.

    Numbers are the platform's; a station may repeat the one it was given, and one of its
    own making is kept beside the platform's. A number that already belongs to another
    session is kept with what came under it, refused and told.
    """
    report = content.get("report") or ""
    if not report:
        return ""
    own = Q(report=report) | Q(given_report=report, station=station)
    held = Inspection.objects.filter(own).select_related("station__district").first()
    if held is None:
        return report
    if held.station_id != station.pk:
        raise StationRefusalError(
            "报告编号不属于本机构", code="not_yours", field="report"
        )
    if held.session != content["session"]:
        test = as_json(build(VehicleTest, {**content, "process": Curve()}))
        raise ContentDiffersError(
            "该报告编号已用于另一次检验；本次内容已留存，未采用",
            inspection=held,
            part="report",
            content=test,
            now=now,
        )
    return ""
