"""Planted anomalies in honest, noisy data: recall and false alarms per plant-month.

The thresholds were chosen on other seeds and on ``TUNED``; what is printed comes from
``EVALUATED``: other noise, other analysers, other habits. An anomaly is found if a
finding of the same logger, and of the same factor where it has one, touches its time.
A finding that touches no anomaly of its logger is a false alarm.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.figures import Figure, figure
from bench.honest import HOUR, Plant, Regime
from bench.maker import Maker
from bench.planted import PLANTS
from bench.planting import Planted, add_hourly, matches
from polluters.domain.checks import Finding, run_checks

SEED = 20_261_123
TUNED = {
    "calm": Regime(noise=(0.02, 0.08), memory=(0, 0.5)),
    "red": Regime(noise=(0.08, 0.2), memory=(0.9, 0.985), daily=(0.1, 0.4)),
    "white": Regime(
        noise=(0.05, 0.3), memory=(0, 0), calibration="weekly", sample_time=False
    ),
}
EVALUATED = {
    "rough": Regime(noise=(0.12, 0.3), memory=(0.2, 0.95), tails=True, daily=(0.05, 0.3)),
    "held": Regime(noise=(0.04, 0.2), update=4, intervals=(60, 300), loss=0.008, holes=2),
    "odd_batches": Regime(
        noise=(0.05, 0.2), sample_time=False, random_hold=True, stop_style="zero",
        ramp_s=0, calibration="none",
    ),
    "shifts": Regime(
        noise=(0.05, 0.15), shifts=True, night_pump=True, loss=0.003,
        calibration="weekly", memory=(0.3, 0.9),
    ),
    "wander": Regime(
        noise=(0.05, 0.2), drift=0.4, load_steps=0.3, gaps=8, faults=1.5, maintenance=4,
        calibration="weekly", memory=(0.9, 0.99),
    ),
    "coarse": Regime(noise=(0.06, 0.2), low_so2=True, coarse=True, memory=(0.4, 0.95)),
}  # fmt: skip
NAMES = {"flag_long": "flag_abuse"}
LAST = frozenset(("mean_mismatch",))


@dataclass
class Score:
    """Counts over all plants."""

    months: float = 0.0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)


def draw(plants: int, days: int, seed: int) -> Iterator[tuple[Plant, list[Planted]]]:
    """Yield plants of the regimes in turn, each with three anomalies of its own."""
    kinds = list(PLANTS)
    makers = [Maker(regime, seed + i) for i, regime in enumerate(EVALUATED.values())]
    turn = 0
    for number in range(plants):
        maker = makers[number % len(makers)]
        medium = "gas" if (number // len(makers)) % 2 == 0 else "water"
        plant = maker.draw(f"{number:024d}", days, medium)
        planted: list[Planted] = []
        after: list[str] = []
        for _ in range(3):
            kind = kinds[turn % len(kinds)]
            turn += 1
            if kind in LAST:
                after.append(kind)
            else:
                _plant(maker, plant, kind, planted)
        add_hourly(plant)
        for kind in after:
            _plant(maker, plant, kind, planted)
        yield plant, planted


def _plant(maker: Maker, plant: Plant, kind: str, planted: list[Planted]) -> None:
    """Plant one anomaly, unless it would lie on another one."""
    one = PLANTS[kind](plant, maker.rng)
    if one is not None:
        planted.append(Planted(kind, one.mn, one.code, one.begin, one.end))


def judge(
    score: Score, planted: list[Planted], findings: list[Finding], days: int
) -> None:
    """Add one plant to the score."""
    score.months += days / 30
    for one in planted:
        hits = [finding for finding in findings if matches(one, finding)]
        name = NAMES.get(one.kind, one.kind)
        score.planted[name] += 1
        score.found[name] += bool(hits)
        score.named[name] += any(finding.check == name for finding in hits)
    for finding in findings:
        places = (Planted(p.kind, p.mn, "", p.begin, p.end) for p in planted)
        if not any(matches(place, finding, slack=HOUR) for place in places):
            score.false[finding.check] += 1


def run(quick: bool) -> list[Figure]:
    """Return recall and false alarms, per check and overall."""
    plants, days = (60, 30) if quick else (180, 90)
    score = Score()
    for plant, planted in draw(plants, days, SEED):
        judge(score, planted, run_checks(plant.station()), days)
    figures = [
        figure(
            "recall",
            sum(score.found.values()) / sum(score.planted.values()),
            "",
            ">=0.9",
        ),
        figure(
            "false_per_plant_month", sum(score.false.values()) / score.months, "", "<=1"
        ),
        figure(
            "named_rightly", sum(score.named.values()) / sum(score.planted.values())
        ),
        figure("planted", sum(score.planted.values())),
        figure("plant_months", score.months),
    ]
    for name in sorted(score.planted | score.false):
        if score.planted[name]:
            share = score.found[name] / score.planted[name]
            figures.append(figure(f"recall.{name}", share, f"of {score.planted[name]}"))
        figures.append(
            figure(f"false_per_plant_month.{name}", score.false[name] / score.months)
        )
    return figures
