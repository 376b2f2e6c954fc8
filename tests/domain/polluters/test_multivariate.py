"""Hours in which several factors together are unlike all others, and what drives them."""

import random

import numpy as np
import pytest

from polluters.domain.multivariate import LEAST_HOURS, chi_square, find_odd


@pytest.mark.parametrize(
    ("odds", "factors", "wanted"),
    [(0.05, 3, 7.815), (0.001, 6, 22.458), (0.05, 10, 18.307), (0.01, 2, 9.210)],
)
def test_the_chi_square_quantile_is_that_of_the_table(
    odds: float, factors: int, wanted: float
) -> None:
    assert chi_square(odds, factors) == pytest.approx(wanted, rel=0.01)


def plant(count: int = 300) -> np.ndarray:
    source = random.Random(5)
    rows = []
    for _ in range(count):
        load = source.gauss(1, 0.1)
        rows.append(
            [
                1000 * load + source.gauss(0, 10),
                50 * load + source.gauss(0, 1),
                source.gauss(9, 0.2),
            ]
        )
    return np.array(rows)


CODES = ("a00000", "a21026", "a19001")


def test_an_hour_unlike_all_others_names_what_drives_it() -> None:
    rows = plant()
    assert find_odd(CODES, rows) == []
    rows[100] = [1000, 20, 9]
    [found] = find_odd(CODES, rows)
    assert found.index == 100
    assert found.score > 1
    code, share, value, usual = found.drivers[0]
    assert (code, value) == ("a21026", 20.0)
    assert share > 0.5
    assert usual == pytest.approx(50, rel=0.05)
    assert [d[1] for d in found.drivers] == sorted(
        (d[1] for d in found.drivers), reverse=True
    )
    assert sum(d[1] for d in found.drivers) == pytest.approx(1)
    assert len(find_odd(CODES, rows, most=2)[0].drivers) == 2


@pytest.mark.parametrize(("count", "found"), [(99, 0), (100, 1)])
def test_a_hundred_hours_at_least(count: int, found: int) -> None:
    assert LEAST_HOURS == 100
    rows = plant(count)
    rows[50] = [1000, -50, 9]
    assert len(find_odd(CODES, rows)) == found


def test_two_factors_that_vary_at_least() -> None:
    rows = plant()
    rows[100] = [1000, 20, 9]
    assert find_odd(CODES[:1], rows[:, :1]) == []
    still = rows.copy()
    still[:, 0], still[:, 2] = 5.0, 7.0
    assert find_odd(CODES, still) == []
    two = rows.copy()
    two[:, 2] = 7.0
    [found] = find_odd(CODES, two)
    assert {driver[0] for driver in found.drivers} == {"a00000", "a21026"}


def test_ten_hours_for_each_factor() -> None:
    source = np.random.default_rng(1)
    for count, factors, found in ((110, 11, 1), (109, 11, 0)):
        rows = source.normal(0, 1, (count, factors))
        rows[5] = 60.0
        assert len(find_odd([str(i) for i in range(factors)], rows)) == found


def test_an_hour_must_be_three_times_as_far_as_the_hundredth() -> None:
    # Four hours of 300 lie out: the 99th percentile is one of them, and excuses them.
    rows = plant()
    for index in (10, 100, 200, 250, 280):
        rows[index] = [1000, 20, 9]
    assert find_odd(CODES, rows) == []
