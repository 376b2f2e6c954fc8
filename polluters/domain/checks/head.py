"""The head line of ``manage.py check_readings``: what is known of the loggers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from polluters.domain.checks.collect import LoggerSpec, PointSpec
from polluters.domain.checks.series import PointLimit, is_pollutant
from polluters.domain.hj212 import OLD_CODES
from polluters.domain.limits import ENFORCEABLE, KIND_WORDS

BINDING = {KIND_WORDS[kind] for kind in ENFORCEABLE} | {
    kind.value for kind in ENFORCEABLE
}


def read_head(data: object) -> dict[str, LoggerSpec]:
    """Return the loggers by MN; what is missing gets a cautious default.

    Raises ``ValueError`` with the reason if it is no head line at all.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("loggers"), list):
        raise ValueError('首行应为 {"loggers": […]} 形式的 JSON')
    found = {}
    for entry in data["loggers"]:
        if not isinstance(entry, Mapping) or not entry.get("mn"):
            raise ValueError("首行中有数采仪缺少 mn")
        spec = _logger(entry)
        found[spec.mn] = spec
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _logger(entry: Mapping[str, object]) -> LoggerSpec:
    reference = _number(entry.get("ref_o2"))
    points = {}
    listed = entry.get("points")
    for point in listed if isinstance(listed, list) else []:
        if isinstance(point, Mapping) and point.get("code"):
            spec = _point(point, reference)
            points[spec.code] = spec
    medium = str(entry.get("medium") or "")
    if medium not in ("gas", "water"):
        water = [code for code in points if code.startswith("w")]
        medium = "water" if medium.startswith(("w", "废水", "水")) or water else "gas"
    interval = _number(entry.get("interval_s"))
    return LoggerSpec(
        mn=str(entry["mn"]),
        outlet=str(entry.get("outlet") or ""),
        medium=medium,
        reference=reference,
        interval=int(interval) if interval and interval > 0 else 60,
        points=points,
        plans=_plans(entry.get("plans")),
        keys=_keys(entry.get("keys")),
        label_end=entry.get("time_label") == "end",
    )


def _point(point: Mapping[str, object], reference: float | None) -> PointSpec:
    raw = str(point["code"])
    code = OLD_CODES.get(raw, raw)
    span = point.get("range")
    low = high = None
    if isinstance(span, Sequence) and not isinstance(span, str) and len(span) == 2:
        low, high = _number(span[0]), _number(span[1])
    given = point.get("limit")
    listed = given if isinstance(given, list) else [given]
    converted = reference is not None and code.startswith("a") and is_pollutant(code)
    limits = tuple(
        limit
        for entry in listed
        if isinstance(entry, Mapping)
        for limit in _limit(entry, converted)
    )
    return PointSpec(code, str(point.get("unit") or ""), low, high, limits)


def _limit(entry: Mapping[str, object], converted: bool) -> list[PointLimit]:
    value = entry.get("value")
    low = high = None
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        low, high = _number(value[0]), _number(value[1])
    else:
        high = _number(value)
    low = _number(entry.get("low")) if low is None else low
    high = _number(entry.get("high")) if high is None else high
    kind = str(entry.get("kind") or "")
    if low is None and high is None or (kind and kind not in BINDING):
        return []
    return [
        PointLimit(high, low, converted, kind, str(entry.get("averaging") or "hour"))
    ]


def _plans(value: object) -> tuple[tuple[int, int], ...]:
    """Read planned calibrations: pairs of ISO times, or objects with from and to."""
    found = []
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, Mapping):
            pair = (entry.get("from"), entry.get("to"))
        elif isinstance(entry, Sequence) and len(entry) == 2:
            pair = (entry[0], entry[1])
        else:
            continue
        try:
            begin, end = (datetime.fromisoformat(str(moment)) for moment in pair)
            found.append((int(begin.timestamp()), int(end.timestamp())))
        except ValueError as error:
            raise ValueError(f"plans 中的时间无法识别：{entry}") from error
    return tuple(found)


def _keys(value: object) -> tuple[bytes, ...]:
    try:
        listed = value if isinstance(value, list) else []
        return tuple(bytes.fromhex(str(key)) for key in listed)
    except ValueError as error:
        raise ValueError("keys 应为 32 位十六进制") from error
