"""The same weather to the last digit: how many, how long apart, and where it is usual."""

import pytest

from tests.domain.vehicles.tests_lab import car, inspected, reports, told
from vehicles.domain.fraud.environment import CopiedEnvironment, EnvironmentParams
from vehicles.domain.inspection.shapes import Environment, VehicleTest

FINE = (21.3, 40.5, 95.2)
COARSE = (21.0, 40.0, 95.0)


def weather(
    report: str, number: int, values=FINE, minute: float = 0.0, **more
) -> VehicleTest:
    given = {"vehicle": car(number), "environment": Environment(*values), **more}
    return inspected(report, minute=minute, **given)


def repeated(count: int, minutes: float, values=FINE, **more) -> list[VehicleTest]:
    """Return tests of ``count`` vehicles spread evenly over so many minutes."""
    return [
        weather(f"R{n}", n, values, minutes * n / (count - 1), **more)
        for n in range(count)
    ]


def copied(*tests: VehicleTest, **params):
    return told(CopiedEnvironment(EnvironmentParams(**params)), *tests)


@pytest.mark.parametrize(
    ("count", "minutes", "values", "named"),
    [
        (3, 60, FINE, 0),
        (4, 30, FINE, 4),
        (4, 29, FINE, 0),
        (14, 60, COARSE, 0),
        (15, 30, COARSE, 15),
        (15, 29.9, COARSE, 0),
        (4, 60, (21.0, 40.0, 95.2), 4),
        (4, 60, (-3.0, 40.0, 95.0), 0),
    ],
    ids=[
        "three vehicles",
        "four within half an hour",
        "four in less",
        "fourteen of whole numbers",
        "fifteen of them",
        "fifteen in less than half an hour",
        "one decimal is enough",
        "below zero",
    ],
)
def test_equal_values_of_so_many_vehicles_over_half_an_hour(
    count, minutes, values, named
) -> None:
    assert len(copied(*repeated(count, minutes, values))) == named


def test_vehicles_count_not_tests() -> None:
    tests = [weather(f"R{n}", n % 3, minute=20 * n) for n in range(6)]
    assert copied(*tests) == []


@pytest.mark.parametrize("gone", [0, 1, 2], ids=["temperature", "humidity", "pressure"])
def test_values_that_were_not_sent_are_no_copies(gone) -> None:
    values = [None if place == gone else value for place, value in enumerate(FINE)]
    assert copied(*repeated(8, 60, tuple(values))) == []


def test_the_group_is_told_with_its_values_and_lines() -> None:
    tests = repeated(5, 60)
    tests[2] = weather("R2", 2, minute=90, line="2")
    found = copied(*tests)
    assert reports(found) == ["R0", "R1", "R3", "R4", "R2"]
    assert {(item.rule, item.score) for item in found} == {("environment_copied", 0.75)}
    assert found[0].related == ("R1", "R3", "R4", "R2")
    assert found[0].numbers == {"tests": 5, "lines": 2}
    assert found[0].why == (
        "温度 21.3 ℃、湿度 40.5%、气压 95.2 kPa 在 03-02 09:00 至 03-02 10:30 的 5 次检验"
        "（2 条线）中完全相同"
    )


def test_certainty_ends_below_one_and_twenty_reports_are_named() -> None:
    found = copied(*repeated(22, 60))
    assert {item.score for item in found} == {0.98}
    assert {len(item.related) for item in found} == {20}


def stations(*shares: tuple[int, int]) -> list[VehicleTest]:
    """Return per station so many tests that repeat, and so many that do not."""
    tests = []
    for place, (same, other) in enumerate(shares):
        for n in range(same + other):
            value = (20 + place + 0.5, 40.5, 95.2 if n < same else 90 + n / 100)
            number = 1000 * place + n
            tests.append(
                weather(f"R{number}", number, value, 10 * n, station=f"65270100{place}")
            )
    return tests


@pytest.mark.parametrize(
    ("shares", "named"),
    [
        (((4, 0), (4, 0)), 8),
        (((4, 0), (4, 0), (0, 4)), 0),
        (((4, 0), (4, 4), (0, 4)), 0),
        (((4, 0), (4, 5), (0, 4)), 8),
        (((4, 0), (0, 4), (0, 4)), 4),
        (((4, 0), (4, 0), (0, 4), (0, 4)), 0),
        (((4, 0), (0, 4), (0, 4), (0, 4)), 4),
    ],
    ids=[
        "two stations are too few to know",
        "most stations repeat all",
        "the middle station repeats half",
        "the middle station repeats less",
        "one station alone",
        "two of four",
        "one of four",
    ],
)
def test_where_most_stations_repeat_it_is_the_equipment(shares, named) -> None:
    assert len(copied(*stations(*shares))) == named
