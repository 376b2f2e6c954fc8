"""Repairs at maintenance stations (M 站): posted by stations, or entered by the bureau."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from vehicles.domain import plates
from vehicles.models import Inspection, RepairRecord, Station, Vehicle
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.vehicles import file_of

FUTURE = timedelta(minutes=5)
KEPT = ("shop", "came_at", "left_at", "items")


@dataclass(frozen=True, slots=True)
class Repair:
    """What is stated of one repair; number and shop's code name it."""

    plate: str
    plate_color: str
    number: str
    shop: str
    shop_code: str
    came_at: datetime
    left_at: datetime
    items: Sequence[str]


@transaction.atomic
def take_repair(
    *,
    given: Repair,
    now: datetime,
    station: Station | None = None,
    actor: User | None = None,
) -> tuple[RepairRecord, bool]:
    """Take a repair of a plate from a station or a person of the bureau.

    The same again is a no-op; other content under a number that is held is refused.
    """
    try:
        plate = plates.parse(given.plate, given.plate_color or None)
    except (plates.PlateError, ValueError) as error:
        raise StationRefusalError(
            str(error), status=400, code="bad_plate", field="plate"
        ) from error
    if not given.items:
        raise StationRefusalError("请填写维修项目", status=400, field="items")
    vehicle = file_of(plate=plate.text, color=plate.color.value)
    record, made = record_repair(
        vehicle=vehicle,
        number=given.number,
        shop=given.shop,
        shop_code=given.shop_code,
        came_at=given.came_at,
        left_at=given.left_at,
        items=list(given.items),
        source=f"检验机构 {station.code}" if station else "平台登记",
        station=station,
        now=now,
    )
    if made:
        audit.record(
            actor=actor,
            act="repair.add",
            subject=vehicle.subject_key,
            detail={
                "shop": given.shop_code,
                "number": given.number,
                "station": station.code if station else "",
            },
            now=now,
        )
    elif record.vehicle_id != vehicle.pk or _differs(record, given):
        raise StationRefusalError(
            "该 M 站的这个维修单号已登记且内容不同，本次未采用；请核对单号",
            code="content_differs",
            field="number",
        )
    return record, made


def _differs(record: RepairRecord, given: Repair) -> bool:
    held = [getattr(record, name) for name in KEPT]
    wanted = [
        list(given.items) if name == "items" else getattr(given, name) for name in KEPT
    ]
    return held != wanted


@transaction.atomic
def record_repair(
    *,
    vehicle: Vehicle,
    number: str,
    shop: str,
    shop_code: str,
    came_at: datetime,
    left_at: datetime,
    items: Sequence[str],
    source: str,
    now: datetime,
    station: Station | None = None,
) -> tuple[RepairRecord, bool]:
    """Keep a repair of an M station and tie it to the failed test before it."""
    if left_at < came_at:
        raise StationRefusalError("出厂早于进厂", status=400, field="left_at")
    if left_at > now + FUTURE:
        raise StationRefusalError("出厂时间在将来", status=400, field="left_at")
    failed = (
        Inspection.objects.filter(
            vehicle=vehicle, outcome="fail", started_at__lte=came_at
        )
        .order_by("-started_at")
        .first()
    )
    return RepairRecord.objects.get_or_create(
        shop_code=shop_code,
        number=number,
        defaults={
            "vehicle": vehicle,
            "inspection": failed,
            "shop": shop,
            "came_at": came_at,
            "left_at": left_at,
            "items": list(items),
            "source": source,
            "station": station,
            "received_at": now,
        },
    )
