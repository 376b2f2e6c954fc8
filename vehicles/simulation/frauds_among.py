"""Frauds that show only beside other tests: of the vehicle, the line, or any other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.shapes import Environment, VehicleTest
from vehicles.simulation.planter import NEVER, ONE_DAY, Planter, with_columns


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
            and (other.started_at or NEVER) < (test.started_at or NEVER)
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
