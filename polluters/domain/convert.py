"""Conversions of concentrations, flows and masses (HJ 212-2017 App. D).

Concentrations are mg/m3 (gas) or mg/L (water), oxygen and moisture in per cent,
temperatures in degC, pressures in Pa, areas in m2, velocities in m/s. A result that the
formula cannot give is None, never an infinity and never a changed sign.
"""

from dataclasses import dataclass

AIR_OXYGEN = 21.0
STANDARD_PRESSURE = 101_325.0
STANDARD_KELVIN = 273.0
MOLAR_VOLUME = 22.4
NO2_OVER_NO = 46.0 / 30.0


@dataclass(frozen=True, slots=True)
class OxygenGuard:
    """Where reference-oxygen conversion stops: an idle furnace breathes air.

    At or above ``ceiling`` (%, dry) the factor explodes and a value is not judged.
    """

    ceiling: float = 20.0
    source: str = "工程取值：接近空气含氧量时折算无意义，按停运或无效处理"


DEFAULT_GUARD = OxygenGuard()


def oxygen_factor(
    measured: float | None,
    reference: float | None,
    *,
    guard: OxygenGuard = DEFAULT_GUARD,
) -> float | None:
    """Return (21 − O2ref) / (21 − O2measured), formula of HJ 212-2017 D.2.

    1.0 when the standard has no reference oxygen; None when oxygen is missing,
    negative, or so near 21 % that the factor means nothing.
    """
    if reference is None:
        return 1.0
    if measured is None or not 0 <= measured < guard.ceiling:
        return None
    return (AIR_OXYGEN - reference) / (AIR_OXYGEN - measured)


def to_reference_oxygen(
    concentration: float | None,
    *,
    measured: float | None,
    reference: float | None,
    guard: OxygenGuard = DEFAULT_GUARD,
) -> float | None:
    """Return the dry standard concentration at the reference oxygen (D.2), or None."""
    factor = oxygen_factor(measured, reference, guard=guard)
    if factor is None or concentration is None:
        return None
    return concentration * factor


def excess_air(measured: float) -> float | None:
    """Return alpha = 21 / (21 − O2), None at or above 21 % (D.2)."""
    return AIR_OXYGEN / (AIR_OXYGEN - measured) if measured < AIR_OXYGEN else None


def to_standard(
    concentration: float, *, temperature: float, static: float, barometric: float
) -> float | None:
    """Return an actual concentration at 273 K and 101 325 Pa (D.2).

    ``static`` is the gauge pressure in the duct and ``barometric`` the air's, in Pa.
    """
    pressure = static + barometric
    kelvin = STANDARD_KELVIN + temperature
    if pressure <= 0 or kelvin <= 0:
        return None
    return concentration * STANDARD_PRESSURE / pressure * kelvin / STANDARD_KELVIN


def to_dry(concentration: float, *, moisture: float) -> float | None:
    """Return a wet concentration on dry gas; ``moisture`` in % by volume (D.2)."""
    if not 0 <= moisture < 100:
        return None
    return concentration / (1 - moisture / 100)


def from_ppm(parts: float, *, molar_mass: float) -> float:
    """Return mg/m3 at standard conditions from ppm: C × M / 22.4 (D.2)."""
    return parts * molar_mass / MOLAR_VOLUME


def nox_as_no2(no: float, no2: float) -> float:
    """Return NOx as NO2 in mg/m3: C(NO) × 46/30 + C(NO2) (D.2)."""
    return no * NO2_OVER_NO + no2


def wet_flow(*, velocity: float, area: float) -> float:
    """Return the actual flow Qsh = 3600 F V in m3/h (D.2)."""
    return 3600 * area * velocity


def dry_standard_flow(
    wet: float,
    *,
    temperature: float,
    static: float,
    barometric: float,
    moisture: float,
) -> float | None:
    """Return Qsn in m3/h of dry gas at standard conditions (D.2)."""
    kelvin = STANDARD_KELVIN + temperature
    if kelvin <= 0 or not 0 <= moisture < 100:
        return None
    pressure = (static + barometric) / STANDARD_PRESSURE
    return wet * STANDARD_KELVIN / kelvin * pressure * (1 - moisture / 100)


def gas_mass_kg(measured: float, *, flow: float, hours: float) -> float:
    """Return kg emitted: C × Qsn × 1e-6 × h (D.2, emission rate).

    ``measured`` is the dry standard concentration as measured, never the converted one;
    ``flow`` is m3/h of dry gas at standard conditions.
    """
    return measured * flow * 1e-6 * hours


def water_volume(flow: float, *, seconds: float) -> float:
    """Return m3 from L/s (D.1)."""
    return flow * seconds * 1e-3


def water_mass_kg(concentration: float, *, volume: float) -> float:
    """Return kg from mg/L and m3 (D.1)."""
    return concentration * volume * 1e-3
