"""The head line of ``manage.py check_readings``: what is known of the loggers."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from polluters.domain.checks.collect import LoggerSpec, PointSpec
from polluters.domain.checks.series import PointLimit, is_pollutant
from polluters.domain.hj212 import OLD_CODES
from polluters.domain.limits import ENFORCEABLE, KIND_WORDS, Kind

NOT_BINDING = {KIND_WORDS[kind] for kind in Kind if kind not in ENFORCEABLE} | {
    kind.value for kind in Kind if kind not in ENFORCEABLE
}
GAS = frozenset(("gas", "air", "废气", "烟气", "气"))
WATER = frozenset(("water", "waste_water", "wastewater", "废水", "污水", "水"))


def read_head(data: object, notes: list[str] | None = None) -> dict[str, LoggerSpec]:
    """Return the loggers by MN; what is missing gets a cautious default.

    What is there but cannot be used is left out and said in ``notes``. Raises
    ``ValueError`` with the place and the reason if it is no head line at all.
    """
    said: list[str] = [] if notes is None else notes
    if not isinstance(data, Mapping) or not isinstance(data.get("loggers"), list):
        raise ValueError('应为 {"loggers": […]} 形式的 JSON 对象')
    if not data["loggers"]:
        raise ValueError("loggers 为空，没有要检查的数采仪")
    found: dict[str, LoggerSpec] = {}
    for place, entry in enumerate(data["loggers"]):
        where = f"loggers[{place}]"
        if not isinstance(entry, Mapping):
            raise ValueError(f"{where} 应为对象")
        mn = entry.get("mn")
        if not isinstance(mn, str | int) or isinstance(mn, bool) or not str(mn).strip():
            raise ValueError(f"{where} 缺少 mn（数采仪编号，文本）")
        if entry.get("points") is not None and not isinstance(entry["points"], list):
            raise ValueError(f"{where}.points 应为列表")
        spec = _logger(entry, where, said)
        if spec.mn in found:
            raise ValueError(f"{where} 的 mn {spec.mn} 重复")
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


def _logger(entry: Mapping[str, object], where: str, notes: list[str]) -> LoggerSpec:
    reference = _known(entry.get("ref_o2"), f"{where}.ref_o2", notes)
    if reference is not None and not 0 < reference < 21:
        notes.append(f"{where}.ref_o2 {reference:g} 不在 0 至 21 之间，不作折算复核")
        reference = None
    points = {}
    listed = entry.get("points")
    for place, point in enumerate(listed if isinstance(listed, list) else []):
        here = f"{where}.points[{place}]"
        if isinstance(point, str):
            point = {"code": point}
        if not isinstance(point, Mapping) or not point.get("code"):
            notes.append(f"{here} 缺少 code，已略过")
            continue
        spec = _point(point, reference, here, notes)
        points[spec.code] = spec
    interval = _known(entry.get("interval_s"), f"{where}.interval_s", notes)
    if interval is not None and interval <= 0:
        notes.append(f"{where}.interval_s 应大于 0，按 60 秒处理")
    medium = _medium(entry.get("medium"), points, where, notes)
    return LoggerSpec(
        mn=str(entry["mn"]).strip(),
        outlet=str(entry.get("outlet") or ""),
        medium=medium,
        reference=reference,
        interval=int(interval) if interval and interval > 0 else 60,
        points=points,
        plans=_plans(entry.get("plans")),
        keys=_keys(entry.get("keys")),
        label_end=entry.get("time_label") == "end",
    )


def _known(value: object, where: str, notes: list[str]) -> float | None:
    """Return a finite number; what is there and is none is noted."""
    number = _number(value)
    if number is not None and math.isfinite(number):
        return number
    if value not in (None, ""):
        notes.append(f"{where} 不是数字：{str(value)[:40]}，已略过")
    return None


def _medium(
    value: object, points: Mapping[str, PointSpec], where: str, notes: list[str]
) -> str:
    word = str(value or "").strip().lower()
    if word in GAS:
        return "gas"
    if word in WATER:
        return "water"
    guess = "water" if any(code.startswith("w") for code in points) else "gas"
    if word:
        notes.append(f"{where}.medium 应为 gas 或 water：{word[:20]}，按 {guess} 处理")
    return guess


def _point(
    point: Mapping[str, object],
    reference: float | None,
    where: str,
    notes: list[str],
) -> PointSpec:
    raw = str(point["code"]).strip()
    code = OLD_CODES.get(raw, raw)
    low, high = _range(point.get("range"), where, notes)
    given = point.get("limit")
    listed = given if isinstance(given, list) else [given]
    converted = reference is not None and code.startswith("a") and is_pollutant(code)
    limits: list[PointLimit] = []
    for entry in listed:
        if isinstance(entry, int | float) and not isinstance(entry, bool):
            entry = {"value": entry}
        if isinstance(entry, Mapping):
            limits += _limit(entry, converted)
        elif entry is not None:
            notes.append(f"{where}.limit 应为对象：{str(entry)[:40]}，已略过")
    return PointSpec(code, str(point.get("unit") or ""), low, high, tuple(limits))


def _range(
    span: object, where: str, notes: list[str]
) -> tuple[float | None, float | None]:
    """Return the range of an analyser; one that cannot be is noted and left out."""
    if span is None:
        return None, None
    if isinstance(span, Sequence) and not isinstance(span, str) and len(span) == 2:
        low = _known(span[0], f"{where}.range", notes)
        high = _known(span[1], f"{where}.range", notes)
        if low is None or high is None or low < high:
            return low, high
    notes.append(f"{where}.range 应为 [下限, 上限]：{str(span)[:40]}，已略过")
    return None, None


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
    if low is None and high is None or kind in NOT_BINDING:
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
