"""Compression-ignition curves: lugdown and free acceleration."""

import numpy as np

from vehicles.domain.codes import Method
from vehicles.domain.inspection.process import PHASES, Curve
from vehicles.domain.inspection.results import Results
from vehicles.simulation.curves.base import Array, Engine, drift, lagged, to_curve

SMOKE_LEVEL = {2: 0.75, 3: 0.55, 4: 0.33, 5: 0.26, 6: 0.07}
NOX_LEVEL = {2: 760, 3: 700, 4: 560, 5: 430, 6: 150}
ROLLER_RPM_PER_KMH = 1000 / 60 / (np.pi * 0.373)
"""Roller of 373 mm diameter."""


def lugdown(engine: Engine) -> tuple[Curve, Results]:
    """Return a lugdown test: accelerate, scan for the peak, 100 % and 80 % points."""
    rng = engine.rng
    lengths = {
        "accelerate": int(rng.integers(14, 24)),
        "power_scan": int(rng.integers(22, 36)),
        "point_100": int(rng.integers(9, 13)),
        "point_80": int(rng.integers(9, 13)),
        "finish": int(rng.integers(3, 7)),
    }
    phases = [
        phase.code
        for phase in PHASES[Method.LUGDOWN]
        for _ in range(lengths[phase.code])
    ]
    top = float(rng.uniform(68, 84))
    peak = top * float(rng.uniform(0.84, 0.93))
    speed = np.concatenate(
        [
            top * (1 - np.exp(-np.linspace(0, 4.5, lengths["accelerate"]))),
            np.linspace(top, peak * 0.93, lengths["power_scan"]),
            np.full(lengths["point_100"], peak),
            np.full(lengths["point_80"], peak * 0.8),
            np.linspace(peak * 0.8, peak * 0.35, lengths["finish"]),
        ]
    )
    speed = np.maximum(lagged(speed, delay=0, keep=0.3), 0)
    speed = np.maximum(speed + drift(rng, len(phases), keep=0.6, sigma=0.25), 0)
    ratio = engine.rated_rpm / peak * float(rng.uniform(0.97, 1.03))
    slip = 1 + drift(rng, len(phases), keep=0.7, sigma=0.004)
    rpm = np.maximum(speed * ratio * slip, 650) + rng.normal(0, 6, len(phases))
    load = _load(phases, speed, peak)
    wheel = engine.power_kw * float(rng.uniform(0.56, 0.74))
    power = np.maximum(
        wheel * load + drift(rng, len(phases), keep=0.6, sigma=wheel * 0.012), 0
    )
    smoke = SMOKE_LEVEL.get(engine.stage, 0.3) * engine.dirt * (0.45 + 0.75 * load)
    k = smoke * np.exp(drift(rng, len(phases), keep=0.7, sigma=0.14))
    k = np.maximum(lagged(k, delay=1, keep=0.4) + rng.normal(0, 0.006, len(phases)), 0)
    base = NOX_LEVEL.get(engine.stage, 500) * engine.dirt**0.6
    nox = (
        base
        * (0.3 + 0.85 * load)
        * np.exp(drift(rng, len(phases), keep=0.8, sigma=0.06))
    )
    nox = np.maximum(lagged(nox, delay=3, keep=0.55) + rng.normal(0, 3, len(phases)), 0)
    co2 = lagged(2.2 + 6.3 * load, delay=3, keep=0.5) + drift(
        rng, len(phases), keep=0.7, sigma=0.09
    )
    curve = to_curve(
        {
            "speed_kmh": speed,
            "rpm": rpm,
            "roller_rpm": speed * ROLLER_RPM_PER_KMH,
            "power_kw": power,
            "torque_nm": power * 9549 / np.maximum(speed * ROLLER_RPM_PER_KMH, 30),
            "k_m1": k,
            "opacity_pct": 100 * (1 - np.exp(-0.43 * k)),
            "nox_ppm": nox,
            "co2_pct": np.maximum(co2, 0),
            "oil_temp_c": rng.uniform(82, 94)
            + drift(rng, len(phases), keep=0.98, sigma=0.6),
        },
        phases,
    )
    codes = np.array(phases)
    scanned = codes == "power_scan"
    best = int(np.flatnonzero(scanned)[int(np.argmax(power[scanned]))])
    return curve, Results(
        k100_m1=round(float(np.mean(k[codes == "point_100"][3:])), 2),
        k80_m1=round(float(np.mean(k[codes == "point_80"][3:])), 2),
        nox80_ppm=round(float(np.mean(nox[codes == "point_80"][3:]))),
        max_wheel_power_kw=round(float(power[best]), 1),
        max_power_speed_kmh=round(float(speed[best]), 1),
        max_power_rpm=round(float(rpm[best])),
    )


def _load(phases: list[str], speed: Array, peak: float) -> Array:
    factor = {"accelerate": 0.45, "finish": 0.15}
    shape = 1 - ((speed - peak) / (0.55 * peak)) ** 2
    share = np.array([factor.get(code, 1.0) for code in phases])
    load: Array = np.clip(shape, 0.05, 1) * share
    return load


def free_acceleration(engine: Engine) -> tuple[Curve, Results]:
    """Return a free-acceleration test: blow-outs, then three measured accelerations."""
    rng = engine.rng
    idle, cut = rng.uniform(620, 760), engine.rated_rpm * rng.uniform(1.06, 1.14)
    phases, rpm, load = [], [], []
    for code, count in (("blow", 3), ("accel_1", 1), ("accel_2", 1), ("accel_3", 1)):
        for _ in range(count):
            hold = int(rng.integers(2, 4))
            rest = int(rng.integers(9, 14))
            climb = np.linspace(idle, cut, int(rng.integers(2, 4)))
            fall = idle + (cut - idle) * np.exp(-np.arange(rest) / 2.2)
            rpm += [*climb, *([cut] * hold), *fall]
            load += [1.0] * len(climb) + [0.35] * hold + [0.04] * rest
            phases += [code] * (len(climb) + hold + rest)
    rows = len(phases)
    turning = np.array(rpm) + drift(rng, rows, keep=0.5, sigma=12)
    smoke = 1.25 * SMOKE_LEVEL.get(engine.stage, 0.3) * engine.dirt
    k = smoke * np.array(load) * np.exp(drift(rng, rows, keep=0.5, sigma=0.12))
    k = np.maximum(lagged(k, delay=1, keep=0.3) * 1.4 + rng.normal(0, 0.008, rows), 0)
    curve = to_curve(
        {
            "rpm": turning,
            "k_m1": k,
            "opacity_pct": 100 * (1 - np.exp(-0.43 * k)),
            "oil_temp_c": rng.uniform(82, 94) + drift(rng, rows, keep=0.98, sigma=0.6),
        },
        phases,
    )
    codes = np.array(phases)
    tops = [round(float(np.max(k[codes == f"accel_{i}"])), 2) for i in (1, 2, 3)]
    return curve, Results(
        k1_m1=tops[0],
        k2_m1=tops[1],
        k3_m1=tops[2],
        k_mean_m1=round(sum(tops) / 3, 2),
    )
