"""Invented vehicles, tests, road checks and watch list of the demo's year 2025.

The tests are light rows without curves, copied in bulk; whatever can be derived (loops,
monthly sums, watch list) is made by the same services that serve real records.
"""

import random
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction

from bozhou_eco.accounts.models import District, User
from bozhou_eco.common import clock
from vehicles.demo_copy import copy_rows
from vehicles.demo_year import seed_tests
from vehicles.domain import plates
from vehicles.domain.roadside import Reading
from vehicles.models import (
    Inspection,
    PoliceTransfer,
    RoadCampaign,
    RoadCheck,
    Station,
    Vehicle,
)
from vehicles.services import fleet, watchlist
from vehicles.services.roadchecks import Given, plan_campaign, record_check
from vehicles.simulation.fleet import Car, make_fleet

YEAR = 2025
TESTS, CHECKED, VIOLATIONS = 74_300, 221, 15
FLEET, SEED = 63_000, 6527
SMOKING = ("新E0K73X", "新E1M28X")
ROADS = (
    ("G30 博乐入城口", "652701"), ("G3018 阿拉山口口岸段", "652702"),
    ("G30 精河出口", "652722"), ("G312 五台路口", "652722"),
    ("S205 温泉县城东", "652723"),
)  # fmt: skip
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "建国志强海燕秀兰文博晓东丽娜伟明玉梅"


def seed_files(*, now: datetime) -> None:
    """The year's vehicles, tests, loops, road checks and watch list; nothing twice."""
    begin = datetime(YEAR, 1, 1, tzinfo=clock.BEIJING)
    end = datetime(YEAR + 1, 1, 1, tzinfo=clock.BEIJING)
    year = Inspection.objects.filter(started_at__gte=begin, started_at__lt=end)
    if year.exists() or not Station.objects.exists():
        return
    with transaction.atomic():
        rng = random.Random(SEED)
        cars = _seed_vehicles(rng)
        seed_tests(cars, rng, year=YEAR, count=TESTS)
        _seed_road_checks(rng)
    fleet.refresh(now=now)
    watchlist.recompute(now=now)


def _seed_vehicles(rng: random.Random) -> list[tuple[int, Car]]:
    fleet_ = make_fleet(FLEET, seed=SEED, today=date(YEAR, 1, 1))
    held = set(Vehicle.objects.values_list("plate", "plate_color"))
    new = [c for c in fleet_ if (c.vehicle.plate, c.vehicle.plate_color) not in held]
    _register_smoking(new)
    districts = list(District.objects.values_list("pk", flat=True))
    stamp = datetime(YEAR, 1, 1, tzinfo=clock.BEIJING)
    copy_rows(
        Vehicle,
        (
            *("plate", "plate_color", "plate_type", "near_key", "vin", "engine_number"),
            *("brand", "model", "engine_model", "vehicle_type", "fuel", "stage"),
            *("disclosure_number", "registered_on", "gross_mass_kg", "rated_power_kw"),
            *("aftertreatment", "inspection_until", "use", "user_company"),
            *("owner_name", "owner_phone", "district_id", "remote_obd_fault"),
            *("registered", "updated_at"),
        ),
        (_vehicle(car, place, districts, rng, stamp) for place, car in enumerate(new)),
    )
    ids = {
        (plate, color): pk
        for pk, plate, color in Vehicle.objects.values_list(
            "pk", "plate", "plate_color"
        )
    }
    return [(ids[c.vehicle.plate, c.vehicle.plate_color], c) for c in new]


def _register_smoking(cars: list[Car]) -> None:
    """Give two diesel trucks the plates of the demo's clips, so that reviewers know them."""
    trucks = (car for car in cars if car.vehicle.fuel == "B" and car.vehicle.use == "F")
    held = {(car.vehicle.plate, car.vehicle.plate_color) for car in cars}
    for plate in SMOKING:
        if (plate, "yellow") in held:
            continue
        car = next(trucks)
        car.vehicle = replace(
            car.vehicle, plate=plate, plate_color="yellow", plate_type="01"
        )


def _vehicle(
    car: Car,
    place: int,
    districts: Sequence[int],
    rng: random.Random,
    stamp: datetime,
) -> tuple[object, ...]:
    entry = car.vehicle
    until = date(YEAR, 1, 1) + timedelta(days=rng.randint(720, 1300))
    if place % 2000 == 7:
        until = date(2026, 6, 1) + timedelta(days=place % 90)
    company = f"博乐第{place % 40 + 1}运输有限公司（虚构）" if entry.use == "F" else ""
    owner = company or rng.choice(FAMILY) + rng.choice(GIVEN) + rng.choice(GIVEN)
    return (
        *(entry.plate, entry.plate_color, entry.plate_type),
        *(plates.near_key(entry.plate), entry.vin, entry.engine_number),
        *(entry.brand, entry.model, entry.engine_model, entry.vehicle_type),
        *(entry.fuel, car.stage, f"CN {entry.brand} {car.stage} {place:06d}"[:40]),
        *(car.registered, entry.gross_mass_kg, entry.rated_power_kw),
        "{" + ",".join(entry.aftertreatment) + "}",
        *(until, entry.use, company, owner, f"139{rng.randint(0, 99999999):08d}"),
        *(districts[place % len(districts)], "", True, stamp),
    )


