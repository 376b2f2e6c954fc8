"""A year of invented tests with curves and fingerprints, loaded fast by COPY.

Worker processes make the tests of some days each and hand over finished COPY text; the
caller writes it. Everything is honest; nothing is analysed, since the fingerprints are
stored and the rest is history.
"""

import io
import json
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction

from vehicles.demo_copy import vehicle_of
from vehicles.demo_stations import seed_stations
from vehicles.domain.fraud.fingerprint import fingerprint, shape
from vehicles.domain.fraud.pass_rates import stratum
from vehicles.domain.inspection.process import Curve, pack
from vehicles.domain.inspection.read import as_json
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import Inspection, Line, Station, Vehicle
from vehicles.simulation.fleet import Car, make_fleet
from vehicles.simulation.places import make_stations
from vehicles.simulation.stations import FLEET_DAY
from vehicles.simulation.traffic import World, one_day

SEED = 20_261_124
DAYS_A_CHUNK = 4
CHUNK = 100_000
"""Room for ids between chunks; far more than the tests of a chunk."""
PARTS = ["session", "appearance", "obd", "process", "results"]
TABLES: dict[str, str] = {
    "vehicles_inspection": "id,station_id,line_id,vehicle_id,session,report,given_report,"
    "state,category,method,attempt,inspector,opened_at,started_at,ended_at,finished_at,"
    "updated_at,document,received,digests,outcome,reasons,variant,allowed,objections,"
    'vin,odometer_km,"group",temperature_c,humidity_pct,pressure_kpa,analysed_at',
    "vehicles_curve": "inspection_id,rows,data,sha256",
    "vehicles_curvehash": "method,hash,curve_id,place",
    "vehicles_ecuseen": "inspection_id,calid,cvn",
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some days of tests: with which vehicles, from which ids on."""

    number: int
    first: date
    days: int
    per_day: int
    cars: int
    share: tuple[int, int]
    first_id: int
    first_vehicle: int
    stations: dict[str, int]
    lines: dict[tuple[str, str], int]
    avoid: frozenset[str]

    def fleet(self) -> list[Car]:
        """Return all vehicles of the history, those of other chunks as well.

        Each chunk drives vehicles of its own, so a process may keep the fleet.
        """
        return _fleet(self.cars, self.avoid)


@cache
def _fleet(cars: int, avoid: frozenset[str]) -> list[Car]:
    return make_fleet(cars, seed=SEED, today=FLEET_DAY, avoid=avoid)


def _text(value: object) -> str:
    if value is None or value == "":
        return "\\N" if value is None else ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    plain = str(value).replace("\\", "\\\\").replace("\t", " ")
    return plain.replace("\n", " ")


def _line(*values: object) -> str:
    return "\t".join(map(_text, values)) + "\n"


def make_chunk(chunk: Chunk) -> dict[str, str]:
    """Return the COPY text of a chunk's tests by table."""
    fleet = chunk.fleet()
    where = {car.vehicle.plate: index for index, car in enumerate(fleet)}
    part, parts = chunk.share
    mine = fleet[part::parts]
    stations = make_stations(seed=2026, today=chunk.first)
    rng = random.Random(SEED + chunk.number)
    for car in mine:
        if rng.random() < 0.09:
            car.dirt *= rng.uniform(2.5, 6.0)
    world = World(SEED + chunk.number, chunk.first, mine, stations, rng)
    out: dict[str, list[str]] = {table: [] for table in TABLES}
    pk = chunk.first_id
    for offset in range(chunk.days):
        day = chunk.first + timedelta(days=offset)
        for test in one_day(world, day, chunk.per_day):
            _add(out, test, pk, chunk, chunk.first_vehicle + where[test.vehicle.plate])
            pk += 1
    return {table: "".join(rows) for table, rows in out.items()}


def _add(
    out: dict[str, list[str]], test: VehicleTest, pk: int, chunk: Chunk, vehicle: int
) -> None:
    document = as_json(replace(test, process=Curve(), report=""))
    for name in ("station", "line", "session", "registration"):
        document.pop(name, None)
    weather = test.environment
    out["vehicles_inspection"].append(
        _line(
            *(pk, chunk.stations[test.station], chunk.lines[test.station, test.line]),
            *(
                vehicle,
                test.session,
                test.report,
                "",
                "done",
                test.category or "periodic",
            ),
            *(test.method, test.attempt or 1, test.staff.inspector),
            *(test.started_at, test.started_at, test.ended_at, test.ended_at),
            *(test.ended_at, document, "{" + ",".join(PARTS) + "}", {}),
            *(test.verdict.overall, _array(test.verdict.reasons), "a", True, []),
            *(test.vehicle.vin, test.vehicle.odometer_km, stratum(test)),
            *(weather.temperature_c, weather.humidity_pct, weather.pressure_kpa),
            test.ended_at,
        )
    )
    for ecu in test.obd.ecus[:1]:
        out["vehicles_ecuseen"].append(_line(pk, ecu.calid, ecu.cvn))
    if not test.process.rows:
        return
    data = pack(test.process)
    out["vehicles_curve"].append(_line(pk, test.process.rows, data, "0" * 64))
    own = shape(test.process, test.method)
    if own is not None:
        stored = dict.fromkeys(fingerprint(own).stored)
        out["vehicles_curvehash"] += [
            _line(test.method, code, pk, row) for code, row in stored
        ]


def _array(texts: tuple[str, ...]) -> str:
    quoted = (text[:200].replace("\\", "").replace('"', "") for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


def _chunks(tests: int, days: int, now: datetime) -> Iterator[Chunk]:
    per_day = max(11, round(tests / days * 0.97))
    stations = {station.code: station.pk for station in Station.objects.all()}
    lines = {
        (line.station.code, line.number): line.pk
        for line in Line.objects.select_related("station")
    }
    top = Inspection.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    last = Vehicle.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    avoid = frozenset(Vehicle.objects.values_list("plate", flat=True))
    count = -(-days // DAYS_A_CHUNK)
    begin = now.date() - timedelta(days=days)
    for number in range(count):
        size = min(DAYS_A_CHUNK, days - number * DAYS_A_CHUNK)
        yield Chunk(
            number,
            begin + timedelta(days=number * DAYS_A_CHUNK),
            size,
            per_day,
            max(2_000, int(tests * 1.05)),
            (number, count),
            top + 1 + number * CHUNK,
            last + 1,
            stations,
            lines,
            avoid,
        )


def load_history(
    *,
    tests: int,
    days: int,
    now: datetime,
    workers: int = 0,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Load about ``tests`` tests over the last ``days`` days; returns how many."""
    seed_stations(now=now)
    chunks = list(_chunks(tests, days, now))
    _load_vehicles(chunks[0])
    before = Inspection.objects.count()
    connection.close()
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        for number, made in enumerate(pool.map(make_chunk, chunks), 1):
            with transaction.atomic(), connection.cursor() as cursor:
                for table, columns in TABLES.items():
                    _copy(cursor, table, columns, made[table])
            if number % 10 == 0 or number == len(chunks):
                say(f"{number}/{len(chunks)}")
    with connection.cursor() as cursor:
        for table in ("vehicles_inspection", "vehicles_vehicle"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"  # noqa: S608
                f" (SELECT max(id) FROM {table}))"
            )
        for table in (*TABLES, "vehicles_vehicle"):
            cursor.execute(f"ANALYZE {table}")
    return Inspection.objects.count() - before


def _copy(cursor: Any, table: str, columns: str, text: str) -> None:
    if text:
        data = text.encode()
        call = f"COPY {table} ({columns}) FROM STDIN"
        cursor.copy_expert(call, io.BytesIO(data), len(data) + 1)


def _load_vehicles(chunk: Chunk) -> None:
    districts = list(
        Station.objects.order_by("code").values_list("district_id", flat=True)
    )
    Vehicle.objects.bulk_create(
        (
            vehicle_of(
                car,
                pk=chunk.first_vehicle + index,
                district=districts[index % len(districts)],
            )
            for index, car in enumerate(chunk.fleet())
        ),
        batch_size=2000,
    )
