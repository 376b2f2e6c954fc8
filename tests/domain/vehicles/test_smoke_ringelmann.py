"""Ringelmann levels from opacities, and when none may be given."""

import pytest

from vehicles.domain.smoke.ringelmann import Opacity, grade_of, level_of


@pytest.mark.parametrize(
    ("value", "grade"),
    [(0.0, 0), (0.49, 0), (0.5, 0), (0.51, 1), (1.5, 1), (1.51, 2), (2.4, 2), (5.0, 5)],
)
def test_exact_half_goes_to_the_lower_grade(value: float, grade: int) -> None:
    assert grade_of(value) == grade


def opacities(*values: float, sigma: float = 0.02) -> list[Opacity]:
    return [Opacity(number * 0.2, value, sigma) for number, value in enumerate(values)]


def test_median_of_the_five_darkest_decides() -> None:
    level = level_of(opacities(0.1, 0.2, 0.55, 0.58, 0.60, 0.62, 0.64))
    assert level.value == pytest.approx(3.0)
    assert level.grade == 3
    assert level.determined
    assert level.frames == 7


def test_two_pictures_give_no_level() -> None:
    level = level_of(opacities(0.6, 0.6))
    assert level.grade is None
    assert level.reason == "可测画面不足 3 帧"


def test_a_forbidding_condition_gives_no_level_however_dark() -> None:
    level = level_of(opacities(0.6, 0.6, 0.6, 0.6), blocked="夜间")
    assert level.grade is None
    assert level.reason == "夜间"


def test_scattered_or_noisy_pictures_are_undetermined() -> None:
    level = level_of(opacities(0.1, 0.5, 0.9, sigma=0.2))
    assert level.grade is None
    assert level.reason == "不确定度过大"
    assert level.value == pytest.approx(2.5)