# --- road checks ------------------------------------------------------------------------
def _seed_road_checks(rng: random.Random) -> None:
    officer = User.objects.filter(username="officer").first()
    if officer is None:
        return
    trucks = list(Vehicle.objects.filter(fuel="B", use="F").order_by("pk")[:4000])
    rng.shuffle(trucks)
    bad = set(rng.sample(range(CHECKED), VIOLATIONS))
    districts = {district.code: district for district in District.objects.all()}
    campaigns = []
    for month in range(1, 13):
        place, code = ROADS[month % len(ROADS)]
        begins = datetime(YEAR, month, 5 + month % 20, 10, tzinfo=clock.BEIJING)
        campaigns.append(
            RoadCampaign.objects.create(
                name=f"{YEAR} 年 {month} 月联合路检",
                place=place,
                district=districts.get(code) or next(iter(districts.values())),
                begins_at=begins,
                ends_at=begins + timedelta(hours=6),
                ecology=["巴特尔", "王雪梅"],
                police=["马警官", "张警官"],
                transport=["李执法"],
            )
        )
    for number, truck in zip(range(CHECKED), trucks, strict=False):
        _seed_check(campaigns[number % 12], truck, number, number in bad, officer, rng)


def _seed_check(
    campaign: RoadCampaign,
    truck: Vehicle,
    number: int,
    failed: bool,
    officer: User,
    rng: random.Random,
) -> None:
    at = campaign.begins_at + timedelta(minutes=15 + 18 * (number // 12))
    check = RoadCheck.objects.create(
        campaign=campaign,
        vehicle=truck,
        at=at,
        received_at=at + timedelta(seconds=20),
        smoke_k=round(rng.uniform(1.6, 3.2) if failed else rng.uniform(0.1, 1.0), 2),
        limit_k=1.2,
        verdict="fail" if failed else "pass",
        longitude=82.0 + rng.random(),
        latitude=44.6 + rng.random() / 3,
        accuracy_m=8,
        officer=officer,
    )
    if failed:
        PoliceTransfer.objects.create(
            road_check=check,
            unit=f"{campaign.district.name}公安局交警大队",
            sent_at=at + timedelta(hours=5),
            sent_by=officer,
            receipt=f"演示收字〔{YEAR}〕{number + 1} 号",
            receipt_at=at + timedelta(days=2),
            reply="已按代码 6063 处理，责令维修复检",
            replied_at=at + timedelta(days=9),
        )


def seed_remote_obd(*, now: datetime) -> None:
    """Remote OBD states of some heavy vehicles, four of them with a fault."""
    if Vehicle.objects.filter(remote_obd_at__isnull=False).exists():
        return
    trucks = list(
        Vehicle.objects.filter(fuel="B", stage=6, gross_mass_kg__gt=12000)[:60]
    )
    for place, truck in enumerate(trucks):
        truck.remote_obd_online = place % 9 != 0
        truck.remote_obd_at = now - timedelta(hours=place % 5)
        truck.remote_obd_fault = "P20EE SCR 转化效率低" if place % 15 == 3 else ""
    Vehicle.objects.bulk_update(
        trucks, ["remote_obd_online", "remote_obd_at", "remote_obd_fault"]
    )


def seed_today(*, now: datetime) -> None:
    """A roadside check that goes on today, its vehicles taken by the real service."""
    officer = User.objects.filter(username="officer").first()
    place = District.objects.filter(code="652722").first()
    if officer is None or place is None or RoadCampaign.objects.filter(ends_at=None):
        return
    road = plan_campaign(
        name="今日联合路检",
        place="G30 精河出口",
        district=place,
        begins_at=now - timedelta(hours=1),
        ecology=["巴特尔"],
        police=["马警官"],
        transport=["李执法"],
        actor=officer,
        now=now - timedelta(hours=2),
    )
    trucks = Vehicle.objects.filter(fuel="B", use="F").order_by("-pk")[:4]
    for number, truck in enumerate(trucks):
        k = (0.42, 0.88, 2.36, 0.61)[number]
        given = Given(
            id=uuid.UUID(int=0x6527_2025_0000 + number),
            plate=truck.plate,
            plate_color=truck.plate_color,
            at=now - timedelta(minutes=40 - 9 * number),
            reading=Reading("smoke_meter", "fail" if k > 1.2 else "pass", k, 1.2),
            longitude=82.8902,
            latitude=44.6010,
            accuracy_m=7.0,
        )
        record_check(campaign=road, given=given, actor=officer, now=now)


def seed(*, now: datetime, scale: int = 1) -> None:
    """Everything of files that the demo starts with; safe to call again."""
    seed_remote_obd(now=now)
    seed_files(now=now)
    seed_today(now=now)
