"""Curves as hashes, and how alike two are: against the formulas, done the long way."""

from itertools import pairwise
from math import atanh, sqrt, tanh

import numpy as np
import pytest

from tests.domain.vehicles.tests_lab import curve
from vehicles.domain.fraud.fingerprint import (
    UNLIKE,
    VERSION,
    Likeness,
    Residual,
    column,
    fingerprint,
    needed,
    residual,
    shape,
    similarity,
)

RNG = np.random.RandomState(7)
NOISE = RNG.standard_normal((400, 6)).round(3)


def test_a_method_needs_its_channels_and_what_drives_it() -> None:
    drivers = {"speed_kmh", "rpm", "power_kw"}
    assert needed("asm") == {"co2_pct", "hc_ppm", "co_pct", "no_ppm"} | drivers
    assert needed("ringelmann") == drivers


def gapped(rows: int, *gone: int) -> list[float | None]:
    return [None if row in gone else float(row * row) for row in range(rows)]


def test_gaps_in_a_column_are_bridged_in_a_straight_line() -> None:
    found = column(curve(rpm=gapped(30, 5, 6, 29)), "rpm")
    assert found is not None
    assert found[[4, 5, 6, 7]].tolist() == [16.0, 27.0, 38.0, 49.0]
    assert (found[28], found[29]) == (784.0, 784.0)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (gapped(28), True),
        (gapped(27), False),
        (gapped(30, *range(5)), True),
        (gapped(30, *range(6)), False),
        (gapped(30, *range(30)), False),
    ],
    ids=["28 rows", "27 rows", "a sixth is gone", "a fifth is gone", "all is gone"],
)
def test_a_column_is_long_and_whole_enough_or_none(values, kept) -> None:
    assert (column(curve(rpm=values), "rpm") is not None) is kept
    assert column(curve(rpm=values), "speed_kmh") is None


def left_over(values, explained, clip):
    """Return what is left of a channel after regression, the long way."""
    past = np.stack([values[1:-1], values[:-2]], axis=1)
    table = np.concatenate([explained[2:], past], axis=1)
    factors = np.linalg.lstsq(table, values[2:], rcond=None)[0]
    rest = values[2:] - table @ factors
    rest = np.clip(rest / (1.4826 * np.median(np.abs(rest))), -clip, clip)
    return np.concatenate([[0.0, 0.0], rest - rest.mean()])


@pytest.mark.parametrize("rows", [60, 61])
def test_a_shape_is_each_channel_less_its_own_last_two_values(rows) -> None:
    k, rpm = 5 + NOISE[:rows, 0], 900 + 50 * NOISE[:rows, 1].cumsum()
    found = shape(curve("", k_m1=k, rpm=rpm), "free_acceleration")
    ones = np.ones((rows, 1))
    assert found is not None
    assert found[:, 0] == pytest.approx(left_over(k, ones, 2.0), abs=1e-9)
    assert found[:, 1] == pytest.approx(left_over(rpm, ones, 2.0), abs=1e-9)


def stairs(width: int) -> list[float]:
    return [float(row // width) for row in range(60)]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (5 + NOISE[:60, 0], True),
        ([float(row % 6) + 0.1 * (row % 7) for row in range(60)], True),
        (RNG.randint(0, 6, 60), True),
        (RNG.randint(0, 5, 60), False),
        (stairs(5), True),
        (stairs(10), False),
        ([None] * 60, False),
    ],
    ids=[
        "noise",
        "a pattern",
        "six different values",
        "five different values",
        "steps that jump often",
        "steps that hardly move beyond their size",
        "nothing",
    ],
)
def test_a_channel_that_hardly_moves_says_nothing(values, kept) -> None:
    process = curve("", k_m1=list(values), rpm=list(900 + NOISE[:60, 1]))
    found = shape(process, "free_acceleration")
    assert found is not None
    assert not np.isnan(found[:, 1]).any()
    assert bool(np.isnan(found[:, 0]).all()) is not kept


