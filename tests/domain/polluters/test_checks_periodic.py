"""周期性重复: replays of earlier values, and clean waves."""

import math

import numpy as np
import pytest

from polluters.domain.checks import constant, periodic
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import equal_runs
from polluters.domain.checks.profile import Profile, make_profile
from polluters.domain.checks.thresholds import Thresholds
from tests.domain.polluters.series_lab import HOUR, STEP, T0, context, noise, series

N = 480
OFTEN = Thresholds(per_month=99)


def profile(values: list[float], code: str = "a21026", **fields: object) -> Profile:
    return make_profile(series(code, values, **fields), [])  # type: ignore[arg-type]


def replayed(
    length: int, *, back: int = 100, begin: int = 300, count: int = N
) -> list[float]:
    """Return noise of which ``length`` values repeat those ``back`` before."""
    values = noise(50, 0.1, count)
    values[begin : begin + length] = values[begin - back : begin - back + length]
    return values


def found(values: list[float], code: str = "a21026", **fields: object) -> list[Hit]:
    return periodic.find(context(series(code, values, **fields), rules=OFTEN))  # type: ignore[arg-type]


# Replays.


def test_a_replay_is_told_in_full() -> None:
    [hit] = found(replayed(24))
    assert (hit.code, hit.check, hit.count) == ("a21026", "periodic", 24)
    assert (hit.begin, hit.end) == (T0 + 300 * STEP, T0 + 324 * STEP)
    assert hit.score == 23
    assert hit.data == {
        "period": "16.7 小时", "share": "连续 24 个数据与之前完全相同",
    }  # fmt: skip


@pytest.mark.parametrize(("length", "hits"), [(10, 0), (11, 1)])
def test_eleven_values_in_the_same_order_are_no_chance(length: int, hits: int) -> None:
    # Eight in a row at four neighbouring places: 8 + 4 − 1.
    assert len(found(replayed(length))) == hits


def test_a_coarser_series_needs_more_of_them() -> None:
    # Two of five values are sent twice: one in 3.6 equals the one before, and
    # (2 ln 480 + 9) / ln 3.6 = 16.7: seventeen in a row at eight places.
    values: list[float] = []
    for index, value in enumerate(noise(50, 0.1, 343)):
        values += [value, value] if index % 5 < 2 else [value]
    assert constant.equal_share(_lengths(values), profile(values)) == pytest.approx(
        0.28, abs=0.005
    )
    for length, hits in ((17 + 8 - 2, 0), (17 + 8 - 1, 1)):
        copy = list(values)
        copy[303 : 303 + length] = copy[198 : 198 + length]
        listed = [hit for hit in found(copy) if "完全相同" in str(hit.data["share"])]
        assert len(listed) == hits


def _lengths(values: list[float]) -> np.ndarray:
    starts, ends = equal_runs(np.array(values), np.zeros(len(values), dtype=bool))
    return ends - starts


@pytest.mark.parametrize(
    ("code", "hits"),
    [("a21026", 1), ("a00000", 1), ("w00000", 1), ("a19001", 0), ("a01012", 0)],
)
def test_concentrations_and_flows_are_looked_at(code: str, hits: int) -> None:
    assert len(found(replayed(24), code)) == hits


def test_forty_eight_values_with_a_spread_over_three_steps_are_judged() -> None:
    assert len(found(replayed(16, back=20, begin=32, count=48))) == 1
    assert found(replayed(16, back=20, begin=31, count=47)) == []
    coarse = [float(round(v / 2)) for v in replayed(40)]
    assert profile(coarse).spread < 3
    assert found(coarse) == []


def test_the_record_is_three_times_as_long_as_what_is_looked_for() -> None:
    def replays(values: list[float]) -> int:
        return len(periodic._replays(profile(values)))

    assert replays(replayed(12, back=12, begin=12, count=24)) == 1
    assert replays(replayed(11, back=12, begin=12, count=23)) == 0


def test_a_constant_is_no_replay_and_a_short_one_neither() -> None:
    values = noise(50, 0.1, N)
    values[300:340] = [50.0] * 40
    assert [h for h in found(values) if "完全相同" in str(h.data["share"])] == []


def lags(values: list[float], size: int, step: float = 1.0) -> list[int]:
    return periodic._lags(np.array(values, dtype=float), size, step).tolist()


