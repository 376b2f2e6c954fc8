"""标记使用异常: flags for too long, and flags that cover high and living values."""

import math

import numpy as np
import pytest

from polluters.domain.checks import flag_abuse
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.profile import make_profile
from polluters.domain.checks.series import PointLimit
from polluters.domain.checks.thresholds import DEFAULT, Thresholds
from tests.domain.polluters.series_lab import (
    HOUR,
    STEP,
    T0,
    around,
    context,
    noise,
    series,
)

N = 720
OFTEN = Thresholds(per_month=99)


def flagged(flag: str, *parts: tuple[int, int], count: int = N) -> str:
    letters = ["N"] * count
    for begin, end in parts:
        letters[begin:end] = flag * (end - begin)
    return "".join(letters)


def long(flag: str, *parts: tuple[int, int], code: str = "a01012") -> list[Hit]:
    """Return what is found of flags on a factor that is no concentration."""
    one = series(code, noise(90, 0.02, N), flags=flagged(flag, *parts))
    return flag_abuse.find(context(one, rules=OFTEN))


# Too long.


def test_maintenance_of_over_sixteen_hours_is_told_in_full() -> None:
    [hit] = long("M", (100, 200))
    assert (hit.code, hit.check, hit.count) == ("a01012", "flag_abuse", 1)
    assert (hit.begin, hit.end) == (T0 + 100 * STEP, T0 + 200 * STEP)
    assert hit.data == {
        "flag": "维护",
        "evidence": "时长超过 16 小时（平时最长或设定上限）",
    }
    assert hit.score == pytest.approx(100 / 96)


@pytest.mark.parametrize(
    ("flag", "hours", "word"),
    [("M", 16, "维护"), ("C", 6, "校准"), ("D", 72, "故障"), ("S", 16, "手工输入"),
     ("B", 16, "通讯异常")],
)  # fmt: skip
def test_each_flag_has_its_longest(flag: str, hours: int, word: str) -> None:
    assert long(flag, (100, 100 + hours * 6)) == []
    [hit] = long(flag, (100, 101 + hours * 6))
    assert hit.data["flag"] == word


def test_stops_and_overflow_are_other_matters() -> None:
    assert long("F", (100, 600)) == long("T", (100, 600)) == []


def test_flags_a_quarter_of_an_hour_apart_are_one_span() -> None:
    assert len(long("C", (100, 120), (121, 140))) == 1  # 40 values, over six hours
    assert long("C", (100, 120), (122, 140)) == []


@pytest.mark.parametrize(
    ("lengths", "wanted"),
    [
        ([], 16.0), ([1, 1, 1], 16.0), ([2, 2, 2, 9], 12.0), ([1, 1, 1, 9], 6.0),
        ([0.5, 0.8, 1, 9], 16 / 3), ([4, 4, 4, 9], 16.0), ([1.5, 1.5, 2, 99], 9.0), ([1, 1.6, 2, 9], 9.6),
    ],
)  # fmt: skip
def test_usual_lengths_shorten_what_is_allowed(
    lengths: list[float], wanted: float
) -> None:
    # Six times the median without the longest, a third of the top at least.
    found = [(0, round(length * HOUR)) for length in lengths]
    assert flag_abuse._longest(context(), "M", found) == pytest.approx(wanted * HOUR)


def test_what_is_too_long_every_day_is_a_habit() -> None:
    parts = [(20 + 100 * i, 60 + 100 * i) for i in range(5)]
    one = series("a01012", noise(90, 0.02, N), flags=flagged("C", *parts))
    assert len(flag_abuse.find(context(one, rules=OFTEN))) == 5
    assert flag_abuse.find(context(one)) == []


# Hiding.


def hidden(
    flag: str, under: list[float], *, before: tuple[float, ...] = (), **fields: object
) -> list[Hit]:
    """Return what is found of flagged values ``under`` after those ``before``."""
    values = noise(50, 0.05, N)
    begin, end = 300, 300 + len(under)
    values[begin:end] = under
    values[begin - len(before) : begin] = before
    one = series("a21026", values, flags=flagged(flag, (begin, end)), **fields)  # type: ignore[arg-type]
    return flag_abuse.find(context(one, rules=OFTEN))


HIGH = noise(90, 0.05, 12, seed=2)


def test_high_values_under_maintenance_are_told_in_full() -> None:
    [hit] = hidden("M", HIGH)
    assert (hit.code, hit.check) == ("a21026", "flag_abuse")
    assert (hit.begin, hit.end) == (T0 + 300 * STEP, T0 + 312 * STEP)
    assert hit.data["flag"] == "维护"
    words = str(hit.data["evidence"])
    assert words.startswith("标记期间 100% 的数值高于 ")
    assert words.endswith("，且随工况波动，不是标气或零气读数")
    assert 90 / 65 < hit.score < 90 / 60  # five spreads of 2.5 over 50


def test_steady_values_under_maintenance_are_span_gas() -> None:
    assert hidden("M", [90.0] * 12) == []
    assert hidden("M", noise(50, 0.05, 12, seed=2)) == []


def test_calibration_gas_is_high_unless_the_values_rose_before() -> None:
    assert hidden("C", HIGH) == []
    rose = (90.0, 92.0, 88.0)
    assert len(hidden("C", HIGH, before=rose)) == 1


def test_a_rise_just_before_a_flag_without_values_is_told_in_full() -> None:
    gone = [math.nan] * 6
    rose = (90.0, 92.0, 88.0)
    [hit] = hidden("D", gone, before=rose)
    # Of the hour before, the last five values: 90, 92 and 88 and two usual ones.
    assert str(hit.data["evidence"]).startswith("标记前 1 小时数值已升至 88（平时 ")
    assert str(hit.data["evidence"]).endswith("），随即标记")
    assert hidden("D", gone, before=rose[:2]) == []  # two of five
    assert hidden("C", gone, before=rose) == []
    assert hidden("D", [50.0] * 6, before=rose) == []


