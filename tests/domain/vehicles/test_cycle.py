"""The 195 s urban cycle as the sequence of its operations."""

import pytest

from vehicles.domain.inspection.cycle import BREAKPOINTS, TARGETS, target_speed

OPERATIONS = (
    (11, 0), (4, 15), (8, 15), (2, 10), (3, 0), (21, 0),
    (5, 15), (2, 15), (5, 32), (24, 32), (8, 10), (3, 0), (21, 0),
    (5, 15), (2, 15), (9, 35), (2, 35), (8, 50), (12, 50), (8, 35), (13, 35), (2, 32),
    (7, 10), (3, 0), (7, 0),
)  # fmt: skip
"""(seconds, speed at their end in km/h) of each operation of ECE 15."""


def test_the_operations_make_the_cycle() -> None:
    points, second = [(0, 0)], 0
    for seconds, speed in OPERATIONS:
        second += seconds
        points.append((second, speed))
    assert tuple(points) == BREAKPOINTS
    assert second == 195


@pytest.mark.parametrize(
    ("second", "speed"),
    [
        (0, 0), (11, 0), (13, 7.5), (15, 15), (24, 12.5), (26.5, 5), (58.5, 23.5),
        (89, 21), (128.5, 25), (139, 42.5), (149, 50), (159, 42.5), (177, 33.5),
        (181.5, 21), (195, 0), (-1, 0), (196, 0),
    ],
)  # fmt: skip
def test_speed_is_linear_between_the_operations(second: float, speed: float) -> None:
    assert target_speed(second) == pytest.approx(speed)


def test_a_row_a_second_to_a_tenth() -> None:
    assert len(TARGETS) == 195
    assert TARGETS[11:17] == (0.0, 3.8, 7.5, 11.2, 15.0, 15.0)
    assert TARGETS[27] == 3.3
    assert TARGETS[189:] == (0.0,) * 6
    assert max(TARGETS) == 50.0


def test_the_cycle_is_about_one_kilometre_long() -> None:
    """The trapezoids of the operations: 1 013 m, a mean of 18.7 km/h."""
    metres = sum(
        (one[1] + other[1]) / 2 * (other[0] - one[0]) / 3.6
        for one, other in zip(BREAKPOINTS, BREAKPOINTS[1:], strict=False)
    )
    assert metres == pytest.approx(1013, abs=7)
    assert sum(TARGETS) / 3.6 == pytest.approx(metres, abs=1)
