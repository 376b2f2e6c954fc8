"""Late fees day by day."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.fines import late_days, owed_now

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


@pytest.mark.parametrize(
    ("today", "days"), [(DUE, 0), (date(2026, 11, 11), 1), (date(2026, 11, 9), 0)]
)
def test_the_day_after_the_last_is_the_first_late_one(today: date, days: int) -> None:
    assert [day.day for day in late_days(DUE, today)] == [11, 12][:days]


@pytest.mark.parametrize(
    ("span", "running"),
    [
        ((date(2026, 11, 12), date(2026, 11, 13)), [11, 14]),
        ((date(2026, 11, 13), date(2026, 11, 13)), [11, 12, 14]),
        ((date(2026, 11, 14), None), [11, 12, 13]),
        ((date(2026, 11, 15), None), [11, 12, 13, 14]),
        ((date(2026, 11, 1), date(2026, 11, 10)), [11, 12, 13, 14]),
    ],
    ids=["two-days", "one-day", "open", "later", "before"],
)
def test_a_stop_takes_its_first_and_its_last_day(span, running) -> None:
    days = late_days(DUE, date(2026, 11, 14), [span])
    assert [day.day for day in days] == running


def test_what_is_paid_counts_from_the_day_after() -> None:
    """Paid on the 12th: the 11th and 12th cost 300 each, the 13th 240."""
    paid = [(date(2026, 11, 12), D(2_000))]
    late = [owed(date(2026, 11, day), paid_fine=paid).late for day in (11, 12, 13)]
    assert late == [300, 600, 840]


def test_a_fine_paid_up_ends_the_fee_and_keeps_what_ran() -> None:
    found = owed(date(2026, 12, 1), paid_fine=[(date(2026, 11, 12), D(10_000))])
    assert (found.fine, found.late, found.days, found.total) == (0, 600, 2, 600)


def test_more_than_the_fine_paid_leaves_nothing_to_pay() -> None:
    for due in (DUE, None):
        found = owed(date(2026, 12, 1), due=due, paid_fine=[(DUE, D(10_001))])
        assert (found.fine, found.late, found.days) == (0, 0, 0)


def test_no_fine_no_fee() -> None:
    found = owed(date(2026, 12, 1), fine=D(0))
    assert (found.fine, found.late, found.days) == (0, 0, 0)
    below = owed(date(2026, 12, 1), fine=D(-5))
    assert (below.fine, below.late, below.days) == (0, 0, 0)
    one = owed(date(2026, 11, 11), fine=D(1))
    assert (one.fine, one.late, one.days) == (1, D("0.03"), 1)


@pytest.mark.parametrize(
    ("rate", "day", "late", "days"),
    [
        ("0.5", 11, 5_000, 1),
        ("0.5", 12, 10_000, 2),
        ("0.5", 13, 10_000, 2),
        ("0.4", 13, 10_000, 3),
    ],
)
def test_the_fee_stops_on_the_day_it_reaches_the_fine(
    rate: str, day: int, late: int, days: int
) -> None:
    found = owed(date(2026, 11, day), rate=D(rate))
    assert (found.late, found.days) == (late, days)


def test_a_fee_is_told_to_the_fen_and_never_negative() -> None:
    assert owed(date(2026, 11, 11), fine=D("33.35")).late == D("1.00")
    assert owed(date(2026, 11, 11), paid_late=D("299.99")).late == D("0.01")
    assert owed(date(2026, 11, 11), paid_late=D(300)).late == 0
    assert owed(date(2026, 11, 11), paid_late=D(301)).late == 0
