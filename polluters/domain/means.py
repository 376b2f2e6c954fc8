"""Means of a point: values → slots → hour; ``longmeans`` goes on to day and month.

Every function sorts and drops repeated times first, and sums exactly, so that any
order or repetition of the same values gives the same figures.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from polluters.domain.convert import OxygenGuard, oxygen_factor
from polluters.domain.validity import (
    DEFAULT_RULES,
    HOUR,
    ValidityRules,
    flag_word,
    needed,
    slot_length,
)

GUARD = OxygenGuard()
ARITHMETIC = "均值 = 有效值之和 ÷ 有效值个数"


@dataclass(frozen=True, slots=True)
class Value:
    """One stored value; ``usable`` is False outside the analyser's range."""

    time: datetime
    value: float | None
    flag: str = "N"
    converted: float | None = None
    total: float | None = None
    usable: bool = True


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A value that did not enter a mean, and why."""

    time: datetime
    value: float | None
    flag: str
    reason: str


@dataclass(frozen=True, slots=True)
class MeanResult:
    """A mean with everything needed to explain and to repeat it.

    ``due``, ``got`` and ``valid_count`` count slots (minutes, or the logger's interval)
    for an hour, hours for a day, days for longer. ``used`` are the values that entered.
    """

    start: datetime
    length: timedelta
    mean: float | None
    converted: float | None
    low: float | None
    high: float | None
    total: float | None
    due: int
    got: int
    valid_count: int
    valid: bool
    stopped: bool
    flags: Mapping[str, int]
    used: tuple[tuple[datetime, float], ...]
    left_out: tuple[LeftOut, ...]
    formula: str = ARITHMETIC
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Slot:
    """The values of one slot before they are averaged."""

    good: list[Value] = field(default_factory=list)
    bad: list[Value] = field(default_factory=list)

    def valid(self, share: float) -> bool:
        return bool(self.good) and len(self.good) >= share * (
            len(self.good) + len(self.bad)
        )


def _sorted(values: Iterable[Value], start: datetime, length: timedelta) -> list[Value]:
    """Return the values of the window by time, one a time: the first one given."""
    found: dict[datetime, Value] = {}
    for value in values:
        if start <= value.time < start + length:
            found.setdefault(value.time, value)
    return [found[time] for time in sorted(found)]


def average(values: Sequence[float]) -> float | None:
    """Return the exact arithmetic mean, None of nothing."""
    return math.fsum(values) / len(values) if values else None


def _usable(value: Value, rules: ValidityRules) -> bool:
    return (
        value.value is not None
        and math.isfinite(value.value)
        and value.flag in rules.usable_flags
        and value.usable
    )


def why_left_out(value: Value, rules: ValidityRules = DEFAULT_RULES) -> str:
    """Return in words why a value is no part of a mean."""
    if value.flag not in rules.usable_flags:
        return f"标记为 {value.flag or '空'}（{flag_word(value.flag)}）"
    if value.value is None or not math.isfinite(value.value):
        return "无数值"
    if not value.usable:
        return "超出量程"
    return "所在时段有效值不足"


def _slots(
    values: Sequence[Value], start: datetime, slot: timedelta, rules: ValidityRules
) -> dict[datetime, _Slot]:
    slots: dict[datetime, _Slot] = {}
    for value in values:
        begin = start + ((value.time - start) // slot) * slot
        entry = slots.setdefault(begin, _Slot())
        (entry.good if _usable(value, rules) else entry.bad).append(value)
    return slots


@lru_cache(maxsize=256)
def _grid(
    start: datetime, slot: timedelta, zone: tzinfo | None
) -> dict[datetime, datetime]:
    """Return the starts of the hour's slots, to be found by any equal moment.

    ``zone`` is that of ``start``: equal moments of two zones are one key to a cache.
    """
    starts = [
        start.replace(tzinfo=zone) + n * slot for n in range(max(int(HOUR / slot), 1))
    ]
    return {moment: moment for moment in starts}


def _plain(
    values: Sequence[Value], start: datetime, slot: timedelta, rules: ValidityRules
) -> dict[datetime, Value] | None:
    """Return the values by slot if each is usable and alone on the start of its slot.

    That is the everyday hour, which needs no sums of slots; anything else gives None
    and takes the long way to the same figures.
    """
    grid, flags = _grid(start, slot, start.tzinfo), rules.usable_flags
    found: dict[datetime, Value] = {}
    for value in values:
        begin, number = grid.get(value.time), value.value
        if begin is None or number is None or value.flag not in flags:
            return None
        if begin in found or not value.usable or not math.isfinite(number):
            return None
        found[begin] = value
    return found


@dataclass(slots=True)
class _Hour:
    """An hour's values, gathered: slot means, what was left out, and the slots."""

    inside: Sequence[Value]
    means: dict[datetime, float]
    good: dict[datetime, _Slot]
    left: list[LeftOut]
    got: int
    extremes: list[float]


def _gather(
    values: Iterable[Value],
    start: datetime,
    slot: timedelta,
    rules: ValidityRules,
) -> _Hour:
    """Return the hour's slots, by the short way where every value is in order."""
    listed = list(values)
    plain = _plain(listed, start, slot, rules)
    if plain is not None:
        every = {k: plain[k].value for k in sorted(plain)}
        known = {k: v for k, v in every.items() if v is not None}
        alone = {k: _Slot([plain[k]]) for k in known}
        return _Hour(listed, known, alone, [], len(known), list(known.values()))
    inside = _sorted(listed, start, HOUR)
    slots = _slots(inside, start, slot, rules)
    good = {k: v for k, v in sorted(slots.items()) if v.valid(rules.slot_share)}
    means = {
        begin: math.fsum(v.value for v in entry.good if v.value is not None)
        / len(entry.good)
        for begin, entry in good.items()
    }
    left = [
        LeftOut(v.time, v.value, v.flag, why_left_out(v, rules))
        for begin, entry in sorted(slots.items())
        for v in (entry.bad if begin in good else [*entry.bad, *entry.good])
    ]
    extremes = [v.value for e in good.values() for v in e.good if v.value is not None]
    return _Hour(inside, means, good, left, len(slots), extremes)


def slot_means(
    values: Iterable[Value],
    *,
    start: datetime,
    length: timedelta,
    interval: timedelta,
    rules: ValidityRules = DEFAULT_RULES,
) -> dict[datetime, float]:
    """Return the mean of each valid slot of a window, by the slot's start."""
    slot = slot_length(interval)
    slots = _slots(_sorted(values, start, length), start, slot, rules)
    return {
        begin: math.fsum(v.value for v in entry.good if v.value is not None)
        / len(entry.good)
        for begin, entry in sorted(slots.items())
        if entry.valid(rules.slot_share)
    }


def _convert(
    good: Mapping[datetime, _Slot],
    means: Mapping[datetime, float],
    oxygen: Mapping[datetime, float] | None,
    reference: float | None,
    guard: OxygenGuard,
) -> tuple[dict[datetime, float], list[LeftOut], list[str]]:
    """Return converted slot means: ours where oxygen is known, else the logger's."""
    converted: dict[datetime, float] = {}
    left_out: list[LeftOut] = []
    reported = 0
    for begin, mean in means.items():
        if oxygen is not None and begin in oxygen:
            factor = oxygen_factor(oxygen[begin], reference, guard=guard)
            if factor is None:
                reason = f"含氧量 {oxygen[begin]:g}% 不可折算，不参与判定"
                left_out.append(LeftOut(begin, mean, "N", reason))
            else:
                converted[begin] = mean * factor
            continue
        sent = [v.converted for v in good[begin].good if v.converted is not None]
        value = average(sent)
        if value is None:
            left_out.append(LeftOut(begin, mean, "N", "无有效含氧量，不能折算"))
        else:
            converted[begin] = value
            reported += 1
    notes = [f"{reported} 个时段无有效含氧量，采用上报折算值"] if reported else []
    return converted, left_out, notes


def hour_mean(
    values: Iterable[Value],
    *,
    start: datetime,
    interval: timedelta,
    medium: str,
    rules: ValidityRules = DEFAULT_RULES,
    reference: float | None = None,
    oxygen: Iterable[Value] | None = None,
    convert: bool = False,
    guard: OxygenGuard = GUARD,
) -> MeanResult:
    """Return the mean of the hour from ``start`` on.

    ``interval`` is the logger's; values closer than a minute are first averaged over
    minutes. Gas (HJ 212-2017 D.2.2): valid with 45 of 60 valid minutes, or the same
    share of the slots due. Water (D.1): valid with one valid value, as batch analysers
    give one in several hours. With ``convert`` each slot is converted to the
    ``reference`` oxygen by the slot's own valid oxygen.
    """
    slot = slot_length(interval)
    hour = _gather(values, start, slot, rules)
    means, left, inside = hour.means, hour.left, hour.inside
    due = max(int(HOUR / slot), 1)
    bar = (
        needed(due, rules.gas_hour_share)
        if medium == "gas"
        else rules.water_hour_values
    )
    converted: dict[datetime, float] = {}
    notes: list[str] = []
    if convert:
        ours = None
        if oxygen is not None:
            ours = slot_means(
                oxygen, start=start, length=HOUR, interval=interval, rules=rules
            )
        converted, lost, notes = _convert(hour.good, means, ours, reference, guard)
        left += lost
        if len(converted) < bar:
            notes.append(f"可折算时段 {len(converted)} 个，少于 {bar} 个，不出折算均值")
            converted = {}
    stopped = bool(inside) and all(v.flag in rules.stopped_flags for v in inside)
    totals = [v.total for v in inside if v.total is not None]
    return MeanResult(
        start=start,
        length=HOUR,
        mean=average(list(means.values())),
        converted=average(list(converted.values())),
        low=min(hour.extremes, default=None),
        high=max(hour.extremes, default=None),
        total=math.fsum(totals) if totals else None,
        due=due,
        got=hour.got,
        valid_count=len(means),
        valid=len(means) >= bar,
        stopped=stopped,
        flags=dict(sorted(Counter(v.flag for v in inside).items())),
        used=tuple((converted or means).items()),
        left_out=tuple(left),
        notes=tuple(notes),
    )


def disagreement(ours: float | None, reported: float | None) -> float | None:
    """Return |ours − reported| ÷ |reported|; None if one is missing or it is 0 / 0."""
    if ours is None or reported is None:
        return None
    if reported == 0:
        return None if ours == 0 else math.inf
    return abs(ours - reported) / abs(reported)
