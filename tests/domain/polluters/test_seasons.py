"""What an hour of the week usually brings, and what is far from it."""

import numpy as np
import pytest

from polluters.domain.seasonal import Baseline, Unusual, hour_of_week, learn

MONDAY = 1_772_380_800  # 2026-03-02 00:00 in Beijing
HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400


@pytest.mark.parametrize(
    ("time", "hour"),
    [(MONDAY, 0), (MONDAY + HOUR, 1), (MONDAY - 1, 167), (MONDAY + 3599, 0),
     (MONDAY + 2 * DAY + 5 * HOUR, 53), (MONDAY + WEEK, 0), (0, 80)],
)  # fmt: skip
def test_the_hour_of_the_week_begins_on_monday_in_beijing(time: int, hour: int) -> None:
    assert hour_of_week(np.array([time])).tolist() == [hour]


def weeks(count: int, value: float, hour: int = 0) -> list[tuple[int, float]]:
    return [(MONDAY + hour * HOUR + i * WEEK, value + i) for i in range(count)]


def learned(*pairs: tuple[int, float]) -> Baseline:
    return learn([t for t, _ in pairs], [v for _, v in pairs])


def test_four_values_make_the_hour_of_a_week_known() -> None:
    four = learned(*weeks(4, 10))
    assert (four.expected[0], four.basis[0]) == (11.5, "本周同一时刻")
    # Three of Monday and one of Tuesday at this hour: the hour of the day.
    day = learned(*weeks(3, 10), (MONDAY + DAY, 40.0))
    assert (day.expected[0], day.basis[0]) == (11.5, "每日同一时刻")
    assert (day.expected[24 * 3], day.basis[24 * 3]) == (11.5, "每日同一时刻")
    # Three values are all there is.
    few = learned(*weeks(3, 10))
    assert (few.expected[0], few.basis[0]) == (11.0, "总体")
    assert (four.expected[5], four.basis[5]) == (11.5, "总体")
    nothing = learned()
    assert np.isnan(nothing.expected).all()
    assert nothing.spread == 0


def test_the_spread_is_of_what_the_hours_do_not_explain() -> None:
    pairs = [*weeks(5, 10), *weeks(5, 100, hour=1)]
    # 10 … 14 about 12 and 100 … 104 about 102: deviations 0, 1, 2; the median is 1.
    assert learned(*pairs).spread == pytest.approx(1.4826)
    assert learned((MONDAY, 5.0)).spread == 0
    assert learned((MONDAY, 5.0), (MONDAY + WEEK, 7.0)).spread == pytest.approx(1.4826)


def judged(
    value: float, *, spread: float = 2.0, expected: float = 50.0, bar: float = 5.0
) -> Unusual | None:
    basis = tuple(f"时刻{i}" for i in range(168))
    one = Baseline(np.full(168, expected), basis, spread)
    return one.judge(MONDAY + 2 * HOUR, value, bar=bar)


@pytest.mark.parametrize(
    ("value", "score"),
    [(59.9, None), (60.0, 5.0), (40.1, None), (40.0, -5.0), (70, 10.0)],
)
def test_five_spreads_are_unusual(value: float, score: float | None) -> None:
    found = judged(value)
    assert found == (None if score is None else Unusual(value, 50.0, score, "时刻2"))


def test_the_bar_is_set_by_the_installation_and_five_without() -> None:
    assert judged(63.9, bar=7) is None
    assert judged(64.0, bar=7) is not None
    plain = Baseline(np.full(168, 50.0), ("x",) * 168, 2.0)
    assert plain.judge(MONDAY, 59.9) is None
    assert plain.judge(MONDAY, 60.0) is not None


def test_without_a_spread_or_a_level_nothing_is_unusual() -> None:
    assert judged(99, spread=0) is None
    assert judged(99, spread=0.5) is not None
    assert judged(99, expected=float("nan")) is None


def test_an_unusual_level_in_words() -> None:
    assert Unusual(80, 50, 7.53, "本周同一时刻").text("mg/m³") == (
        "80 mg/m³ 高于本周同一时刻的通常水平 50 mg/m³，偏离 7.5 倍稳健标准差"
    )
    assert "低于总体" in Unusual(20, 50, -7, "总体").text("")
    assert "偏离 7.0 倍" in Unusual(20, 50, -7, "总体").text("")
