"""What all curves share: the engine, sensor noise, analyser lag, rounding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vehicles.domain.inspection.process import Curve

Array = NDArray[np.float64]


@dataclass(slots=True)
class Engine:
    """An engine on the bench. ``dirt`` 1 is typical of its stage, above ~3 fails."""

    rng: np.random.Generator
    stage: int
    dirt: float
    power_kw: float
    rated_rpm: float
    displacement_l: float
    mass_kg: float
    automatic: bool


DIGITS = {
    "t": 0,
    "speed_kmh": 1,
    "target_speed_kmh": 1,
    "rpm": 0,
    "roller_rpm": 1,
    "power_kw": 1,
    "torque_nm": 0,
    "oil_temp_c": 1,
    "co_pct": 3,
    "co2_pct": 2,
    "hc_ppm": 0,
    "no_ppm": 0,
    "nox_ppm": 0,
    "o2_pct": 2,
    "lambda": 3,
    "dilution_factor": 2,
    "diluted_o2_pct": 2,
    "diluted_flow_l_s": 1,
    "co_g_s": 4,
    "hc_g_s": 5,
    "nox_g_s": 5,
    "k_m1": 2,
    "opacity_pct": 1,
    "temperature_c": 1,
    "humidity_pct": 1,
    "pressure_kpa": 1,
}
"""Decimals that a bench sends."""


def drift(rng: np.random.Generator, rows: int, *, keep: float, sigma: float) -> Array:
    """Return a first-order autoregressive series of standard deviation ``sigma``."""
    steps = rng.normal(0, sigma * (1 - keep**2) ** 0.5, rows)
    out = np.empty(rows)
    value = rng.normal(0, sigma)
    for index in range(rows):
        value = keep * value + steps[index]
        out[index] = value
    return out


def lagged(values: Array, *, delay: int, keep: float) -> Array:
    """Return what an analyser with transport delay and slow response shows."""
    out = np.empty_like(values)
    state = float(values[0])
    for index in range(len(values)):
        state = keep * state + (1 - keep) * float(values[max(0, index - delay)])
        out[index] = state
    return out


def to_curve(columns: dict[str, Array], phases: list[str]) -> Curve:
    """Return the columns as a curve, rounded as a bench rounds."""
    rows = len(phases)
    table = {"t": np.arange(rows, dtype=float), **columns}
    return Curve(
        {
            name: tuple(np.round(values, DIGITS[name]).tolist())
            for name, values in table.items()
        },
        tuple(phases),
        rows,
    )
