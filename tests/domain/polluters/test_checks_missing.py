"""数据缺失 and 数采仪无数据: how long a gap must be, and what accounts for one."""

import math

import numpy as np
import pytest

from polluters.domain.checks import missing
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import FrameTimes, Series
from tests.domain.polluters.series_lab import STEP, T0, context, series

N = 200
NONE = math.nan


def holed(
    code: str, *holes: tuple[int, int], interval: int = STEP, flags: str = "N"
) -> Series:
    """Return a series whose frames came, without a value in these index spans."""
    values = [5.0] * N
    for begin, end in holes:
        values[begin:end] = [NONE] * (end - begin)
    return series(code, values, interval=interval, flags=flags)


def lost(code: str, *holes: tuple[int, int], count: int = N) -> Series:
    """Return a series without the rows in these index spans."""
    kept = [i for i in range(count) if not any(a <= i < b for a, b in holes)]
    times = [T0 + i * STEP for i in kept]
    return series(code, [5.0] * len(kept), times=times)


def spans(hits: list[Hit], step: int = STEP) -> list[tuple[int, int]]:
    return [((h.begin - T0) // step, (h.end - T0) // step) for h in hits]


def test_a_gap_of_one_factor_is_told_in_full() -> None:
    [hit] = missing.find(context(holed("a21026", (60, 70)), framed=True))
    assert (hit.code, hit.check, hit.count) == ("a21026", "missing", 10)
    assert (hit.begin, hit.end) == (T0 + 60 * STEP, T0 + 70 * STEP)
    assert hit.data == {
        "count": 10, "evidence": "同期数采仪有 10 帧数据到达，其他因子正常上报",
    }  # fmt: skip
    assert hit.score == pytest.approx(6600 / 2700)


@pytest.mark.parametrize(
    ("interval", "length", "found"),
    [(600, 3, False), (600, 4, True), (60, 44, False), (60, 45, True),
     (900, 3, False), (900, 4, True), (3600, 3, False), (3600, 4, True)],
)  # fmt: skip
def test_a_gap_is_over_45_minutes_and_over_four_intervals(
    interval: int, length: int, found: bool
) -> None:
    one = holed("a21026", (60, 60 + length), interval=interval)
    assert bool(missing.find(context(one, framed=True))) is found


def test_a_gap_at_either_end_of_the_record_counts() -> None:
    late = context(holed("a21026", (0, 10), (190, 200)), framed=True)
    assert spans(missing.find(late)) == [(0, 10), (190, 200)]


def test_a_flag_accounts_for_what_is_missing() -> None:
    flags = "N" * 60 + "D" * 10 + "N" * 130
    assert (
        missing.find(context(holed("a21026", (60, 70), flags=flags), framed=True)) == []
    )
    stopped = "N" * 65 + "F" + "N" * 134
    other = series("a34013", [5.0] * N, flags=stopped)
    assert missing.find(context(holed("a21026", (60, 70)), other, framed=True)) == []


@pytest.mark.parametrize(
    ("came", "found"),
    [([60, 61, 62, 63, 64], True), ([60, 61, 62, 63], False)],
)
def test_the_logger_sent_at_least_half_of_its_frames(
    came: list[int], found: bool
) -> None:
    whole = lost("a21026", (60, 70))
    rows = sorted([*range(60), *came, *range(70, N)])
    times = np.array([T0 + i * STEP for i in rows])
    frames = {"2051": FrameTimes(times, times, times)}
    assert bool(missing.find(context(whole, frames=frames))) is found


def test_four_frames_at_least_came_without_the_factor() -> None:
    whole = lost("a21026", (60, 65))
    for came, found in (([60, 61, 62], False), ([60, 61, 62, 63], True)):
        rows = sorted([*range(60), *came, *range(65, N)])
        times = np.array([T0 + i * STEP for i in rows])
        frames = {"2051": FrameTimes(times, times, times)}
        assert bool(missing.find(context(whole, frames=frames))) is found


def test_gaps_a_factor_usually_has_set_the_bar() -> None:
    # Three usual gaps of 3000 s beside the two longest: 2.5 × 3000 s is the bar.
    usual = [(10, 14), (30, 34), (50, 54), (70, 74)]
    twelve = holed("a21026", *usual, (100, 111))
    assert missing.find(context(twelve, framed=True)) == []  # 7200 s
    thirteen = holed("a21026", *usual, (100, 112))
    [hit] = missing.find(context(thirteen, framed=True))  # 7800 s
    assert hit.score == pytest.approx(7800 / 7500)


@pytest.mark.parametrize(
    ("gaps", "wanted"),
    [
        ([600] * 50, 0.0),
        ([1200, 1200, 1200, 1200], 0.0),
        ([1200, 1200, 1200, 9000, 9000], 3000.0),
        ([900] * 9 + [1200, 9000, 9000], 0.0),
        ([901] * 3 + [9000, 9000], 2252.5),
        # Of twenty the three longest are left out, of nineteen two.
        ([1200] * 17 + [9000] * 3, 3000.0),
        # 95th percentile of 17: two tenths of the way to the last, which is 9000.
        ([1200] * 16 + [9000] * 3, 2.5 * (1200 + 7800 * 0.2)),
        ([], 0.0),
    ],
)
def test_the_usual_gap_is_two_and_a_half_times_the_longer_ones(
    gaps: list[int], wanted: float
) -> None:
    assert missing._usual_gap(np.array(gaps), 600) == pytest.approx(wanted)


# 数采仪无数据.


def test_a_silent_logger_is_told_in_full_and_its_factors_are_not() -> None:
    one, two = lost("a21026", (60, 80)), lost("a34013", (60, 80))
    [hit] = missing.find(context(one, two, framed=True))
    assert (hit.code, hit.check) == ("", "offline")
    # The last frame before is of index 59, the first after of 80: 12,600 s apart.
    assert (hit.begin, hit.end) == (T0 + 60 * STEP, T0 + 80 * STEP)
    assert hit.data == {"usual": "10 分钟"}
    assert hit.score == pytest.approx(12_600 / 10_800)


@pytest.mark.parametrize(("length", "found"), [(17, False), (18, True)])
def test_three_hours_without_a_frame_are_silence(length: int, found: bool) -> None:
    one = lost("a21026", (60, 60 + length))
    assert bool(missing.find(context(one, framed=True))) is found


def test_a_slow_logger_may_miss_four_of_its_frames() -> None:
    for count, found in ((3, False), (4, True)):
        kept = [i for i in range(60) if not 30 <= i < 30 + count]
        times = [T0 + i * 7200 for i in kept]
        one = series("a21026", [5.0] * len(kept), times=times, interval=7200)
        assert bool(missing.find(context(one, framed=True))) is found


def test_usual_silence_sets_the_bar_up_to_a_day() -> None:
    usual = [(10, 40), (50, 80), (100, 130), (150, 180)]
    short = lost("a21026", *usual, (200, 275), count=400)  # 45,600 s under 2.5 × 18,600
    assert missing.find(context(short, framed=True)) == []
    long = lost("a21026", *usual, (200, 278), count=400)
    assert spans(missing.find(context(long, framed=True))) == [(200, 278)]
    weeks = [(10, 110), (150, 250), (300, 400), (450, 550)]
    day = lost("a21026", *weeks, (600, 744), count=900)
    assert spans(missing.find(context(day, framed=True))) == [(600, 744)]
    less = lost("a21026", *weeks, (600, 743), count=900)
    assert missing.find(context(less, framed=True)) == []


@pytest.mark.parametrize("place", [59, 80])
def test_a_logger_that_says_it_stops_may_be_silent(place: int) -> None:
    one, two = lost("a21026", (60, 80)), lost("a34013", (60, 80))
    at = int(np.flatnonzero(two.times == T0 + place * STEP)[0])
    two.flags[at] = ord("F")
    assert missing.find(context(one, two, framed=True)) == []
    two.flags[at] = ord("M")
    assert len(missing.find(context(one, two, framed=True))) == 1


def test_a_factor_that_never_came_or_ended_before_is_no_matter() -> None:
    one = lost("a21026", (60, 80))
    never = holed("a34013", (0, N))
    ended = series("a21002", [5.0] * 50)
    frames = {"2051": FrameTimes(one.times, one.times, one.times)}
    found = missing.find(context(one, never, ended, frames=frames))
    assert [(hit.code, hit.check) for hit in found] == [
        ("", "offline"), ("a21002", "missing"),
    ]  # fmt: skip


def test_the_most_frequent_command_is_looked_at() -> None:
    one = lost("a21026", (60, 80))
    hours = series("a21026", [5.0] * 34, interval=3600, period="2061")
    found = context(one, hours, framed=True)
    assert [hit.check for hit in missing.find(found)] == ["offline"]


def test_two_frames_or_none_say_nothing_of_silence() -> None:
    two = series("a21026", [5.0, 5.0], times=[T0, T0 + 90_000])
    assert missing.find(context(two, framed=True)) == []
    assert missing.find(context(two)) == []
    three = series("a21026", [5.0] * 3, times=[T0, T0 + 600, T0 + 90_000])
    assert [hit.check for hit in missing.find(context(three, framed=True))] == [
        "offline"
    ]


def test_a_gap_mostly_under_silence_is_not_told_again() -> None:
    # Silent from 60 to 80; the factor is also missing before and after.
    def both(begin: int, end: int) -> list[str]:
        one = lost("a34013", (60, 80))
        gone = [i for i in range(N) if not begin <= i < end]
        two = series("a21026", [5.0] * len(gone), times=[T0 + i * STEP for i in gone])
        every = np.array(one.times)
        frames = {"2051": FrameTimes(every, every, every)}
        return [hit.check for hit in missing.find(context(one, two, frames=frames))]

    assert both(50, 80) == ["offline"]
    assert both(35, 80) == ["offline", "missing"]
