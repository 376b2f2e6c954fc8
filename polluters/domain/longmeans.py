"""Means of hours over a day, of days over a month or quarter."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from polluters.domain.means import ARITHMETIC, LeftOut, MeanResult, average
from polluters.domain.validity import DEFAULT_RULES, HOUR, ValidityRules, needed

FLOW_WEIGHTED = "均值 = Σ(小时均值 × 小时流量) ÷ Σ小时流量（HJ 212-2017 D.1）"


@dataclass(frozen=True, slots=True)
class Part:
    """A shorter mean as part of a longer one (an hour of a day, a day of a month)."""

    time: datetime
    mean: float | None
    converted: float | None = None
    valid: bool = True
    stopped: bool = False
    low: float | None = None
    high: float | None = None
    total: float | None = None


def part_of(result: MeanResult) -> Part:
    """Return a mean as part of a longer one."""
    return Part(
        result.start,
        result.mean,
        result.converted,
        result.valid,
        result.stopped,
        result.low,
        result.high,
        result.total,
    )


def _weigh(
    parts: Sequence[Part], flows: Mapping[datetime, float] | None
) -> tuple[float | None, str, list[str]]:
    """Return the mean of valid parts, its formula, and notes."""
    pairs = [(p.time, p.mean) for p in parts if p.mean is not None]
    if flows is None:
        return average([mean for _, mean in pairs]), ARITHMETIC, []
    weights = [max(flows.get(time, math.nan), 0.0) for time, _ in pairs]
    if not pairs or any(math.isnan(w) for w in weights) or math.fsum(weights) <= 0:
        note = "部分小时无有效流量，采用算术均值（HJ 212-2017 D.1 允许）"
        return average([mean for _, mean in pairs]), ARITHMETIC, [note]
    weighted = math.fsum(m * w for (_, m), w in zip(pairs, weights, strict=True))
    return weighted / math.fsum(weights), FLOW_WEIGHTED, []


def long_mean(
    parts: Iterable[Part],
    *,
    start: datetime,
    length: timedelta,
    due: int,
    bar: int,
    flows: Mapping[datetime, float] | None = None,
) -> MeanResult:
    """Return the mean of valid ``parts`` (hours or days), valid with ``bar`` of them.

    ``flows`` (by the part's start) asks for a flow-weighted mean; without complete
    flows it is arithmetic and says so.
    """
    found: dict[datetime, Part] = {}
    for part in parts:
        if start <= part.time < start + length:
            found.setdefault(part.time, part)
    inside = [found[time] for time in sorted(found)]
    stopped = [p for p in inside if p.stopped]
    good = [p for p in inside if p.valid and not p.stopped and p.mean is not None]
    mean, formula, notes = _weigh(good, flows)
    converted = [p.converted for p in good if p.converted is not None]
    if converted and len(converted) < bar:
        notes.append(f"可折算 {len(converted)} 个，少于 {bar} 个，不出折算均值")
        converted = []
    left = [
        LeftOut(p.time, p.mean, "F" if p.stopped else "", _why_part(p))
        for p in inside
        if p not in good
    ]
    lows = [p.low for p in good if p.low is not None]
    highs = [p.high for p in good if p.high is not None]
    totals = [p.total for p in inside if p.total is not None]
    used = [
        (p.time, p.converted if converted and p.converted is not None else p.mean)
        for p in good
    ]
    return MeanResult(
        start=start,
        length=length,
        mean=mean,
        converted=average(converted),
        low=min(lows, default=None),
        high=max(highs, default=None),
        total=math.fsum(totals) if totals else None,
        due=max(due - len(stopped), 0),
        got=len(inside) - len(stopped),
        valid_count=len(good),
        valid=bool(good) and len(good) >= bar,
        stopped=bool(inside) and len(stopped) == len(inside),
        flags={},
        used=tuple((time, v) for time, v in used if v is not None),
        left_out=tuple(left),
        formula=formula,
        notes=tuple(notes),
    )


def _why_part(part: Part) -> str:
    if part.stopped:
        return "停运"
    return "均值无效" if part.mean is not None else "无数据"


def day_mean(
    hours: Iterable[Part],
    *,
    start: datetime,
    medium: str,
    flows: Mapping[datetime, float] | None = None,
    cycle: timedelta = HOUR,
    rules: ValidityRules = DEFAULT_RULES,
) -> MeanResult:
    """Return the mean of the day from ``start`` on.

    Gas: at least 20 valid hours (HJ 212-2017 D.2.2). Water: flow-weighted where flows
    are given, valid with the set share of the values due; a batch analyser with a
    ``cycle`` of more than an hour owes one value a cycle, and stopped hours are not due.
    """
    day = timedelta(days=1)
    listed = list(hours)
    if medium == "gas":
        bar, due = rules.gas_day_hours, 24
    else:
        due = max(int(day / max(cycle, HOUR)), 1)
        stopped = len({p.time for p in listed if p.stopped})
        open_due = max(due - int(stopped * HOUR / max(cycle, HOUR)), 1)
        bar = needed(open_due, rules.water_day_share)
    return long_mean(listed, start=start, length=day, due=due, bar=bar, flows=flows)


def month_mean(
    days: Iterable[Part],
    *,
    start: datetime,
    end: datetime,
    flows: Mapping[datetime, float] | None = None,
    share: float | None = None,
    rules: ValidityRules = DEFAULT_RULES,
) -> MeanResult:
    """Return the mean of a month or quarter (``start`` to ``end``) from its days."""
    length = end - start
    due = round(length / timedelta(days=1))
    bar = needed(due, rules.quarter_share if share is None else share)
    return long_mean(days, start=start, length=length, due=due, bar=bar, flows=flows)
