"""Cells and headings of somebody's list."""

import pytest

from vehicles.domain.tables import (
    Sheet,
    TableError,
    columns_of,
    plain_header,
    plain_text,
)

NAMES = {"号牌": "plate", "车牌号": "plate", "VIN": "vin", "总质量": "mass"}


@pytest.mark.parametrize(
    ("cell", "text", "wide"),
    [
        (None, "", False), (5, "5", False), (" a ", "a", False), ("ＡＢ", "AB", True),
        ("１", "1", True), ("（a）", "(a)", False), (0, "0", False),
    ],
)  # fmt: skip
def test_a_cell_is_half_width_and_says_whether_it_was_not(
    cell: object, text: str, wide: bool
) -> None:
    assert plain_text(cell) == (text, wide)


@pytest.mark.parametrize(
    ("cell", "heading"),
    [
        ("总质量（kg）", "总质量"),
        ("* 号 牌：", "号牌"),
        ("vin[17位]", "VIN"),
        (None, ""),
    ],
)
def test_a_heading_is_without_unit_and_mark(cell: object, heading: str) -> None:
    assert plain_header(cell) == heading


def test_fields_are_found_wherever_they_stand() -> None:
    assert columns_of(("序号", "总质量(kg)", "vin", "号牌"), NAMES, ("号牌",)) == {
        "mass": 1,
        "vin": 2,
        "plate": 3,
    }
    assert columns_of((), NAMES, ()) == {}


def test_what_is_lacking_or_there_twice_is_named() -> None:
    with pytest.raises(TableError) as refusal:
        columns_of(("总质量",), NAMES, ("号牌", "vin"))
    assert str(refusal.value) == (
        "表头缺少“号牌”“vin”列；请把表头放在第一行，名称与模板一致"
    )
    with pytest.raises(TableError, match="表头“车牌号”与前面的列重复"):
        columns_of(("号牌", "车牌号"), NAMES, ())
    assert Sheet((), ()).merged == {}
