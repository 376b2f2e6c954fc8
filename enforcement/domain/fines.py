"""Late fees: three per cent a day, capped at the fine (行政处罚法 art. 72).

The fee does not run while a reconsideration or suit is pending (art. 73) and not on
what has been paid in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from enforcement.domain.money import CENT

Span = tuple[date, date | None]


@dataclass(frozen=True, slots=True)
class Owed:
    """What remains of the fine and of the late fee, and how many days it ran."""

    fine: Decimal
    late: Decimal
    days: int

    @property
    def total(self) -> Decimal:
        """Fine and late fee together."""
        return self.fine + self.late


def late_days(due: date, until: date, stopped: Sequence[Span] = ()) -> list[date]:
    """Return the days after ``due`` up to ``until`` on which the fee runs.

    A span stops the fee from its first day until the day it ends, both included.
    """
    days = [due + timedelta(days=n) for n in range(1, (until - due).days + 1)]
    return [
        day
        for day in days
        if not any(a <= day and (b is None or day <= b) for a, b in stopped)
    ]


def owed_now(
    *,
    fine: Decimal,
    paid_fine: Sequence[tuple[date, Decimal]],
    paid_late: Decimal = Decimal(0),
    due: date | None,
    today: date,
    rate: Decimal = Decimal("0.03"),
    stopped: Sequence[Span] = (),
) -> Owed:
    """Return what is owed on ``today``; ``due`` None means the period has not begun.

    The fee of a day is ``rate`` × the part of the fine unpaid at its start; the sum
    never exceeds the fine. ``paid_late`` includes remitted late fees.
    """
    unpaid = fine - sum((amount for _, amount in paid_fine), Decimal(0))
    if due is None:
        return Owed(max(unpaid, Decimal(0)), Decimal(0), 0)
    fee, days = Decimal(0), late_days(due, today, stopped)
    ran = 0
    for day in days:
        before = sum((a for on, a in paid_fine if on < day), Decimal(0))
        rest = fine - before
        if rest <= 0:
            break
        fee += rest * rate
        ran += 1
        if fee >= fine:
            fee = fine
            break
    late = max(fee.quantize(CENT) - paid_late, Decimal(0))
    return Owed(max(unpaid, Decimal(0)), late, ran)
