"""Invented vehicles, tests, road checks and watch list of the demo's year 2025.

The tests are light rows without curves, copied in bulk; whatever can be derived (loops,
monthly sums, watch list) is made by the same services that serve real records.
"""

import csv
import io
import json
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, models, transaction

from bozhou_eco.accounts.models import District, User
from bozhou_eco.common import clock
from vehicles.domain import plates
from vehicles.domain.roadside import Reading
from vehicles.models import (
    Inspection,
    Line,
    PoliceTransfer,
    RepairLoop,
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
SHAPES = {"gas": ("vmas", "double_idle"), "diesel": ("lugdown", "free_acceleration")}
ROADS = (
    ("G30 博乐入城口", "652701"), ("G3018 阿拉山口口岸段", "652702"),
    ("G30 精河出口", "652722"), ("G312 五台路口", "652722"),
    ("S205 温泉县城东", "652723"),
)  # fmt: skip
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "建国志强海燕秀兰文博晓东丽娜伟明玉梅"


def copy_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Copy rows into a model's table; columns that are not named get their default."""
    others = {
        field.column: _default(field)
        for field in model._meta.concrete_fields
        if field.column not in columns and not field.primary_key and not field.null
    }
    rest = tuple(others.values())
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(r"\N" if cell is None else cell for cell in (*row, *rest))
    out.seek(0)
    names = ", ".join(f'"{name}"' for name in (*columns, *others))
    with connection.cursor() as cursor:
        cursor.copy_expert(
            rf"COPY {model._meta.db_table} ({names}) FROM STDIN "
            r"WITH (FORMAT csv, NULL '\N')",
            out,
        )


def _default(field: "models.Field[Any, Any]") -> object:
    value = field.get_default()
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    return "{}" if isinstance(value, list) else value


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
        _seed_tests(cars, rng)
        _seed_road_checks(rng)
    fleet.refresh(now=now)
    watchlist.recompute(now=now)


def _seed_vehicles(rng: random.Random) -> list[tuple[int, Car]]:
    fleet_ = make_fleet(FLEET, seed=SEED, today=date(YEAR, 1, 1))
    held = set(Vehicle.objects.values_list("plate", "plate_color"))
    new = [c for c in fleet_ if (c.vehicle.plate, c.vehicle.plate_color) not in held]
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


# --- tests ------------------------------------------------------------------------------
@dataclass(slots=True)
class _Draft:
    """A test before it is written."""

    car: Car
    vehicle: int
    station: Station
    line: Line
    method: str
    at: datetime
    attempt: int
    passed: bool
    results: dict[str, float]
    reason: str = ""
    report: str = ""


def _days() -> list[date]:
    days = [date(YEAR, 1, 1) + timedelta(days=n) for n in range(365)]
    return [day for day in days if day.weekday() < 6 and (day.month, day.day) != (1, 1)]


def _results(method: str, bad: float, rng: random.Random) -> dict[str, float]:
    near = max(bad * rng.uniform(0.8, 1.2), 0.02)
    shapes: dict[str, dict[str, float]] = {
        "vmas": {"co_g_km": 8 * near, "hc_g_km": 1.6 * near, "nox_g_km": 1.3 * near},
        "double_idle": {
            "lambda_value": 1.0 + rng.uniform(-0.03, 0.03),
            "high_idle_co_pct": 0.3 * near,
            "high_idle_hc_ppm": 50 * near,
            "low_idle_co_pct": 0.6 * near,
            "low_idle_hc_ppm": 80 * near,
        },
        "lugdown": {
            "k100_m1": 1.2 * near,
            "k80_m1": 1.1 * near,
            "nox80_ppm": 1500 * near,
        },
        "free_acceleration": {
            "k1_m1": 1.2 * near, "k2_m1": 1.18 * near, "k3_m1": 1.16 * near,
            "k_mean_m1": 1.18 * near,
        },
    }  # fmt: skip
    return {name: round(value, 3) for name, value in shapes[method].items()}


def _drafts(cars: Sequence[tuple[int, Car]], rng: random.Random) -> Iterator[_Draft]:
    stations = list(Station.objects.prefetch_related("lines"))
    weights = [1 + sum(line.active for line in one.lines.all()) for one in stations]
    days = _days()
    for vehicle, car in cars:
        day = rng.choice(days)
        station = rng.choices(stations, weights)[0]
        diesel = car.vehicle.fuel.startswith("B")
        wanted = SHAPES["diesel" if diesel else "gas"]
        lines = [
            (line, method)
            for line in station.lines.all()
            for method in wanted
            if method in line.methods
        ]
        if not lines or car.vehicle.fuel == "C":
            continue
        line, method = lines[0] if rng.random() < 0.8 else lines[-1]
        odds = min(0.05 + 0.1 * max(car.dirt - 0.6, 0) + (0.06 if diesel else 0), 0.5)
        for attempt in range(1, 4):
            failed = rng.random() < odds / attempt
            bad = rng.uniform(1.3, 2.2) if failed else rng.uniform(0.2, 0.75)
            at = datetime.combine(day, time(10), clock.BEIJING)
            at += timedelta(seconds=rng.randint(0, 9 * 3600))
            yield _Draft(
                *(car, vehicle, station, line, method, at, attempt, not failed),
                _results(method, bad, rng),
                "排放结果超过限值" if failed else "",
            )
            day += timedelta(days=rng.choice((1, 1, 2, 3, 5, 8)))
            if not failed or rng.random() < 0.004 or day.year != YEAR:
                break


def _seed_tests(cars: Sequence[tuple[int, Car]], rng: random.Random) -> None:
    drafts: list[_Draft] = []
    source = _drafts(cars, rng)
    for draft in source:
        drafts.append(draft)
        if len(drafts) == TESTS:
            break
    again = list(cars)
    while len(drafts) < TESTS:
        rng.shuffle(again)
        for draft in _drafts(again, rng):
            drafts.append(draft)
            if len(drafts) == TESTS:
                break
    _number(drafts)
    columns = (
        *("station_id", "line_id", "vehicle_id", "session", "report", "state"),
        *("category", "method", "attempt", "inspector", "opened_at", "started_at"),
        *("ended_at", "finished_at", "updated_at", "document", "received", "digests"),
        *("outcome", "reasons", "variant", "allowed", "objections", "vin", "group"),
        "analysed_at",
    )
    copy_rows(Inspection, columns, map(_row, drafts))
    _seed_loops(drafts)


def _number(drafts: list[_Draft]) -> None:
    """Give every test a report number of its own, as the platform forms them."""
    drafts.sort(key=lambda draft: (draft.station.pk, draft.line.pk, draft.at))
    before: tuple[int, datetime] | None = None
    for draft in drafts:
        if before and before[0] == draft.line.pk and draft.at <= before[1]:
            draft.at = before[1] + timedelta(seconds=1)
        before = draft.line.pk, draft.at
        code = draft.station.code
        stamp = f"{clock.beijing(draft.at):%y%m%d%H%M%S}"
        draft.report = f"{code[:6]}{code[-2:]}{stamp}{draft.line.number[-2:]:0>2}01"


def _row(draft: _Draft) -> tuple[object, ...]:
    ended = draft.at + timedelta(minutes=6)
    overall = "pass" if draft.passed else "fail"
    document = {"results": draft.results, "verdict": {"overall": overall}}
    return (
        *(draft.station.pk, draft.line.pk, draft.vehicle, f"H{draft.report}"),
        *(draft.report, "done", "periodic", draft.method, draft.attempt, ""),
        *(draft.at, draft.at, ended, ended, ended, json.dumps(document)),
        *("{session,results}", "{}", overall),
        "{" + draft.reason + "}" if draft.reason else "{}",
        *("a", True, "[]", draft.car.vehicle.vin, "", ended),
    )


def _seed_loops(drafts: Sequence[_Draft]) -> None:
    """The loop of each failure: open where no passed retest followed within the year."""
    by_car: dict[int, list[_Draft]] = {}
    for draft in drafts:
        by_car.setdefault(draft.vehicle, []).append(draft)
    copy_rows(
        RepairLoop,
        (
            *("vehicle_id", "origin", "source", "station_id", "district_id"),
            *("failed_at", "reason", "due_on", "repairer", "repair_note"),
            *("retests", "last_retest_at", "closed_at", "closed_by"),
        ),
        _loops(by_car),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vehicles_repairloop l SET source = 'inspection:' || i.id "
            "FROM vehicles_inspection i WHERE i.report = l.source"
        )


def _loops(by_car: dict[int, list[_Draft]]) -> Iterator[tuple[object, ...]]:
    for vehicle, tests in by_car.items():
        tests.sort(key=lambda draft: draft.at)
        failed: _Draft | None = None
        retests = 0
        for test in tests:
            if failed is None:
                failed = None if test.passed else test
                retests = 0
                continue
            retests += 1
            if test.passed:
                yield _loop(vehicle, failed, retests, test, test)
                failed = None
        if failed is not None:
            yield _loop(vehicle, failed, retests, tests[-1] if retests else None, None)


def _loop(
    vehicle: int,
    failed: _Draft,
    retests: int,
    last: _Draft | None,
    closing: _Draft | None,
) -> tuple[object, ...]:
    due = clock.beijing(failed.at).date() + timedelta(days=15)
    closed = closing.at + timedelta(minutes=6) if closing else None
    return (
        *(
            vehicle,
            "test",
            failed.report,
            failed.station.pk,
            failed.station.district_id,
        ),
        *(failed.at, failed.reason, due, "", "", retests, last.at if last else None),
        *(closed, closing.report if closing else ""),
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
