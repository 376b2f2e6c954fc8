"""Late fees day by day."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.fines import owed_now

D = Decimal
DUE = date(2026, 11, 10)


def owed(today, **more):
    fields = {"fine": D(10_000), "paid_fine": [], "due": DUE, **more}
    return owed_now(today=today, **fields)


@pytest.mark.parametrize(
    ("today", "late", "days"),
    [
        (date(2026, 11, 10), 0, 0),
        (date(2026, 11, 11), 300, 1),
        (date(2026, 11, 20), 3000, 10),
        (date(2026, 12, 13), 9900, 33),
        (date(2026, 12, 14), 10_000, 34),
        (date(2027, 12, 14), 10_000, 34),
    ],
)
def test_three_per_cent_a_day_capped_at_the_fine(today, late, days):
    found = owed(today)
    assert (found.fine, found.late, found.days) == (D(10_000), D(late), days)
    assert found.total == D(10_000) + D(late)


def test_paid_in_time_costs_nothing_more():
    found = owed(date(2026, 12, 1), paid_fine=[(DUE, D(10_000))])
    assert (found.fine, found.late) == (0, 0)


def test_part_payment_lowers_the_daily_fee():
    found = owed(date(2026, 11, 12), paid_fine=[(date(2026, 11, 11), D(4_000))])
    assert (found.fine, found.late) == (D(6_000), D("480.00"))


def test_review_and_suit_stop_the_fee():
    found = owed(date(2026, 11, 20), stopped=[(date(2026, 11, 12), date(2026, 11, 15))])
    assert found.days == 6
    assert owed(date(2026, 11, 20), stopped=[(date(2026, 11, 1), None)]).late == 0


def test_paid_and_remitted_fees_are_taken_off():
    assert owed(date(2026, 11, 12), paid_late=D(600)).late == 0
    assert owed(date(2026, 11, 12), paid_late=D(100)).late == D(500)


def test_nothing_runs_before_service():
    found = owed(date(2026, 12, 1), due=None)
    assert (found.fine, found.late, found.days) == (D(10_000), 0, 0)
