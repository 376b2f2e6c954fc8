"""What a guard may look at when nothing else is known, and answers by their type."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from enforcement.domain.workflow.facts import Facts

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)
D = Decimal


def facts(**known: object) -> Facts:
    return Facts(now=NOW, actor=1, roles=frozenset(), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hour", "day"), [(15, 23), (16, 24)], ids=["before-midnight", "midnight"]
)
def test_today_is_the_day_in_beijing(hour: int, day: int) -> None:
    known = Facts(now=NOW.replace(hour=hour), actor=1, roles=frozenset())
    assert known.today == date(2026, 11, day)


def test_a_case_of_which_nothing_is_known() -> None:
    known = facts()
    assert (known.officers, known.evidence, known.owed) == (0, 0, 0)
    assert (known.limitation_years, known.spot_limit) == (2, 0)
    assert known.entity
    assert not any(
        (known.is_case, known.visit_done, known.basis_chosen, known.lighter_open,
         known.hearing_right, known.defence_open, known.discussed, known.corrected)
    )  # fmt: skip


def test_answers_of_another_type_are_no_answer() -> None:
    known = facts(given={"on": "2026-11-23", "amount": 5, "text": " a ", "yes": 1})
    assert known.given_date("on") is None
    assert known.given_money("amount") is None
    assert known.given_text("text") == "a"
    assert known.given_text("amount") == ""
    assert known.given_yes("yes") is False
    assert facts(given={"yes": True}).given_yes("yes") is True
    assert facts(given={"on": TODAY}).given_date("on") == TODAY
    assert facts(given={"amount": D(5)}).given_money("amount") == 5