def test_the_lag_is_the_distance_to_the_same_values_before() -> None:
    values = [1, 2, 3, 4, 9, 8, 1, 2, 3, 4, 7, 6]
    assert lags(values, 4) == [0] * 6 + [6, 0, 0]
    assert lags(values, 3) == [0] * 6 + [6, 6, 0, 0]
    assert lags([1, 2, 3, 1, 2, 3, 1, 2, 3], 3) == [0, 0, 0, 3, 3, 3, 3]
    fine = [value / 10 for value in values]
    assert lags(fine, 4, 0.1) == [0] * 6 + [6, 0, 0]
    assert lags([v + 0.04 * i for i, v in enumerate(values)], 4, 1.0)[6] == 6


@pytest.mark.parametrize(
    ("part", "counts"),
    [
        ([1, 1, 1, 2, 2, 3], False),
        ([1, 1, 1, 2, 3, 4], True),
        ([1, 1, 2, 3, 3, 4], True),
    ],
)
def test_six_in_ten_of_the_neighbours_differ(part: list[float], counts: bool) -> None:
    # Six values have five neighbours: three of them must differ.
    found_ = lags([*part, 90.0, *part], 6)
    assert (found_[7] == 7) is counts


# Waves.


def wave(
    period: float, *, begin: int = 160, length: int = 160, size: float = 10, level: float = 50,
    count: int = N, slope: float = 0.0,
) -> list[float]:  # fmt: skip
    values = noise(level, 0.1, count)
    for i in range(begin, begin + length):
        clean = level + size * math.sin(2 * math.pi * i / period) + slope * (i - begin)
        values[i] = round(clean + 0.001 * (i % 7) + 0.01 * (i * i % 11), 3)
    return values


def test_a_clean_wave_is_told_in_full() -> None:
    [hit] = found(wave(12, begin=144, length=144))
    assert (hit.code, hit.check, hit.count) == ("a21026", "periodic", 144)
    assert (hit.begin, hit.end) == (T0 + 144 * STEP, T0 + 288 * STEP)
    assert hit.data["period"] == "2 小时"
    assert 0.72 <= hit.score <= 1
    words = str(hit.data["share"])
    assert words.startswith("该周期及其倍频占全部波动的 ")
    assert "%，平时 " in words


def test_noise_and_a_slow_wave_are_none() -> None:
    assert found(noise(50, 0.1, N)) == []
    assert found(wave(72, length=300, begin=100)) == []  # two waves a window


def scan(
    values: list[float], count: int, least: float, *, times: list[int] | None = None
) -> list[Hit]:
    one = profile(values)
    moments = np.array(times or [T0 + i * STEP for i in range(len(values))])
    return periodic._scan(context(), one, np.array(values), moments, count, least)


def pure(
    period: float, count: int, *, ramp: float = 0.0, harmonic: float = 0.0
) -> list[float]:
    return [
        math.sin(2 * math.pi * i / period)
        + harmonic * math.sin(4 * math.pi * i / period)
        + ramp * i
        for i in range(count)
    ]


