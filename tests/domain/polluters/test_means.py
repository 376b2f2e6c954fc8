"""Hour means: slots, what is left out and why, conversion, and the everyday hour."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from polluters.domain.convert import OxygenGuard
from polluters.domain.hj212.frame import BEIJING
from polluters.domain.means import (
    LeftOut,
    MeanResult,
    PlainHour,
    Value,
    average,
    disagreement,
    hour_mean,
    plain_slots,
    slot_means,
    why_left_out,
)
from polluters.domain.validity import (
    DEFAULT_RULES,
    ValidityRules,
    flag_word,
    needed,
    slot_length,
)

START = datetime(2026, 3, 1, 8, tzinfo=BEIJING)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def each(
    values: Sequence[float | None], step: timedelta = MINUTE, **fields: object
) -> list[Value]:
    return [Value(START + i * step, v, **fields) for i, v in enumerate(values)]  # type: ignore[arg-type]


def mean(
    values: object,
    *,
    interval: timedelta = MINUTE,
    medium: str = "gas",
    **fields: object,
) -> MeanResult:
    return hour_mean(values, start=START, interval=interval, medium=medium, **fields)  # type: ignore[arg-type]


# Validity.


def test_the_numbers_of_valid_means() -> None:
    rules = ValidityRules()
    assert (rules.usable_flags, rules.stopped_flags) == (frozenset("N"), frozenset("F"))
    assert (rules.gas_hour_share, rules.gas_day_hours, rules.slot_share) == (
        0.75,
        20,
        0.5,
    )
    assert (rules.water_hour_values, rules.water_day_share) == (1, 0.75)
    assert (rules.quarter_share, rules.furnace_limit, rules.furnace_count) == (
        0.75,
        850,
        5,
    )
    assert rules.disagreement == 0.02


@pytest.mark.parametrize(
    ("due", "share", "wanted"),
    [(60, 0.75, 45), (6, 0.75, 5), (4, 0.75, 3), (1, 0.75, 1), (0, 0.75, 1), (10, 0.7, 7),
     (3, 0.5, 2), (100, 0.29, 29)],
)  # fmt: skip
def test_how_many_values_must_be_valid(due: int, share: float, wanted: int) -> None:
    assert needed(due, share) == wanted


def test_a_slot_is_a_minute_or_the_interval() -> None:
    assert slot_length(30 * SECOND) == MINUTE
    assert slot_length(MINUTE) == MINUTE
    assert slot_length(61 * SECOND) == 61 * SECOND
    assert (flag_word("C"), flag_word("X"), flag_word("")) == (
        "校准",
        "标记 X",
        "标记 缺失",
    )


# The hour.


@pytest.mark.parametrize(
    ("interval", "count", "due", "valid"),
    [
        (MINUTE, 45, 60, True), (MINUTE, 44, 60, False), (10 * MINUTE, 5, 6, True),
        (10 * MINUTE, 4, 6, False), (30 * MINUTE, 2, 2, True), (30 * MINUTE, 1, 2, False),
        (HOUR, 1, 1, True), (2 * HOUR, 1, 1, True), (7 * MINUTE, 6, 8, True),
        (7 * MINUTE, 5, 8, False),
    ],
)  # fmt: skip
def test_an_hour_of_gas_needs_three_quarters_of_its_slots(
    interval: timedelta, count: int, due: int, valid: bool
) -> None:
    found = mean(each([10.0] * count, interval), interval=interval)
    assert (found.due, found.got, found.valid_count, found.valid) == (
        due,
        count,
        count,
        valid,
    )
    assert (found.mean, found.start, found.length) == (10.0, START, HOUR)


def test_an_hour_of_water_needs_one_value() -> None:
    assert mean(each([5.0]), medium="water").valid is True
    assert mean([], medium="water").valid is False
    two = ValidityRules(water_hour_values=2)
    assert mean(each([5.0]), medium="water", rules=two).valid is False


def test_the_figures_of_an_hour() -> None:
    values = [Value(START + i * MINUTE, float(i), total=0.5) for i in range(60)]
    found = mean(values)
    assert (found.mean, found.low, found.high, found.total) == (29.5, 0, 59, 30)
    assert found.used[:2] == ((START, 0.0), (START + MINUTE, 1.0))
    assert (found.flags, found.left_out, found.notes, found.stopped) == (
        {"N": 60},
        (),
        (),
        False,
    )
    assert found.formula == "均值 = 有效值之和 ÷ 有效值个数"
    assert mean(each([1.0])).total is None


def test_the_hour_ends_before_the_next_and_the_first_of_two_values_stays() -> None:
    outside = [Value(START - SECOND, 500.0), Value(START + HOUR, 500.0)]
    inside = [*each([10.0] * 60), Value(START, 900.0)]
    found = mean([*outside, *inside])
    assert (found.mean, found.got) == (10.0, 60)
    last = Value(START + HOUR - SECOND, 30.0)
    assert mean([*each([10.0]), last]).used == (
        (START, 10.0),
        (START + 59 * MINUTE, 30.0),
    )


@pytest.mark.parametrize(
    ("good", "bad", "valid"),
    [(1, 1, True), (1, 2, False), (2, 2, True), (0, 1, False), (1, 0, True)],
)
def test_half_of_the_values_of_a_minute_make_it_valid(
    good: int, bad: int, valid: bool
) -> None:
    values = each([10.0] * good, SECOND) + [
        Value(START + (30 + i) * SECOND, 99.0, "C") for i in range(bad)
    ]
    found = mean(values, interval=SECOND)
    assert found.valid_count == (1 if valid else 0)
    assert found.mean == (10.0 if valid else None)
    assert len(found.left_out) == (bad if valid else bad + good)
    if good and not valid:
        assert found.left_out[-1] == LeftOut(START, 10.0, "N", "所在时段有效值不足")


def test_seconds_make_minutes_before_they_make_the_hour() -> None:
    # A minute of two values counts as much as a minute of one.
    found = mean(
        [*each([10.0, 20.0], 30 * SECOND), Value(START + MINUTE, 45.0)],
        interval=30 * SECOND,
    )
    assert found.mean == 30.0
    assert (found.low, found.high) == (10.0, 45.0)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Value(START, 1.0, "C"), "标记为 C（校准）"), (Value(START, 1.0, ""), "标记为 空（标记 缺失）"),
        (Value(START, None), "无数值"), (Value(START, math.inf), "无数值"),
        (Value(START, None, "D"), "标记为 D（故障）"),
        (Value(START, 1.0, usable=False), "超出量程"), (Value(START, 1.0), "所在时段有效值不足"),
    ],
)  # fmt: skip
def test_why_a_value_is_left_out(value: Value, reason: str) -> None:
    assert why_left_out(value) == reason
    if reason != "所在时段有效值不足":
        assert mean([value]).left_out == (
            LeftOut(START, value.value, value.flag, reason),
        )
        assert mean([value]).mean is None


@pytest.mark.parametrize(
    ("flags", "stopped"), [("FF", True), ("FN", False), ("", False), ("NN", False)]
)
def test_an_hour_of_stop_flags_alone_is_stopped(flags: str, stopped: bool) -> None:
    values = [Value(START + i * MINUTE, 1.0, flag) for i, flag in enumerate(flags)]
    assert mean(values).stopped is stopped


# Conversion.


def converted(
    oxygen: object, *, values: list[Value] | None = None, **fields: object
) -> MeanResult:
    return mean(
        values or each([100.0] * 60), oxygen=oxygen, convert=True, reference=9, **fields
    )


def test_each_minute_is_converted_by_its_own_oxygen() -> None:
    oxygen = each([15.0] * 30 + [9.0] * 30)
    found = converted(oxygen)
    assert (found.mean, found.converted) == (100.0, 150.0)
    assert found.used[0] == (START, 200.0)
    given = {START + i * MINUTE: 15.0 for i in range(60)}
    assert converted(given).converted == 200.0
    plain = mean(each([100.0] * 60))
    assert plain.converted is None


@pytest.mark.parametrize(("count", "value"), [(45, 200.0), (44, None)])
def test_as_many_minutes_must_be_converted_as_be_valid(
    count: int, value: float | None
) -> None:
    found = converted(each([15.0] * count))
    assert found.converted == value
    assert found.left_out[0].reason == "无有效含氧量，不能折算"
    assert len(found.left_out) == 60 - count
    notes = () if value else ("可折算时段 44 个，少于 45 个，不出折算均值",)
    assert found.notes == notes
    assert found.used[0][1] == (200.0 if value else 100.0)


def test_without_oxygen_the_loggers_own_value_is_taken() -> None:
    values = each([100.0] * 60, converted=130.0)
    found = converted(None, values=values)
    assert found.converted == 130.0
    assert found.notes == ("60 个时段无有效含氧量，采用上报折算值",)
    partly = converted(each([15.0] * 30), values=values)
    assert partly.converted == 165.0
    assert partly.notes == ("30 个时段无有效含氧量，采用上报折算值",)
    halves = [
        Value(START + i * 30 * SECOND, 100.0, converted=120.0 if i % 2 else None)
        for i in range(120)
    ]
    assert converted(None, values=halves, interval=30 * SECOND).converted == 120.0


def test_near_the_oxygen_of_air_a_minute_is_not_converted() -> None:
    found = converted(each([15.0] * 50 + [20.5] * 10))
    assert found.converted == 200.0
    assert found.left_out[0] == LeftOut(
        START + 50 * MINUTE, 100.0, "N", "含氧量 20.5% 不可折算，不参与判定"
    )
    strict = converted(each([15.0] * 60), guard=OxygenGuard(ceiling=15.0))
    assert strict.converted is None


def test_flagged_oxygen_is_none() -> None:
    oxygen = each([15.0] * 50) + [
        Value(START + i * MINUTE, 15.0, "D") for i in range(50, 60)
    ]
    assert len(converted(oxygen).left_out) == 10


# Slots.


def test_means_of_slots_by_their_begin() -> None:
    values = each([10.0, 20.0, 40.0], 30 * SECOND)
    found = slot_means(values, start=START, length=HOUR, interval=30 * SECOND)
    assert found == {START: 15.0, START + MINUTE: 40.0}
    bad = [*values, Value(START + 5 * MINUTE, 1.0, "C")]
    assert slot_means(bad, start=START, length=HOUR, interval=30 * SECOND) == found
    assert slot_means(values, start=START, length=MINUTE, interval=30 * SECOND) == {
        START: 15.0
    }


# The everyday hour.


@pytest.mark.parametrize(
    ("count", "minutes", "interval", "fits"),
    [
        (60, None, MINUTE, True), (59, None, MINUTE, False), (60, None, 30 * SECOND, True),
        (6, None, 10 * MINUTE, True), (60, None, 10 * MINUTE, False),
        (1, None, HOUR, True), (8, None, 7 * MINUTE, False), (40, None, 90 * SECOND, False),
        (2, (0, 59), MINUTE, True), (2, (0, 50), 10 * MINUTE, True),
        (2, (0, 55), 10 * MINUTE, False), (0, None, 2 * HOUR, False),
    ],
)  # fmt: skip
def test_a_plain_hour_has_each_value_at_the_start_of_its_slot(
    count: int, minutes: tuple[int, ...] | None, interval: timedelta, fits: bool
) -> None:
    hour = PlainHour([1.0] * count, minutes)
    assert hour.fits(interval, DEFAULT_RULES) is fits


def test_a_plain_hour_fits_only_rules_that_take_normal_values() -> None:
    hour = PlainHour([1.0] * 60)
    assert hour.fits(MINUTE, ValidityRules(usable_flags=frozenset("M"))) is False
    assert hour.fits(MINUTE, ValidityRules(slot_share=1.0)) is True
    assert hour.fits(MINUTE, ValidityRules(slot_share=1.1)) is False


@pytest.mark.parametrize(
    ("values", "minutes", "interval"),
    [
        ([float(i) for i in range(60)], None, MINUTE),
        ([3.0, 9.0, 6.0], (0, 10, 50), 10 * MINUTE),
        ([5.0] * 50, tuple(range(50)), MINUTE), ([], (), MINUTE), ([7.0], None, HOUR),
    ],
)  # fmt: skip
def test_a_plain_hour_gives_what_its_values_give(
    values: list[float], minutes: tuple[int, ...] | None, interval: timedelta
) -> None:
    hour = PlainHour(values, minutes)
    places = range(60) if minutes is None else minutes
    listed = [
        Value(START + m * MINUTE, v) for m, v in zip(places, values, strict=False)
    ]
    assert mean(hour, interval=interval) == mean(listed, interval=interval)
    assert plain_slots(hour, start=START, interval=interval) == slot_means(
        listed, start=START, length=HOUR, interval=interval
    )
    assert slot_means(hour, start=START, length=HOUR, interval=interval) == slot_means(
        listed, start=START, length=HOUR, interval=interval
    )
    if minutes is not None or len(values) == 60:
        assert hour.listed(START) == listed


def test_a_plain_hour_has_totals_and_no_converted_value_of_its_own() -> None:
    hour = PlainHour([100.0] * 60, totals=[2.0] * 60)
    found = mean(hour, oxygen=each([15.0] * 60), convert=True, reference=9)
    assert (found.total, found.converted) == (120.0, 200.0)
    bare = mean(hour, convert=True, reference=9)
    assert bare.converted is None
    assert len(bare.left_out) == 60
    empty = mean(PlainHour([], ()))
    assert (empty.flags, empty.mean) == ({}, None)


def test_a_grid_is_in_the_zone_of_its_start() -> None:
    one = plain_slots(PlainHour([1.0], (5,)), start=START, interval=MINUTE)
    other = plain_slots(
        PlainHour([1.0], (5,)), start=START.astimezone(UTC), interval=MINUTE
    )
    assert [t.tzinfo for t in one] == [BEIJING]
    assert [t.tzinfo for t in other] == [UTC]
    assert one == other == {START + 5 * MINUTE: 1.0}


def test_an_average_is_exact_and_none_of_nothing() -> None:
    assert average([0.1] * 10) == 0.1
    assert average([1e16, 1.0, -1e16]) == pytest.approx(1 / 3)
    assert average([]) is None


@pytest.mark.parametrize(
    ("ours", "reported", "wanted"),
    [(103, 100, 0.03), (97, 100, 0.03), (-103, -100, 0.03), (0, 100, 1.0), (0, 0, None),
     (1, 0, math.inf), (None, 1, None), (1, None, None)],
)  # fmt: skip
def test_disagreement_is_of_the_reported_mean(
    ours: float | None, reported: float | None, wanted: float | None
) -> None:
    assert disagreement(ours, reported) == (
        None if wanted is None else pytest.approx(wanted)
    )
