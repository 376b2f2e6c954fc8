"""Plant known frauds into honest tests; every plant says which reports it touched."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.reports import issue
from vehicles.domain.inspection.shapes import Ecu, Environment, VehicleTest

CYCLES = ("vmas", "transient")
GAS = (*CYCLES, "double_idle", "asm")


@dataclass(frozen=True, slots=True)
class Planted:
    """Tests with frauds in them, and the (report, rule) pairs that must be found."""

    tests: list[VehicleTest]
    truth: set[tuple[str, str]]


class Planter:
    """Changes a history of honest tests; a test is used for one plant at most."""

    def __init__(self, tests: list[VehicleTest], seed: int) -> None:
        self.tests = list(tests)
        self.rng = random.Random(seed)
        self.used: set[int] = set()
        self.truth: set[tuple[str, str]] = set()
        self.serial = 0

    def pick(self, count: int, fits: Callable[[VehicleTest], bool]) -> list[int]:
        """Return places of unused, passed tests that fit."""
        places = [
            place
            for place, test in enumerate(self.tests)
            if place not in self.used and test.verdict.overall == "pass" and fits(test)
        ]
        chosen = self.rng.sample(places, min(count, len(places)))
        self.used.update(chosen)
        return chosen

    def put(self, place: int, test: VehicleTest, rule: str) -> None:
        """Replace a test by its forged version."""
        self.tests[place] = test
        self.truth.add((test.report, rule))

    def add(self, test: VehicleTest, rule: str | None) -> VehicleTest:
        """Add a test with its own numbers; ``rule`` None is an innocent one."""
        self.serial += 1
        ended = test.ended_at or test.started_at
        assert ended is not None
        sequence = 2 + self.serial % 97
        report = issue(
            station_code=test.station, line=test.line, at=ended, sequence=sequence
        )
        made = replace(
            test, report=str(report), session=f"{test.session}-p{self.serial}"
        )
        self.used.add(len(self.tests))
        self.tests.append(made)
        if rule:
            self.truth.add((made.report, rule))
        return made

    def result(self) -> Planted:
        """Return the tests in order of their end."""
        order = sorted(self.tests, key=lambda test: test.ended_at or _NEVER)
        return Planted(order, self.truth)


_NEVER = datetime(2000, 1, 1, tzinfo=BEIJING)
ONE_DAY = timedelta(days=1)


def with_columns(curve: Curve, **changed: tuple[float | None, ...]) -> Curve:
    """Return a curve with some columns replaced."""
    return Curve({**curve.columns, **changed}, curve.phases, curve.rows)


def substitute(planter: Planter, count: int) -> None:
    """Plug one other car in: its VIN, CALID and CVN are read on many vehicles."""
    code, cvn = (
        f"SUB{planter.rng.randrange(10**8):08d}",
        f"{planter.rng.randrange(16**8):08X}",
    )
    for place in planter.pick(count, lambda t: bool(t.obd.ecus)):
        test = planter.tests[place]
        ecus = (Ecu("engine", code, cvn), *test.obd.ecus[1:])
        planter.put(
            place, replace(test, obd=replace(test.obd, ecus=ecus)), "calid_cvn_shared"
        )


def foreign_vin(planter: Planter, count: int) -> None:
    """Read the VIN of another car."""
    for place in planter.pick(count, lambda t: len(t.obd.vin) == 17):
        test = planter.tests[place]
        other = planter.rng.choice(planter.tests).vehicle.vin
        if other != test.vehicle.vin:
            obd = replace(test.obd, vin=other)
            planter.put(place, replace(test, obd=obd), "obd_vin_mismatch")


def ratio_drift(planter: Planter, count: int) -> None:
    """Let the engine speed run away from the roller during lugdown."""
    for place in planter.pick(count, lambda t: t.method == "lugdown"):
        test = planter.tests[place]
        rpm = test.process.values("rpm")
        start = planter.rng.randrange(
            test.process.rows // 2, test.process.rows * 2 // 3
        )
        size = planter.rng.choice((-1, 1)) * planter.rng.uniform(0.08, 0.3)
        sudden = planter.rng.random() < 0.5
        rows = test.process.rows - start
        made = tuple(
            None
            if value is None
            else round(
                value * (1 + (size if sudden else size * (i - start) / rows * 1.6))
            )
            if i >= start
            else value
            for i, value in enumerate(rpm)
        )
        forged = replace(test, process=with_columns(test.process, rpm=made))
        planter.put(place, forged, "rpm_roller_ratio_drift")


def power_faked(planter: Planter, count: int) -> None:
    """Enter a smaller rated power; or pass with too little wheel power."""
    places = planter.pick(count, lambda t: t.method == "lugdown")
    for index, place in enumerate(places):
        test = planter.tests[place]
        rated = test.vehicle.rated_power_kw or 100
        if index % 2:
            small = round(rated * planter.rng.uniform(0.4, 0.75), 1)
            vehicle = replace(test.vehicle, rated_power_kw=small)
            planter.put(place, replace(test, vehicle=vehicle), "rated_power_mismatch")
            continue
        weak = planter.rng.uniform(0.2, 0.38) * rated
        top = test.results.max_wheel_power_kw or rated
        power = tuple(
            None if v is None else round(v * weak / top, 1)
            for v in test.process.values("power_kw")
        )
        forged = replace(
            test,
            process=with_columns(test.process, power_kw=power),
            results=replace(test.results, max_wheel_power_kw=round(weak, 1)),
        )
        planter.put(place, forged, "wheel_power_low")


def low_co2(planter: Planter, count: int) -> None:
    """Let air into the sample."""
    for place in planter.pick(count, lambda t: t.method in GAS):
        test = planter.tests[place]
        share = planter.rng.uniform(0.15, 0.36)
        changed = {
            name: tuple(
                None if v is None else round(v * share, 3)
                for v in test.process.values(name)
            )
            for name in ("co_pct", "co2_pct", "hc_ppm", "no_ppm")
            if test.process.has(name)
        }
        forged = replace(test, process=with_columns(test.process, **changed))
        planter.put(place, forged, "low_co_co2")


def bad_driving(planter: Planter, count: int) -> None:
    """Miss the set speed for some seconds at a stretch, or often."""
    for place in planter.pick(count, lambda t: t.method in CYCLES):
        test = planter.tests[place]
        speed = list(test.process.values("speed_kmh"))
        if planter.rng.random() < 0.5:
            start = planter.rng.choice((62, 65, 70, 145, 165))
            rows = range(start, start + planter.rng.randint(6, 10))
        else:
            cruise = [*range(62, 84), *range(145, 154), *range(165, 175)]
            rows = planter.rng.sample(cruise, 24)  # type: ignore[assignment]
        for row in rows:
            speed[row] = round((speed[row] or 0) + planter.rng.uniform(5, 9), 1)
        process = with_columns(test.process, speed_kmh=tuple(speed))
        planter.put(place, replace(test, process=process), "speed_out_of_tolerance")


def dropped_rows(planter: Planter, count: int) -> None:
    """Cut rows out of the cycle, or repeat some."""
    for place in planter.pick(count, lambda t: t.method in CYCLES):
        test = planter.tests[place]
        keep = list(range(test.process.rows))
        if planter.rng.random() < 0.7:
            start = planter.rng.randrange(20, 150)
            del keep[start : start + planter.rng.randint(1, 25)]
        else:
            keep += keep[-planter.rng.randint(1, 9) :]
        columns = {
            name: tuple(values[i] for i in keep)
            for name, values in test.process.columns.items()
            if name != "t"
        }
        columns["t"] = tuple(float(i) for i in range(len(keep)))
        phases = tuple(test.process.phases[i] for i in keep)
        forged = replace(test, process=Curve(columns, phases, len(keep)))
        planter.put(place, forged, "rows_not_195")


def too_short(planter: Planter, count: int) -> None:
    """End before the phases can be over."""
    for place in planter.pick(
        count, lambda t: t.process.rows > 0 and t.method in CYCLES
    ):
        test = planter.tests[place]
        assert test.started_at is not None
        ended = test.started_at + timedelta(seconds=planter.rng.randint(40, 170))
        planter.put(place, replace(test, ended_at=ended), "test_too_short")


def stuck_analyser(planter: Planter, count: int) -> None:
    """Freeze all gases for a while, or for the whole test."""
    for place in planter.pick(count, lambda t: t.method in CYCLES):
        test = planter.tests[place]
        start = planter.rng.randrange(40, 120)
        stop = start + planter.rng.randint(25, 60)
        changed = {}
        for name in ("co_pct", "co2_pct", "hc_ppm", "no_ppm", "o2_pct"):
            values = list(test.process.values(name))
            values[start:stop] = [values[start]] * (stop - start)
            changed[name] = tuple(values)
        forged = replace(test, process=with_columns(test.process, **changed))
        planter.put(place, forged, "gas_constant")


def copied_environment(planter: Planter, count: int) -> None:
    """Enter the same weather again and again."""
    stations = sorted({test.station for test in planter.tests})
    station = planter.rng.choice(stations)
    places = planter.pick(count, lambda t: t.station == station)
    if not places:
        return
    weather = planter.tests[places[0]].environment
    for place in places:
        forged = replace(planter.tests[place], environment=weather)
        planter.put(place, forged, "environment_copied")


def overlapping(planter: Planter, count: int) -> None:
    """Start a second test while the line is busy."""
    for place in planter.pick(count, lambda t: t.process.rows > 60):
        test, other = planter.tests[place], planter.rng.choice(planter.tests)
        assert test.started_at is not None
        assert test.ended_at is not None
        start = test.started_at + timedelta(seconds=planter.rng.randint(30, 100))
        length = test.ended_at - test.started_at
        vehicle = replace(other.vehicle, vin=_new_vin(planter), odometer_km=None)
        obd = replace(test.obd, vin="", ecus=())
        ghost = replace(
            *(test,),
            started_at=start,
            ended_at=start + length,
            vehicle=replace(
                test.vehicle, vin=vehicle.vin, plate=f"新E{planter.serial:05d}"
            ),
            obd=obd,
            process=Curve(),
            method="ringelmann",
            environment=Environment(),
        )
        planter.add(ghost, "line_overlap")


def _new_vin(planter: Planter) -> str:
    return f"LZZZZZZZ0{planter.rng.randrange(10**8):08d}"


def rolled_back(planter: Planter, count: int) -> None:
    """Come back with fewer kilometres."""
    for test in _again(planter, count, lambda t: (t.vehicle.odometer_km or 0) > 9000):
        less = (test.vehicle.odometer_km or 0) * planter.rng.uniform(0.3, 0.9)
        vehicle = replace(test.vehicle, odometer_km=round(less))
        planter.add(replace(test, vehicle=vehicle), "odometer_backwards")


def _again(
    planter: Planter, count: int, fits: Callable[[VehicleTest], bool]
) -> list[VehicleTest]:
    """Return later visits of tested vehicles, without curves, at their own station."""
    visits = []
    for place in planter.pick(count, lambda t: t.method != "none" and fits(t)):
        test = planter.tests[place]
        assert test.started_at is not None
        assert test.ended_at is not None
        later = timedelta(
            days=planter.rng.randint(100, 200), hours=-planter.rng.randint(1, 4)
        )
        visits.append(
            replace(
                test,
                started_at=test.started_at + later,
                ended_at=test.ended_at + later,
                process=Curve(),
                method="ringelmann",
                instruments=(),
                environment=Environment(),
            )
        )
    return visits


def fast_retest(planter: Planter, count: int) -> None:
    """Fail, and pass a few minutes later on the same line."""
    for visit in _again(planter, count, lambda t: True):
        assert visit.started_at is not None
        failed = _outcome(visit, "fail", visit.started_at)
        planter.add(failed, None)
        assert failed.ended_at is not None
        soon = failed.ended_at + timedelta(seconds=planter.rng.randint(40, 480))
        planter.add(_outcome(visit, "pass", soon), "fast_retest")


def _outcome(test: VehicleTest, outcome: str, start: datetime) -> VehicleTest:
    return replace(
        test,
        verdict=replace(test.verdict, overall=outcome),
        started_at=start,
        ended_at=start + timedelta(seconds=200),
    )


def many_retests(planter: Planter, count: int) -> None:
    """Test one vehicle again and again on a day."""
    for visit in _again(planter, max(count // 6, 1), lambda t: True):
        at = visit.started_at
        assert at is not None
        for index in range(planter.rng.randint(5, 8)):
            planter.add(_outcome(visit, "fail", at), "many_retests")
            at += timedelta(minutes=25 + index)


def shopping(planter: Planter, count: int) -> None:
    """Fail at one station and pass at another days later."""
    stations = sorted({test.station for test in planter.tests})
    for visit in _again(planter, count, lambda t: True):
        assert visit.started_at is not None
        planter.add(_outcome(visit, "fail", visit.started_at), None)
        other = planter.rng.choice([code for code in stations if code != visit.station])
        late = visit.started_at + planter.rng.randint(1, 50) * ONE_DAY
        passed = _outcome(replace(visit, station=other), "pass", late)
        planter.add(passed, "station_shopping")


def electric(planter: Planter, count: int) -> None:
    """Measure the exhaust of a vehicle that has none."""
    for place in planter.pick(count, lambda t: t.process.rows > 0):
        test = planter.tests[place]
        vehicle = replace(test.vehicle, fuel="C")
        planter.put(place, replace(test, vehicle=vehicle), "ev_tailpipe")


def cal_overdue(planter: Planter, count: int) -> None:
    """Test with an instrument past its verification or its daily check."""
    for place in planter.pick(count, lambda t: bool(t.instruments)):
        test = planter.tests[place]
        assert test.started_at is not None
        first, *rest = test.instruments
        if planter.rng.random() < 0.5:
            day = test.started_at.date() - timedelta(days=planter.rng.randint(1, 60))
            bad = replace(first, verified_until=day)
        else:
            ago = timedelta(hours=planter.rng.randint(30, 100))
            bad = replace(first, checked_at=test.started_at - ago)
        forged = replace(test, instruments=(bad, *rest))
        planter.put(place, forged, "calibration_overdue")


DECIMALS = {"co_pct": 3, "co2_pct": 2, "hc_ppm": 0, "no_ppm": 0, "nox_ppm": 0, "rpm": 0}


def copied_curve(planter: Planter, count: int) -> None:
    """Give a later vehicle the curve of an earlier one, blurred, scaled or shifted."""
    rng = planter.rng
    for place in planter.pick(count, lambda t: t.method in ("vmas", "lugdown")):
        test = planter.tests[place]
        sources = [
            other
            for at, other in enumerate(planter.tests)
            if at not in planter.used
            and other.method == test.method
            and other.vehicle.vin != test.vehicle.vin
            and (other.started_at or _NEVER) < (test.started_at or _NEVER)
        ]
        if not sources:
            continue
        source = rng.choice(sources)
        noise = rng.choice(
            (0.0, 0.002, 0.005, 0.01 if test.method == "vmas" else 0.005)
        )
        scale = rng.choice((1.0, 1.0, 0.9, 1.1))
        shift = rng.choice((0, 0, 2, 4)) if test.method == "vmas" else 0
        changed = {}
        for name in (
            "co_pct",
            "co2_pct",
            "hc_ppm",
            "no_ppm",
            "k_m1",
            "nox_ppm",
            "power_kw",
        ):
            values = list(source.process.columns.get(name, ()))
            if not values:
                continue
            factor = 1.0 if name == "power_kw" else scale
            values = values[shift:] + values[:shift]
            changed[name] = tuple(
                None
                if v is None
                else round(
                    v * factor * (1 + rng.gauss(0, noise)), DECIMALS.get(name, 2)
                )
                for v in values
            )
        process = with_columns(source.process, **changed)
        planter.put(place, replace(test, process=process), "curve_copied")


def capacity(planter: Planter, count: int) -> None:
    """Put far more tests on one line-day than it can hold."""
    place = planter.pick(1, lambda t: t.process.rows > 0)
    if not place:
        return
    test = planter.tests[place[0]]
    assert test.started_at is not None
    day = test.started_at.replace(hour=8, minute=0) + timedelta(days=300)
    for index in range(max(count, 110)):
        start = day + timedelta(seconds=index * 235)
        vehicle = replace(
            test.vehicle,
            vin=_new_vin(planter),
            plate=f"新E{index:05d}",
            odometer_km=None,
        )
        ghost = _outcome(test, "pass", start)
        ghost = replace(
            ghost,
            vehicle=vehicle,
            process=Curve(),
            method="ringelmann",
            environment=Environment(),
        )
        obd = replace(test.obd, vin="", ecus=())
        planter.add(replace(ghost, obd=obd, instruments=()), "over_capacity")


FRAUDS: dict[str, Callable[[Planter, int], None]] = {
    "substitute": substitute,
    "foreign_vin": foreign_vin,
    "ratio_drift": ratio_drift,
    "power_faked": power_faked,
    "low_co2": low_co2,
    "bad_driving": bad_driving,
    "dropped_rows": dropped_rows,
    "too_short": too_short,
    "stuck_analyser": stuck_analyser,
    "copied_environment": copied_environment,
    "overlapping": overlapping,
    "rolled_back": rolled_back,
    "fast_retest": fast_retest,
    "many_retests": many_retests,
    "shopping": shopping,
    "electric": electric,
    "cal_overdue": cal_overdue,
    "copied_curve": copied_curve,
    "capacity": capacity,
}


def plant(
    tests: list[VehicleTest], *, seed: int, each: int, kinds: list[str] | None = None
) -> Planted:
    """Plant ``each`` tests of every kind of fraud; the same seed plants the same."""
    planter = Planter(tests, seed)
    for name in kinds or list(FRAUDS):
        FRAUDS[name](planter, each)
    return planter.result()
