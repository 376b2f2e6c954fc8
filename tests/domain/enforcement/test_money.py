"""Amounts: rounded, shown, and written out in capital characters."""

from decimal import Decimal

import pytest

from enforcement.domain.money import Rounding, capital, round_to, yuan

D = Decimal


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


@pytest.mark.parametrize(
    ("mode", "amounts"),
    [
        (Rounding.DOWN, (100, 100, 100, 200)),
        (Rounding.HALF_UP, (100, 100, 200, 200)),
        (Rounding.UP, (100, 200, 200, 200)),
    ],
    ids=str,
)
def test_rounding_to_the_hundred(mode: Rounding, amounts: tuple[int, ...]) -> None:
    given = (D(100), D("149.99"), D(150), D(200))
    assert tuple(round_to(one, D(100), mode) for one in given) == amounts


@pytest.mark.parametrize("unit", [D(0), D(-1)])
def test_a_unit_is_more_than_nothing(unit: Decimal) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        round_to(D(1), unit, Rounding.DOWN)
    assert round_to(D("1.26"), D("0.1"), Rounding.DOWN) == D("1.2")
    assert round_to(D(7), D(1), Rounding.UP) == 7


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.10", "壹角整"),
        ("0.99", "玖角玖分"),
        ("1", "壹元整"),
        ("1.01", "壹元零壹分"),
        ("1.10", "壹元壹角整"),
        ("1.23", "壹元贰角叁分"),
        ("10", "壹拾元整"),
        ("101", "壹佰零壹元整"),
        ("110", "壹佰壹拾元整"),
        ("1001", "壹仟零壹元整"),
        ("1010", "壹仟零壹拾元整"),
        ("1100", "壹仟壹佰元整"),
        ("9999", "玖仟玖佰玖拾玖元整"),
        ("10000", "壹万元整"),
        ("10001", "壹万零壹元整"),
        ("10999", "壹万零玖佰玖拾玖元整"),
        ("11000", "壹万壹仟元整"),
        ("100010000", "壹亿零壹万元整"),
        ("100000001", "壹亿零壹元整"),
        ("100001000", "壹亿零壹仟元整"),
        ("100011000", "壹亿零壹万壹仟元整"),
        ("110000000", "壹亿壹仟万元整"),
        ("200100300", "贰亿零壹拾万零叁佰元整"),
        ("1000000000000", "壹万亿元整"),
        (
            "9999999999999999",
            "玖仟玖佰玖拾玖万亿玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元整",
        ),
    ],
)
def test_a_zero_is_said_once_wherever_places_are_left_out(
    amount: str, text: str
) -> None:
    assert capital(D(amount)) == text


@pytest.mark.parametrize("amount", ["-0.01", "0.005", "10000000000000000"])
def test_what_cannot_be_written_out(amount: str) -> None:
    with pytest.raises(ValueError, match="written out"):
        capital(D(amount))
