"""Frauds that one forged test shows by itself."""

from dataclasses import replace
from datetime import timedelta

from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.shapes import Ecu
from vehicles.simulation.planter import CYCLES, GAS, Planter, with_columns


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
