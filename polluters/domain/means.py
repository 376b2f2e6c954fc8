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
    MINUTE,
    ValidityRules,
    flag_word,
    needed,
    slot_length,
)

GUARD = OxygenGuard()
ZERO = timedelta(0)
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
class PlainHour:
    """The everyday hour: each value normal, in range, alone on the start of its minute.

    ``minutes`` counts them from the start of the hour, None if every slot has its value.
    """

    values: Sequence[float]
    minutes: Sequence[int] | None = None
    totals: Sequence[float] = ()

    def fits(self, interval: timedelta, rules: ValidityRules) -> bool:
        """Return whether each value stands at the start of a slot of its own."""
        step = int(slot_length(interval) / MINUTE)
        if step * MINUTE != slot_length(interval) or HOUR % (step * MINUTE) != ZERO:
            return False
        if "N" not in rules.usable_flags or rules.slot_share > 1:
            return False
        if self.minutes is None:
            return len(self.values) * step * MINUTE == HOUR
        return step == 1 or all(minute % step == 0 for minute in self.minutes)

    def listed(self, start: datetime) -> list[Value]:
        """Return the values one by one, without what only a sum needs."""
        minutes = range(60) if self.minutes is None else self.minutes
        pairs = zip(minutes, self.values, strict=True)
        return [Value(start + minute * MINUTE, value) for minute, value in pairs]


Values = Iterable[Value] | PlainHour


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

    def mean(self) -> float:
        numbers = [v.value for v in self.good if v.value is not None]
        return math.fsum(numbers) / len(numbers)


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
) -> tuple[datetime, ...]:
    """Return the starts of the hour's slots.

    ``zone`` is that of ``start``: equal moments of two zones are one key to a cache.
    """
    return tuple(
        start.replace(tzinfo=zone) + n * slot for n in range(max(int(HOUR / slot), 1))
    )


def plain_slots(
    hour: PlainHour, *, start: datetime, interval: timedelta
) -> dict[datetime, float]:
    """Return the values of a plain hour by the start of their slot."""
    slot = slot_length(interval)
    grid = _grid(start, slot, start.tzinfo)
    if hour.minutes is None:
        return dict(zip(grid, hour.values, strict=True))
    step = int(slot / MINUTE)
    begins = [grid[minute // step] for minute in hour.minutes]
    return dict(zip(begins, hour.values, strict=True))


@dataclass(slots=True)
class _Hour:
    """An hour's values, gathered: slot means, what was left out, and the slots."""

    means: dict[datetime, float]
    good: Mapping[datetime, _Slot]
    left: list[LeftOut]
    got: int
    extremes: Sequence[float]
    totals: Sequence[float]
    flags: Mapping[str, int]


def _gather(
    values: Values, start: datetime, interval: timedelta, rules: ValidityRules
) -> _Hour:
    """Return the hour's slots; a plain hour goes a short way to the same figures."""
    if isinstance(values, PlainHour):
        number = len(values.values)
        return _Hour(
            means=plain_slots(values, start=start, interval=interval),
            good={},
            left=[],
            got=number,
            extremes=values.values,
            totals=values.totals,
            flags={"N": number} if number else {},
        )
    inside = _sorted(values, start, HOUR)
    slots = _slots(inside, start, slot_length(interval), rules)
    good = {k: v for k, v in sorted(slots.items()) if v.valid(rules.slot_share)}
    left = [
        LeftOut(v.time, v.value, v.flag, why_left_out(v, rules))
        for begin, entry in sorted(slots.items())
        for v in (entry.bad if begin in good else [*entry.bad, *entry.good])
    ]
    return _Hour(
        means={begin: entry.mean() for begin, entry in good.items()},
        good=good,
        left=left,
        got=len(slots),
        extremes=[
            v.value for e in good.values() for v in e.good if v.value is not None
        ],
        totals=[v.total for v in inside if v.total is not None],
        flags=dict(sorted(Counter(v.flag for v in inside).items())),
    )


def slot_means(
    values: Values,
    *,
    start: datetime,
    length: timedelta,
    interval: timedelta,
    rules: ValidityRules = DEFAULT_RULES,
) -> dict[datetime, float]:
    """Return the mean of each valid slot of a window, by the slot's start."""
    if isinstance(values, PlainHour):
        return plain_slots(values, start=start, interval=interval)
    slot = slot_length(interval)
    slots = _slots(_sorted(values, start, length), start, slot, rules)
    return {
        begin: entry.mean()
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
        sent = good[begin].good if begin in good else []
        value = average([v.converted for v in sent if v.converted is not None])
        if value is None:
            left_out.append(LeftOut(begin, mean, "N", "无有效含氧量，不能折算"))
        else:
            converted[begin] = value
            reported += 1
    notes = [f"{reported} 个时段无有效含氧量，采用上报折算值"] if reported else []
    return converted, left_out, notes


def hour_mean(
    values: Values,
    *,
    start: datetime,
    interval: timedelta,
    medium: str,
    rules: ValidityRules = DEFAULT_RULES,
    reference: float | None = None,
    oxygen: Iterable[Value] | Mapping[datetime, float] | None = None,
    convert: bool = False,
    guard: OxygenGuard = GUARD,
) -> MeanResult:
    """Return the mean of the hour from ``start`` on.

    ``interval`` is the logger's; values closer than a minute are first averaged over
    minutes. Gas (HJ 212-2017 D.2.2): valid with 45 of 60 valid minutes, or the same
    share of the slots due. Water (D.1): valid with one valid value, as batch analysers
    give one in several hours. With ``convert`` each slot is converted to the
    ``reference`` oxygen by the slot's own valid oxygen, given as values or as the means
    of slots already.
    """
    slot = slot_length(interval)
    hour = _gather(values, start, interval, rules)
    means, left = hour.means, hour.left
    due = max(int(HOUR / slot), 1)
    bar = (
        needed(due, rules.gas_hour_share)
        if medium == "gas"
        else rules.water_hour_values
    )
    converted: dict[datetime, float] = {}
    notes: list[str] = []
    if convert:
        ours: Mapping[datetime, float] | None = None
        if isinstance(oxygen, Mapping):
            ours = oxygen
        elif oxygen is not None:
            ours = slot_means(
                oxygen, start=start, length=HOUR, interval=interval, rules=rules
            )
        converted, lost, notes = _convert(hour.good, means, ours, reference, guard)
        left += lost
        if len(converted) < bar:
            notes.append(f"可折算时段 {len(converted)} 个，少于 {bar} 个，不出折算均值")
            converted = {}
    return MeanResult(
        start=start,
        length=HOUR,
        mean=average(list(means.values())),
        converted=average(list(converted.values())),
        low=min(hour.extremes, default=None),
        high=max(hour.extremes, default=None),
        total=math.fsum(hour.totals) if hour.totals else None,
        due=due,
        got=hour.got,
        valid_count=len(means),
        valid=len(means) >= bar,
        stopped=bool(hour.flags) and set(hour.flags) <= rules.stopped_flags,
        flags=hour.flags,
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
