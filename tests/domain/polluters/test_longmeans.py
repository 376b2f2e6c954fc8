"""Day, month and quarter means: how many parts, weighed by flow, without stopped ones."""

from datetime import datetime, timedelta

import pytest

from polluters.domain.hj212.frame import BEIJING
from polluters.domain.longmeans import (
    FLOW_WEIGHTED,
    Part,
    day_mean,
    long_mean,
    month_mean,
    part_of,
)
from polluters.domain.means import LeftOut, MeanResult, Value, hour_mean
from polluters.domain.validity import ValidityRules

START = datetime(2026, 3, 1, tzinfo=BEIJING)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hours(*means: float | None, **fields: object) -> list[Part]:
    return [Part(START + i * HOUR, m, **fields) for i, m in enumerate(means)]  # type: ignore[arg-type]


def day(parts: list[Part], medium: str = "gas", **fields: object) -> MeanResult:
    return day_mean(parts, start=START, medium=medium, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "valid"), [(19, False), (20, True), (24, True)])
def test_a_day_of_gas_needs_twenty_hours(count: int, valid: bool) -> None:
    found = day(hours(*[10.0] * count))
    assert (found.mean, found.due, found.got, found.valid_count) == (
        10.0,
        24,
        count,
        count,
    )
    assert (found.valid, found.length, found.start) == (valid, DAY, START)
    assert found.formula == "均值 = 有效值之和 ÷ 有效值个数"


@pytest.mark.parametrize(
    ("cycle", "count", "due", "valid"),
    [
        (HOUR, 18, 24, True), (HOUR, 17, 24, False), (2 * HOUR, 9, 12, True),
        (2 * HOUR, 8, 12, False), (4 * HOUR, 5, 6, True), (4 * HOUR, 4, 6, False),
        (HOUR / 2, 18, 24, True), (HOUR / 2, 17, 24, False), (48 * HOUR, 1, 1, True),
    ],
)  # fmt: skip
def test_a_day_of_water_needs_three_quarters_of_its_cycles(
    cycle: timedelta, count: int, due: int, valid: bool
) -> None:
    found = day(hours(*[10.0] * count), "water", cycle=cycle)
    assert (found.due, found.valid) == (due, valid)


@pytest.mark.parametrize(
    ("cycle", "stopped", "good", "valid"),
    [(HOUR, 12, 9, True), (HOUR, 12, 8, False), (4 * HOUR, 12, 3, True), (4 * HOUR, 12, 2, False),
     (HOUR, 23, 1, True), (HOUR, 24, 0, False)],
)  # fmt: skip
def test_stopped_hours_of_water_are_not_due(
    cycle: timedelta, stopped: int, good: int, valid: bool
) -> None:
    parts = hours(*[None] * stopped, stopped=True)
    parts += [Part(START + (stopped + i) * HOUR, 10.0) for i in range(good)]
    found = day(parts, "water", cycle=cycle)
    assert (found.valid, found.valid_count) == (valid, good)
    assert found.stopped is (good == 0)
    twice = day([*parts, *parts], "water", cycle=cycle)
    assert twice.valid is valid


def test_stopped_and_invalid_hours_are_left_out_with_their_reason() -> None:
    parts = [
        *hours(*[10.0] * 20),
        Part(START + 20 * HOUR, 99.0, stopped=True), Part(START + 21 * HOUR, 99.0, valid=False),
        Part(START + 22 * HOUR, None), Part(START + 24 * HOUR, 99.0),
        Part(START - HOUR, 99.0), Part(START, 99.0),
    ]  # fmt: skip
    found = day(parts)
    assert (found.mean, found.due, found.got, found.valid_count) == (10.0, 23, 22, 20)
    assert found.left_out == (
        LeftOut(START + 20 * HOUR, 99.0, "F", "停运"),
        LeftOut(START + 21 * HOUR, 99.0, "", "均值无效"),
        LeftOut(START + 22 * HOUR, None, "", "无数据"),
    )
    assert found.stopped is False
    assert found.flags == {}


