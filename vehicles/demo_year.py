"""The invented tests of a year, their loops from failure to pass, and the repairs.

The tests are light rows without curves, copied in bulk.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection

from bozhou_eco.common import clock
from vehicles.demo_copy import copy_rows
from vehicles.models import Inspection, Line, RepairLoop, RepairRecord, Station
from vehicles.simulation.fleet import Car

SHAPES = {"gas": ("vmas", "double_idle"), "diesel": ("lugdown", "free_acceleration")}
SHOPS = (
    "博乐南路汽修",
    "精河环城汽修",
    "温泉县汽修",
    "口岸汽修",
    "北环尾气治理站",
    "五台汽修",
)
REPAIRS = {
    "gas": ("更换三元催化器", "清洗喷油嘴", "更换氧传感器", "更换火花塞", "清洗节气门"),
    "diesel": ("DPF 再生", "更换喷油器", "更换尿素泵", "清洗 EGR 阀", "校准喷油泵"),
}


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


def _days(year: int) -> list[date]:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
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


def _drafts(
    cars: Sequence[tuple[int, Car]], rng: random.Random, year: int
) -> Iterator[_Draft]:
    stations = list(Station.objects.prefetch_related("lines"))
    weights = [1 + sum(line.active for line in one.lines.all()) for one in stations]
    days = _days(year)
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
            if not failed or rng.random() < 0.004 or day.year != year:
                break


def seed_tests(
    cars: Sequence[tuple[int, Car]], rng: random.Random, *, year: int, count: int
) -> None:
    """Write ``count`` tests of the cars in a year, their loops and repairs."""
    drafts: list[_Draft] = []
    source = _drafts(cars, rng, year)
    for draft in source:
        drafts.append(draft)
        if len(drafts) == count:
            break
    again = list(cars)
    while len(drafts) < count:
        rng.shuffle(again)
        for draft in _drafts(again, rng, year):
            drafts.append(draft)
            if len(drafts) == count:
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
    by_car: dict[int, list[_Draft]] = {}
    for draft in drafts:
        by_car.setdefault(draft.vehicle, []).append(draft)
    _seed_loops(by_car)
    _seed_repairs(by_car)


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


def _seed_loops(by_car: dict[int, list[_Draft]]) -> None:
    """The loop of each failure: open where no passed retest followed within the year."""
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


def _seed_repairs(by_car: dict[int, list[_Draft]]) -> None:
    """Repairs between a failure and the next test, for most of them."""
    copy_rows(
        RepairRecord,
        (
            *("vehicle_id", "number", "shop", "shop_code", "came_at", "left_at"),
            *("items", "source", "received_at", "station_id"),
        ),
        _repairs(by_car),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vehicles_repairrecord r SET inspection_id = i.id "
            "FROM vehicles_inspection i WHERE i.report = substr(r.number, 2)"
        )


def _repairs(by_car: dict[int, list[_Draft]]) -> Iterator[tuple[object, ...]]:
    rng = random.Random(len(by_car))
    for vehicle, tests in by_car.items():
        tests.sort(key=lambda draft: draft.at)
        for test, following in zip(tests, tests[1:], strict=False):
            if test.passed or rng.random() < 0.25:
                continue
            room = following.at - test.at
            came, left = test.at + room * 0.2, test.at + room * rng.uniform(0.4, 0.9)
            place = rng.randrange(len(SHOPS))
            kind = "diesel" if test.car.vehicle.fuel.startswith("B") else "gas"
            items = rng.sample(REPAIRS[kind], rng.choice((1, 1, 2)))
            yield (
                *(vehicle, f"R{test.report}", f"{SHOPS[place]}（虚构）"),
                *(f"M6527{place + 1:03d}", came, left, json.dumps(items)),
                f"检验机构 {following.station.code}",
                *(following.at, following.station.pk),
            )
