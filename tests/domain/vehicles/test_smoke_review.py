"""Rounds of review: who agrees with whom, what follows, and how far people agree."""

import pytest

from vehicles.domain.smoke.review import (
    LEAST_SMOKE_LEVEL,
    LEVEL_TOLERANCE,
    REREAD_EVERY,
    Judgement,
    Next,
    Opinion,
    Outcome,
    agree,
    decide,
    kappa,
)

YES, NO, OPEN = Opinion.SMOKE, Opinion.NOT_SMOKE, Opinion.UNCLEAR


def seen(level: int | None = 3, plate="新E0K73X", color="yellow") -> Judgement:
    return Judgement(YES, level, plate, color)


def test_smoke_begins_at_level_1_and_every_twentieth_is_read_again() -> None:
    assert (LEAST_SMOKE_LEVEL, LEVEL_TOLERANCE, REREAD_EVERY) == (1, 1, 20)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (seen(3), seen(3), True),
        (seen(3), seen(2), True),
        (seen(2), seen(3), True),
        (seen(3), seen(1), False),
        (seen(0), seen(1), True),
        (seen(3), seen(None), False),
        (seen(None), seen(3), False),
        (seen(None), seen(None), False),
        (seen(), seen(plate="新E8K73X"), False),
        (seen(), seen(color="blue"), False),
        (seen(), Judgement(NO), False),
        (Judgement(NO), Judgement(NO, 3, "甘A00001"), True),
        (Judgement(OPEN), Judgement(OPEN), True),
        (Judgement(NO), Judgement(OPEN), False),
    ],
)
def test_one_opinion_has_one_plate_and_levels_one_apart(one, other, same) -> None:
    assert agree(one, other) is same
    assert agree(other, one) is same


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ([seen()], Outcome(Next.SECOND)),
        ([seen(3), seen(2)], Outcome(Next.CONFIRMED, 2, "新E0K73X", "yellow")),
        ([seen(2), seen(3)], Outcome(Next.CONFIRMED, 2, "新E0K73X", "yellow")),
        ([Judgement(NO), Judgement(NO)], Outcome(Next.REJECTED)),
        ([Judgement(OPEN), Judgement(OPEN)], Outcome(Next.UNCLEAR)),
        ([seen(), Judgement(NO)], Outcome(Next.THIRD)),
        ([seen(4), Judgement(NO), seen(3)], Outcome(Next.CONFIRMED, 3, "新E0K73X", "yellow")),
        ([Judgement(NO), seen(4), seen(3)], Outcome(Next.CONFIRMED, 3, "新E0K73X", "yellow")),
        ([seen(1), seen(3), seen(2)], Outcome(Next.CONFIRMED, 2, "新E0K73X", "yellow")),
        ([seen(3), seen(1), seen(2)], Outcome(Next.CONFIRMED, 1, "新E0K73X", "yellow")),
        ([seen(), Judgement(NO), Judgement(NO)], Outcome(Next.REJECTED)),
        ([seen(), Judgement(NO), Judgement(OPEN)], Outcome(Next.UNCLEAR)),
        ([seen(3), seen(3), Judgement(NO)], Outcome(Next.CONFIRMED, 3, "新E0K73X", "yellow")),
    ],
)  # fmt: skip
def test_two_who_agree_decide_and_the_third_sides_with_the_second_first(
    given, outcome
) -> None:
    assert decide(given) == outcome


def test_without_a_judgement_nothing_follows() -> None:
    with pytest.raises(ValueError, match="no judgement"):
        decide([])


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ([(YES, YES)] * 9, None),
        ([(YES, YES)] * 10, 1.0),
        # 6 + 6 of 20 agree by chance 0.5: (0.6 - 0.5) / 0.5
        ([(YES, YES)] * 6 + [(NO, NO)] * 6 + [(YES, NO)] * 4 + [(NO, YES)] * 4, 0.2),
        # first 15 of 20 yes, second 10: chance 0.375 + 0.125 = 0.5, same 0.75
        ([(YES, YES)] * 10 + [(NO, NO)] * 5 + [(YES, NO)] * 5, 0.5),
        # no two agree: chance 0.5 * 0.5 + 0.5 * 0.5
        ([(YES, NO)] * 5 + [(NO, YES)] * 5, -1.0),
        # three answers, a third each: chance 1/3, same 2/3
        (
            [(YES, YES)] * 4 + [(NO, NO)] * 4 + [(OPEN, YES)] * 4 + [(OPEN, OPEN)] * 0,
            4 / 7,
        ),
    ],
    ids=["nine pairs", "all alike", "a little", "half", "contrary", "three answers"],
)
def test_kappa_is_agreement_beyond_chance(pairs, value) -> None:
    found = kappa(pairs)
    if value is None:
        assert found is None
    elif pairs[-1][0] is OPEN:
        # same 8 of 12; chance 1/3 * 2/3 + 1/3 * 1/3 + 1/3 * 0 = 1/3
        assert found == pytest.approx((8 / 12 - 1 / 3) / (1 - 1 / 3))
    else:
        assert found == pytest.approx(value)