def test_without_a_channel_or_rows_there_is_no_shape() -> None:
    still = curve("", k_m1=[1.0] * 60, rpm=[900.0] * 60)
    assert shape(still, "free_acceleration") is None
    assert residual(still, "free_acceleration") is None
    assert shape(curve("", k_m1=NOISE[:60, 0]), "ringelmann") is None
    for rows, there in ((28, True), (27, False)):
        short = curve("", k_m1=NOISE[:rows, 0])
        assert (shape(short, "free_acceleration") is not None) is there
        assert (residual(short, "free_acceleration") is not None) is there


def smooth(values):
    padded = [values[0]] * 2 + list(values) + [values[-1]] * 2
    return np.array([sum(padded[n : n + 5]) / 5 for n in range(len(values))])


def lagged(values, lag):
    return np.array([values[max(n - lag, 0)] for n in range(len(values))])


def driving(columns, lags, extra=()):
    """Return regressors of what was driven: the first column with its changes."""
    rows = len(columns[0])
    made = [np.ones(rows), np.linspace(-1, 1, rows)]
    for place, values in enumerate(columns):
        plain = smooth((values - np.mean(values)) / np.std(values))
        base = [plain, plain**2 - 1]
        if not place:
            change = np.array([0.0] + [b - a for a, b in pairwise(plain)])
            base += [np.where(change > 0, change, 0), np.where(change < 0, -change, 0)]
        made += [lagged(one, lag) for one in base for lag in lags]
    made += [lagged(one, lag) for one in extra for lag in (0, 3)]
    return np.stack(made, axis=1)


SPEED = 30 + 20 * np.sin(np.arange(400) / 9.0) + NOISE[:, 2]
RPM = 1500 + 700 * np.cos(np.arange(400) / 5.0) + 9 * NOISE[:, 3]


@pytest.mark.parametrize(
    ("rows", "columns", "lags"),
    [(120, (SPEED, RPM), (0, 2, 4, 6, 8)), (119, (SPEED,), (0, 3))],
    ids=["long tests by all that drives them", "short ones by the first of it"],
)
def test_a_residual_is_what_driving_does_not_explain(rows, columns, lags) -> None:
    co2 = 10 + NOISE[:rows, 0] + 0.05 * SPEED[:rows]
    process = curve("", co2_pct=co2, speed_kmh=SPEED[:rows], rpm=RPM[:rows])
    found = residual(process, "vmas")
    explained = driving([one[:rows] for one in columns], lags)
    assert found is not None
    assert found.values[:, 0] == pytest.approx(left_over(co2, explained, 1.2), abs=1e-7)
    assert np.isnan(found.values[:, 1:]).all()
    assert found.freedom == rows - 2 - explained.shape[1]


def test_the_beginning_of_each_phase_is_driving_too() -> None:
    phases = ["a"] * 20 + ["b"] * 20 + ["a"] * 20 + ["c"] * 20
    k = 5 + NOISE[:80, 0] + np.array([float(one == "b") for one in phases])
    found = residual(curve(phases, k_m1=k), "free_acceleration")
    steps = [np.array([float(one == code) for one in phases]) for code in "bc"]
    trend = [np.ones(80), np.linspace(-1, 1, 80)]
    lags = [lagged(step, lag) for step in steps for lag in (0, 3)]
    explained = np.stack(trend + lags, axis=1)
    assert found is not None
    assert found.values[:, 0] == pytest.approx(left_over(k, explained, 1.2), abs=1e-9)
    assert found.freedom == 80 - 2 - 6


@pytest.mark.parametrize(
    ("method", "columns", "regressors"),
    [
        ("free_acceleration", {"rpm": RPM}, 2),
        ("free_acceleration", {"rpm": RPM, "speed_kmh": SPEED}, 22),
        ("lugdown", {"power_kw": SPEED, "rpm": RPM}, 22),
        ("vmas", {"power_kw": SPEED, "rpm": RPM}, 32),
        ("vmas", {"speed_kmh": np.full(400, 50.0), "rpm": RPM}, 22),
    ],
    ids=[
        "engine speed is itself a channel",
        "but road speed drives it",
        "power is itself a channel",
        "elsewhere it drives",
        "a speed that does not change",
    ],
)
def test_a_channel_does_not_explain_itself(method, columns, regressors) -> None:
    first = "k_m1" if method != "vmas" else "co2_pct"
    given = {first: 5 + NOISE[:150, 0]} | {n: v[:150] for n, v in columns.items()}
    found = residual(curve("", **given), method)
    assert found is not None
    assert found.freedom == 150 - 2 - regressors