def test_a_day_without_any_hour_is_neither_valid_nor_stopped() -> None:
    found = day([])
    assert (found.mean, found.valid, found.stopped, found.due) == (
        None,
        False,
        False,
        24,
    )
    none = long_mean([], start=START, length=DAY, due=2, bar=0)
    assert none.valid is False
    many = long_mean(
        hours(*[None] * 3, stopped=True), start=START, length=DAY, due=2, bar=1
    )
    assert (many.due, many.got, many.stopped) == (0, 0, True)


def test_the_figures_of_a_day() -> None:
    parts = [
        Part(START, 1.0, low=0.5, high=3.0, total=7.0),
        Part(START + HOUR, 2.0, low=0.7, high=9.0, total=8.0),
        Part(START + 2 * HOUR, 3.0, valid=False, low=0.1, high=99.0, total=1.0),
    ]
    found = day(parts)
    assert (found.mean, found.low, found.high, found.total) == (1.5, 0.5, 9.0, 16.0)
    assert found.used == ((START, 1.0), (START + HOUR, 2.0))
    assert (day(hours(1.0)).total, day(hours(1.0)).low) == (None, None)


def test_a_mean_is_weighed_by_complete_flows() -> None:
    parts = hours(10.0, 40.0)
    flows = {START: 3.0, START + HOUR: 1.0}
    found = day(parts, "water", flows=flows)
    assert (found.mean, found.formula, found.notes) == (17.5, FLOW_WEIGHTED, ())
    negative = day(parts, "water", flows={START: 3.0, START + HOUR: -5.0})
    assert negative.mean == 10.0
    for lacking in ({START: 3.0}, {}, {START: 0.0, START + HOUR: 0.0}):
        plain = day(parts, "water", flows=lacking)
        assert plain.mean == 25.0
        assert plain.notes == (
            "部分小时无有效流量，采用算术均值（HJ 212-2017 D.1 允许）",
        )
    assert day([], "water", flows=flows).mean is None


@pytest.mark.parametrize(("count", "value"), [(20, 5.0), (19, None)])
def test_as_many_hours_must_be_converted_as_be_valid(
    count: int, value: float | None
) -> None:
    parts = hours(*[10.0] * count, converted=5.0)
    parts += [Part(START + (count + i) * HOUR, 10.0) for i in range(24 - count)]
    found = day(parts)
    assert (found.mean, found.converted) == (10.0, value)
    assert found.notes == (() if value else ("可折算 19 个，少于 20 个，不出折算均值",))
    assert [v for _, v in found.used] == (
        [5.0] * 20 + [10.0] * 4 if value else [10.0] * 24
    )


@pytest.mark.parametrize(("count", "valid"), [(24, True), (23, False)])
def test_a_month_needs_three_quarters_of_its_days(count: int, valid: bool) -> None:
    end = datetime(2026, 4, 1, tzinfo=BEIJING)
    days = [Part(START + i * DAY, 2.0) for i in range(count)]
    found = month_mean(days, start=START, end=end)
    assert (found.due, found.valid, found.length) == (31, valid, 31 * DAY)
    assert month_mean(days, start=START, end=end, share=0.5).valid is True
    strict = ValidityRules(quarter_share=1.0)
    assert month_mean(days, start=START, end=end, rules=strict).valid is False


def test_a_month_is_weighed_by_flow_too() -> None:
    days = [Part(START, 10.0), Part(START + DAY, 40.0)]
    flows = {START: 3.0, START + DAY: 1.0}
    found = month_mean(days, start=START, end=START + 2 * DAY, flows=flows)
    assert (found.mean, found.valid) == (17.5, True)


def test_an_hour_is_part_of_a_day_with_its_figures() -> None:
    values = [
        Value(START + i * timedelta(minutes=1), float(i), total=1.0) for i in range(60)
    ]
    hour = hour_mean(values, start=START, interval=timedelta(minutes=1), medium="gas")
    assert part_of(hour) == Part(START, 29.5, None, True, False, 0.0, 59.0, 60.0)
    assert Part(START, 1.0) == Part(START, 1.0, None, True, False, None, None, None)
