"""Recall and precision of every fraud rule on planted and honest tests.

The seeds are not those the rules were written with. Honest traffic is included, so a
rule that cries wolf loses precision. Beside our own simulation, tests in six foreign
styles (``bench.foreign``) are judged: other noise, resolution, cycle and fields.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date

from bench.foreign import STYLES, written
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
    found = _found(lines)
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
    rows = list(_foreign(120 if quick else 240, 3 if quick else 6, quick=quick))
    for rule in sorted(truth):
        precision = hits[rule] / found[rule] if found[rule] else None
        rows.append(_row(f"recall {rule}", hits[rule] / truth[rule], RECALL))
        rows.append(_row(f"precision {rule}", precision, PRECISION))
    # What was never planted has no recall; each finding counts against the total.
    false = sum(count for rule, count in found.items() if rule not in truth)
    rows.append(
        {"bench": "fraud", "figure": "not_planted", "value": false, "unit": "findings"}
    )
    rows.append(_row("recall", hits.total() / max(truth.total(), 1), RECALL))
    rows.append(_row("precision", hits.total() / max(found.total(), 1), PRECISION))
    return rows


def _found(lines: Iterable[str]) -> set[tuple[str, str]]:
    return {
        (item.report, item.rule)
        for item in check_lines(lines, Checker())
        if isinstance(item, Finding)
    }


def _foreign(count: int, each: int, *, quick: bool) -> Iterable[dict[str, object]]:
    """Yield recall and precision on tests written in other hands' style."""
    for style in STYLES:
        truth: set[tuple[str, str]] = set()
        found: set[tuple[str, str]] = set()
        for seed in SEEDS[:1] if quick else SEEDS:
            author = written(style, seed=seed, count=count, each=each)
            lines = (json.dumps(test, ensure_ascii=False) for test in author.tests)
            found |= {(f"{seed}/{a}", b) for a, b in _found(lines)}
            truth |= {(f"{seed}/{a}", b) for a, b in author.truth}
        hits = len(truth & found)
        name = style.name
        yield _row(f"foreign recall {name}", hits / max(len(truth), 1), RECALL)
        yield _row(f"foreign precision {name}", hits / max(len(found), 1), PRECISION)


def _row(figure: str, value: float | None, least: float) -> dict[str, object]:
    return {
        "bench": "fraud",
        "figure": figure,
        "value": None if value is None else round(value, 3),
        "unit": "",
        "must": f">={least}",
        "ok": value is not None and value >= least,
    }
