"""总氮小于氨氮、化学需氧量小于生化需氧量: by how much and for how long."""

import math

import numpy as np
import pytest

from polluters.domain.checks import water_logic
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import Series
from tests.domain.polluters.series_lab import HOUR, STEP, T0, context, noise, series

N = 400
PAIRS = (("w21001", "w21003"), ("w01018", "w01017"))


def pair(
    low: dict[int, float], *, codes: tuple[str, str] = PAIRS[0], count: int = N,
    whole: float = 100, part: float = 30, interval: int = STEP,
) -> tuple[Series, Series]:  # fmt: skip
    """Return a whole of about 100 and a part of about 30, but as given by index."""
    above = noise(whole, 0.02, count, seed=3)
    below = [low.get(i, v) for i, v in enumerate(noise(part, 0.02, count, seed=4))]
    return (
        series(codes[0], above, interval=interval),
        series(codes[1], below, interval=interval),
    )


def found(*listed: Series) -> list[Hit]:
    return water_logic.find(context(*listed, medium="water"))


@pytest.mark.parametrize("codes", PAIRS)
def test_a_part_over_its_whole_is_told_in_full(codes: tuple[str, str]) -> None:
    one, two = pair(dict.fromkeys(range(100, 120), 200.0), codes=codes)
    one.values[100:120] = 80.0
    [hit] = found(one, two)
    names = {"w21001": "tn_below_nh3n", "w01018": "cod_below_bod"}
    assert (hit.code, hit.check, hit.count) == (codes[0], names[codes[0]], 20)
    assert (hit.begin, hit.end) == (T0 + 100 * STEP, T0 + 120 * STEP)
    assert hit.score == pytest.approx(2.5)
    assert hit.data == {"value": 80.0, "other": 200.0}


@pytest.mark.parametrize(("part", "hits"), [(102.9, 0), (103.1, 1)])
def test_three_per_cent_are_the_errors_of_two_analysers(part: float, hits: int) -> None:
    one, two = pair(dict.fromkeys(range(100, 120), part))
    one.values[100:120] = 100.0
    assert len(found(one, two)) == hits


@pytest.mark.parametrize(
    ("interval", "length", "hits"),
    [(600, 5, 0), (600, 6, 1), (60, 53, 0), (60, 54, 1), (1800, 1, 0), (1800, 2, 1),
     (3600, 1, 0), (3600, 2, 1)],
)  # fmt: skip
def test_it_lasts_most_of_an_hour_and_two_values(
    interval: int, length: int, hits: int
) -> None:
    one, two = pair(dict.fromkeys(range(100, 100 + length), 200.0), interval=interval)
    assert len(found(one, two)) == hits


def test_it_lasts_most_of_the_slower_analysers_cycle() -> None:
    # Held for two hours: nine tenths of twelve values are 10.8.
    held = [value for value in noise(100, 0.02, 40, seed=3) for _ in range(12)]
    for length, hits in ((10, 0), (11, 1)):
        low = noise(30, 0.02, 480, seed=4)
        low[120 : 120 + length] = [200.0] * length
        assert len(found(series("w21001", held), series("w21003", low))) == hits


def test_crossings_a_plant_often_has_set_the_bar() -> None:
    # Usual crossings of 8, 8 and 8 beside the longest: thrice that is 24.
    usual = [*range(20, 28), *range(50, 58), *range(80, 88)]
    for length, hits in ((23, 0), (24, 1)):
        places = [*usual, *range(200, 200 + length)]
        one, two = pair(dict.fromkeys(places, 200.0))
        assert len(found(one, two)) == hits


def test_of_a_short_record_half_is_enough() -> None:
    usual = [*range(5, 13), *range(16, 24), *range(27, 35)]
    one, two = pair(dict.fromkeys([*usual, *range(38, 60)], 200.0), count=60)
    assert found(one, two) == []
    one, two = pair(dict.fromkeys([*usual[:8], *range(30, 60)], 200.0), count=60)
    assert len(found(one, two)) == 1