def test_twelve_rows_worth_are_left_at_least() -> None:
    phases = [code for code in "abcd" for _ in range(8)]
    given = {"k_m1": NOISE[:32, 0], "speed_kmh": SPEED[:32]}
    for used, freedom in ((phases, 14), (["z", *phases[1:]], 12)):
        found = residual(curve(used, **given), "free_acceleration")
        assert found is not None
        assert found.freedom == freedom


def test_what_is_said_twice_explains_once() -> None:
    steps = ["a"] * 78 + ["b"] * 2
    again = ["a"] * 40 + ["b"] * 40
    k = 5 + NOISE[:80, 0]
    trend = np.stack([np.ones(80), np.linspace(-1, 1, 80)], axis=1)
    for phases, places in ((steps, [78]), (again, [40, 43])):
        explained = np.concatenate(
            [trend, *[np.array([[n >= at] for n in range(80)]) for at in places]],
            axis=1,
        )
        found = residual(curve(phases, k_m1=k), "free_acceleration")
        assert found is not None
        assert found.values[:, 0] == pytest.approx(
            left_over(k, explained, 1.2), abs=1e-9
        )


DIRECTIONS = np.random.RandomState(20181107).standard_normal((24, 28))


def hashed(rest):
    """Return (hashes, least certain bits, loud) of each channel's windows."""
    for channel in range(rest.shape[1]):
        values = list(rest[:, channel])
        if any(np.isnan(values)):
            continue
        padded = [values[0], *values, values[-1]]
        soft = [
            (padded[n] + 2 * padded[n + 1] + padded[n + 2]) / 4
            for n in range(len(values))
        ]
        windows = []
        for row in range(len(soft) - 23):
            part = np.array(soft[row : row + 24])
            part = part - part.mean()
            sides = [float(part @ DIRECTIONS[:, bit]) for bit in range(28)]
            number = sum(1 << bit for bit, side in enumerate(sides) if side > 0)
            unsure = min(range(28), key=lambda bit: abs(sides[bit]))
            loud = sqrt(float(part @ part) / 24) >= 0.25
            windows.append(((channel << 28) + number, 1 << unsure, loud))
        yield windows


