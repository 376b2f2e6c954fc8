"""折算值、均值 against our own figures, and what came again with another value."""

import math

import pytest

from polluters.domain.checks import changed, converted, mean_mismatch
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import Repeat, Series
from polluters.domain.checks.thresholds import Thresholds
from tests.domain.polluters.series_lab import DAY, HOUR, STEP, T0, context, series

N = 60


# 折算值与复算不符.


def reported(
    errors: dict[int, float], *, value: float = 1000.25, factor: float = 1.0, interval: int = STEP,
    code: str = "a21026", period: str = "2051", flags: str = "N", usual: float = 0.0,
) -> Series:  # fmt: skip
    """Return a series whose converted values are off by these shares."""
    expected = [value * factor * (1 + errors.get(i, usual)) for i in range(N)]
    return series(
        code, [value] * N, converted=[round(x, 6) for x in expected], interval=interval,
        period=period, flags=flags,
    )  # fmt: skip


def oxygen(value: float = 15.0, interval: int = STEP, **fields: object) -> Series:
    return series("a19001", [value] * N, interval=interval, **fields)  # type: ignore[arg-type]


def found(
    *listed: Series, reference: float | None = None, **fields: object
) -> list[Hit]:
    return converted.find(context(*listed, reference=reference, **fields))  # type: ignore[arg-type]


THREE = {20: 0.5, 21: 0.25, 22: 0.75}


def test_a_wrong_conversion_is_told_in_full() -> None:
    # (21 − 9) / (21 − 15) = 2, so 1000.25 is 2000.5.
    one = reported(THREE, factor=2)
    [hit] = found(one, oxygen(), reference=9)
    assert (hit.code, hit.check, hit.count) == ("a21026", "converted_mismatch", 3)
    assert (hit.begin, hit.end) == (T0 + 20 * STEP, T0 + 23 * STEP)
    assert hit.score == pytest.approx(0.75)
    assert hit.data == {
        "share": "50%", "reference": "9", "at": "2026-03-02 03:40",
        "value": pytest.approx(3500.875), "other": pytest.approx(2000.5),
    }  # fmt: skip


def test_without_a_reference_the_value_itself_is_the_converted_one() -> None:
    [hit] = found(reported(THREE))
    assert (hit.data["reference"], hit.data["other"]) == ("无", 1000.25)
    assert found(reported(THREE), reference=9) == []  # no oxygen to compute with


@pytest.mark.parametrize(
    ("sent", "hits"),
    [(1020.0, 0), (1022.0, 1), (980.0, 0), (978.0, 1)],
)
def test_two_per_cent_and_half_a_step_of_each_are_allowed(
    sent: float, hits: int
) -> None:
    # Whole numbers about 1000: half a step of the value and of the converted one are
    # one in a thousand together.
    values = [1000.0] * N
    one = [sent if 20 <= i < 23 else 1000.0 for i in range(N)]
    assert len(found(series("a21026", values, converted=one))) == hits


@pytest.mark.parametrize(
    ("interval", "count", "share", "hits"),
    [
        (600, 2, 0.5, 0), (600, 3, 0.5, 1), (3599, 2, 0.5, 0),
        (3600, 1, 0.049, 0), (3600, 1, 0.051, 1), (3600, 2, 0.03, 1),
    ],
)  # fmt: skip
def test_three_values_or_one_hour_well_off(
    interval: int, count: int, share: float, hits: int
) -> None:
    errors = {20 + i: share for i in range(count)}
    assert len(found(reported(errors, interval=interval))) == hits


