"""Process data: numbers, columns, phases, and packing."""

from math import inf, nan

import pytest

from vehicles.domain.codes import Method
from vehicles.domain.inspection.process import (
    Curve,
    as_number,
    as_numbers,
    from_columns,
    from_rows,
    lacking,
    pack,
    unpack,
)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5.0), (0, 0.0), (-1.5, -1.5), (99998, 99998.0), (99999, None), (99999.0, None),
        (True, None), ("5", None), (None, None), (inf, None), (nan, None),
        (10**400, None),
    ],
    ids=str,
)  # fmt: skip
def test_only_a_finite_number_but_99999_is_one(
    value: object, number: float | None
) -> None:
    assert as_number(value) == number
    assert as_numbers([value, 1]) == (number, 1.0)


def test_a_column_is_read_number_by_number_where_one_is_none() -> None:
    assert as_numbers([1, 2.5]) == (1.0, 2.5)
    assert as_numbers([]) == ()
    assert as_numbers([1e308, 1e308]) == (1e308, 1e308)
    assert as_numbers([1, False, 99999, "x", 3]) == (1.0, None, None, None, 3.0)
    assert [type(value) for value in as_numbers([1, 2])] == [float, float]


def test_rows_become_columns_in_the_order_of_the_standard() -> None:
    curve = from_rows(
        [{"rpm": 800, "t": 0, "phase": "a", "odd": 1}, {"t": 1, "k_m1": 0.5}]
    )
    assert list(curve.columns) == ["t", "rpm", "k_m1"]
    assert curve.columns == {"t": (0, 1), "rpm": (800, None), "k_m1": (None, 0.5)}
    assert (curve.phases, curve.rows) == (("a", ""), 2)


def test_short_columns_and_phases_are_filled_up() -> None:
    curve = from_columns({"rpm": [800], "t": [0, 1, 2], "phase": ["a"], "odd": [1]})
    assert curve.columns == {"t": (0, 1, 2), "rpm": (800, None, None)}
    assert (curve.phases, curve.rows) == (("a", "", ""), 3)
    assert from_columns({}) == Curve({}, (), 0)
    assert from_columns({"t": [0], "phase": ["a", None]}).phases == ("a", "")
    assert from_rows([]) == Curve()


def test_a_column_that_was_not_measured_is_all_none() -> None:
    curve = Curve({"t": (5.0, None, 9.0), "rpm": (None,) * 3}, ("", "", ""), 3)
    assert curve.values("k_m1") == (None, None, None)
    assert curve.values("t") == (5.0, None, 9.0)
    assert [curve.has(name) for name in ("t", "rpm", "k_m1")] == [True, False, False]
    assert curve.times() == (5.0, 1.0, 9.0)
    assert Curve(rows=2).times() == (0.0, 1.0)
    assert Curve().rows == 0


def test_rows_of_preparing_phases_do_not_count() -> None:
    curve = Curve({}, ("prepare", "cycle", "unknown", ""), 4)
    assert curve.sampled("vmas") == (False, True, True, True)
    assert curve.sampled("none") == (True,) * 4


@pytest.mark.parametrize(
    ("method", "columns", "wanted"),
    [
        ("free_acceleration", ("t", "rpm", "k_m1"), None),
        ("free_acceleration", ("t", "rpm"), ("missing_columns", "缺少列：k_m1")),
        ("free_acceleration", ("t",), ("missing_columns", "缺少列：rpm、k_m1")),
        ("ringelmann", (), None),
        ("none", ("t",), ("not_expected", "该检测方法没有过程数据")),
    ],
)
def test_what_a_method_lacks_is_named(
    method: str, columns: tuple[str, ...], wanted: tuple[str, str] | None
) -> None:
    curve = Curve(dict.fromkeys(columns, (1.0,)), ("",), 1)
    assert lacking(curve, method) == wanted


CURVE = Curve(
    {"t": (0.0, 1.0, 2.0, 3.0), "k_m1": (0.1, None, 1.234567, 30.0)},
    ("a", "a", "", "a"),
    4,
)


def test_what_was_packed_comes_out_again() -> None:
    assert unpack(pack(CURVE)) == CURVE
    assert unpack(pack(Curve())) == Curve()
    one = Curve({"rpm": (800.0,)}, ("idle",), 1)
    assert unpack(pack(one)) == one


def test_some_columns_can_be_read_alone_and_unrounded() -> None:
    curve = unpack(pack(CURVE), only={"k_m1", "rpm"})
    assert list(curve.columns) == ["k_m1"]
    first, second, third, last = curve.columns["k_m1"]
    assert (second, last) == (None, 30.0)
    assert first == pytest.approx(0.1, abs=1e-8)
    assert first != 0.1
    assert third == pytest.approx(1.234567, abs=1e-6)
    assert (curve.phases, curve.rows) == (CURVE.phases, 4)


def test_seven_digits_are_kept() -> None:
    curve = Curve({"t": (1234.567, 0.001234567)}, ("", ""), 2)
    assert unpack(pack(curve)).columns["t"] == (1234.567, 0.001234567)
    assert set(Method) - {Method.RINGELMANN} == {
        method for method in Method if lacking(Curve(), method)
    }
