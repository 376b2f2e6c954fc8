"""From a process to the items of 2011, 2051, 2061, 2031, 2021 and 2041 frames."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from polluters.domain.hj212 import Item
from polluters.simulation.process import OutletProcess, Sample
from polluters.simulation.specs import PointSpec

# Samples taken for a mean; real loggers take one each 5 s (HJ 212-2017 D.2.2).
MINUTE_SAMPLES = 6
HOUR_SAMPLES = 60
DAY_SAMPLES = 96
ENOUGH = 0.75
FLOW_UNITS = {"m3/h": 1 / 3600, "L/s": 1 / 1000}


@dataclass(slots=True)
class Span:
    """Mean, extremes and flag of one point over a period."""

    mean: float
    low: float
    high: float
    converted: tuple[float, float, float] | None
    flag: str


def real_time_items(process: OutletProcess, moment: datetime) -> list[Item]:
    """Return the items of a 2011 at a moment, as this logger writes them."""
    samples = process.measure(moment)
    items = []
    for point in process.spec.points:
        sample = samples[point.code]
        values = {"Rtd": _text(point, sample.value)}
        if sample.converted is not None:
            values["ZsRtd"] = _text(point, sample.converted)
        sampled = process.sampled_at(point, moment)
        items.append(Item(point.wire_code, values, sample.flag, None, sampled))
    return items


def mean_items(
    process: OutletProcess, start: datetime, length: timedelta, samples: int
) -> list[Item]:
    """Return the items of a 2051, 2061 or 2031 over a period."""
    step = length / samples
    taken = [process.measure(start + step * (n + 0.5)) for n in range(samples)]
    spans = {
        point.code: _span(process, point, [row[point.code] for row in taken])
        for point in process.spec.points
    }
    return [
        _mean_item(process, point, spans, length.total_seconds())
        for point in process.spec.points
    ]


def _span(process: OutletProcess, point: PointSpec, rows: list[Sample]) -> Span:
    good = [row for row in rows if row.flag == "N"]
    flag = "N"
    if process.spec.medium == "water":
        # One abnormal value makes the period abnormal (C.16).
        flag = next((row.flag for row in rows if row.flag != "N"), "N")
    elif len(good) < ENOUGH * len(rows):
        flag = next(row.flag for row in rows if row.flag != "N")
    used = good if flag == "N" else rows
    values = [row.value for row in used]
    converted = None
    seen = [row.converted for row in used if row.converted is not None]
    if seen:
        converted = (min(seen), sum(seen) / len(seen), max(seen))
    return Span(sum(values) / len(values), min(values), max(values), converted, flag)


def _mean_item(
    process: OutletProcess, point: PointSpec, spans: dict[str, Span], seconds: float
) -> Item:
    span = spans[point.code]
    values = {
        "Min": _text(point, span.low),
        "Avg": _text(point, span.mean),
        "Max": _text(point, span.high),
    }
    if span.converted is not None:
        names = ("ZsMin", "ZsAvg", "ZsMax")
        for name, value in zip(names, span.converted, strict=True):
            values[name] = _text(point, value)
    total = _total(process, point, spans, seconds)
    if total is not None:
        values["Cou"] = f"{total:.3f}"
    return Item(point.wire_code, values, span.flag)


def _total(
    process: OutletProcess, point: PointSpec, spans: dict[str, Span], seconds: float
) -> float | None:
    """Return m3 of a flow, kg of a pollutant (from the measured, dry concentration)."""
    flow_code = "a00000" if process.spec.medium == "gas" else "w00000"
    flow = next((p for p in process.spec.points if p.code == flow_code), None)
    if flow is None or point.unit not in (*FLOW_UNITS, "mg/m3", "mg/L"):
        return None
    cubic = spans[flow_code].mean * FLOW_UNITS[flow.unit] * seconds
    if point.code == flow_code:
        return cubic
    per_cubic = 1e-6 if point.unit == "mg/m3" else 1e-3
    return spans[point.code].mean * cubic * per_cubic


def state_items(process: OutletProcess, moment: datetime) -> list[Item]:
    """Return device states: 1 runs, 3 is maintained, 0 stands (2021)."""
    flags = {sample.flag for sample in process.measure(moment).values()}
    state = "3" if "M" in flags else "2" if "C" in flags else "1"
    return [Item("SB1", {"RS": state}), Item("SB2", {"RS": "1"})]


def run_time_items() -> list[Item]:
    """Return hours of running of a day (2041)."""
    return [Item("SB1", {"RT": "24.0"}), Item("SB2", {"RT": "23.5"})]


def _text(point: PointSpec, value: float) -> str:
    """Return a value as this logger writes it: its own unit, its decimals."""
    decimals = point.decimals
    factor = point.wire_factor
    if factor > 1:
        decimals += 2
    elif factor < 1:
        decimals = max(0, decimals - 2)
    return f"{value / factor:.{decimals}f}"
