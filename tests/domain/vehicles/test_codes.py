"""Code words: fuels by letter or word, which have exhaust, which are diesel."""

import pytest

from vehicles.domain.codes import (
    DIESEL_METHODS,
    FUELS,
    GAS_METHODS,
    STAGES,
    Method,
    fuel_code,
    has_exhaust,
    is_diesel,
)


def test_stages_go_from_none_to_six() -> None:
    words = ["国0", "国一", "国二", "国三", "国四", "国五", "国六"]
    assert dict(enumerate(words)) == STAGES


@pytest.mark.parametrize(
    ("text", "code"),
    [("A", "A"), (" b ", "B"), ("bc", "BC"), ("柴油", "B"), ("Diesel", "B"),
     ("phev", "AC"), ("LNG", "E"), ("氢", "P")],
)  # fmt: skip
def test_a_fuel_is_read_by_letter_or_word(text: str, code: str) -> None:
    assert fuel_code(text) == code


def test_another_word_is_no_fuel() -> None:
    with pytest.raises(ValueError, match="燃料种类“煤”不在代码表中"):
        fuel_code(" 煤 ")


def test_these_fuels_have_no_exhaust_and_these_are_diesel() -> None:
    assert {fuel for fuel in FUELS if not has_exhaust(fuel)} == set("CNPXY")
    assert {fuel for fuel in FUELS if is_diesel(fuel)} == {"B", "BC", "BE", "BO", "Q"}


def test_every_method_is_for_spark_or_for_compression() -> None:
    assert not GAS_METHODS & DIESEL_METHODS
    assert set(Method) == GAS_METHODS | DIESEL_METHODS