def test_a_window_is_flattened_and_a_wave_found_by_its_bin() -> None:
    quiet = noise(0, 0, 72) + [((7 * i * i) % 23) / 11 - 1 for i in range(72 * 6)]
    hits = scan([*pure(9, 72, ramp=0.5), *quiet[72:]], 72, 0.9)
    assert [(h.begin - T0) // STEP for h in hits] == [0]
    [hit] = hits
    assert hit.end == T0 + 72 * STEP
    assert hit.count == 72
    assert hit.score == pytest.approx(1, abs=0.03)
    # Eight waves in 72 values of ten minutes: 90 minutes each.
    assert hit.data["period"] == "1.5 小时"


def test_the_window_moves_by_a_quarter() -> None:
    quiet = [((7 * i * i) % 23) / 11 - 1 for i in range(72 * 6)]
    hits = scan([*pure(9, 108), *quiet], 72, 0.99)
    assert [(h.begin - T0) // STEP for h in hits] == [0, 18, 36]


def test_a_gap_in_a_window_hides_a_wave() -> None:
    quiet = [((7 * i * i) % 23) / 11 - 1 for i in range(72 * 6)]
    values = [*pure(9, 72), *quiet]
    for late, count in ((15 * STEP, 1), (16 * STEP, 0)):
        times = [T0 + i * STEP + (late if i >= 36 else 0) for i in range(len(values))]
        assert len(scan(values, 72, 0.99, times=times)) == count


def comb(
    *peaks: tuple[int, float], bins: int = 73, total: float = 10.0
) -> tuple[float, int]:
    power = np.zeros((1, bins))
    for place, height in peaks:
        power[0, place] = height
    share, peak = periodic._comb(power, np.array([total]))
    return round(float(share[0]), 6), int(peak[0])


@pytest.mark.parametrize(
    ("peaks", "share", "peak"),
    [
        pytest.param([(10, 8), (20, 1)], 0.9, 10, id="the double"),
        pytest.param([(10, 6), (30, 2)], 0.8, 10, id="the triple"),
        pytest.param([(9, 2), (10, 5), (11, 2)], 0.9, 10, id="its neighbours"),
        pytest.param([(10, 5), (40, 4)], 0.5, 10, id="not the fourfold"),
        pytest.param([(10, 5), (12, 4)], 0.9, 10, id="two apart are about one"),
        pytest.param([(12, 5)], 0.5, 12, id="no third of itself"),
        pytest.param([(8, 5)], 0.5, 8, id="no half of itself"),
        pytest.param([(10, 4), (20, 4)], 0.8, 10, id="as much in the double"),
        pytest.param([(10, 4), (20, 5)], 0.9, 20, id="more in the double"),
        pytest.param([(3, 5)], 0.5, 4, id="three waves are beside four"),
        pytest.param([(2, 5)], 0.0, 4, id="two waves are none"),
        pytest.param([(36, 5)], 0.5, 12, id="the triple of twelve"),
        pytest.param([(35, 5)], 0.5, 35, id="up to half the bins"),
        pytest.param([(37, 5)], 0.0, 4, id="beyond half the bins"),
    ],
)
def test_a_wave_is_a_bin_with_its_neighbours_and_harmonics(
    peaks: list[tuple[int, float]], share: float, peak: int
) -> None:
    assert comb(*peaks) == (share, peak)


def test_a_flat_window_has_no_wave() -> None:
    assert comb(total=0.0) == (0.0, 4)


@pytest.mark.parametrize(
    ("interval", "windows", "factors"),
    [
        (60, [(144, 0.72)], [1, 5]), (300, [(144, 0.72)], [1]), (200, [(144, 0.72)], [1, 2]),
        (600, [(144, 0.72)], [1]), (1799, [(144, 0.72)], [1]),
        (1800, [(72, 0.72), (36, 0.82)], [1]), (3600, [(72, 0.72), (36, 0.82)], [1]),
    ],
)  # fmt: skip
def test_windows_are_of_half_a_day_or_of_fewer_slow_values(
    interval: int, windows: list[tuple[int, float]], factors: list[int]
) -> None:
    one = profile(noise(50, 0.1, 60), interval=interval)
    assert list(periodic._windows(context(), one)) == [
        (count, pytest.approx(share)) for count, share in windows
    ]
    assert periodic._factors(one) == factors


def test_batches_are_not_averaged() -> None:
    held = [v for v in noise(50, 0.1, 40) for _ in range(2)]
    one = profile(held, "w01018", interval=60)
    assert one.batch == 120
    assert periodic._factors(one) == [1]


def test_rows_are_averaged_and_slow_ones_lose_their_daily_course() -> None:
    one = profile([10.0, 20.0, 30.0, 40.0, 50.0], "a01012")
    means, times = periodic._coarse(one, 2)
    assert means.tolist() == [15.0, 35.0]
    assert (times - T0).tolist() == [0, 1200]
    # Hour values of two days: each loses the median of its hour, 1 or 2 and 5.
    daily = [float(h) for h in range(24)]
    slow = profile([*daily, *[v + 4 for v in daily]], "a01012", interval=HOUR)
    means, _ = periodic._coarse(slow, 1)
    assert means.tolist() == [-2.0] * 24 + [2.0] * 24


def test_the_hour_of_a_course_is_that_of_beijing() -> None:
    # Values of a day from 20:30 on, Beijing time; two half hours an hour.
    values = [float(i) for i in range(96)]
    start = T0 + 20 * HOUR + 1800
    one = profile(
        values, "a01012", times=[start + i * 1800 for i in range(96)], interval=1800
    )
    means, _ = periodic._coarse(one, 1)
    # The first value is alone at 20:30; with 20:00 and 20:30 of the next two days.
    assert means[0] == pytest.approx(0 - np.median([0, 47, 48, 95]))


def test_three_windows_are_the_shortest_record_for_waves() -> None:
    values = wave(12, begin=0, length=150, count=432)
    assert len(found(values)) == 1
    assert found(values[:431]) == []


def test_what_repeats_every_day_is_a_habit() -> None:
    values = noise(50, 0.1, 1200)
    for begin in (300, 500, 700, 900):
        values[begin : begin + 16] = values[begin - 150 : begin - 134]
    assert len(found(values)) == 4
    assert periodic.find(context(series("a21026", values))) == []
