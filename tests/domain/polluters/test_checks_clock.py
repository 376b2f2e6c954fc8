"""时钟偏差 and 数据时间在未来: which offset is a wrong clock, and which is a late frame."""

import numpy as np
import pytest

from polluters.domain.checks import clock
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import FrameTimes
from polluters.domain.checks.thresholds import Thresholds
from tests.domain.polluters.series_lab import DAY, HOUR, STEP, T0, context


def frames(
    shift: dict[int, int] | None = None,
    *,
    interval: int = STEP,
    count: int = 200,
    lag: int = 5,
    period: str = "2051",
) -> dict[str, FrameTimes]:
    """Return live frames sent ``lag`` s after their time; ``shift`` moves data times."""
    sent = np.array([T0 + i * interval + lag for i in range(count)], dtype=np.int64)
    data = sent - lag
    for index, seconds in (shift or {}).items():
        data[index] += seconds
    return {period: FrameTimes(data, sent, np.unique(data))}


def found(listed: dict[str, FrameTimes]) -> list[Hit]:
    return clock.find(context(frames=listed))


def block(begin: int, end: int, seconds: int) -> dict[int, int]:
    return dict.fromkeys(range(begin, end), seconds)


def test_a_slow_clock_is_told_in_full() -> None:
    [hit] = found(frames(block(60, 80, -300)))
    assert (hit.code, hit.check, hit.count) == ("", "clock_skew", 20)
    assert hit.begin == T0 + 60 * STEP - 300
    assert hit.end == T0 + 79 * STEP + 5 + 1
    assert hit.data == {"value": "300 秒（数据时间偏慢）", "usual": 5, "seconds": 300}
    assert hit.score == 5


def test_a_fast_clock_is_told_in_full() -> None:
    [hit] = found(frames(block(60, 80, 300)))
    assert hit.data == {"value": "300 秒（数据时间偏快）", "usual": 5, "seconds": -300}
    assert (hit.begin, hit.end) == (T0 + 60 * STEP + 5, T0 + 79 * STEP + 300 + 1)


def test_right_clocks_and_a_few_frames_give_nothing() -> None:
    assert found(frames()) == []
    assert found(frames(block(60, 64, 300))) == []
    assert len(found(frames(block(60, 65, 300)))) == 1
    assert found({}) == []


@pytest.mark.parametrize(
    ("period", "interval", "seconds", "hits"),
    [
        ("2011", 60, 60, 0),
        ("2011", 60, 61, 1),
        ("2051", 600, 120, 0),
        ("2051", 600, 121, 1),
    ],
)
def test_real_time_may_be_a_minute_off_and_other_data_two(
    period: str, interval: int, seconds: int, hits: int
) -> None:
    for sign in (1, -1):
        listed = frames(block(60, 80, sign * seconds), interval=interval, period=period)
        assert len(found(listed)) == hits


