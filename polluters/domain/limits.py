"""Limits as values: which one binds at a time, and what an overlap or a gap means.

排放标准 and 许可限值 are enforceable; 超低 and 预警 never make a 超标.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from polluters.domain.notice import Bounds


class Kind(StrEnum):
    """What a limit is; the values are those of ``models.Limit.Kind``."""

    STANDARD = "standard"
    PERMIT = "permit"
    ULTRA_LOW = "ultra_low"
    WARNING = "warning"


class Averaging(StrEnum):
    """Over which time a limit is judged."""

    HOUR = "hour"
    DAY = "day"
    H24 = "24h"
    MIN5 = "5min"


KIND_WORDS = {
    Kind.STANDARD: "排放标准",
    Kind.PERMIT: "许可限值",
    Kind.ULTRA_LOW: "超低",
    Kind.WARNING: "预警",
}
AVERAGING_WORDS = {
    Averaging.HOUR: "小时均值",
    Averaging.DAY: "日均值",
    Averaging.H24: "24 小时均值",
    Averaging.MIN5: "五分钟均值",
}
ENFORCEABLE = frozenset((Kind.STANDARD, Kind.PERMIT))
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Other bounds while another factor fulfils something.

    Such as NH3-N 8 mg/L in place of 5 while the water is at or below 12 degC
    (GB 18918-2002): code w01010, op ``<=``, value 12, high 8.
    """

    code: str
    op: str
    value: float
    high: float | None = None
    low: float | None = None

    def holds(self, context: Mapping[str, float]) -> bool | None:
        """Return whether it holds; None if the factor it asks for is not known."""
        known = context.get(self.code)
        if known is None or self.op not in COMPARE:
            return None
        return COMPARE[self.op](known, self.value)

    def text(self) -> str:
        """Return the condition in words."""
        return f"{self.code} {self.op} {self.value:g}"

    @classmethod
    def read(cls, data: Mapping[str, object] | None) -> "Condition | None":
        """Read the JSON of ``models.Limit.condition``; None if it is empty or unfit."""
        if not data or data.get("op") not in COMPARE:
            return None
        value, high, low = data.get("value"), data.get("high"), data.get("low")
        if not isinstance(value, int | float) or not data.get("code"):
            return None
        return cls(
            code=str(data["code"]),
            op=str(data["op"]),
            value=float(value),
            high=float(high) if isinstance(high, int | float) else None,
            low=float(low) if isinstance(low, int | float) else None,
        )


@dataclass(frozen=True, slots=True)
class LimitRule:
    """A limit with its kind, averaging time, bounds, origin and validity."""

    kind: Kind
    averaging: Averaging
    low: float | None = None
    high: float | None = None
    condition: Condition | None = None
    standard: str = ""
    source: str = ""
    article: str = ""
    valid_from: date = date.min
    valid_to: date | None = None
    key: int | None = None

    @property
    def enforceable(self) -> bool:
        """Whether a mean beyond it is a 超标 in law."""
        return self.kind in ENFORCEABLE

    def valid_on(self, day: date) -> bool:
        """Return whether the limit is in force on ``day``, both ends included."""
        return self.valid_from <= day and (
            self.valid_to is None or day <= self.valid_to
        )

    def under(self, context: Mapping[str, float]) -> tuple[Bounds, str]:
        """Return the bounds under the values of other factors, and a note in words.

        If the condition's factor is unknown the unconditional bounds hold, which are
        the stricter ones in every standard entered so far, and the note says so.
        """
        plain = Bounds(self.low, self.high)
        if self.condition is None:
            return plain, ""
        held = self.condition.holds(context)
        if held is None:
            return plain, f"条件因子 {self.condition.code} 无有效值，按无条件限值判定"
        if not held:
            return plain, ""
        bounds = Bounds(
            self.condition.low if self.condition.low is not None else self.low,
            self.condition.high if self.condition.high is not None else self.high,
        )
        return bounds, f"条件成立（{self.condition.text()}），采用条件限值"


@dataclass(frozen=True, slots=True)
class Choice:
    """The limits that bind a point at a time, strictest first, with what is odd."""

    limits: tuple[LimitRule, ...]
    notes: tuple[str, ...] = ()

    @property
    def strictest(self) -> LimitRule | None:
        """The limit that is reached first."""
        return self.limits[0] if self.limits else None


def _strictness(limit: LimitRule) -> tuple[float, float]:
    high = limit.high if limit.high is not None else float("inf")
    low = limit.low if limit.low is not None else float("-inf")
    return (high, -low)


def choose(
    limits: Iterable[LimitRule],
    *,
    on: date,
    averaging: Averaging,
    enforceable: bool = True,
) -> Choice:
    """Return the limits in force on ``on`` for one averaging time.

    Of several limits of one kind whose validity overlaps the strictest is kept and the
    overlap noted; with none in force the gap is noted, told apart from no limit at all.
    """
    pool = [
        limit
        for limit in limits
        if limit.averaging == averaging and limit.enforceable == enforceable
    ]
    valid = sorted((x for x in pool if x.valid_on(on)), key=_strictness)
    notes: list[str] = []
    kept: dict[Kind, LimitRule] = {}
    for limit in valid:
        if limit.kind in kept:
            notes.append(
                f"{KIND_WORDS[limit.kind]}有效期重叠（{on:%Y-%m-%d}），按较严者判定"
            )
        else:
            kept[limit.kind] = limit
    if not kept and enforceable:
        notes.append(
            f"{on:%Y-%m-%d} 无有效的{AVERAGING_WORDS[averaging]}限值，不作判定"
            if pool
            else f"未设置{AVERAGING_WORDS[averaging]}限值，不作判定"
        )
    return Choice(tuple(kept.values()), tuple(dict.fromkeys(notes)))


def certain_bounds(limits: Iterable[LimitRule], *, on: date) -> Bounds | None:
    """Return bounds inside which no enforceable limit of that day can be broken.

    Whatever other factors read, and for every averaging time; None without a limit.
    """
    valid = [limit for limit in limits if limit.enforceable and limit.valid_on(on)]
    if not valid:
        return None
    bounds = [Bounds(limit.low, limit.high) for limit in valid] + [
        Bounds(limit.condition.low, limit.condition.high)
        for limit in valid
        if limit.condition is not None
    ]
    lows = [one.low for one in bounds if one.low is not None]
    highs = [one.high for one in bounds if one.high is not None]
    return Bounds(max(lows, default=None), min(highs, default=None))


def overlaps(limits: Sequence[LimitRule]) -> list[tuple[LimitRule, LimitRule]]:
    """Return pairs of one kind and averaging time whose validity overlaps."""
    pairs = []
    for index, one in enumerate(limits):
        for other in limits[index + 1 :]:
            if (one.kind, one.averaging) != (other.kind, other.averaging):
                continue
            first, second = sorted((one, other), key=lambda x: x.valid_from)
            if first.valid_to is None or first.valid_to >= second.valid_from:
                pairs.append((one, other))
    return pairs


def bounds_text(bounds: Bounds) -> str:
    """Return bounds in words an officer uses."""
    if bounds.low is not None and bounds.high is not None:
        return f"{bounds.low:g}–{bounds.high:g}"
    if bounds.high is not None:
        return f"≤ {bounds.high:g}"
    return f"≥ {bounds.low:g}" if bounds.low is not None else "无"