def test_zero_is_no_part_and_moments_must_agree() -> None:
    one, two = pair({})
    one.values[100:120] = -5.0
    two.values[100:120] = 0.0
    assert found(one, two) == []
    shifted = series(
        "w21003", [200.0] * N, times=[T0 + 60 + i * STEP for i in range(N)]
    )
    assert found(one, shifted) == []
    flagged = series("w21003", [200.0] * N, flags="D")
    assert found(one, flagged) == []
    assert found(one) == []


@pytest.mark.parametrize(
    ("interval", "gap", "hits"),
    [(600, HOUR, 1), (600, HOUR + 1, 0), (1800, 5400, 1), (1800, 5401, 0)],
)
def test_a_crossing_cut_by_a_gap_counts_as_two_usual_ones(
    interval: int, gap: int, hits: int
) -> None:
    # Twenty values are found as one run; as two of ten the bar is thrice ten.
    one, two = pair(dict.fromkeys(range(200, 220), 200.0), interval=interval)
    late = np.where(np.arange(N) >= 210, gap - interval, 0)
    one.times[:] += late
    two.times[:] += late
    assert len(found(one, two)) == hits


# What chance makes of two noisy analysers.


def chance(ratios: list[float], per: float) -> float:
    whole = np.full(len(ratios), 100.0)
    return water_logic._by_chance(whole * ratios, whole, per)


def test_by_chance_two_analysers_far_apart_never_cross() -> None:
    assert chance([0.3, 0.31, 0.29] * 40, 1) == 0


def test_by_chance_follows_from_the_spread_of_the_ratio() -> None:
    # ln of the ratio by thirds −0.1, 0, 0.1: spread 0.14826; 3 % is 0.199 spreads.
    ratios = [math.exp(x) for x in (-0.1, 0.0, 0.1)] * 100
    share = 0.5 * math.erfc(math.log(1.03) / 0.14826 / math.sqrt(2))
    batches = math.log(300 / 0.02) / -math.log(share)
    assert chance(ratios, 1) == pytest.approx(math.floor(batches) + 1.5)
    # Of six values each one batch: every sixth ratio is looked at, fewer batches fit.
    six = [value for value in ratios for _ in range(6)]
    assert chance(six, 6) == pytest.approx(6 * (math.floor(batches) + 1.5))


def test_by_chance_at_most_nine_in_ten_are_crossed() -> None:
    ratios = [math.exp(x) for x in (0.9, 1.0, 1.1)] * 100
    batches = math.log(300 / 0.02) / -math.log(0.9)
    assert chance(ratios, 1) == pytest.approx(math.floor(batches) + 1.5)


def test_by_chance_needs_ten_ratios() -> None:
    assert chance([1.0, 1.1, 1.2] * 3, 1) == 0
    assert chance([1.0, 1.1, 1.2] * 3 + [1.0], 1) > 0
    ratios = np.array([1.0, 1.1, 1.2] * 3 + [1.0])
    whole = np.full(10, 100.0)
    whole[0] = 0.0
    assert water_logic._by_chance(100 * ratios, whole, 1) == 0


@pytest.mark.parametrize(("spread", "zero"), [(0.025, True), (0.08, False)])
def test_under_six_tenths_of_a_batch_chance_is_nothing(
    spread: float, zero: bool
) -> None:
    # A ratio of 0.8: ln 1.03 / 0.8 is 0.2527, 6.8 spreads of 0.025 × 1.4826: a share
    # under 1e-9, taken as such; ln (300 / 0.02) / −ln 1e-9 is 0.46.
    ratios = [0.8 * math.exp(x) for x in (-spread, 0.0, spread)] * 100
    far = math.log(1.03 / 0.8) / (1.4826 * spread)
    share = max(0.5 * math.erfc(far / math.sqrt(2)), 1e-9)
    batches = math.log(300 / 0.02) / -math.log(share)
    assert (batches < 0.6) is zero
    assert chance(ratios, 1) == (
        0 if zero else pytest.approx(math.floor(batches) + 1.5)
    )
