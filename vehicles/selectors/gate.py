"""Gather the facts for the start gate of a test."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db import connection
from django.db.models import Q

from bozhou_eco.common import clock
from bozhou_eco.common.joined import columns, fetch
from vehicles.domain.codes import Method
from vehicles.domain.inspection.gate import (
    NEEDED,
    GateFacts,
    GateRules,
    InstrumentFact,
    Mode,
)
from vehicles.domain.inspection.limits import Limit
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import (
    Inspection,
    InspectionSettings,
    Instrument,
    LimitRow,
    Line,
    Lock,
    Station,
    SupervisionSettings,
    Vehicle,
)

CYCLE_DAYS = 180
BUSY_HOURS = 3
# Asked at every opening of a test, hence written out (see ``common.joined``).
SETTINGS = f"""
SELECT {columns(InspectionSettings, "s")} FROM vehicles_inspectionsettings s
ORDER BY s.id LIMIT 1
"""  # noqa: S608  (columns of models only)
LIMITS = f"""
SELECT {columns(LimitRow, "r")} FROM vehicles_limitrow r
WHERE r.method = %s OR %s = ''
ORDER BY r.method, r.field, r.variant, r.valid_from DESC
"""  # noqa: S608
LINE = f"""
SELECT {columns(Line, "l")}, {columns(Instrument, "i")}
FROM vehicles_line l LEFT JOIN vehicles_instrument i ON i.line_id = l.id
WHERE l.station_id = %s AND l.number = %s
ORDER BY i.kind
"""  # noqa: S608
LOCKS = f"""
SELECT {columns(Lock, "k")} FROM vehicles_lock k
WHERE (k.station_id = %s OR k.vehicle_id = %s) AND k.lifted_at IS NULL
ORDER BY k.since DESC
"""  # noqa: S608
RECENT = """
SELECT i.outcome, i.station_id, s.name, i.started_at
FROM vehicles_inspection i JOIN vehicles_station s ON s.id = i.station_id
WHERE i.vehicle_id = %s AND i.state = 'done' AND i.started_at >= %s
ORDER BY i.started_at DESC LIMIT 20
"""
NOW = """
SELECT
    (SELECT count(*) FROM vehicles_staffmember m
     WHERE m.station_id = %(station)s AND m.number = ANY(%(staff)s::text[]) AND m.active
       AND (m.valid_until IS NULL OR m.valid_until >= %(day)s)),
    (SELECT i.line_id FROM vehicles_inspection i
     WHERE i.vehicle_id = %(vehicle)s AND i.state = 'open' AND i.allowed
       AND i.opened_at >= %(since)s
       AND (i.station_id <> %(station)s OR i.session <> %(session)s)
     ORDER BY i.started_at DESC LIMIT 1)
"""


def inspection_settings() -> InspectionSettings:
    """Return the prefecture's settings."""
    for row in fetch(SETTINGS, [], InspectionSettings):
        return cast(InspectionSettings, row[0])
    return InspectionSettings()


def supervision_settings() -> SupervisionSettings:
    """Return the quotas and tolerances of supervision."""
    return SupervisionSettings.objects.first() or SupervisionSettings()


def gate_rules(found: InspectionSettings) -> GateRules:
    """Return the start gate's numbers from the settings."""
    return GateRules(
        check_age=timedelta(hours=found.check_hours),
        elsewhere_days=found.elsewhere_days,
        retries=found.retries,
        opens=found.opens,
        closes=found.closes,
        clock_skew_s=found.clock_skew_s,
    )


def limits(method: str = "") -> list[Limit]:
    """Return the limit rows of a method, or all."""
    rows = [cast(LimitRow, row) for (row,) in fetch(LIMITS, [method, method], LimitRow)]
    return [
        Limit(
            *(row.method, row.field, row.variant, row.least, row.most),
            *(row.unit, row.standard, row.valid_from, row.source, row.of_rated),
        )
        for row in rows
    ]


def open_locks(station: Station, vehicle: Vehicle | None = None) -> list[Lock]:
    """Return the locks that hold for a station and a vehicle."""
    target = Q(station=station) | (Q(vehicle=vehicle) if vehicle else Q(pk=None))
    found = Lock.objects.filter(target, lifted_at__isnull=True)
    return list(found.select_related("line", "instrument"))


