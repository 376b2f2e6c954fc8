"""Take whole tests that were made while the connection was down (补传)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from vehicles.domain.codes import has_exhaust
from vehicles.domain.inspection.process import Curve
from vehicles.models import Inspection, Station
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.tests_open import open_session
from vehicles.services.tests_parts import finish, put_part, put_process


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
    with transaction.atomic():
        found, made = open_session(station=station, content=content, now=now, late=True)
        for part in ("appearance", "obd"):
            if content.get(part):
                found = put_part(
                    inspection=found, part=part, content=content[part], now=now
                )
        curve: Curve | None = content.get("process")
        if curve is not None and curve.rows and has_exhaust(found.vehicle.fuel):
            found = put_process(inspection=found, process=curve, now=now)
        names = ("ended_at", "results", "environment", "instruments")
        results = {name: content.get(name) for name in names}
        found = put_part(inspection=found, part="results", content=results, now=now)
        found, _ = finish(inspection=found, now=now)
    return found, made
