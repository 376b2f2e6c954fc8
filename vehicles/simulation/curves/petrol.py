"""Spark-ignition curves: double idle, ASM, and the 195 s cycles."""

import numpy as np
from numpy.typing import NDArray

from vehicles.domain.codes import Method
from vehicles.domain.inspection.cycle import TARGETS
from vehicles.domain.inspection.process import PHASES, Curve
from vehicles.domain.inspection.results import Results
from vehicles.simulation.curves.base import Array, Engine, drift, lagged, to_curve

STAGE_LEVEL = {2: 2.6, 3: 1.8, 4: 1.2, 5: 0.9, 6: 0.6}
"""How much a typical vehicle of a stage emits, relative to a 国五 one."""


def _gases(
    engine: Engine, load: Array, fuel_cut: NDArray[np.bool_]
) -> dict[str, Array]:
    """Return raw tailpipe concentrations for a load between 0 and 1."""
    rng, rows = engine.rng, len(load)
    level = STAGE_LEVEL.get(engine.stage, 1.0) * engine.dirt
    shape = {name: np.exp(drift(rng, rows, keep=0.75, sigma=0.25)) for name in "chn"}
    co = 0.045 * level * (0.5 + 1.6 * load) * shape["c"]
    hc = 9.5 * level * (0.7 + 0.9 * load) * shape["h"]
    no = 55 * level * (0.15 + 2.4 * load**1.5) * shape["n"]
    co2 = 14.6 - 0.6 * co + drift(rng, rows, keep=0.8, sigma=0.16) - 0.5 * (load < 0.05)
    o2 = 0.35 + 0.4 * co + np.abs(drift(rng, rows, keep=0.7, sigma=0.12))
    for values in (co, hc, no):
        values *= np.where(fuel_cut, 0.35, 1.0)
    co2 = np.where(fuel_cut, rng.uniform(2.5, 6.0), co2)
    o2 = np.where(fuel_cut, 13.0, o2)
    delay, keep = int(rng.integers(3, 7)), float(rng.uniform(0.45, 0.65))
    raw = {"co_pct": co, "co2_pct": co2, "hc_ppm": hc, "no_ppm": no, "o2_pct": o2}
    out = {name: lagged(values, delay=delay, keep=keep) for name, values in raw.items()}
    noise = {
        "co_pct": 0.002,
        "co2_pct": 0.03,
        "hc_ppm": 0.6,
        "no_ppm": 1.5,
        "o2_pct": 0.02,
    }
    return {
        name: np.maximum(values + rng.normal(0, noise[name], rows), 0)
        for name, values in out.items()
    }


def _lambda(gases: dict[str, Array], rng: np.random.Generator) -> Array:
    excess = gases["o2_pct"] - 0.5 * gases["co_pct"]
    return np.clip(1 + 0.012 * excess + rng.normal(0, 0.003, len(excess)), 0.7, 3.0)


def _oil(engine: Engine, rows: int) -> Array:
    return engine.rng.uniform(84, 97) + drift(engine.rng, rows, keep=0.98, sigma=0.7)


def _phases(method: Method, lengths: dict[str, int]) -> list[str]:
    return [
        phase.code
        for phase in PHASES[method]
        for _ in range(lengths.get(phase.code, phase.seconds))
    ]


def _mean(values: Array, phases: list[str], code: str) -> float:
    return float(np.mean(values[np.array(phases) == code]))


def double_idle(engine: Engine) -> tuple[Curve, Results]:
    """Return a double-idle test: 30 s at 70 %, then high and low idle."""
    rng = engine.rng
    phases = _phases(Method.DOUBLE_IDLE, {"prepare": 30 + int(rng.integers(0, 4))})
    target = {"prepare": 0.7 * engine.rated_rpm, "high_hold": 2500, "high_sample": 2500}
    idle = rng.uniform(680, 840)
    wanted = np.array([target.get(code, idle) for code in phases])
    rpm = lagged(wanted, delay=0, keep=0.45) + drift(
        rng, len(phases), keep=0.6, sigma=28
    )
    load = np.clip(rpm / engine.rated_rpm * 0.35, 0.02, 0.4)
    gases = _gases(engine, load, np.zeros(len(phases), bool))
    air = _lambda(gases, rng)
    curve = to_curve(
        {"rpm": rpm, "oil_temp_c": _oil(engine, len(phases)), **gases, "lambda": air},
        phases,
    )
    results = Results(
        lambda_value=round(_mean(air, phases, "high_sample"), 3),
        high_idle_co_pct=round(_mean(gases["co_pct"], phases, "high_sample"), 2),
        high_idle_hc_ppm=round(_mean(gases["hc_ppm"], phases, "high_sample")),
        low_idle_co_pct=round(_mean(gases["co_pct"], phases, "low_sample"), 2),
        low_idle_hc_ppm=round(_mean(gases["hc_ppm"], phases, "low_sample")),
    )
    return curve, results


def _rpm_for(engine: Engine, speed: Array, idle: float) -> Array:
    """Return engine speed for road speed through a five-speed gear box."""
    ratios = np.array([118.0, 66.0, 45.0, 34.0, 27.0]) * engine.rng.uniform(0.93, 1.07)
    gear = np.digitize(speed, [16, 30, 44, 62])
    rpm = np.maximum(speed * ratios[gear], idle)
    return rpm + drift(engine.rng, len(speed), keep=0.5, sigma=22)


