"""负值 and 超量程: how far below zero, how far above the range, and false T flags."""

import pytest

from polluters.domain.checks import negative, over_range
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import Series
from polluters.domain.checks.thresholds import Thresholds
from tests.domain.polluters.series_lab import STEP, T0, around, context, series

N = 200


def changed(
    code: str, level: float, changes: dict[int, float], **fields: object
) -> Series:
    """Return ``N`` equal values but for those given by index."""
    values = [changes.get(i, level) for i in range(N)]
    return series(code, values, **fields)  # type: ignore[arg-type]


def spans(hits: list[Hit], step: int = STEP) -> list[tuple[int, int]]:
    return [((h.begin - T0) // step, (h.end - T0) // step) for h in hits]


# 负值.


def test_a_negative_value_is_told_in_full() -> None:
    [hit] = negative.find(context(changed("a21026", 50, {9: -10, 10: -12, 11: -11})))
    assert (hit.code, hit.check, hit.count) == ("a21026", "negative", 3)
    assert (hit.begin, hit.end) == (T0 + 9 * STEP, T0 + 12 * STEP)
    assert hit.data == {"value": -12.0}
    assert hit.score == pytest.approx(1.2)  # a fifth of 50 is 10


@pytest.mark.parametrize(
    ("values", "interval", "found"),
    [
        ([-9.9], 600, False), ([-10.0], 600, True),
        ([-9.9, -9.9], 600, False), ([-9.9] * 3, 600, True),
        ([-2.4] * 3, 600, False), ([-2.5] * 3, 600, True),
        ([-2.4], 1800, False), ([-2.5], 1800, True), ([-2.5], 1799, False),
    ],
)  # fmt: skip
def test_a_lone_value_must_lie_a_fifth_below_zero_and_three_a_twentieth(
    values: list[float], interval: int, found: bool
) -> None:
    places = {20 + i: value for i, value in enumerate(values)}
    one = changed("a21026", 50, places, interval=interval)
    assert bool(negative.find(context(one))) is found


@pytest.mark.parametrize(
    ("high", "bar"), [(1000, 4.0), (100, 1.0), (5000, 10.0), (250, 1.0), (275, 1.1)]
)
def test_the_range_lowers_the_bar_but_not_under_a_fiftieth(
    high: float, bar: float
) -> None:
    # 0.4 % of the range, at least 2 % of 50, at most a fifth of 50.
    just = changed("a21026", 50, {20: -bar}, high=high)
    assert len(negative.find(context(just))) == 1
    less = changed("a21026", 50, {20: -bar + 0.01}, high=high)
    assert negative.find(context(less)) == []


def test_noise_about_zero_is_told_from_values_four_times_as_deep() -> None:
    noise = {10: -0.5, 30: -0.5, 50: -0.5, 70: -0.5}
    deep = context(changed("a21026", 1, {**noise, 90: -2.0}))
    assert spans(negative.find(deep)) == [(90, 91)]
    assert negative.find(context(changed("a21026", 1, {**noise, 90: -1.9}))) == []
    # Four of 200 are two in a hundred: no noise yet, a fifth of 1 is the bar.
    few = context(changed("a21026", 1, noise), rules=Thresholds(per_month=99))
    assert len(negative.find(few)) == 4


def test_where_zero_is_usual_every_negative_value_counts() -> None:
    [hit] = negative.find(context(changed("a21026", 0, {20: -0.1})))
    assert hit.score == pytest.approx(1e8)


@pytest.mark.parametrize(
    ("code", "low", "found"),
    [
        ("a21026", None, True), ("a21026", 0, True), ("a21026", 1, True),
        ("a21026", -5, False), ("a00000", None, True), ("w01001", None, True),
        ("a01012", None, False), ("a01013", None, False),
    ],
)  # fmt: skip
def test_only_what_can_not_be_negative_is_looked_at(
    code: str, low: float | None, found: bool
) -> None:
    one = changed(code, 50, {20: -20}, low=low)
    assert bool(negative.find(context(one))) is found


def test_flagged_values_are_not_negative_and_hour_means_are_looked_at_too() -> None:
    flags = "N" * 20 + "C" + "N" * 179
    assert negative.find(context(changed("a21026", 50, {20: -20}, flags=flags))) == []
    hours = series("a21026", [50, -20] + [50] * 60, interval=3600, period="2061")
    [hit] = negative.find(context(changed("a21026", 50, {}), hours))
    assert (hit.begin, hit.end) == (T0 + 3600, T0 + 7200)


def test_what_is_negative_every_day_is_a_habit() -> None:
    often = changed("a21026", 50, {10: -20, 30: -20, 50: -20})
    assert negative.find(context(often)) == []  # over half of five a month
    assert len(negative.find(context(changed("a21026", 50, {10: -20, 30: -20})))) == 2


# 超量程.


def test_values_over_the_range_are_told_in_full() -> None:
    one = changed("a21026", 50, {9: 101, 10: 120, 11: 103, 20: 130}, high=100)
    first, second = over_range.find(context(one))
    assert (first.code, first.check, first.count) == ("a21026", "over_range", 3)
    assert (first.begin, first.end) == (T0 + 9 * STEP, T0 + 12 * STEP)
    assert first.data == {"limit": 100, "value": 120.0}
    assert first.score == pytest.approx(1.2)
    assert (second.begin, second.count) == (T0 + 20 * STEP, 1)


@pytest.mark.parametrize(("value", "found"), [(1000.5, False), (1000.6, True)])
def test_half_a_thousandth_over_the_range_is_rounding(
    value: float, found: bool
) -> None:
    one = changed("a21026", 50, {20: value}, high=1000)
    assert bool(over_range.find(context(one))) is found
    flagged = changed(
        "a21026", 50, {20: value}, high=1000, flags="N" * 20 + "T" + "N" * 179
    )
    assert over_range.find(context(flagged)) == []


def test_a_range_that_does_not_fit_is_said_once() -> None:
    over = dict.fromkeys(range(10, 91, 2), 200.0)  # 41 of 200
    [whole] = over_range.find(context(changed("a21026", 50, over, high=100)))
    assert (whole.begin, whole.end) == (T0 + 10 * STEP, T0 + 91 * STEP)
    assert whole.count == 41
    del over[90]
    assert len(over_range.find(context(changed("a21026", 50, over, high=100)))) == 40


def test_without_a_range_or_values_nothing_is_over_it() -> None:
    assert over_range.find(context(changed("a21026", 50, {20: 1e6}))) == []
    assert over_range.find(context(series("a21026", [], high=100))) == []


@pytest.mark.parametrize(
    ("interval", "length", "found"),
    [
        (60, 14, False), (60, 15, True), (600, 1, False), (600, 2, True),
        (300, 2, False), (300, 3, True), (3599, 1, False), (3600, 1, True),
    ],
)  # fmt: skip
def test_a_false_overflow_flag_lasts_a_quarter_of_an_hour(
    interval: int, length: int, found: bool
) -> None:
    flags = "N" * 20 + "T" * length + "N" * (N - 20 - length)
    one = changed("a21026", 50, {}, high=100, interval=interval, flags=flags)
    hits = over_range.find(context(one))
    assert bool(hits) is found
    if hits:
        assert (hits[0].check, hits[0].count) == ("range_flag", length)
        assert hits[0].data == {"limit": 100, "value": 50.0}


@pytest.mark.parametrize(("value", "found"), [(89.9, True), (90.0, False)])
def test_nine_tenths_of_the_range_may_be_flagged_as_over_it(
    value: float, found: bool
) -> None:
    flags = "N" * 20 + "T" * 5 + "N" * (N - 25)
    values = around(50, 1, 20) + [value] * 5 + around(50, 1, N - 25)
    one = series("a21026", values, high=100, flags=flags)
    assert bool(over_range.find(context(one))) is found
