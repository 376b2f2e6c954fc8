"""Where an anomaly is planted, and how findings are matched to it."""

from dataclasses import dataclass

import numpy as np

from bench.honest import HOUR, C, N, Plant
from polluters.domain.checks import Finding

Rng = np.random.Generator
STRENGTH = {"hours": 1.0, "size": 1.0}


@dataclass(frozen=True)
class Planted:
    """One anomaly: kind, where, when, and which checks name it."""

    kind: str
    mn: str
    code: str
    begin: int
    end: int


def quiet(plant: Plant, rng: Rng, length: int, margin: int = 6 * HOUR) -> slice | None:
    """Return a stretch of ``length`` s without flags near it, or None."""
    margin = min(margin, 6 * HOUR)
    flagged = np.zeros(len(plant.times), bool)
    for flags in plant.flags.values():
        flagged |= (flags != N) & (flags != C)
    sums = np.concatenate(([0], np.cumsum(flagged)))
    for _ in range(200):
        begin = int(
            rng.uniform(plant.times[0] + margin, plant.times[-1] - length - margin)
        )
        wide = np.searchsorted(plant.times, (begin - margin, begin + length + margin))
        if sums[wide[1]] == sums[wide[0]]:
            return slice(*np.searchsorted(plant.times, (begin, begin + length)))
    return None


def hours(rng: Rng, low: float, high: float) -> int:
    shorter = STRENGTH["hours"]
    return int(np.exp(rng.uniform(np.log(low), np.log(high))) * shorter * HOUR)


def pollutant_of(plant: Plant, rng: Rng) -> str:
    return str(rng.choice([c for c in plant.limits if c != "w01017"]))


def done(kind: str, plant: Plant, code: str, part: slice) -> Planted:
    end = int(plant.times[part.stop - 1]) + plant.interval
    return Planted(kind, plant.mn, code, int(plant.times[part.start]), end)


def long_of(plant: Plant, rng: Rng, low: float, high: float, cycles: float = 0) -> int:
    least = max(cycles * plant.cycle, 6 * plant.interval)
    return max(hours(rng, low, high), int(least))


def add_hourly(plant: Plant) -> None:
    """Let a logger of minute values also report hour means of its concentrations."""
    if plant.interval > 600:
        return
    per = HOUR // plant.interval
    whole = len(plant.times) // per * per
    times = plant.times[:whole:per].copy()
    for code in plant.limits:
        values = plant.values[code][:whole].reshape(-1, per)
        good = (plant.flags[code][:whole] == N).reshape(-1, per)
        count = good.sum(axis=1)
        sums = np.where(good, np.nan_to_num(values), 0.0).sum(axis=1)
        means = np.where(count >= 0.75 * per, sums / np.maximum(count, 1), np.nan)
        plant.hourly[code] = (times, np.round(means, plant.decimals[code]))


def matches(planted: Planted, finding: Finding, *, slack: int = HOUR) -> bool:
    """Return whether a finding lies on an anomaly: same logger, same time, same factor."""
    begin, end = finding.begin.timestamp(), finding.end.timestamp()
    if (
        finding.mn != planted.mn
        or end < planted.begin - slack
        or begin > planted.end + slack
    ):
        return False
    return not planted.code or not finding.code or finding.code == planted.code
