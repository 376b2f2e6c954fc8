"""Emission totals and permit quotas.

Mass is measured dry standard concentration × flow (HJ 212-2017 App. D); never the
converted value. Hours that are missing or invalid are counted, not guessed: a substituted
mass stands beside the measured one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from polluters.domain.convert import gas_mass_kg, water_mass_kg, water_volume

HOUR_S = 3600
PACE_DAYS = 30


@dataclass(frozen=True, slots=True)
class HourOfEmission:
    """Valid means of one hour; None where invalid. Flow is m3/h (gas) or L/s (water)."""

    concentration: float | None
    flow: float | None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """Mass over a period in kg: ``measured`` from valid hours, ``substituted`` beside."""

    measured: float
    substituted: float
    hours: int
    missing: int
    stopped: int

    @property
    def tonnes(self) -> float:
        """The measured mass in t."""
        return self.measured / 1000


def hour_mass(hour: HourOfEmission, *, medium: str) -> float | None:
    """Return kg of one hour, None if concentration or flow is invalid."""
    if hour.concentration is None or hour.flow is None:
        return None
    if medium == "gas":
        return gas_mass_kg(hour.concentration, flow=hour.flow, hours=1)
    volume = water_volume(hour.flow, seconds=HOUR_S)
    return water_mass_kg(hour.concentration, volume=volume)


def total_mass(hours: Iterable[HourOfEmission], *, medium: str) -> Total:
    """Return the mass of a period.

    Missing hours are substituted by the mean of the valid ones of the period, as the
    least that can be said; the substitution tables of HJ 75 and HJ 356 are settings of
    their own once checked against the text.
    """
    masses: list[float] = []
    missing = stopped = count = 0
    for hour in hours:
        count += 1
        if hour.stopped:
            stopped += 1
            continue
        mass = hour_mass(hour, medium=medium)
        if mass is None:
            missing += 1
        else:
            masses.append(max(mass, 0.0))
    measured = math.fsum(masses)
    filler = measured / len(masses) * missing if masses else 0.0
    return Total(measured, filler, count, missing, stopped)


@dataclass(frozen=True, slots=True)
class QuotaForecast:
    """Where a year's permit quota stands; tonnes. ``runs_out`` None: not this year."""

    quota: float
    used: float
    daily: float
    runs_out: date | None
    year_end: float

    @property
    def share(self) -> float:
        """The share of the quota that is used."""
        return self.used / self.quota if self.quota else math.inf


def forecast_quota(
    daily: Sequence[tuple[date, float]],
    *,
    quota: float,
    today: date,
    window: int = PACE_DAYS,
) -> QuotaForecast:
    """Return when a yearly quota (t) runs out at the pace of the last ``window`` days.

    ``daily`` are (day, tonnes) of this year up to ``today``.
    """
    year = [(day, mass) for day, mass in daily if day.year == today.year]
    used = math.fsum(mass for _, mass in year)
    first = today - timedelta(days=window)
    recent = [mass for day, mass in year if first < day <= today]
    pace = math.fsum(recent) / len(recent) if recent else 0.0
    return forecast_pace(used, pace, quota=quota, today=today)


def forecast_pace(
    used: float, pace: float, *, quota: float, today: date
) -> QuotaForecast:
    """Return when a yearly quota runs out at ``pace`` (t a day) after ``used`` (t)."""
    end = date(today.year, 12, 31)
    year_end = used + pace * (end - today).days
    runs_out = None
    if used >= quota:
        runs_out = today
    elif pace > 0:
        day = today + timedelta(days=math.ceil((quota - used) / pace))
        runs_out = day if day <= end else None
    return QuotaForecast(quota, used, pace, runs_out, year_end)
