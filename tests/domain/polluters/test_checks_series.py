"""What a series and a station say of themselves: windows, medians, the main series."""

import math

import numpy as np
import pytest

from polluters.domain.checks.series import (
    BEIJING_S,
    DAY_S,
    HOUR_S,
    NORMAL,
    STOPPED,
    PointLimit,
    Station,
    is_pollutant,
)
from tests.domain.polluters.series_lab import T0, series, station


def test_an_hour_a_day_and_beijing_in_seconds() -> None:
    assert (HOUR_S, DAY_S, BEIJING_S) == (60 * 60, 24 * 60 * 60, 8 * 60 * 60)
    assert (chr(NORMAL), chr(STOPPED)) == ("N", "F")


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("a21026", True), ("a34013", True), ("w01018", True), ("w21003", True),
        ("a00000", False), ("a01012", False), ("a19001", False), ("a01902", False),
        ("w00000", False), ("w01001", False), ("w01014", False),
        ("a2102", False), ("a210260", False), ("d21026", False), ("", False),
    ],
)  # fmt: skip
def test_concentrations_are_told_from_states(code: str, wanted: bool) -> None:
    assert is_pollutant(code) is wanted


def test_a_window_runs_from_its_begin_to_before_its_end() -> None:
    one = series("a21026", [1, 2, 3, 4])
    assert one.slice(T0, T0 + 600) == slice(0, 1)
    assert one.slice(T0 + 1, T0 + 601) == slice(1, 2)
    assert one.slice(T0 + 600, T0 + 9_999) == slice(1, 4)
    assert len(one) == 4


def test_a_median_rests_on_valid_values_unless_all_are_asked_for() -> None:
    one = series("a21026", [1, 2, math.nan, 90, 80], flags="NNNCF")
    assert one.valid.tolist() == [True, True, False, False, False]
    assert one.median(T0, T0 + 3000) == 1.5
    assert one.median(T0, T0 + 3000, valid=False) == 41
    assert math.isnan(one.median(T0 + 1800, T0 + 3000))
    assert math.isnan(one.median(T0 + 1200, T0 + 1800, valid=False))
    assert one.median(T0 + 600, T0 + 1800) == 2


def test_the_fullest_series_of_a_factor_is_its_main_one() -> None:
    hours = series("a21026", [1, 2], interval=3600, period="2061")
    tens = series("a21026", [1, 2, 3])
    found = station(hours, tens, series("a34013", []))
    assert found.main == {"a21026": tens}
    assert [(s.code, s.period) for s in found.all()] == [
        ("a21026", "2051"), ("a21026", "2061"), ("a34013", "2051"),
    ]  # fmt: skip


def test_a_record_runs_to_the_end_of_its_last_value() -> None:
    found = station(
        series("a21026", [1, 2], times=[T0 + 60, T0 + 660]),
        series("a34013", [1] * 49, interval=1800),
    )
    assert found.span == (T0, T0 + 49 * 1800)
    assert found.days == pytest.approx(49 / 48)
    assert found.interval == 600


def test_an_empty_station_has_a_tenth_of_a_day_and_minutes() -> None:
    empty = Station("X", "gas")
    assert (empty.span, empty.days, empty.interval) == ((0, 0), 0.1, 60)
    assert (empty.flow, empty.pollutants, empty.main) == (None, [], {})
    assert station(series("a21026", [1] * 14)).days == 0.1
    assert station(series("a21026", [1] * 15)).days == pytest.approx(15 / 144)


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        (("a01011", "a00000"), "a00000"),
        (("a01011", "w00000"), "w00000"),
        (("a01011", "a21026"), "a01011"),
        (("a21026",), None),
    ],
)
def test_flow_comes_before_velocity(codes: tuple[str, ...], wanted: str | None) -> None:
    found = station(*(series(code, [1]) for code in codes))
    assert (found.flow.code if found.flow else None) == wanted


def test_pollutants_are_in_the_order_of_their_codes() -> None:
    found = station(*(series(c, [1]) for c in ("w01018", "a34013", "a19001", "a21026")))
    assert [one.code for one in found.pollutants] == ["a21026", "a34013", "w01018"]
    assert np.array_equal(found.pollutants[0].values, [1.0])


def test_a_limit_binds_the_measured_value_unless_said_otherwise() -> None:
    assert PointLimit(50) == PointLimit(50, None, False, "", "")
