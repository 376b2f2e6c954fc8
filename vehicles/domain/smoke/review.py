"""Rounds of review: who decides next, when two agree, how far reviewers agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LEAST_SMOKE_LEVEL = 1
# Two levels may differ by this much and still be one opinion; the lower one stands.
LEVEL_TOLERANCE = 1
REREAD_EVERY = 20


class Opinion(StrEnum):
    """What one reviewer says."""

    SMOKE = "smoke"
    NOT_SMOKE = "not_smoke"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Judgement:
    """One reviewer's opinion with the level and plate it stands on."""

    opinion: Opinion
    level: int | None = None
    plate: str = ""
    color: str = ""


class Next(StrEnum):
    """What follows after the judgements given so far."""

    SECOND = "second"
    THIRD = "third"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Outcome:
    """The next state, and for a confirmation the level and plate that stand."""

    next: Next
    level: int | None = None
    plate: str = ""
    color: str = ""


_ENDS = {
    Opinion.SMOKE: Next.CONFIRMED,
    Opinion.NOT_SMOKE: Next.REJECTED,
    Opinion.UNCLEAR: Next.UNCLEAR,
}


def agree(one: Judgement, other: Judgement) -> bool:
    """Whether two judgements are the same opinion.

    For smoke the plates must be equal and the levels at most one apart.
    """
    if one.opinion is not other.opinion:
        return False
    if one.opinion is not Opinion.SMOKE:
        return True
    if (one.plate, one.color) != (other.plate, other.color):
        return False
    if one.level is None or other.level is None:
        return False
    return abs(one.level - other.level) <= LEVEL_TOLERANCE


def _ended(one: Judgement, other: Judgement) -> Outcome:
    levels = [j.level for j in (one, other) if j.level is not None]
    if one.opinion is Opinion.SMOKE:
        return Outcome(Next.CONFIRMED, min(levels), one.plate, one.color)
    return Outcome(_ENDS[one.opinion])


def decide(judgements: Sequence[Judgement]) -> Outcome:
    """What follows after one, two or three judgements, in their order.

    Two that agree decide. After a disagreement the third person's opinion decides if it
    agrees with one of the two; otherwise nothing is proved and the capture is unclear.
    """
    if not judgements:
        raise ValueError("no judgement was given")
    if len(judgements) == 1:
        return Outcome(Next.SECOND)
    first, second = judgements[0], judgements[1]
    if agree(first, second):
        return _ended(first, second)
    if len(judgements) == 2:
        return Outcome(Next.THIRD)
    third = judgements[2]
    for other in (second, first):
        if agree(third, other):
            return _ended(third, other)
    return Outcome(Next.UNCLEAR)


def kappa(pairs: Sequence[tuple[Opinion, Opinion]]) -> float | None:
    """Cohen's kappa of first and second opinions; None for fewer than ten pairs."""
    if len(pairs) < 10:
        return None
    total = len(pairs)
    same = sum(one is other for one, other in pairs) / total
    chance = sum(
        (sum(one is kind for one, _ in pairs) / total)
        * (sum(other is kind for _, other in pairs) / total)
        for kind in Opinion
    )
    return 1.0 if chance >= 1.0 else (same - chance) / (1.0 - chance)
