"""Import lists into the vehicle files: registration, and remote OBD states.

A dry run reads, compares and reports without writing. Rows with errors are left out and
named; the others are written, so a list with three bad rows is not lost as a whole.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from bozhou_eco.accounts.models import District, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from vehicles.domain import plates
from vehicles.domain.registration import read_registration, read_remote_obd
from vehicles.domain.tables import RowReport, Sheet
from vehicles.models import Vehicle, VehicleImport, WatchRule
from vehicles.services.watchlist import enter

CHUNK = 1000
SHOWN_ERRORS = 2000
FIELDS = (
    *("plate_type", "vin", "engine_number", "brand", "model", "engine_model"),
    *("vehicle_type", "fuel", "stage", "disclosure_number", "registered_on"),
    *("gross_mass_kg", "rated_power_kw", "aftertreatment", "inspection_until"),
    *("use", "user_company", "owner_name", "owner_phone"),
)


@transaction.atomic
def import_registration(
    *,
    sheet: Sheet,
    name: str,
    sha256: str,
    dry_run: bool,
    actor: User,
    now: datetime,
) -> VehicleImport:
    """Bring the files in line with a registration list; TableError for a bad header.

    Cells that are empty leave what the file holds.
    """
    today = clock.beijing(now).date()
    reports = read_registration(sheet, today=today)
    districts = _districts()
    for report in reports:
        _place(report, districts)
    created = changed = 0
    good = [report for report in reports if not report.errors]
    for start in range(0, len(good), CHUNK):
        made, altered = _write_chunk(good[start : start + CHUNK], now, dry_run)
        created, changed = created + made, changed + altered
    return _keep(
        kind=VehicleImport.Kind.REGISTRATION,
        reports=reports,
        counts=(created, changed),
        name=name,
        sha256=sha256,
        dry_run=dry_run,
        actor=actor,
        now=now,
    )


def _districts() -> dict[str, District]:
    found: dict[str, District] = {}
    for district in District.objects.all():
        found[district.code] = found[district.name] = district
        found[district.name.rstrip("市县")] = district
    return found


def _place(report: RowReport, districts: dict[str, District]) -> None:
    word = report.values.get("district")
    if word is None:
        return
    district = districts.get(str(word).removesuffix(".0"))
    if district is None:
        names = "、".join(sorted({one.name for one in districts.values()}))
        report.errors.append(f"行政区：“{word}”不是本州县市（{names}）")
    else:
        report.values["district"] = district


def _held(reports: Sequence[RowReport]) -> dict[tuple[str, str], Vehicle]:
    numbers = [report.values["plate"] for report in reports]
    rows = Vehicle.objects.filter(plate__in=numbers)
    return {(row.plate, row.plate_color): row for row in rows}


def _write_chunk(
    reports: Sequence[RowReport], now: datetime, dry_run: bool
) -> tuple[int, int]:
    held = _held(reports)
    new: list[Vehicle] = []
    altered: list[Vehicle] = []
    for report in reports:
        given = report.values
        plate, color = str(given["plate"]), str(given["plate_color"])
        vehicle = held.get((plate, color))
        if vehicle is None:
            vehicle = Vehicle(
                plate=plate, plate_color=color, near_key=plates.near_key(plate)
            )
            new.append(vehicle)
            _fill(vehicle, given)
        elif _fill(vehicle, given):
            altered.append(vehicle)
        vehicle.registered = True
        vehicle.updated_at = now
    if not dry_run:
        Vehicle.objects.bulk_create(new, batch_size=CHUNK)
        Vehicle.objects.bulk_update(
            altered, [*FIELDS, "district", "registered", "updated_at"], batch_size=250
        )
    return len(new), len(altered)


def _fill(vehicle: Vehicle, given: dict[str, object]) -> bool:
    """Take over what a row says; whether anything changed."""
    changed = not vehicle.registered
    for name in FIELDS:
        if name in given and getattr(vehicle, name) != given[name]:
            setattr(vehicle, name, given[name])
            changed = True
    district = given.get("district")
    if isinstance(district, District) and vehicle.district_id != district.pk:
        vehicle.district = district
        changed = True
    return changed


def _keep(
    *,
    kind: str,
    reports: Sequence[RowReport],
    counts: tuple[int, int],
    name: str,
    sha256: str,
    dry_run: bool,
    actor: User,
    now: datetime,
) -> VehicleImport:
    refused = [report for report in reports if report.errors]
    noted = [report for report in reports if report.notes]
    made = VehicleImport.objects.create(
        kind=kind,
        name=name[:200],
        sha256=sha256,
        at=now,
        actor=actor,
        dry_run=dry_run,
        created=counts[0],
        changed=counts[1],
        refused=len(refused),
        rows=len(reports),
        errors=_lines(refused, "errors"),
        notes=_lines(noted, "notes"),
    )
    audit.record(
        actor=actor,
        act="vehicle.import.try" if dry_run else "vehicle.import",
        subject=f"vehicle-import:{made.pk}",
        detail={
            "kind": kind,
            "sha256": sha256,
            "created": counts[0],
            "changed": counts[1],
            "refused": len(refused),
        },
        now=now,
    )
    return made


def _lines(reports: Iterable[RowReport], what: str) -> list[dict[str, Any]]:
    return [
        {
            "row": report.number,
            "plate": str(report.values.get("plate", "")),
            "texts": list(getattr(report, what)),
        }
        for report in reports
    ][:SHOWN_ERRORS]


@transaction.atomic
def import_remote_obd(
    *,
    sheet: Sheet,
    name: str,
    sha256: str,
    dry_run: bool,
    actor: User,
    now: datetime,
) -> VehicleImport:
    """Take remote OBD states of heavy vehicles (HJ 1239 车联网) into the files.

    A state older than the one held changes nothing. A fault lists the vehicle for
    remote OBD, a removal alarm for tampering.
    """
    reports = read_remote_obd(sheet, now=now)
    created = changed = 0
    good = [report for report in reports if not report.errors]
    for start in range(0, len(good), CHUNK):
        chunk = good[start : start + CHUNK]
        held = _held(chunk)
        for report in chunk:
            vehicle = held.get(
                (str(report.values["plate"]), str(report.values["plate_color"]))
            )
            created += vehicle is None
            changed += _take_state(vehicle, report, dry_run, now)
    return _keep(
        kind=VehicleImport.Kind.REMOTE_OBD,
        reports=reports,
        counts=(created, changed),
        name=name,
        sha256=sha256,
        dry_run=dry_run,
        actor=actor,
        now=now,
    )


def _take_state(
    vehicle: Vehicle | None, report: RowReport, dry_run: bool, now: datetime
) -> bool:
    given = report.values
    at = given["at"]
    assert isinstance(at, datetime)
    if vehicle and vehicle.remote_obd_at and vehicle.remote_obd_at >= at:
        report.notes.append("更新时间不晚于已有记录，未更新")
        return False
    known_vin = vehicle.vin if vehicle else ""
    if known_vin and given.get("vin") and given["vin"] != known_vin:
        report.notes.append(f"VIN 与档案（{known_vin}）不一致，请核对")
    if dry_run:
        return vehicle is not None
    existed = vehicle is not None
    if vehicle is None:
        plate = str(given["plate"])
        vehicle = Vehicle(
            plate=plate,
            plate_color=str(given["plate_color"]),
            plate_type=str(given["plate_type"]),
            near_key=plates.near_key(plate),
            vin=str(given.get("vin", "")),
        )
    words = [str(given[key]) for key in ("codes", "fault") if given.get(key)]
    vehicle.remote_obd_online = bool(given["online"])
    vehicle.remote_obd_fault = " ".join(words)[:200]
    vehicle.remote_obd_at = at
    vehicle.save()
    _list(vehicle, bool(given.get("tamper")), at, now)
    return existed


def _list(vehicle: Vehicle, tamper: bool, at: datetime, now: datetime) -> None:
    source = f"remote_obd:{clock.beijing(at):%Y%m%d%H%M}"
    if tamper:
        enter(
            vehicle=vehicle,
            trigger=WatchRule.Trigger.OBD_TAMPER,
            reason="车联网终端拆除报警",
            source=source,
            at=at,
            now=now,
        )
    if vehicle.remote_obd_fault:
        enter(
            vehicle=vehicle,
            trigger=WatchRule.Trigger.REMOTE_OBD,
            reason=f"远程 OBD 故障：{vehicle.remote_obd_fault}",
            source=source,
            at=at,
            now=now,
        )
