"""Recall and precision of every fraud rule on planted and honest tests.

The seeds are not those the rules were written with. Honest traffic is included, so a
rule that cries wolf loses precision.
"""

import json
from collections import Counter
from datetime import date

from vehicles.domain.fraud.base import Finding
from vehicles.domain.fraud.registry import Checker
from vehicles.domain.fraud.stream import check_lines
from vehicles.domain.inspection.read import as_json
from vehicles.simulation.frauds import plant
from vehicles.simulation.traffic import honest_days, make_world

SEEDS = (90_211, 90_212, 90_213)
RECALL, PRECISION = 0.9, 0.8


def _one(seed: int, days: int, per_day: int, each: int) -> tuple[Counter[str], ...]:
    world = make_world(seed=seed, first_day=date(2026, 5, 4), vehicles=20_000)
    honest = list(honest_days(world, days=days, per_day=per_day))
    planted = plant(honest, seed=seed + 1, each=each)
    lines = (json.dumps(as_json(test), ensure_ascii=False) for test in planted.tests)
    found = {
        (item.report, item.rule)
        for item in check_lines(lines, Checker())
        if isinstance(item, Finding)
    }
    hits = found & planted.truth
    return tuple(
        Counter(rule for _, rule in pairs) for pairs in (planted.truth, found, hits)
    )


def run(quick: bool) -> list[dict[str, object]]:
    """Return one row per rule and figure, and the totals over all rules."""
    size = (4, 160, 16) if quick else (10, 300, 40)
    truth: Counter[str] = Counter()
    found: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for seed in SEEDS[:1] if quick else SEEDS:
        a, b, c = _one(seed, *size)
        truth, found, hits = truth + a, found + b, hits + c
    rows = []
    for rule in sorted(truth | found):
        recall = hits[rule] / truth[rule] if truth[rule] else None
        precision = hits[rule] / found[rule] if found[rule] else None
        rows.append(_row(f"recall {rule}", recall, RECALL))
        rows.append(_row(f"precision {rule}", precision, PRECISION))
    rows.append(_row("recall", hits.total() / max(truth.total(), 1), RECALL))
    rows.append(_row("precision", hits.total() / max(found.total(), 1), PRECISION))
    return rows


def _row(figure: str, value: float | None, least: float) -> dict[str, object]:
    return {
        "bench": "fraud",
        "figure": figure,
        "value": None if value is None else round(value, 3),
        "unit": "",
        "must": f">={least}",
        "ok": value is not None and value >= least,
    }
