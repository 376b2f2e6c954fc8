"""Which limit binds, under which condition, and what an overlap or a gap means."""

from datetime import date, timedelta

import pytest

from polluters.domain.limits import (
    Averaging,
    Condition,
    Kind,
    LimitRule,
    bounds_text,
    certain_bounds,
    choose,
    overlaps,
)
from polluters.domain.notice import Bounds

DAY = date(2026, 3, 1)
ONE = timedelta(days=1)


def rule(high: float | None = 100, **fields: object) -> LimitRule:
    values: dict[str, object] = {"kind": Kind.STANDARD, "averaging": Averaging.HOUR}
    return LimitRule(high=high, **(values | fields))  # type: ignore[arg-type]


COLD = Condition("w01010", "<=", 12, high=8)


@pytest.mark.parametrize(
    ("op", "known", "holds"),
    [
        ("<", 11.9, True), ("<", 12, False), ("<=", 12, True), ("<=", 12.1, False),
        (">", 12.1, True), (">", 12, False), (">=", 12, True), (">=", 11.9, False),
        ("==", 12, None), ("<", None, None),
    ],
)  # fmt: skip
def test_a_condition_compares_another_factor(
    op: str, known: float | None, holds: bool | None
) -> None:
    context = {} if known is None else {"w01010": known}
    assert Condition("w01010", op, 12).holds(context) is holds


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"code": "w01010", "op": "<=", "value": 12, "high": 8}, COLD),
        ({"code": "w01010", "op": "<=", "value": 12, "low": 6}, Condition("w01010", "<=", 12, None, 6)),
        ({"code": "w01010", "op": "<=", "value": 12, "high": "8"}, Condition("w01010", "<=", 12)),
        ({"code": "w01010", "op": "=", "value": 12}, None),
        ({"code": "w01010", "op": "<=", "value": "12"}, None),
        ({"code": "", "op": "<=", "value": 12}, None), ({}, None), (None, None),
    ],
)  # fmt: skip
def test_a_condition_is_read_or_unfit(
    data: dict[str, object] | None, wanted: Condition | None
) -> None:
    assert Condition.read(data) == wanted


def test_under_a_condition_other_bounds_hold() -> None:
    plain = rule(5, low=1, condition=COLD)
    assert plain.under({"w01010": 12.1}) == (Bounds(1, 5), "")
    assert plain.under({"w01010": 12.0}) == (
        Bounds(1, 8), "条件成立（w01010 <= 12），采用条件限值",
    )  # fmt: skip
    assert plain.under({}) == (
        Bounds(1, 5), "条件因子 w01010 无有效值，按无条件限值判定",
    )  # fmt: skip
    low = rule(5, low=1, condition=Condition("w01010", "<=", 12, low=2))
    assert low.under({"w01010": 0})[0] == Bounds(2, 5)
    assert rule(5).under({"w01010": 0}) == (Bounds(None, 5), "")


@pytest.mark.parametrize(
    ("begin", "end", "valid"),
    [
        (DAY, None, True),
        (DAY + ONE, None, False),
        (DAY - ONE, DAY, True),
        (DAY - ONE, DAY - ONE, False),
        (DAY, DAY, True),
    ],
)
def test_a_limit_holds_from_its_first_to_its_last_day(
    begin: date, end: date | None, valid: bool
) -> None:
    assert rule(valid_from=begin, valid_to=end).valid_on(DAY) is valid


@pytest.mark.parametrize(
    ("kind", "binding"),
    [
        (Kind.STANDARD, True),
        (Kind.PERMIT, True),
        (Kind.ULTRA_LOW, False),
        (Kind.WARNING, False),
    ],
)
def test_standard_and_permit_bind(kind: Kind, binding: bool) -> None:
    limit = rule(kind=kind)
    assert limit.enforceable is binding
    found = choose([limit], on=DAY, averaging=Averaging.HOUR, enforceable=not binding)
    assert found.limits == ()
    assert choose(
        [limit], on=DAY, averaging=Averaging.HOUR, enforceable=binding
    ).limits == (limit,)


def test_the_strictest_of_each_kind_comes_first() -> None:
    standard, permit, stricter = (
        rule(100),
        rule(80, kind=Kind.PERMIT),
        rule(60, kind=Kind.PERMIT),
    )
    found = choose([standard, permit, stricter], on=DAY, averaging=Averaging.HOUR)
    assert found.limits == (stricter, standard)
    assert found.strictest == stricter
    assert found.notes == ("许可限值有效期重叠（2026-03-01），按较严者判定",)
    higher_low, open_high = rule(9, low=6.5), rule(9, low=6)
    both = choose([open_high, higher_low], on=DAY, averaging=Averaging.HOUR)
    assert both.strictest == higher_low
    only_low = choose([rule(None, low=6), rule(9)], on=DAY, averaging=Averaging.HOUR)
    assert only_low.strictest == rule(9)


def test_a_gap_is_told_from_no_limit_at_all() -> None:
    later = rule(valid_from=DAY + ONE)
    daily = rule(averaging=Averaging.DAY)
    assert choose([later], on=DAY, averaging=Averaging.HOUR).notes == (
        "2026-03-01 无有效的小时均值限值，不作判定",
    )
    assert choose([daily], on=DAY, averaging=Averaging.HOUR).notes == (
        "未设置小时均值限值，不作判定",
    )
    assert choose([], on=DAY, averaging=Averaging.DAY, enforceable=False).notes == ()
    assert choose([], on=DAY, averaging=Averaging.DAY).strictest is None


@pytest.mark.parametrize(
    ("one", "two", "found"),
    [
        ((DAY, None), (DAY + ONE, None), True),
        ((DAY, DAY + ONE), (DAY + ONE, None), True),
        ((DAY, DAY), (DAY + ONE, None), False),
        ((DAY + ONE, None), (DAY, DAY), False),
        ((DAY + ONE, None), (DAY, DAY + ONE), True),
    ],
)
def test_validity_that_touches_on_a_day_overlaps(
    one: tuple[date, date | None], two: tuple[date, date | None], found: bool
) -> None:
    first, second = (rule(valid_from=a, valid_to=b) for a, b in (one, two))
    assert overlaps([first, second]) == ([(first, second)] if found else [])
    other = rule(kind=Kind.PERMIT)
    daily = rule(averaging=Averaging.DAY)
    assert overlaps([rule(), other, daily]) == []
    assert len(overlaps([rule(), other, rule(), daily])) == 1


def test_inside_the_strictest_of_all_bounds_nothing_can_be_broken() -> None:
    limits = [
        rule(100, low=1), rule(80, averaging=Averaging.DAY, low=2, condition=COLD),
        rule(1, kind=Kind.WARNING), rule(2, valid_from=DAY + ONE),
    ]  # fmt: skip
    assert certain_bounds(limits, on=DAY) == Bounds(2, 8)
    assert certain_bounds(limits[2:], on=DAY) is None
    assert certain_bounds([rule(None, low=6)], on=DAY) == Bounds(6, None)
    tight = Condition("w01010", "<=", 12, low=3)
    assert certain_bounds([rule(50, condition=tight)], on=DAY) == Bounds(3, 50)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (6, 9, "6–9"),
        (None, 50.5, "≤ 50.5"),
        (6, None, "≥ 6"),
        (None, None, "无"),
        (0, 0, "0–0"),
    ],
)
def test_bounds_in_words(low: float | None, high: float | None, words: str) -> None:
    assert bounds_text(Bounds(low, high)) == words
