"""Gather the facts for the start gate of a test."""

from datetime import datetime, timedelta

from django.db.models import Q

from vehicles.domain.codes import Method
from vehicles.domain.inspection.gate import (
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
    LimitRow,
    Line,
    Lock,
    StaffMember,
    Station,
    SupervisionSettings,
    Vehicle,
)

CYCLE_DAYS = 180
BUSY_HOURS = 3


def inspection_settings() -> InspectionSettings:
    """Return the prefecture's settings."""
    return InspectionSettings.objects.first() or InspectionSettings()


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
    rows = LimitRow.objects.filter(method=method) if method else LimitRow.objects.all()
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


def attempts_before(vehicle: Vehicle, now: datetime) -> tuple[int, Inspection | None]:
    """Return how many tests the open cycle holds, and the failure that is open."""
    since = now - timedelta(days=CYCLE_DAYS)
    recent = list(
        Inspection.objects.filter(
            vehicle=vehicle, state=Inspection.State.DONE, started_at__gte=since
        )
        .select_related("station")
        .order_by("-started_at")[:20]
    )
    count = 0
    for item in recent:
        if item.outcome == "pass":
            break
        count += 1
    return count, recent[0] if count else None


def gate_facts(
    *,
    station: Station,
    line: Line,
    vehicle: Vehicle,
    test: VehicleTest,
    now: datetime,
    clock_offset: float | None,
) -> GateFacts:
    """Return everything the start gate decides on."""
    before, failed = attempts_before(vehicle, now)
    busy = (
        Inspection.objects.filter(
            vehicle=vehicle,
            state=Inspection.State.OPEN,
            allowed=True,
            opened_at__gte=now - timedelta(hours=BUSY_HOURS),
        )
        .exclude(station=station, session=test.session)
        .select_related("line__station")
        .first()
    )
    locks = open_locks(station, vehicle)
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
            for item in line.instruments.all()
        ],
        station_locked=_reason(
            [k for k in locks if k.station_id and not k.line_id and not k.instrument_id]
        ),
        line_locked=_reason(
            [k for k in locks if k.line_id == line.pk and not k.instrument_id]
        ),
        vehicle_locked=_reason([k for k in locks if k.vehicle_id]),
        busy_at=str(busy.line) if busy else "",
        failed_at=elsewhere.station.name if elsewhere else "",
        failed_on=elsewhere.started_at.date() if elsewhere else None,
        attempts_before=before,
        attempt=test.attempt,
        staff_ok=_staff_ok(station, test, now),
        certificate_until=station.cma_until,
        clock_offset_s=clock_offset,
        preferred=Method(station.preferred_method)
        if station.preferred_method in set(Method)
        else Method.VMAS,
    )


def _reason(locks: list[Lock]) -> str:
    return locks[0].reason if locks else ""


def _staff_ok(station: Station, test: VehicleTest, now: datetime) -> bool:
    numbers = {test.staff.driver, test.staff.inspector, test.staff.signatory} - {""}
    known = StaffMember.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=now.date()),
        station=station,
        number__in=numbers,
        active=True,
    ).count()
    return bool(numbers) and known == len(numbers)
