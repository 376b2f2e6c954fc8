"""Honest traffic: days of tests at the invented stations, with failures and retests."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from vehicles.domain.codes import Method, has_exhaust, is_diesel
from vehicles.domain.inspection.gate import GateRules, choose_method
from vehicles.domain.inspection.judge import judge
from vehicles.domain.inspection.limits import SEED
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.reports import issue
from vehicles.domain.inspection.results import Results
from vehicles.domain.inspection.shapes import (
    Appearance,
    Ecu,
    Environment,
    Instrument,
    Monitor,
    Obd,
    Registration,
    Staff,
    VehicleTest,
)
from vehicles.simulation.curves import make_curve
from vehicles.simulation.curves.base import Engine
from vehicles.simulation.fleet import Car, make_fleet
from vehicles.simulation.places import DemoLine, DemoStation, make_stations

MONITORS = ("催化器", "氧传感器", "氧传感器加热器", "EGR/VVT")
DIESEL_MONITORS = ("SCR", "DPF", "EGR", "NOx 吸附")


@dataclass(slots=True)
class Retest:
    """A car that failed and will come back."""

    car: Car
    station: DemoStation
    due: date
    attempt: int


@dataclass(slots=True)
class World:
    """Fleet, stations and what is pending; one seed, one history."""

    seed: int
    today: date
    fleet: list[Car]
    stations: list[DemoStation]
    rng: random.Random
    pending: list[Retest] = field(default_factory=list)
    cursor: int = 0


def make_world(*, seed: int, first_day: date, vehicles: int) -> World:
    """Return a world whose fleet is shuffled and ready for ``first_day``."""
    rng = random.Random(seed)
    fleet = make_fleet(vehicles, seed=seed, today=first_day)
    for car in fleet:
        if rng.random() < 0.09:
            car.dirt *= rng.uniform(2.5, 6.0)
    return World(seed, first_day, fleet, make_stations(seed=seed, today=first_day), rng)


def honest_days(
    world: World, *, days: int, per_day: int, start: date | None = None
) -> Iterator[VehicleTest]:
    """Yield the tests of ``days`` days in order of their end."""
    for offset in range(days):
        day = (start or world.today) + timedelta(days=offset)
        yield from one_day(world, day, per_day)


def one_day(world: World, day: date, count: int) -> list[VehicleTest]:
    """Return a day's tests over all stations."""
    weights = sum(station.weight for station in world.stations)
    due = [item for item in world.pending if item.due <= day]
    world.pending = [item for item in world.pending if item.due > day]
    tests = []
    for station in world.stations:
        mine = [item for item in due if item.station is station]
        share = max(1, round(count * station.weight / weights))
        queue = [(item.car, item.attempt) for item in mine]
        queue += [(_next_car(world), 1) for _ in range(max(0, share - len(mine)))]
        world.rng.shuffle(queue)
        tests += _station_day(world, station, day, queue)
    return sorted(
        tests, key=lambda test: test.ended_at or datetime.min.replace(tzinfo=UTC)
    )


def _next_car(world: World) -> Car:
    car = world.fleet[world.cursor % len(world.fleet)]
    world.cursor += 1
    return car


def _line_for(station: DemoStation, car: Car, free: dict[str, datetime]) -> DemoLine:
    diesel = is_diesel(car.vehicle.fuel)
    lines = [line for line in station.lines if ("lugdown" in line.methods) == diesel]
    return min(lines, key=lambda line: free[line.number])


def _station_day(
    world: World, station: DemoStation, day: date, queue: list[tuple[Car, int]]
) -> list[VehicleTest]:
    rng = world.rng
    opening = datetime.combine(day, time(9, 0), BEIJING)
    checked = opening - timedelta(minutes=rng.randint(5, 25))
    free = {
        line.number: opening + timedelta(seconds=rng.randint(60, 1500))
        for line in station.lines
    }
    tests = []
    for car, attempt in queue:
        line = _line_for(station, car, free)
        start = free[line.number]
        if start.time() > time(19, 0):
            continue
        test = make_test(world, station, line, car, start, attempt, checked)
        tests.append(test)
        ended = test.ended_at or start
        mean = 420 if len(queue) > 60 else 900
        free[line.number] = ended + timedelta(seconds=45 + rng.expovariate(1 / mean))
        if test.verdict.overall == "fail":
            _come_back(world, car, station, day, attempt)
    return tests


def _come_back(
    world: World, car: Car, station: DemoStation, day: date, attempt: int
) -> None:
    if attempt >= 3 or world.rng.random() < 0.15:
        return
    car.dirt *= world.rng.uniform(0.25, 0.6)
    wait = world.rng.choice((1, 1, 2, 3, 4, 6, 9))
    world.pending.append(Retest(car, station, day + timedelta(days=wait), attempt + 1))


def weather(station: DemoStation, at: datetime, rng: random.Random) -> Environment:
    """Return the weather station's values at a place and time."""
    day = at.timetuple().tm_yday
    season = 9 - 18 * math.cos(2 * math.pi * (day - 18) / 365)
    hour = at.astimezone(BEIJING).hour + at.minute / 60
    swing = 5 * math.sin((hour - 9) / 24 * 2 * math.pi)
    drift = 3 * math.sin(day * 1.7 + len(station.name))
    inside = max(season + swing + drift, 8) + station.offset_c + rng.gauss(0, 0.25)
    humid = min(max(58 - 1.1 * season + rng.gauss(0, 1.6) - swing, 8), 95)
    pressure = station.altitude_kpa + 0.4 * math.sin(day * 0.9) + rng.gauss(0, 0.04)
    return Environment(round(inside, 1), round(humid, 1), round(pressure, 1))


