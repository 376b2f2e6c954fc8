"""Ringelmann levels: 20 % black each, the doubt of them, and their ends."""

from math import sqrt

import pytest

from vehicles.domain.smoke.ringelmann import (
    Level,
    Opacity,
    grade_of,
    level_of,
    undetermined,
)


def plumes(*values: float, sigma: float = 0.0) -> list[Opacity]:
    return [Opacity(0.2 * n, value, sigma) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("value", "grade"),
    [(-2.0, 0), (0.0, 0), (0.5, 0), (0.51, 1), (1.0, 1), (1.5, 1), (1.51, 2), (4.5, 4),
     (4.51, 5), (5.0, 5), (5.6, 5), (9.0, 5)],
)  # fmt: skip
def test_a_grade_is_the_nearest_level_the_lower_of_two(value, grade) -> None:
    assert grade_of(value) == grade


def test_what_is_undetermined_has_no_grade_and_all_doubt() -> None:
    assert undetermined("夜间") == Level(0.0, 5.0, None, "夜间", 0)
    assert undetermined("夜间", 7).frames == 7
    assert not undetermined("夜间").determined


def test_three_pictures_are_needed() -> None:
    assert level_of(plumes(0.4, 0.4)) == undetermined("可测画面不足 3 帧", 2)
    assert level_of(plumes(0.4, 0.4, 0.4)).grade == 2
    assert level_of(plumes(0.4, 0.4, 0.4), blocked="降水") == undetermined("降水", 3)


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ((0.2, 0.2, 0.2), 1.0),
        ((0.5, 0.4, 0.3), 2.0),
        ((0.1, 0.1, 0.44, 0.43, 0.42, 0.41, 0.40), 2.1),
        ((1.2, 1.2, 1.2), 5.0),
        ((-0.2, -0.2, -0.2), 0.0),
        ((1.0, 1.0, 1.0), 5.0),
    ],
    ids=[
        "a fifth is one level",
        "the middle one",
        "the middle of the five darkest",
        "not beyond five",
        "not below nought",
        "black",
    ],
)
def test_a_level_is_a_fifth_of_black(values, level) -> None:
    assert level_of(plumes(*values)).value == pytest.approx(level)


def test_beside_the_vehicle_every_picture_counts() -> None:
    # Of seven the middle is the fourth darkest, and the spread that of all seven.
    rows = plumes(0.1, 0.2, 0.40, 0.41, 0.42, 0.43, 0.44)
    found = level_of(rows, every=True)
    assert found.value == pytest.approx(5 * 0.41)
    assert found.sigma == pytest.approx(sqrt((5 * 0.34 / 2) ** 2 / 7 + 0.15**2))
    assert level_of(rows).value == pytest.approx(5 * 0.42)


def test_doubt_comes_from_spread_own_doubt_and_the_method() -> None:
    found = level_of(plumes(0.50, 0.48, 0.46, 0.44, sigma=0.03))
    spread, own = 5 * 0.06 / 2, 5 * 0.03
    assert found.sigma == pytest.approx(sqrt(spread**2 / 4 + own**2 + 0.15**2))
    assert level_of(plumes(0.4, 0.4, 0.4)).sigma == pytest.approx(0.15)


def test_the_middle_doubt_of_the_darkest_counts() -> None:
    rows = [Opacity(0, 0.4, sigma) for sigma in (0.01, 0.02, 0.09)]
    assert level_of(rows).sigma == pytest.approx(sqrt(0.1**2 + 0.15**2))


@pytest.mark.parametrize(
    ("sigma", "grade", "reason"),
    [(0.177, 2, ""), (0.178, None, "不确定度过大")],
    ids=["a doubt of 0.9 level", "more"],
)
def test_a_level_in_too_much_doubt_has_no_grade(sigma, grade, reason) -> None:
    # 5 · 0.1775 and 0.15 together are 0.9.
    found = level_of(plumes(0.4, 0.4, 0.4, sigma=sigma))
    assert (found.grade, found.reason, found.frames) == (grade, reason, 3)
    assert found.value == pytest.approx(2.0)