def soft_noise(rows: int):
    rest = NOISE[:rows, :3].copy()
    rest[rows // 2 :, 0] *= 0.05
    rest[:, 1] = np.nan
    return rest


@pytest.mark.parametrize(
    ("rows", "stride"), [(26, 2), (60, 2), (64, 2), (65, 3), (195, 12)]
)
def test_windows_are_kept_at_every_few_rows_and_asked_for_at_every_row(
    rows, stride
) -> None:
    rest = soft_noise(rows)
    found = fingerprint(rest)
    kept, asked = [], []
    for windows in hashed(rest):
        last = len(windows)
        kept += [(windows[n][0], n) for n in range(2, last, stride) if windows[n][2]]
        asked += [(windows[n][0], n) for n in range(2, last) if windows[n][2]]
        asked += [
            (windows[n][0] ^ windows[n][1], n) for n in range(2, last) if windows[n][2]
        ]
    assert sorted(found.stored) == sorted(kept)
    assert sorted(found.asked) == sorted(asked)


def test_quiet_windows_and_silent_channels_are_left_out() -> None:
    found = fingerprint(soft_noise(195))
    first = [row for code, row in found.asked if code < 1 << 28]
    assert max(first) < 195 - 24
    assert all(code >> 28 in (0, 2) for code, _ in found.asked)


def test_stored_hashes_stay_what_they_are_within_a_version() -> None:
    rest = np.array([[float(n * n % 7 - 3)] for n in range(30)])
    assert VERSION == 2
    assert fingerprint(rest).stored[0] == (next(hashed(rest))[2][0], 2)


WAVES = np.stack(
    [np.cos(2 * np.pi * (k + 1) * np.arange(48) / 48) for k in range(8)], axis=1
)
"""Eight columns that have nothing in common, each with mean 0."""


def alike(*wanted: float) -> tuple[Residual, Residual]:
    """Return two residuals whose channels correlate by so much."""
    other = [
        r * WAVES[:, k] + sqrt(1 - r * r) * WAVES[:, k + 4]
        for k, r in enumerate(wanted)
    ]
    count = len(wanted)
    return Residual(WAVES[:, :count], 40), Residual(np.stack(other, axis=1), 43)


@pytest.mark.parametrize(
    ("wanted", "best"),
    [
        ((0.9, 0.8, 0.1, 0.0), 2),
        ((0.9, 0.0, 0.0, 0.0), 2),
        ((0.0, 0.1, 0.9, 0.8), 2),
        ((0.7, 0.7, 0.7, 0.0), 3),
        ((0.5, 0.5, 0.5, 0.5), 4),
        ((0.9, -0.9), 2),
        ((0.6,), 1),
        ((-0.6,), 1),
    ],
)
def test_the_best_channels_are_averaged_two_at_least(wanted, best) -> None:
    found = similarity(*alike(*wanted), 0)
    z = sum(atanh(r) for r in sorted(wanted, reverse=True)[:best]) / best
    assert found.channels == best
    assert found.z == pytest.approx(z, abs=1e-9)
    assert found.r == pytest.approx(tanh(z))
    assert found.chance == pytest.approx(1 / sqrt((40 - 3) * best))


def test_a_perfect_copy_has_a_finite_likeness() -> None:
    one, _ = alike(1.0, 1.0)
    assert similarity(one, one, 0).z == pytest.approx(atanh(0.99995))
    turned = Residual(-one.values, 40)
    assert similarity(one, turned, 0).z == pytest.approx(atanh(-0.99995))


def test_means_do_not_matter_and_silent_channels_are_left_out() -> None:
    one, other = alike(0.9, 0.8, 0.7)
    moved = Residual(other.values + 5.0, 43)
    plain = similarity(one, other, 0)
    assert similarity(one, moved, 0).z == pytest.approx(plain.z)
    holed = one.values.copy()
    holed[:, 2] = np.nan
    found = similarity(Residual(holed, 40), other, 0)
    assert (found.channels, found.z) == (
        2,
        pytest.approx((atanh(0.9) + atanh(0.8)) / 2),
    )
    silent = Residual(np.full((48, 3), np.nan), 40)
    assert similarity(silent, other, 0) == UNLIKE == Likeness(0.0, 0, 1.0)
    still = Residual(np.ones((48, 3)), 40)
    assert similarity(still, other, 0) == UNLIKE


@pytest.mark.parametrize("shift", [7, -7, 24, -24])
def test_a_shifted_copy_is_met_at_its_shift(shift) -> None:
    whole = NOISE[:, :4]
    one, other = (
        Residual(whole[50:98], 40),
        Residual(whole[50 + shift : 98 + shift], 40),
    )
    found = similarity(one, other, shift)
    assert found.z == pytest.approx(atanh(0.99995))
    share = (48 - abs(shift)) / 48
    assert found.chance == pytest.approx(1 / sqrt(max(40 * share - 3, 1) * 4))
    assert similarity(one, other, 0).r < 0.5


def test_curves_of_unequal_length_share_the_shorter_one() -> None:
    whole = NOISE[:, :4]
    one, other = Residual(whole[:60], 50), Residual(whole[10:40], 30)
    found = similarity(one, other, 10)
    assert found.z == pytest.approx(atanh(0.99995))
    assert found.chance == pytest.approx(1 / sqrt((30 * 30 / 60 - 3) * 4))
    small = similarity(Residual(one.values, 5), other, 10)
    assert small.chance == pytest.approx(1 / sqrt(1 * 4))


def test_too_few_rows_in_common_are_unlike() -> None:
    one, other = alike(0.9, 0.9)
    assert similarity(one, other, 25) == UNLIKE
    assert similarity(one, other, -25) == UNLIKE
    assert similarity(one, Residual(other.values[:, :1], 43), 0) == UNLIKE