def test_a_value_that_can_not_be_compared_does_not_part_a_span() -> None:
    errors = dict.fromkeys((20, 21, 22, 24, 25, 26), 0.5)
    one = reported(errors)
    assert one.converted is not None
    one.converted[23] = math.nan
    [hit] = found(one)
    assert (hit.end - hit.begin, hit.count) == (7 * STEP, 6)
    two = reported(errors)
    assert two.converted is not None
    two.converted[[19, 23, 27]] = [math.nan, 1000.25, math.nan]
    assert [(h.begin - T0) // STEP for h in found(two)] == [20, 24]


def test_what_is_always_a_little_off_raises_the_bar() -> None:
    # Always 0.9 % off, as averaging does; over 1 % it is no habit but an error.
    assert found(reported({20: 0.028, 21: 0.028, 22: 0.028}, usual=0.009)) != []
    whole = found(reported({}, usual=0.03))
    assert [hit.count for hit in whole] == [N]


def test_the_spread_of_the_difference_raises_the_bar_of_means() -> None:
    # 0, 0.4 and 0.8 % in turn: eight spreads of 0.593 % and the median are 5.14 %.
    scatter = {i: 0.004 * (i % 3) for i in range(N)}
    for share, hits in ((0.048, 0), (0.055, 1)):
        errors = {**scatter, 20: share, 21: share, 22: share}
        assert len(found(reported(errors))) == hits
        assert len(found(reported(errors, period="2011"))) == 1


@pytest.mark.parametrize(("value", "hits"), [(18.9, 1), (19.0, 0), (20.5, 0)])
def test_near_the_oxygen_of_air_nothing_is_compared(value: float, hits: int) -> None:
    factor = 12 / (21 - value)
    one = reported(THREE, factor=factor)
    assert len(found(one, oxygen(value), reference=9)) == hits


def test_the_rounding_of_oxygen_is_allowed_for() -> None:
    # 15.5 in steps of 0.1: 0.05 of 5.5 is 0.9 % more.
    factor = 12 / 5.5
    for share, hits in ((0.028, 0), (0.031, 1)):
        one = reported(dict.fromkeys((20, 21, 22), share), factor=factor, value=1000.5)
        assert len(found(one, oxygen(15.5), reference=9)) == hits


def test_oxygen_of_the_same_moment_and_normal_is_needed() -> None:
    one = reported(THREE, factor=2)
    shifted = oxygen(times=[T0 + 60 + i * STEP for i in range(N)])
    assert found(one, shifted, reference=9) == []
    flagged = oxygen(flags="N" * 20 + "D" * 3 + "N" * (N - 23))
    assert found(one, flagged, reference=9) == []
    assert found(one, oxygen(period="2061"), reference=9) == []


def test_flags_and_their_edges_are_not_compared() -> None:
    flags = "N" * 15 + "C" + "N" * (N - 16)
    assert found(reported(THREE, flags=flags)) == []  # within an hour after
    later = reported(dict.fromkeys((22, 23, 24), 0.5), flags=flags)
    assert [(h.begin - T0) // STEP for h in found(later)] == [22]


def test_half_a_step_of_a_coarse_value_is_allowed() -> None:
    # 100 in steps of 1, the converted in steps of 0.1: half of each is 0.55 %.
    for sent, hits in ((102.4, 0), (102.6, 1)):
        one = [sent if 20 <= i < 23 else 100.0 for i in range(N)]
        assert len(found(series("a21026", [100.0] * N, converted=one))) == hits


def test_the_first_and_the_last_values_are_compared_too() -> None:
    last = reported(dict.fromkeys(range(N - 3, N), 0.5), factor=2)
    assert len(found(last, oxygen(), reference=9)) == 1
    first = reported(dict.fromkeys(range(1, 5), 0.5))
    assert first.converted is not None
    first.converted[0] = math.nan
    [hit] = found(first)
    assert hit.begin == T0 + STEP
    three = series("a21026", [100.0] * 3, converted=[200.0] * 3)
    assert len(found(three)) == 1


def test_two_comparable_values_are_too_few() -> None:
    one = series("a21026", [100.0] * 2, converted=[200.0] * 2)
    assert found(one) == []
    zero = series("a21026", [0.0] * N, converted=[5.0] * N)
    assert found(zero) == []
    plain = series("a21026", [100.0] * N)
    assert found(plain) == []


# 上报均值与复算不符.


def hours(errors: dict[int, float], *, count: int = 30, value: float = 100.0, shift: int = 0,
          usual: float = 0.0) -> Series:  # fmt: skip
    """Return hour means off by these shares of the right one."""
    values = [round(value / (1 + errors.get(i, usual)), 6) for i in range(count)]
    times = [T0 + i * HOUR + shift for i in range(count)]
    return series("a21026", values, interval=HOUR, period="2061", times=times)


def detail(
    count: int = 30, *, flags: str = "N", value: float = 100.0, interval: int = STEP
) -> Series:
    return series(
        "a21026", [value] * (count * HOUR // interval), flags=flags, interval=interval
    )


def means(*listed: Series, **fields: object) -> list[Hit]:
    return mean_mismatch.find(context(*listed, **fields))  # type: ignore[arg-type]


def test_wrong_hour_means_are_told_in_full() -> None:
    [hit] = means(detail(), hours({10: 0.25, 11: 1.0}))
    assert (hit.code, hit.check, hit.count) == ("a21026", "mean_mismatch", 2)
    assert (hit.begin, hit.end) == (T0 + 10 * HOUR, T0 + 12 * HOUR)
    assert hit.score == pytest.approx(1.0)
    assert hit.data == {
        "share": "100%", "at": "2026-03-02 11:00", "value": 50.0, "other": 100.0,
    }  # fmt: skip


def test_a_mean_may_be_of_the_hour_before() -> None:
    late = hours({10: 0.25, 11: 1.0}, shift=HOUR)
    [hit] = means(detail(), late)
    assert (hit.begin - T0) // HOUR == 11


def test_the_hour_of_the_details_is_that_which_fits_best() -> None:
    # Each hour has a level of its own; the means are labelled by their end.
    levels = [100.0 + 7 * (i * i % 11) for i in range(30)]
    tens = series("a21026", [level for level in levels for _ in range(6)])
    for shift, label in ((0, 0), (HOUR, 1)):
        right = [level * (0.5 if 10 <= i < 12 else 1) for i, level in enumerate(levels)]
        one = series(
            "a21026", right, interval=HOUR, period="2061",
            times=[T0 + i * HOUR + shift for i in range(30)],
        )  # fmt: skip
        [hit] = means(tens, one)
        assert (hit.begin - T0) // HOUR == 10 + label
        assert hit.data["other"] == pytest.approx(2 * float(str(hit.data["value"])))


@pytest.mark.parametrize(
    ("errors", "hits"),
    [
        ({10: 0.02, 11: 0.02}, 0), ({10: 0.0202, 11: 0.0202}, 1), ({10: 0.035}, 0),
        ({10: 0.045}, 1),
    ],
)  # fmt: skip
def test_two_hours_over_two_per_cent_or_one_over_four(
    errors: dict[int, float], hits: int
) -> None:
    assert len(means(detail(), hours(errors))) == hits


def test_the_step_of_the_reported_mean_is_allowed_for() -> None:
    # Reported in whole numbers about 50: a step is 2 % more.
    def whole(first: float) -> Series:
        values = [50.0] * 10 + [first, first] + [50.0] * 18
        return series("a21026", values, interval=HOUR, period="2061")

    assert len(means(detail(value=50.0), whole(48.0))) == 1  # 4.17 % over 2 % + 1 / 48
    assert means(detail(value=50.0), whole(52.0)) == []  # 3.85 % under 2 % + 1 / 52


@pytest.mark.parametrize(("usual", "hits"), [(0.0099, 1), (0.0101, 0)])
def test_means_made_by_another_rule_are_left_alone(usual: float, hits: int) -> None:
    errors = {10: 0.5, 11: 0.5}
    assert len(means(detail(), hours(errors, usual=usual))) == hits


def test_the_spread_of_the_difference_raises_the_bar_of_hours() -> None:
    # 0, 0.4 and 0.8 % in turn: the median and eight spreads of 0.593 % are 5.14 %.
    scatter = {i: 0.004 * (i % 3) for i in range(30)}
    for share, hits in ((0.048, 0), (0.055, 1)):
        errors = {**scatter, 10: share, 11: share}
        assert len(means(detail(), hours(errors))) == hits


@pytest.mark.parametrize(("gone", "hits"), [(3, 1), (4, 0)])
def test_an_hour_is_compared_with_nineteen_twentieths_of_its_details(
    gone: int, hits: int
) -> None:
    flags = ["N"] * (30 * 60)
    values = [100.0] * (30 * 60)
    for hour in (10, 11):
        values[hour * 60 + 20 : hour * 60 + 20 + gone] = [math.nan] * gone
    one = series("a21026", values, interval=60, flags="".join(flags))
    assert len(means(one, hours({10: 0.5, 11: 0.5}))) == hits


def test_flags_and_their_edges_leave_an_hour_out() -> None:
    flags = "N" * 60 + "C" + "N" * 119
    # Flagged at 10:00: the hours of 9, 10 and 11 are not whole.
    one = detail(flags=flags)
    assert means(one, hours({9: 0.5, 10: 0.5, 11: 0.5})) == []
    assert len(means(one, hours({12: 0.5, 13: 0.5}))) == 1


def test_the_finest_details_are_compared_and_six_hours_at_least() -> None:
    tens, minutes = detail(value=150.0), detail(value=100.0, interval=60)
    minutes.period = "2011"
    assert len(means(tens, minutes, hours({10: 0.5, 11: 0.5}))) == 1
    assert means(detail(5), hours({2: 0.5, 3: 0.5}, count=5)) == []
    assert len(means(detail(6), hours({2: 0.5, 3: 0.5}, count=6))) == 1
    slow = series("a21026", [100.0] * 30, interval=HOUR)
    assert means(slow, hours({10: 0.5, 11: 0.5})) == []
    assert means(hours({10: 0.5, 11: 0.5})) == []


def test_an_hour_reported_as_zero_is_not_compared() -> None:
    one = hours({})
    one.values[10:12] = 0.0
    assert means(detail(), one) == []


def test_many_falsified_values_do_not_widen_what_is_allowed() -> None:
    # All others are exact: a tenth of the record off by 10 % is no scatter of theirs.
    assert len(found(reported(dict.fromkeys(range(20, 26), 0.1)))) == 1
    assert len(means(detail(), hours(dict.fromkeys(range(10, 13), 0.1)))) == 1


# 数据事后改变.


def again(
    first: float, other: float, *, code: str = "a21026", period: str = "2051"
) -> Hit:
    repeat = Repeat(code, period, T0 + 90 * 60, first, other, T0 + DAY)
    [hit] = changed.find(context(series("a21026", [1.0] * 5), repeats=(repeat,)))
    return hit


def test_a_changed_value_is_told_in_full() -> None:
    hit = again(80.0, 20.0)
    assert (hit.code, hit.check, hit.count) == ("a21026", "changed", 1)
    assert (hit.begin, hit.end) == (T0 + 5400, T0 + 6000)
    assert hit.data == {"at": "2026-03-02 01:30", "value": 80.0, "other": 20.0}
    assert hit.score == pytest.approx(0.75)


def test_a_change_is_measured_by_the_first_value() -> None:
    assert again(20.0, 80.0).score == pytest.approx(3)
    assert again(-20.0, 20.0).score == pytest.approx(2)
    assert again(0.0, 1.0).score == pytest.approx(1e9)


def test_a_factor_without_a_series_has_minutes() -> None:
    for hit in (again(1.0, 2.0, code="a34013"), again(1.0, 2.0, period="2061")):
        assert hit.end - hit.begin == 60


def test_the_shares_are_set_by_the_installation() -> None:
    wide = Thresholds(converted_share=0.8, mean_share=1.1)
    assert found(reported(THREE), rules=wide) == []
    assert means(detail(), hours({10: 0.25, 11: 1.0}), rules=wide) == []
