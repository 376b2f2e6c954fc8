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
from enforcement.domain.money import Rounding, capital, round_to, yuan

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


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "零元整"),
        ("20", "贰拾元整"),
        ("0.05", "伍分"),
        ("120.30", "壹佰贰拾元叁角整"),
        ("1000.05", "壹仟元零伍分"),
        ("100000", "壹拾万元整"),
        ("105000", "壹拾万伍仟元整"),
        ("100005", "壹拾万零伍元整"),
        ("10010000", "壹仟零壹万元整"),
        ("1000000001", "壹拾亿零壹元整"),
        ("648000", "陆拾肆万捌仟元整"),
    ],
)
def test_capital_amounts(amount, text):
    assert capital(D(amount)) == text


def test_capital_refuses_what_cannot_be_written():
    for amount in ("-1", "0.001", "1e17"):
        with pytest.raises(ValueError, match="written out"):
            capital(D(amount))


def test_rounding_and_showing():
    assert round_to(D("370049.99"), D(100), Rounding.DOWN) == D(370000)
    assert round_to(D("370050"), D(100), Rounding.HALF_UP) == D(370100)
    assert round_to(D("370001"), D(100), Rounding.UP) == D(370100)
    assert (yuan(D("1234567")), yuan(D("12.5"))) == ("1,234,567", "12.50")
