"""Choosing the provision by the day of the act, and the lighter one."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.law import (
    Basis,
    FineRange,
    Lighter,
    RangeKind,
    choose,
    compare,
    heaviest,
    in_force,
)

OLD_END, NEW_START = date(2026, 8, 14), date(2026, 8, 15)


def basis(
    code,
    low,
    high,
    *,
    start=date(2018, 1, 1),
    end=None,
    kind=RangeKind.BETWEEN,
    harsher=(),
    topic="t",
):
    fine = FineRange(kind, Decimal(low), Decimal(high), harsher=tuple(harsher))
    return Basis(code, topic, "某法" if end else "法典", code, fine, start, end)


def old(low, high, **more):
    return basis("old", low, high, end=OLD_END, **more)


def new(low, high, **more):
    return basis("new", low, high, start=NEW_START, **more)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (old(20, 200), new(50, 200), Lighter.OLD),
        (old(50, 200), new(20, 200), Lighter.NEW),
        (old(20, 200), new(20, 100), Lighter.NEW),
        (old(20, 100), new(10, 200), Lighter.OLD),
        (old(20, 200), new(20, 200), Lighter.SAME),
        (old(20, 200), new(20, 200, harsher=["禁业"]), Lighter.OLD),
        (old(20, 200, harsher=["取消资格"]), new(20, 200), Lighter.NEW),
        (old(20, 200), new(20, 100, harsher=["禁业"]), Lighter.UNCLEAR),
        (old(20, 100, harsher=["取消资格"]), new(20, 200), Lighter.UNCLEAR),
        (old(20, 200, harsher=["a"]), new(20, 200, harsher=["b"]), Lighter.UNCLEAR),
        (old(20, 200), new(1, 5, kind=RangeKind.MULTIPLE), Lighter.UNCLEAR),
    ],
)
def test_compare(before, after, outcome):
    found = compare(before, after)
    assert found.outcome is outcome
    assert found.reasons
    if outcome is Lighter.UNCLEAR:
        assert found.chosen is None
    else:
        assert found.chosen is (after if outcome is Lighter.NEW else before)


def test_the_day_of_the_act_chooses():
    bases = [old(20, 200), new(50, 200)]
    both_before = choose(bases, "t", date(2026, 8, 1), date(2026, 8, 10))
    both_after = choose(bases, "t", NEW_START, date(2026, 9, 1))
    across = choose(bases, "t", OLD_END, NEW_START)
    assert (both_before.basis.code, both_before.comparison) == ("old", None)
    assert (both_after.basis.code, both_after.comparison) == ("new", None)
    assert across.basis.code == "old"
    assert across.comparison.outcome is Lighter.OLD


def test_the_lighter_later_law_applies():
    found = choose([old(50, 200), new(20, 200)], "t", OLD_END, date(2026, 11, 1))
    assert found.basis.code == "new"
    assert found.reason == "适用决定时的法律（处罚较轻）"


def test_an_act_without_a_provision_is_not_punished_by_a_later_one():
    found = choose([new(20, 200)], "t", date(2026, 8, 1), date(2026, 11, 1))
    assert found.basis is None
    assert "没有收录" in found.reason


def test_a_repealed_provision_without_successor_needs_a_person():
    found = choose([old(20, 200)], "t", date(2026, 8, 1), date(2026, 11, 1))
    assert found.basis is None
    assert "须人工认定" in found.reason


def test_a_decision_before_the_act_is_refused():
    with pytest.raises(ValueError, match="早于"):
        choose([old(1, 2)], "t", date(2026, 8, 2), date(2026, 8, 1))


def test_bounds_by_unit_and_by_goods_value():
    per_car = FineRange(RangeKind.PER_UNIT, Decimal(5000), Decimal(5000))
    assert per_car.bounds(count=3) == (Decimal(15000), Decimal(15000))
    goods = FineRange(RangeKind.MULTIPLE, Decimal(1), Decimal(5), Decimal(50000))
    assert goods.bounds(value=Decimal(20000)) == (Decimal(50000), Decimal(250000))
    assert goods.bounds(value=Decimal(80000)) == (Decimal(80000), Decimal(400000))
    with pytest.raises(ValueError, match="货值"):
        goods.bounds()
    with pytest.raises(ValueError, match="不小于 1"):
        per_car.bounds(count=0)


def test_one_act_is_fined_once_by_the_higher():
    a, b = basis("a", 1, 100), basis("b", 1, 300)
    found, reason = heaviest([(a, Decimal(100)), (b, Decimal(300))])
    assert found is b
    assert "第二十九条" in reason
    assert heaviest([]) is None
    assert heaviest([(a, Decimal(100))]) == (a, "只涉及一项规定")


@pytest.mark.parametrize("count", [1, 2])
def test_only_fines_by_unit_are_multiplied(count: int) -> None:
    five, nine = Decimal(5), Decimal(9)
    by_unit = FineRange(RangeKind.PER_UNIT, five, nine)
    assert by_unit.bounds(count=count) == (5 * count, 9 * count)
    assert FineRange(RangeKind.BETWEEN, five, nine).bounds(count=count) == (5, 9)
    assert by_unit.bounds() == (5, 9)


def test_goods_worth_the_floor_count_as_they_are() -> None:
    goods = FineRange(RangeKind.MULTIPLE, Decimal(2), Decimal(3), Decimal(100))
    assert goods.bounds(value=Decimal(100)) == (200, 300)
    assert goods.bounds(value=Decimal(101)) == (202, 303)
    assert goods.bounds(value=Decimal(99)) == (200, 300)
    assert FineRange(RangeKind.NONE).bounds() == (0, 0)
    no_floor = FineRange(RangeKind.MULTIPLE, Decimal(2), Decimal(4))
    assert no_floor.bounds(value=Decimal("0.5")) == (1, 2)


@pytest.mark.parametrize(
    ("day", "there"),
    [
        (date(2017, 12, 31), False),
        (date(2018, 1, 1), True),
        (OLD_END, True),
        (NEW_START, False),
    ],
    ids=str,
)
def test_a_provision_is_in_force_from_its_first_to_its_last_day(
    day: date, there: bool
) -> None:
    assert old(1, 2).in_force(day) is there
    assert bool(in_force([old(1, 2)], "t", day)) is there
    assert in_force([old(1, 2)], "u", day) == ()
    assert basis("x", 1, 2).in_force(day) is (day.year >= 2018)
    assert basis("x", 1, 2).confirmed is True


def test_the_reasons_of_a_comparison_state_the_amounts() -> None:
    lower = compare(old(20_000, 200_000), new(10_000, 200_000))
    assert lower.reasons == ("下限由 20,000 变为 10,000",)
    upper = compare(old(20_000, 200_000), new(10_000, 300_000))
    assert upper.reasons == ("上限由 200,000 变为 300,000",)
    same = compare(old(1, 2, harsher=["b", "a"]), new(1, 2, harsher=["c", "b"]))
    assert same.reasons == (
        "罚款幅度相同：1–2",
        "行为时法律另有：a",
        "决定时法律另有：c",
    )
    other = compare(old(1, 2), new(1, 2, kind=RangeKind.MULTIPLE))
    assert other.reasons == ("计罚方式不同：幅度 / 货值倍数",)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (old(10, 200), new(20, 200, harsher=["禁业"]), Lighter.OLD),
        (old(20, 200, harsher=["禁业"]), new(10, 200), Lighter.NEW),
        (old(20, 200, harsher=["禁业"]), new(20, 200, harsher=["禁业"]), Lighter.SAME),
    ],
)
def test_a_consequence_beyond_the_fine_weighs_with_the_amount(
    before: Basis, after: Basis, outcome: Lighter
) -> None:
    assert compare(before, after).outcome is outcome


def test_a_decision_on_the_day_of_the_act_is_in_order() -> None:
    found = choose([old(1, 2)], "t", OLD_END, OLD_END)
    assert found.basis == old(1, 2)
    assert found.reason == "行为时与决定时均为《某法》old"


def test_the_first_provision_of_each_day_is_compared() -> None:
    bases = [old(20, 200), new(20, 100), basis("later", 1, 1, start=NEW_START)]
    found = choose(bases, "t", OLD_END, NEW_START)
    assert found.comparison is not None
    assert (found.comparison.old.code, found.comparison.new.code) == ("old", "new")


def test_of_three_provisions_the_others_are_named() -> None:
    rows = [
        (basis(code, 1, 9), Decimal(top))
        for code, top in zip("abc", (1, 3, 2), strict=True)
    ]
    assert heaviest(rows) == (
        rows[1][0],
        "同一行为同时违反《法典》c、《法典》a，依行政处罚法第二十九条"
        "按罚款数额高的《法典》b（上限 3 元）处罚",
    )