def _obd(car: Car, rng: random.Random, at: datetime, inspector: str) -> Obd:
    if not car.vehicle.has_obd:
        return Obd(has_obd=False, inspector=inspector, at=at)
    bad = rng.random() < 0.012
    names = DIESEL_MONITORS if is_diesel(car.vehicle.fuel) else MONITORS
    ecus = [Ecu("engine", car.calid, car.cvn)]
    if "SCR" in car.vehicle.aftertreatment:
        ecus.append(Ecu("aftertreatment", car.calid[:8] + "AT", car.cvn[::-1]))
    return Obd(
        has_obd=True,
        standard="CN-OBD-6" if car.stage == 6 else "EOBD",
        communication=True,
        vin=car.vehicle.vin,
        mil_on=bad,
        mil_mileage_km=float(rng.randint(20, 900)) if bad else 0.0,
        mil_state_agrees=True,
        fault_codes=(rng.choice(("P0420", "P0171", "P20EE", "P0401")),) if bad else (),
        not_ready_count=rng.choice((0, 0, 0, 1)),
        ecus=tuple(ecus),
        monitors=tuple(
            Monitor(
                name, True, float(rng.randint(20, 900)), float(rng.randint(900, 1500))
            )
            for name in names
        ),
        odometer_km=car.vehicle.odometer_km,
        inspector=inspector,
        at=at,
    )


def _appearance(rng: random.Random, at: datetime, inspector: str) -> Appearance:
    bad = rng.random() < 0.012
    return Appearance(
        mechanical_ok=True,
        control_devices_complete=not (bad and rng.random() < 0.4),
        oil_burning_or_smoke=bad,
        crankcase_vent_ok=True,
        evaporation_ok=True,
        instruments_ok=True,
        faults_affecting_test=False,
        exhaust_leak=False,
        liquid_leak=False,
        obd_present=True,
        tyres_ok=True,
        accessories_off=True,
        fuel_ok=True,
        fit_for_dynamometer=True,
        visible_smoke=False,
        inspector=inspector,
        at=at,
    )


def engine_of(car: Car, seed: int) -> Engine:
    """Return the engine of a car with its own random stream."""
    vehicle = car.vehicle
    return Engine(
        np.random.default_rng(seed),
        car.stage,
        car.dirt,
        vehicle.rated_power_kw or 80,
        vehicle.rated_rpm or 5500,
        vehicle.displacement_l or 1.6,
        vehicle.reference_mass_kg or 1500,
        vehicle.transmission == "automatic",
    )


def make_test(
    world: World,
    station: DemoStation,
    line: DemoLine,
    car: Car,
    start: datetime,
    attempt: int,
    checked: datetime,
) -> VehicleTest:
    """Return one complete, judged, honest test."""
    rng = world.rng
    days = max((start.date() - car.last_day).days, 0)
    car.odometer += days * rng.uniform(8, 60) + rng.uniform(1, 9)
    car.last_day = start.date()
    car.vehicle = replace(car.vehicle, odometer_km=round(car.odometer))
    method = choose_method(car.vehicle, line.methods, Method.VMAS, GateRules())
    inspector = rng.choice(station.drivers)
    test = VehicleTest(
        session=f"{station.code}-{start:%Y%m%d%H%M%S}-{line.number}",
        station=station.code,
        line=line.number,
        category="periodic",
        method=method or "none",
        attempt=attempt,
        started_at=start,
        staff=Staff(inspector, rng.choice(station.drivers), station.signatories[0]),
        vehicle=car.vehicle,
        registration=Registration(
            car.vehicle.vin,
            car.vehicle.fuel,
            car.stage,
            car.vehicle.rated_power_kw,
            car.vehicle.gross_mass_kg,
            car.registered,
        ),
        environment=weather(station, start, rng),
        instruments=tuple(
            Instrument(
                *(item.kind, item.serial, item.verified_until),
                *(checked, "self_check", True),
            )
            for item in line.instruments
        ),
        appearance=_appearance(rng, start - timedelta(minutes=9), inspector),
        obd=_obd(car, rng, start - timedelta(minutes=4), inspector),
        software_version="6.2.1",
    )
    return _finish(world, car, test, line, method)


def _finish(
    world: World, car: Car, test: VehicleTest, line: DemoLine, method: Method | None
) -> VehicleTest:
    curve, results = Curve(), Results()
    start = test.started_at or datetime.min.replace(tzinfo=UTC)
    early = judge(test, SEED, variant="a", on=start.date()).verdict
    runs = (
        early.overall != "fail" and method is not None and has_exhaust(car.vehicle.fuel)
    )
    if runs and method is not None:
        curve, results = make_curve(method, engine_of(car, world.rng.randrange(2**32)))
    seconds = curve.rows + world.rng.randint(70, 200)
    ended = start + timedelta(seconds=seconds)
    test = replace(
        test,
        process=curve,
        results=results,
        ended_at=ended,
        sent_at=ended + timedelta(seconds=1),
        report=str(issue(station_code=test.station, line=line.number, at=ended)),
    )
    verdict = judge(test, SEED, variant="a", on=start.date()).verdict
    return replace(test, verdict=verdict)
