"""The calculator: every figure by hand."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.domain.discretion import (
    Adjustment,
    Factor,
    Method,
    Option,
    Table,
    TableError,
    calculate,
    check_table,
)
from enforcement.domain.money import Rounding

D = Decimal
BOUNDS = (D(100_000), D(1_000_000))


def table(method=Method.SPAN, **more):
    factors = (
        Factor(
            "a",
            "程度",
            D(60),
            (
                Option("x", "轻", D(0)),
                Option("y", "中", D(50)),
                Option("z", "重", D(100)),
            ),
        ),
        Factor(
            "b", "次数", D(40), (Option("x", "首次", D(0)), Option("y", "再次", D(100)))
        ),
    )
    fields = {
        "factors": factors,
        "adjustments": (
            Adjustment("m", "主动", D(-20)),
            Adjustment("p", "预警期", D(30)),
        ),
        "unit": D(100),
        **more,
    }
    return Table("t", "1", method, **fields)


def test_span():
    result = calculate(table(), BOUNDS, {"a": "y", "b": "x"})
    assert result.coefficient == D(30)
    assert result.amount == D(370_000)
    assert [step.label for step in result.steps] == [
        "程度",
        "次数",
        "裁量系数合计",
        "基准罚款",
        "取整",
    ]
    assert result.steps[3].detail == "100,000 +（1,000,000 − 100,000）× 30%"


def test_percent_of_the_maximum_with_base():
    factors = (
        Factor(
            "a", "程度", D(80), (Option("x", "轻", D(0)), Option("y", "重", D(100)))
        ),
    )
    found = calculate(
        table(Method.PERCENT, factors=factors, base=D(20)), BOUNDS, {"a": "x"}
    )
    assert found.amount == D(200_000)
    assert calculate(
        table(Method.PERCENT, factors=factors, base=D(20)), BOUNDS, {"a": "y"}
    ).amount == D(1_000_000)


def test_mitigating_never_goes_under_the_minimum():
    result = calculate(table(), BOUNDS, {"a": "x", "b": "x"}, adjustments=["m"])
    assert result.amount == D(100_000)
    assert result.steps[-1].label == "法定下限"
    assert not result.reduced


def test_reduction_goes_under_the_minimum_with_its_ground():
    result = calculate(
        table(),
        BOUNDS,
        {"a": "x", "b": "x"},
        adjustments=["m"],
        reduction_basis="行政处罚法第三十二条第（一）项",
    )
    assert result.amount == D(80_000)
    assert result.reduced


def test_aggravating_never_goes_over_the_maximum():
    result = calculate(table(), BOUNDS, {"a": "z", "b": "y"}, adjustments=["p"])
    assert result.amount == D(1_000_000)
    assert result.steps[-1].label == "法定上限"


@pytest.mark.parametrize(
    ("answers", "adjustments", "reason"),
    [
        ({"a": "x"}, [], "因子“次数”未选择"),
        ({"a": "x", "b": "q"}, [], "因子“次数”选项不存在"),
        ({"a": "x", "b": "x", "c": "x"}, [], "没有因子：c"),
        ({"a": "x", "b": "x"}, ["zz"], "没有情节：zz"),
    ],
)
def test_bad_answers_are_refused(answers, adjustments, reason):
    with pytest.raises(TableError, match=reason):
        calculate(table(), BOUNDS, answers, adjustments=adjustments)


def test_bad_tables_and_bounds_are_refused():
    with pytest.raises(TableError, match="应为 100%"):
        check_table(table(base=D(10)))
    with pytest.raises(TableError, match="下限须不大于上限"):
        calculate(table(), (D(2), D(1)), {"a": "x", "b": "x"})


@given(
    a=st.sampled_from("xyz"),
    b=st.sampled_from("xy"),
    low=st.integers(0, 10**6),
    width=st.integers(0, 10**6),
    chosen=st.lists(st.sampled_from(["m", "p"]), unique=True),
)
def test_always_inside_the_lawful_range(a, b, low, width, chosen):
    bounds = (D(low), D(low + width))
    result = calculate(table(), bounds, {"a": a, "b": b}, adjustments=chosen)
    assert bounds[0] <= result.amount <= bounds[1]


def test_shipped_tables_add_up():
    path = Path(__file__).parents[3] / "enforcement/data/discretion.json"
    for row in json.loads(path.read_text(encoding="utf-8")):
        weights = sum(D(f["weight"]) for f in row["factors"]) + D(row["base"])
        assert weights == 100, row["code"]
        assert row["to_be_confirmed"] is True


def one_factor(*options: Option, weight: int = 100) -> tuple[Factor, ...]:
    return (Factor("a", "程度", D(weight), options),)


LIGHT, GRAVE = Option("x", "轻", D(0)), Option("y", "重", D(100))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"factors": one_factor(LIGHT, GRAVE)}, ""),
        ({"factors": one_factor(LIGHT)}, "因子“程度”至少要有两个不重复的选项"),
        ({"factors": one_factor(LIGHT, LIGHT)}, "因子“程度”至少要有两个不重复的选项"),
        (
            {"factors": one_factor(LIGHT, GRAVE, LIGHT)},
            "因子“程度”至少要有两个不重复的选项",
        ),
        (
            {"factors": one_factor(LIGHT, Option("y", "重", D("100.01")))},
            "因子“程度”的分值须在 0–100 之间",
        ),
        (
            {"factors": one_factor(GRAVE, Option("x", "轻", D("-0.01")))},
            "因子“程度”的分值须在 0–100 之间",
        ),
        (
            {"factors": one_factor(LIGHT, GRAVE, weight=99)},
            "各因子权重与基准合计为 99%，应为 100%",
        ),
        ({"factors": one_factor(LIGHT, GRAVE, weight=99), "base": D(1)}, ""),
        ({"unit": D("0.01")}, ""),
        ({"unit": D(1)}, ""),
        ({"unit": D(0)}, "取整单位须大于 0"),
    ],
)
def test_a_table_is_checked_at_every_bound(
    changes: dict[str, object], reason: str
) -> None:
    if reason:
        with pytest.raises(TableError) as refusal:
            check_table(table(**changes))
        assert str(refusal.value) == reason
    else:
        check_table(table(**changes))


def test_a_table_rounds_to_hundreds_half_up_and_awaits_the_bureau() -> None:
    plain = Table("t", "1", Method.SPAN, one_factor(LIGHT, GRAVE))
    assert (plain.unit, plain.base, plain.rounding) == (100, 0, Rounding.HALF_UP)
    assert plain.confirmed is False
    assert calculate(plain, (D(150), D(999)), {"a": "x"}).amount == 200


@pytest.mark.parametrize("bounds", [(D(0), D(0)), (D(500), D(500)), (D(0), D(900))])
def test_bounds_may_be_nothing_or_one_amount(bounds: tuple[Decimal, Decimal]) -> None:
    found = calculate(table(), bounds, {"a": "z", "b": "y"})
    assert (found.amount, found.reduced) == (bounds[1], False)
    assert found.steps[-1].label == "取整"


@pytest.mark.parametrize("bounds", [(D(-1), D(5)), (D(6), D(5))])
def test_bounds_are_in_order_and_not_negative(bounds: tuple[Decimal, Decimal]) -> None:
    with pytest.raises(TableError, match="法定幅度的下限须不大于上限"):
        calculate(table(), bounds, {"a": "z", "b": "y"})


def test_a_fine_on_a_bound_needs_no_holding() -> None:
    for answer, amount in (("x", 100_000), ("z", 1_000_000)):
        found = calculate(
            table(factors=one_factor(LIGHT, Option("z", "重", D(100)))),
            BOUNDS,
            {"a": answer},
        )
        assert (found.amount, found.reduced) == (amount, False)
        assert found.steps[-1].label == "取整"


def test_a_fine_over_the_upper_bound_is_not_reduced() -> None:
    found = calculate(table(), BOUNDS, {"a": "z", "b": "y"}, adjustments=["p"])
    assert found.reduced is False
    low = calculate(table(), BOUNDS, {"a": "x", "b": "x"}, adjustments=["m"])
    assert (low.reduced, low.steps[-1].detail) == (False, "没有减轻依据，按下限")


def test_the_steps_state_every_figure() -> None:
    """60 % × 50 = 30 %; 100 000 + 900 000 × 30 % = 370 000; −20 % and then +30 %."""
    found = calculate(table(), BOUNDS, {"a": "y", "b": "x"}, adjustments=["m", "p"])
    assert [(s.label, s.detail, s.value) for s in found.steps] == [
        ("程度", "中：权重 60% × 分值 50", "30%"),
        ("次数", "首次：权重 40% × 分值 0", "0%"),
        ("裁量系数合计", "各项相加，不超过 100%", "30%"),
        ("基准罚款", "100,000 +（1,000,000 − 100,000）× 30%", "370,000 元"),
        ("从轻情节", "主动（-20%）", "-74,000.00 元"),
        ("从重情节", "预警期（+30%）", "+88,800.00 元"),
        ("取整", "四舍五入到 100 元", "384,800 元"),
    ]
    assert found.amount == 384_800
    assert (found.low, found.high, found.coefficient) == (*BOUNDS, 30)


@pytest.mark.parametrize(
    ("percent", "word"), [(D("0.5"), "从重"), (D(0), "从轻"), (D("-0.5"), "从轻")]
)
def test_a_circumstance_is_named_by_its_sign(percent: Decimal, word: str) -> None:
    found = calculate(
        table(adjustments=(Adjustment("m", "情节", percent),)),
        BOUNDS,
        {"a": "y", "b": "x"},
        adjustments=["m"],
    )
    assert found.steps[4].label == f"{word}情节"


def test_mitigating_by_more_than_all_leaves_nothing() -> None:
    found = calculate(
        table(adjustments=(Adjustment("m", "免", D(-150)),), unit=D(1)),
        BOUNDS,
        {"a": "y", "b": "x"},
        adjustments=["m"],
        reduction_basis="第三十二条",
    )
    assert (found.amount, found.reduced) == (0, True)


def test_base_and_factors_never_make_more_than_the_whole() -> None:
    found = calculate(
        table(Method.PERCENT, factors=one_factor(LIGHT, GRAVE, weight=80), base=D(20)),
        BOUNDS,
        {"a": "y"},
    )
    assert [(s.label, s.detail, s.value) for s in found.steps[:3]] == [
        ("基准", "裁量表基准值", "20%"),
        ("程度", "重：权重 80% × 分值 100", "80%"),
        ("裁量系数合计", "各项相加，不超过 100%", "100%"),
    ]
    assert found.steps[3].detail == "1,000,000 × 100%"