def high(*limits: float) -> float:
    values = around(100, 2, 100) + [500.0, 500.0]
    one = series("a21026", values, limits=tuple(PointLimit(x) for x in limits))
    return flag_abuse._high(make_profile(one, []), one)


def test_high_is_near_the_limit_and_far_over_the_usual() -> None:
    # 50 × 98, 50 × 102, 2 × 500: median 102, deviation 4, spread 5.9304; the 99th
    # percentile lies near 500, so five spreads over the median decide.
    far = 102 + 5 * 1.4826 * 4
    assert high() == pytest.approx(far)
    assert high(500.0) == pytest.approx(far)
    assert high(110.0) == pytest.approx(far)


def plain(count: int, limit: float) -> float:
    one = series("a21026", around(100, 2, count), limits=(PointLimit(limit),))
    return flag_abuse._high(make_profile(one, []), one)


def test_a_limit_lowers_the_bar_to_nineteen_twentieths_of_it() -> None:
    # The rarest value is 102, five spreads are 100 + 14.8: between them the limit decides.
    assert plain(100, 115.0) == pytest.approx(0.95 * 115)
    assert plain(100, 200.0) == pytest.approx(100 + 5 * 1.4826 * 2)
    assert plain(100, 100.0) == pytest.approx(102)


def evidence(
    flag: str, under: list[float], before: list[float], bar: float = 80.0
) -> tuple[str, float]:
    values = around(50, 2, 60) + before + under + around(50, 2, 60)
    begin = 60 + len(before)
    letters = flagged(flag, (begin, begin + len(under)), count=len(values))
    one = series("a21026", values, flags=letters)
    span = (T0 + begin * STEP, T0 + (begin + len(under)) * STEP)
    return flag_abuse._evidence(make_profile(one, []), one, flag, span, bar)


ALIVE = [90.0, 86.0, 91.0, 85.0, 92.0, 84.0, 90.0, 86.0, 91.0, 85.0]


def test_what_speaks_against_a_flag() -> None:
    words, score = evidence("M", ALIVE, [])
    assert words == "标记期间 100% 的数值高于 80，且随工况波动，不是标气或零气读数"
    assert score == pytest.approx(88 / 80)
    lower = [*ALIVE[:7], 70.0, 91.0, 60.0]
    assert evidence("M", lower, [])[0].startswith("标记期间 80% 的数值")


@pytest.mark.parametrize(
    ("under", "found"),
    [
        ([80.0, 76.0] * 5, False),  # median 78
        ([84.0, 76.1] * 5, True),  # median 80.05
        ([40.0, *ALIVE[1:]], True),  # one low of ten: 10th percentile 80.5
        ([40.0, 41.0, *ALIVE[2:]], False),  # two: 40.9, under 0.6 × 80
        ([47.9] * 2 + ALIVE[2:], False),
        ([48.1] * 2 + ALIVE[2:], True),
    ],
)
def test_the_values_under_a_flag_are_mostly_high_and_hardly_low(
    under: list[float], found: bool
) -> None:
    assert bool(evidence("M", under, [])[0]) is found


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ([90.0, 90.0, 90.0, 50.0, 50.0], True),
        ([90.0, 90.0, 50.0, 50.0, 50.0], False),
        ([90.0, 50.0, 90.0, 90.0, 50.0, 50.0], False),
        ([80.0] * 5, False),
    ],
)
def test_three_of_the_five_values_before_were_high(
    before: list[float], found: bool
) -> None:
    words, score = evidence("D", [math.nan] * 6, before)
    assert bool(words) is found
    assert (score > 0) is found
    if found:
        assert words == "标记前 1 小时数值已升至 90（平时 52），随即标记"
        assert score == pytest.approx(90 / 80)


def test_the_lead_is_an_hour_or_three_intervals() -> None:
    for interval, words in ((600, "标记前 1 小时"), (1800, "标记前 1.5 小时")):
        values = around(50, 2, 60) + [90.0] * 3 + [math.nan] * 6
        letters = flagged("D", (63, 69), count=69)
        one = series("a21026", values, flags=letters, interval=interval)
        span = (T0 + 63 * interval, T0 + 69 * interval)
        found, _ = flag_abuse._evidence(make_profile(one, []), one, "D", span, 80.0)
        assert found.startswith(words) is True


@pytest.mark.parametrize(
    ("values", "alive"),
    [
        ([90.0, 95.0], False),
        ([90.0, 95.0, 90.0], True),
        ([90.0] * 10, False),
        # Five of nine, four of nine and three of nine neighbours are equal.
        ([90, 90, 90, 90, 90, 90, 95, 90, 95, 90], False),
        ([90, 90, 90, 90, 90, 95, 90, 95, 90, 95], False),
        ([90, 90, 90, 90, 95, 90, 95, 90, 95, 90], True),
    ],
)
def test_values_that_stand_still_are_not_alive(
    values: list[float], alive: bool
) -> None:
    one = make_profile(series("a21026", around(90, 2.5, 60)), [])
    assert flag_abuse._alive(one, np.array(values, dtype=float)) is alive


def test_the_defaults_are_the_installations_own() -> None:
    assert (DEFAULT.maintenance_s, DEFAULT.calibration_s, DEFAULT.fault_s) == (
        16 * HOUR, 6 * HOUR, 72 * HOUR,
    )  # fmt: skip