def locks_of(test: Inspection) -> list[Lock]:
    """Return the locks that speak against a running test.

    One on an instrument counts where the instrument stands now, and only for methods
    that need it, as at the start gate.
    """
    needed = NEEDED[Method(test.method)] if test.method in set(Method) else ()
    return [
        lock
        for lock in open_locks(test.station, test.vehicle)
        if (
            lock.line_id in (None, test.line_id)
            if lock.instrument is None
            else lock.instrument.line_id == test.line_id
            and lock.instrument.kind in needed
        )
    ]


@dataclass(frozen=True, slots=True)
class Failure:
    """The failed test that a vehicle's cycle is open with."""

    station_id: int
    station_name: str
    on: date


def line_of(station: Station, number: str) -> tuple[Line, list[Instrument]] | None:
    """Return a line of the station with its instruments, None if there is none."""
    rows = fetch(LINE, [station.pk, number], Line, Instrument)
    if not rows:
        return None
    line = cast(Line, rows[0][0])
    line.station = station
    return line, [cast(Instrument, item) for _, item in rows if item is not None]


def attempts_before(vehicle: Vehicle, now: datetime) -> tuple[int, Failure | None]:
    """Return how many tests the open cycle holds, and the failure that is open."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT, [vehicle.pk, now - timedelta(days=CYCLE_DAYS)])
        recent = cursor.fetchall()
    count = 0
    for outcome, *_ in recent:
        if outcome == "pass":
            break
        count += 1
    if not count:
        return 0, None
    _, station, name, started = recent[0]
    return count, Failure(station, name, clock.beijing(started).date())


def _held_now(
    station: Station, vehicle: Vehicle, test: VehicleTest, now: datetime
) -> tuple[bool, str]:
    """Return whether the staff may work, and the line that tests the vehicle now."""
    numbers = {test.staff.driver, test.staff.inspector, test.staff.signatory} - {""}
    values: dict[str, Any] = {
        "station": station.pk,
        "vehicle": vehicle.pk,
        "session": test.session,
        "staff": list(numbers),
        "day": clock.beijing(now).date(),
        "since": now - timedelta(hours=BUSY_HOURS),
    }
    with connection.cursor() as cursor:
        cursor.execute(NOW, values)
        known, line = cursor.fetchone()
    where = (
        str(Line.objects.select_related("station").get(pk=line))
        if line is not None
        else ""
    )
    return bool(numbers) and known == len(numbers), where


def gate_facts(
    *,
    station: Station,
    line: Line,
    instruments: Sequence[Instrument],
    vehicle: Vehicle,
    test: VehicleTest,
    now: datetime,
    clock_offset: float | None,
) -> GateFacts:
    """Return everything the start gate decides on."""
    before, failed = attempts_before(vehicle, now)
    staff_ok, busy_at = _held_now(station, vehicle, test, now)
    locks = [
        cast(Lock, lock) for (lock,) in fetch(LOCKS, [station.pk, vehicle.pk], Lock)
    ]
    locked = {lock.instrument_id for lock in locks if lock.instrument_id}
    elsewhere = failed if failed and failed.station_id != station.pk else None
    return GateFacts(
        now=now,
        mode=Mode(station.mode),
        basis_registered=station.basis_registered,
        method=Method(test.method) if test.method in set(Method) else None,
        vehicle=test.vehicle,
        line_active=line.active,
        line_methods=tuple(line.methods),
        instruments=[
            InstrumentFact(
                *(item.kind, item.serial, item.verified_until),
                *(item.checked_at, item.check_passed, item.pk in locked),
            )
            for item in instruments
        ],
        station_locked=_reason(
            [k for k in locks if k.station_id and not k.line_id and not k.instrument_id]
        ),
        line_locked=_reason(
            [k for k in locks if k.line_id == line.pk and not k.instrument_id]
        ),
        vehicle_locked=_reason([k for k in locks if k.vehicle_id]),
        busy_at=busy_at,
        failed_at=elsewhere.station_name if elsewhere else "",
        failed_on=elsewhere.on if elsewhere else None,
        attempts_before=before,
        attempt=test.attempt,
        staff_ok=staff_ok,
        certificate_until=station.cma_until,
        clock_offset_s=clock_offset,
        preferred=Method(station.preferred_method)
        if station.preferred_method in set(Method)
        else Method.VMAS,
    )


def _reason(locks: list[Lock]) -> str:
    return locks[0].reason if locks else ""