def asm(engine: Engine) -> tuple[Curve, Results]:
    """Return an ASM test of both modes with their quick check."""
    rng = engine.rng
    phases = _phases(
        Method.ASM,
        {
            "accelerate_5025": int(rng.integers(8, 16)),
            "hold_5025": 5,
            "settle_5025": 10,
            "sample_5025": int(rng.integers(10, 31)),
            "accelerate_2540": int(rng.integers(6, 12)),
            "hold_2540": 5,
            "settle_2540": 10,
            "sample_2540": int(rng.integers(10, 31)),
        },
    )
    wanted = np.array([25.0 if code.endswith("5025") else 40.0 for code in phases])
    start = phases.count("accelerate_5025")
    wanted[:start] = np.linspace(0, 25, start)
    speed = np.maximum(wanted + drift(rng, len(phases), keep=0.8, sigma=0.35), 0)
    rpm = _rpm_for(engine, speed, rng.uniform(680, 840))
    load = np.where(wanted > 30, 0.38, 0.45) * np.clip(wanted / 25, 0.1, 1)
    power = np.where(wanted > 30, 0.00082, 0.0103 / 2.5) * engine.mass_kg * load * 2
    gases = _gases(engine, load, np.zeros(len(phases), bool))
    power = power + drift(rng, len(phases), keep=0.5, sigma=0.08)
    curve = to_curve(
        {
            "speed_kmh": speed,
            "rpm": rpm,
            "power_kw": power,
            "torque_nm": power * 9549 / np.maximum(speed * 30, 60),
            "oil_temp_c": _oil(engine, len(phases)),
            **gases,
            "lambda": _lambda(gases, rng),
        },
        phases,
    )
    return curve, Results(
        asm5025_co_pct=round(_mean(gases["co_pct"], phases, "sample_5025"), 2),
        asm5025_hc_ppm=round(_mean(gases["hc_ppm"], phases, "sample_5025")),
        asm5025_no_ppm=round(_mean(gases["no_ppm"], phases, "sample_5025")),
        asm2540_co_pct=round(_mean(gases["co_pct"], phases, "sample_2540"), 2),
        asm2540_hc_ppm=round(_mean(gases["hc_ppm"], phases, "sample_2540")),
        asm2540_no_ppm=round(_mean(gases["no_ppm"], phases, "sample_2540")),
    )


def cycle(engine: Engine, method: Method) -> tuple[Curve, Results]:
    """Return a VMAS or transient test over the 195 s cycle."""
    rng, rows = engine.rng, len(TARGETS)
    target = np.array(TARGETS)
    late = lagged(target, delay=0, keep=float(rng.uniform(0.05, 0.25)))
    error = drift(rng, rows, keep=0.85, sigma=float(rng.uniform(0.3, 0.6)))
    speed = np.where(target > 0, np.maximum(late + error, 0), late)
    speed = np.maximum(speed, 0)
    change = np.gradient(speed)
    rpm = _rpm_for(engine, speed, rng.uniform(680, 840))
    load = np.clip(0.08 + speed / 180 + 0.14 * np.maximum(change, 0), 0.03, 1)
    fuel_cut = (change < -1.2) & (rpm > 1300) & (engine.stage >= 4)
    gases = _gases(engine, load, fuel_cut)
    flow = engine.displacement_l * rpm / 120 * (0.35 + 0.65 * load) * 1.5 + 60
    diluted_o2 = 20.9 - (20.9 - gases["o2_pct"]) * 0.28
    exhaust = flow * 0.28
    rates = {
        "co_g_s": gases["co_pct"] / 100 * exhaust * 1.16,
        "hc_g_s": gases["hc_ppm"] / 1e6 * exhaust * 3.2,
        "nox_g_s": gases["no_ppm"] / 1e6 * exhaust * 1.91,
    }
    curve = to_curve(
        {
            "target_speed_kmh": target,
            "speed_kmh": speed,
            "rpm": rpm,
            "power_kw": np.maximum(
                speed / 3.6 * (90 + engine.mass_kg * np.maximum(change / 3.6, 0)), 0
            )
            / 1000,
            "oil_temp_c": _oil(engine, rows),
            **gases,
            "diluted_o2_pct": diluted_o2 + rng.normal(0, 0.02, rows),
            "diluted_flow_l_s": flow + rng.normal(0, 0.6, rows),
            **rates,
        },
        ["cycle"] * rows,
    )
    km = float(np.sum(speed) / 3600)
    mass = {name: float(np.sum(values)) / km for name, values in rates.items()}
    if method is Method.TRANSIENT:
        total = (mass["hc_g_s"] + mass["nox_g_s"]) * 0.8
        return curve, Results(
            co_g_km=round(mass["co_g_s"] * 0.8, 2),
            hc_nox_g_km=round(total, 2),
            distance_km=round(km, 3),
        )
    return curve, Results(
        co_g_km=round(mass["co_g_s"], 2),
        hc_g_km=round(mass["hc_g_s"], 2),
        nox_g_km=round(mass["nox_g_s"], 2),
        distance_km=round(km, 3),
    )
