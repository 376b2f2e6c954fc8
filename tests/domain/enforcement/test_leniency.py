"""Tests for not punishing, and what counts as a first act."""

from datetime import date

import pytest

from enforcement.domain.leniency import (
    AFTERWARDS,
    CONDITIONS,
    Answer,
    Ground,
    PastAct,
    earlier_acts,
    examine,
)

YES = Answer(True, "复查记录")


def all_met(ground):
    return {c.code: YES for c in (*CONDITIONS[ground], *AFTERWARDS)}


@pytest.mark.parametrize("ground", list(Ground))
def test_it_works(ground):
    verdict = examine(ground, all_met(ground))
    assert verdict.passed
    assert verdict.missing == ()


@pytest.mark.parametrize("ground", list(Ground))
def test_each_condition_stands_alone(ground):
    for condition in (*CONDITIONS[ground], *AFTERWARDS):
        unmet = examine(ground, all_met(ground) | {condition.code: Answer(False, "x")})
        assert unmet.missing == (f"{condition.text}：不符合",)
        bare = examine(ground, all_met(ground) | {condition.code: Answer(True, " ")})
        assert bare.missing == (f"{condition.text}：未附证据",)
        absent = {k: v for k, v in all_met(ground).items() if k != condition.code}
        assert not examine(ground, absent).passed


def test_only_first_acts_are_a_matter_of_discretion():
    assert [ground for ground in Ground if not ground.mandatory] == [Ground.FIRST]


@pytest.mark.parametrize(
    ("found", "counts"),
    [("2025-11-23", False), ("2025-11-24", True), ("2024-01-01", False)],
)
def test_twelve_months(found, counts):
    history = [
        PastAct("exceed_water", date.fromisoformat(found), "博州环罚〔2025〕1号")
    ]
    hits = earlier_acts(history, "exceed_water", date(2026, 11, 23), 12)
    assert bool(hits) is counts


def test_another_act_does_not_count():
    history = [PastAct("dust", date(2026, 10, 1), "x")]
    assert earlier_acts(history, "exceed_water", date(2026, 11, 23), 12) == ()


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),
        (date(2026, 8, 24), True),
        (date(2026, 8, 23), False),
    ],
    ids=str,
)
def test_an_act_counts_from_its_day_until_the_months_are_full(
    found: date, counts: bool
) -> None:
    hits = earlier_acts([PastAct("dust", found, "x")], "dust", date(2026, 11, 23), 3)
    assert bool(hits) is counts


def test_what_stands_against_a_ground_is_told_unmet_first() -> None:
    answers = all_met(Ground.MINOR)
    answers["minor"] = Answer(True, "")
    answers["commitment"] = Answer(False, "承诺书")
    verdict = examine(Ground.MINOR, answers)
    assert verdict.missing == (
        "当事人签订守法承诺书：不符合",
        "违法行为轻微：未附证据",
    )
    assert not verdict.passed
    only_unproven = examine(
        Ground.MINOR, all_met(Ground.MINOR) | {"minor": Answer(True, "")}
    )
    assert not only_unproven.passed
