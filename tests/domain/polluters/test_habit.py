"""What strikes every day at a plant is its habit; only what is far stronger remains."""

from types import SimpleNamespace

import pytest

from polluters.domain.checks.context import not_habitual
from polluters.domain.checks.finding import Hit


def hits(*scores: float, code: str = "a21026") -> list[Hit]:
    return [Hit(code, "jump", n, n + 1, score) for n, score in enumerate(scores)]


def kept(found: list[Hit], *, days: float = 30, per_month: float = 4) -> list[float]:
    context = SimpleNamespace(
        station=SimpleNamespace(days=days), rules=SimpleNamespace(per_month=per_month)
    )
    return [hit.score for hit in not_habitual(found, context)]  # type: ignore[arg-type]


def test_as_many_as_are_usual_all_remain() -> None:
    assert kept(hits(1, 1, 1, 9)) == [1, 1, 1, 9]


def test_of_more_only_what_is_over_twice_the_usual_hit() -> None:
    assert kept(hits(1, 1, 1, 2, 2.1)) == [2.1]
    assert kept(hits(2, 2, 2, 4.1, 5)) == [4.1, 5]


@pytest.mark.parametrize(
    ("days", "scores", "left"),
    [(60, 8, 8), (60, 9, 0), (30, 5, 0), (3, 2, 2), (3, 3, 0)],
)
def test_the_allowance_grows_with_the_days_from_half_a_month(
    days: float, scores: int, left: int
) -> None:
    assert len(kept(hits(*[1.0] * scores), days=days)) == left


def test_each_factor_has_its_own_habit() -> None:
    found = hits(1, 1, 1, 1, 1) + hits(1, code="a21002")
    assert kept(found) == [1.0]