@pytest.mark.parametrize(
    ("off", "period", "skew", "wanted"),
    [
        ([0, 0, 0, 0], "2051", 60, 120), ([-100, -100, -100, 0], "2051", 60, 200),
        ([0, 61, 61, 500], "2061", 60, 2 * (61 + 439 // 4)), ([0, 1, 2], "2051", 300, 300),
        ([-900] * 4, "2011", 60, 60), ([-900] * 4, "2011", 90, 90),
    ],
)  # fmt: skip
def test_where_frames_usually_scatter_twice_that_is_the_bar(
    off: list[int], period: str, skew: int, wanted: int
) -> None:
    # Twice the 75th percentile: of (0, 61, 61, 500) a quarter on from 61 to 500, 170.75.
    known = context(rules=Thresholds(skew_s=skew))
    assert clock._tolerance(known, np.array(off), period) == wanted


def test_four_frames_with_known_sending_are_too_few() -> None:
    [whole] = frames(block(0, 6, 3000), count=12).values()
    data, sent = whole.data.copy(), whole.sent.copy()
    sent[4:] = -1
    few = {"2051": FrameTimes(data, sent, whole.arrived)}
    assert found(few) == []


def test_an_offset_that_drifts_by_over_half_the_bar_is_not_steady() -> None:
    # Half of 120 s: offsets 60 s apart from frame to frame are one clock, 61 are not.
    slow = {60 + i: -(300 + 60 * i) for i in range(20)}
    assert len(found(frames(slow))) == 1
    fast = {60 + i: -(300 + 61 * i) for i in range(20)}
    assert found(frames(fast)) == []


@pytest.mark.parametrize(
    ("off", "pieces"),
    [
        ([0, 500, 800, 800, 800, 800, 800], [(2, 7)]),
        ([0, 800, 800, 800, 800, 800, 900], [(1, 6)]),
        ([0, 800, 800, 800, 800, 860, 860], [(1, 7)]),
        ([0, 800, 800, 800, 800, 900, 900], []),
        ([0] + [800] * 5 + [900] * 5, [(1, 6), (6, 11)]),
    ],
)
def test_pieces_of_one_offset_have_five_frames(
    off: list[int], pieces: list[tuple[int, int]]
) -> None:
    assert clock._steady(np.array(off), 1, len(off), 120) == pieces


def test_more_than_a_day_off_is_no_clock() -> None:
    assert len(found(frames(block(100, 300, -DAY), count=1000))) == 1
    assert found(frames(block(100, 300, -DAY - 1), count=1000)) == []


def times(sent: list[int], data: list[int]) -> dict[str, FrameTimes]:
    one, two = np.array(data, dtype=np.int64), np.array(sent, dtype=np.int64)
    return {"2051": FrameTimes(one, two, np.unique(one))}


def live(begin: int, end: int) -> list[int]:
    return [T0 + i * STEP for i in range(begin, end)]


@pytest.mark.parametrize(
    ("pace", "regular"), [(1.34, True), (1.36, False), (0.66, True), (0.64, False)]
)
def test_a_wrong_clock_sends_at_its_pace_within_a_third(
    pace: float, regular: bool
) -> None:
    sent = np.array([round(i * STEP * pace) for i in range(6)])
    data = np.array([i * STEP - 900 for i in range(6)])
    assert (
        clock._regular(FrameTimes(data, sent, data), sent - data, 0, 6, 600) is regular
    )


def test_a_backlog_is_flushed_fast_and_no_wrong_clock() -> None:
    backlog = live(60, 100)
    sent = [*live(0, 60), *[T0 + 100 * STEP + i for i in range(40)], *live(101, 200)]
    data = [*live(0, 60), *backlog, *live(101, 200)]
    assert found(times(sent, data)) == []


@pytest.mark.parametrize(("hole", "hits"), [(4 * STEP + 120, 1), (4 * STEP + 121, 0)])
def test_a_far_offset_after_a_hole_in_the_sending_is_a_backlog(
    hole: int, hits: int
) -> None:
    # An hour behind, at the pace of live frames: before, the sending must not pause.
    off = np.array([0] * 20 + [3600] * 10 + [0] * 20)
    sent = np.array(
        [i * STEP for i in range(20)]
        + [19 * STEP + hole + i * STEP for i in range(10)]
        + [28 * STEP + hole + STEP + i * STEP for i in range(20)]
    )
    listed = FrameTimes(sent - off, sent, sent)
    assert clock._regular(listed, off, 20, 30, 120) is bool(hits)
    # The same hole after it.
    later = np.array(
        [i * STEP for i in range(30)] + [29 * STEP + hole + i * STEP for i in range(20)]
    )
    other = FrameTimes(later - off, later, later)
    assert clock._regular(other, off, 20, 30, 120) is bool(hits)


@pytest.mark.parametrize(
    ("offset", "hits"),
    [(1800, True), (1801, False), (-DAY // 2 + 1, True), (-DAY // 2, False)],
)
def test_a_small_delay_or_a_fast_clock_needs_no_neighbours(
    offset: int, hits: bool
) -> None:
    off = np.array([0] * 20 + [offset] * 10 + [0] * 20)
    sent = np.array([i * STEP for i in range(20)] + [DAY + i * STEP for i in range(30)])
    listed = FrameTimes(sent - off, sent, sent)
    assert clock._regular(listed, off, 20, 30, 120) is hits


def test_the_first_and_the_last_frames_need_no_neighbour() -> None:
    off = np.array([3600] * 10)
    sent = np.array([i * STEP for i in range(10)])
    listed = FrameTimes(sent - off, sent, sent)
    assert clock._regular(listed, off, 0, 10, 120) is True
    assert clock._regular(listed, off, 3, 4, 120) is False  # one frame has no pace
    stuck = FrameTimes(np.zeros(10, dtype=np.int64), sent, sent)
    assert clock._regular(stuck, off, 0, 10, 120) is False


def test_the_offset_is_the_median_of_its_frames() -> None:
    off = np.array([3600, 3600, 3600, DAY * 2, DAY * 2])
    sent = np.array([i * STEP for i in range(5)])
    listed = FrameTimes(np.array([i * STEP - 3600 for i in range(5)]), sent, sent)
    assert clock._regular(listed, off, 0, 5, 120) is True


# 数据时间在未来.


def test_frames_of_the_future_are_told_in_full() -> None:
    [hit] = found(frames({60: 2 * HOUR, 61: 5 * HOUR}))
    assert (hit.code, hit.check, hit.count, hit.score) == ("", "future_time", 2, 1.0)
    assert hit.begin == T0 + 60 * STEP + 5
    assert hit.end == T0 + 61 * STEP + 5 * HOUR + 1
    assert hit.data == {"value": "2026-03-02 15:10"}


@pytest.mark.parametrize(("ahead", "hits"), [(1800, 0), (1801, 1)])
def test_half_an_hour_ahead_is_the_future(ahead: int, hits: int) -> None:
    assert len(found(frames({60: ahead}))) == hits


def test_a_day_of_frames_of_the_future_is_a_wrong_clock() -> None:
    # 1801 s ahead for so long that the span without the offset is two hours or less.
    [brief] = found(frames(block(60, 72, 1801)))
    assert brief.check == "future_time"
    [lasting] = found(frames(block(60, 74, 1801)))
    assert lasting.check == "clock_skew"
    [near] = found(frames(block(60, 72, 1800)))
    assert near.check == "clock_skew"


def test_frames_sent_in_batches_are_not_early() -> None:
    # Usually sent hours late: the prompt ones lie within an interval of their time.
    sent, data = [], []
    for hours in range(0, 48, 4):
        for i in range(24):
            data.append(T0 + hours * HOUR + i * STEP)
            sent.append(T0 + (hours + 4) * HOUR + i)
    assert [hit for hit in found(times(sent, data)) if hit.check == "future_time"] == []


def test_each_command_has_its_own_clock() -> None:
    listed = frames(block(60, 80, -300)) | frames(period="2061", interval=3600)
    assert len(found(listed)) == 1
