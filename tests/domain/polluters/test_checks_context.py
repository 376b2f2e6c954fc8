"""What a check asks of its context: marks nearby, and what shows that the plant runs."""

import math

import pytest

from polluters.domain.checks.context import MARKED
from polluters.domain.checks.series import Series
from polluters.domain.checks.thresholds import DEFAULT
from tests.domain.polluters.series_lab import STEP, T0, context, series

WINDOW = (T0 + 100 * STEP, T0 + 110 * STEP)


def with_window(code: str, usual: float, now: float, *, flags: str = "N") -> Series:
    """Return a series at ``usual``, and at ``now`` in the ten values of the window."""
    return series(code, [usual] * 100 + [now] * 10 + [usual] * 30, flags=flags)


def test_stops_and_marks_are_spans_of_the_station() -> None:
    found = context(
        series("a21026", [1] * 6, flags="NFFNNC"),
        series("a34013", [1] * 6, flags="NFFNTN"),
    )
    assert MARKED == "MCDFSB"
    assert found.stops == [(T0 + 600, T0 + 1800)]
    assert found.marked == [(T0 + 600, T0 + 1800), (T0 + 3000, T0 + 3600)]
    assert found.rules is DEFAULT


def test_a_profile_leaves_the_stops_out_and_is_made_once() -> None:
    one = series("a21026", [1.0] * 10 + [9.0] * 10)
    other = series("a34013", [1.0] * 20, flags="F" * 10 + "N" * 10)
    found = context(one, other)
    profile = found.profile(one)
    assert (profile.times - T0).tolist() == [i * STEP for i in range(16, 20)]
    assert found.profile(one) is profile
    assert found.profile(series("a21026", [1.0], period="2061")) is not profile
    assert found.usual("a21026") == 9.0
    assert math.isnan(found.usual("a99999"))


@pytest.mark.parametrize(
    ("begin", "end", "near"),
    [
        (5399, 5400, True), (5400, 5401, False),
        (-700, -599, True), (-700, -600, False),
        (1000, 1001, True),
    ],
)  # fmt: skip
def test_marks_are_near_within_the_margin(begin: int, end: int, near: bool) -> None:
    found = context(series("a21026", [1] * 20, flags="NCCCCCC" + "N" * 13))
    # Marked from 600 to 4200 s.
    assert found.near_marks(T0 + begin, T0 + end, 1200) is near


@pytest.mark.parametrize(
    ("code", "usual", "now", "words"),
    [
        ("a00000", 1000, 351, ["流量 351（平时 1000）"]),
        ("a00000", 1000, 350, []),
        ("a00000", 0, 500, []),
        ("a00000", -5, 1, []),
        ("a01011", 10, 4, ["流量 4（平时 10）"]),
        ("a19001", 9, 17.4, ["含氧量 17.4%"]),
        ("a19001", 9, 17.5, []),
        ("a19001", 9, 0.6, ["含氧量 0.6%"]),
        ("a19001", 9, 0.5, []),
        ("a19001", 15.9, 9, ["含氧量 9%"]),
        ("a19001", 16, 9, []),
        ("a01012", 100, 75.1, ["温度 75.1 ℃（平时 100 ℃）"]),
        ("a01012", 100, 75, []),
        ("a01012", 61, 60, ["温度 60 ℃（平时 61 ℃）"]),
        ("a01012", 60, 60, []),
        ("a01901", 900, 860, ["温度 860 ℃（平时 900 ℃）"]),
        ("a21026", 50, 50, []),
    ],
)
def test_what_shows_that_the_plant_runs(
    code: str, usual: float, now: float, words: list[str]
) -> None:
    found = context(with_window(code, usual, now))
    assert found.running_signs(*WINDOW) == words
    assert found.running_signs(*WINDOW, but=code) == (
        words if code in ("a01012", "a01901") else []
    )


def test_signs_are_told_together_and_one_temperature_is_enough() -> None:
    found = context(
        with_window("a00000", 1000, 900),
        with_window("a19001", 9, 10),
        with_window("a01012", 100, 90),
        with_window("a01901", 900, 900),
    )
    assert found.running_signs(*WINDOW) == [
        "流量 900（平时 1000）", "含氧量 10%", "温度 90 ℃（平时 100 ℃）",
    ]  # fmt: skip
    assert len(found.running_signs(*WINDOW, but="a19001")) == 2


def test_a_furnace_shows_heat_where_the_gas_is_cold() -> None:
    found = context(with_window("a01012", 100, 20), with_window("a01901", 900, 900))
    assert found.running_signs(*WINDOW) == ["温度 900 ℃（平时 900 ℃）"]


def test_flagged_values_count_only_where_a_declared_stop_is_tested() -> None:
    flags = "N" * 100 + "F" * 10 + "N" * 30
    every = [
        with_window("a00000", 1000, 900, flags=flags),
        with_window("a19001", 9, 10, flags=flags),
        with_window("a01012", 100, 90, flags=flags),
        with_window("a21026", 100, 90),
    ]
    found = context(*every)
    assert found.running_signs(*WINDOW) == []
    assert len(found.running_signs(*WINDOW, flagged=True)) == 3
