"""有效传输率 = 有效率 × 传输率, per point and period, and how points add up.

Transmission is received ÷ due, validity is valid ÷ received-and-due-for-judging. Hours
in which the plant stood still are out of the period. Of wastewater COD, NH3-N, TP and TN
one hour a day is the analyser's own check and not due (23 of 24 counts as whole).
"""

from collections.abc import Iterable
from dataclasses import dataclass

SELF_CHECKED = frozenset(("w01018", "w21003", "w21011", "w21001"))
SOURCE = "《自动监测数据有效传输率统计算法说明》，经公开代码转述，待与原文核对"


@dataclass(frozen=True, slots=True)
class HourState:
    """What is known of one hour of one point."""

    got: bool
    valid: bool
    stopped: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """Counts in hours; rates are None where nothing was due."""

    due: int
    got: int
    valid: int
    stopped: int
    self_check: int = 0

    @property
    def transmission(self) -> float | None:
        """传输率."""
        return min(self.got / self.due, 1.0) if self.due else None

    @property
    def validity(self) -> float | None:
        """有效率; zero if nothing came."""
        if not self.due:
            return None
        return min(self.valid / self.got, 1.0) if self.got else 0.0

    @property
    def effective(self) -> float | None:
        """有效传输率."""
        if self.transmission is None or self.validity is None:
            return None
        return self.transmission * self.validity

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(
            self.due + other.due,
            self.got + other.got,
            self.valid + other.valid,
            self.stopped + other.stopped,
            self.self_check + other.self_check,
        )


NOTHING = Rate(0, 0, 0, 0)


def rate_of(
    hours: Iterable[HourState | None],
    *,
    code: str,
    days: float,
    backfilled: bool = True,
) -> Rate:
    """Return the rate of a point over its hours; None is an hour without a row.

    ``backfilled`` False counts what came late as not received (实时), True as received
    (补传后). ``days`` bounds the self-check hours of wastewater factors; an hour that
    is missing anyway takes the place of the check.
    """
    due = got = valid = stopped = 0
    for hour in hours:
        if hour is not None and hour.stopped:
            stopped += 1
            continue
        due += 1
        if hour is None or not hour.got or (hour.late and not backfilled):
            continue
        got += 1
        valid += hour.valid
    return rate_from(
        due=due, got=got, valid=valid, stopped=stopped, code=code, days=days
    )


def rate_from(
    *, due: int, got: int, valid: int, stopped: int, code: str, days: float
) -> Rate:
    """Return the rate of counted hours; see ``rate_of``."""
    spare = min(int(days), due - valid) if code in SELF_CHECKED else 0
    missing = min(spare, due - got)
    invalid = spare - missing
    return Rate(due - spare, got - invalid, valid, stopped, spare)


def total(rates: Iterable[Rate]) -> Rate:
    """Return the rate of an outlet, enterprise or district from its points'."""
    result = NOTHING
    for rate in rates:
        result += rate
    return result
