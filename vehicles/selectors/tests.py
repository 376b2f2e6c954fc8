"""Read tests of a station."""

from datetime import datetime
from typing import cast

from bozhou_eco.common.joined import columns, fetch
from vehicles.models import Inspection, Line, Station, Vehicle

OWN = f"""
SELECT {columns(Inspection, "i")}, {columns(Line, "l")}, {columns(Vehicle, "v")}
FROM vehicles_inspection i
JOIN vehicles_line l ON l.id = i.line_id
JOIN vehicles_vehicle v ON v.id = i.vehicle_id
WHERE i.station_id = %s AND i.session = %s
"""  # noqa: S608  (columns of models only)
FILE = f"""
SELECT {columns(Vehicle, "v")} FROM vehicles_vehicle v
WHERE v.plate = %s AND v.plate_color = %s FOR UPDATE
"""  # noqa: S608
OWN_LOCKED = f"{OWN} FOR UPDATE OF i"


def own_test(
    station: Station, session: str, *, lock: bool = False
) -> Inspection | None:
    """Return a session of the station, None if it has no such session.

    With ``lock`` its row is held to the end of the transaction.
    """
    sql = OWN_LOCKED if lock else OWN
    for row in fetch(sql, [station.pk, session], Inspection, Line, Vehicle):
        found = cast(Inspection, row[0])
        found.station = station
        found.line = cast(Line, row[1])
        found.line.station = station
        found.vehicle = cast(Vehicle, row[2])
        return found
    return None


def file_locked(plate: str, color: str) -> Vehicle | None:
    """Return a vehicle's file, held to the end of the transaction; None without one."""
    for row in fetch(FILE, [plate, color], Vehicle):
        return cast(Vehicle, row[0])
    return None


def changed_since(
    station: Station,
    since: datetime | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Inspection]:
    """Return tests in order of change; ``after`` continues behind a row."""
    found = Inspection.objects.filter(station=station)
    if since is not None:
        found = found.filter(updated_at__gte=since)
    if after is not None:
        at, pk = after
        found = found.filter(updated_at__gte=at).exclude(updated_at=at, pk__lte=pk)
    return list(
        found.select_related("station", "line", "vehicle").order_by("updated_at", "id")[
            :limit
        ]
    )
