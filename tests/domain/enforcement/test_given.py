"""Answers of a form brought to their types, or refused with the label."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.given import jsonable, parse, problems
from enforcement.domain.workflow import Field, FieldKind, Refused

FIELDS = (
    Field("on", "日期", FieldKind.DATE),
    Field("amount", "金额", FieldKind.MONEY),
    Field("unit", "单位", FieldKind.UNIT),
    Field("count", "人数", FieldKind.COUNT),
    Field("yes", "是否", FieldKind.YES_NO),
    Field("text", "说明", FieldKind.LONG),
    Field("choice", "方式", FieldKind.CHOICE, (("a", "甲"),), required=False),
)


@pytest.mark.parametrize(
    ("name", "raw", "typed"),
    [
        ("on", " 2026-11-20 ", date(2026, 11, 20)),
        ("on", date(2026, 11, 20), date(2026, 11, 20)),
        ("amount", "1,234，567.89", Decimal("1234567.89")),
        ("amount", "0.01", Decimal("0.01")),
        ("amount", 5, Decimal(5)),
        ("amount", "-3", Decimal(-3)),
        ("unit", "7", 7),
        ("count", 3, 3),
        ("count", " 12 ", 12),
        ("yes", True, True),
        ("yes", False, False),
        ("yes", " YES ", True),
        ("yes", "on", True),
        ("yes", "1", True),
        ("yes", "是", True),
        ("yes", "No", False),
        ("yes", "0", False),
        ("yes", "否", False),
        ("yes", " ", False),
        ("text", " a ", "a"),
        ("text", 5, "5"),
    ],
)
def test_an_answer_gets_its_type(name: str, raw: object, typed: object) -> None:
    found = parse(FIELDS, {name: raw})
    assert found == {name: typed}
    assert type(found[name]) is type(typed)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("on", "2026-02-30"), ("amount", "0.005"), ("amount", "abc"), ("amount", "NaN"),
        ("amount", "Infinity"), ("unit", "x"), ("count", "1.5"), ("yes", "maybe"),
        ("yes", 2),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_told_by_its_label(
    name: str, raw: object
) -> None:
    label = next(field.label for field in FIELDS if field.name == name)
    with pytest.raises(Refused) as refusal:
        parse(FIELDS, {name: raw})
    assert refusal.value.missing == (f"{label}填写有误：{raw}",)


def test_everything_wrong_is_told_at_once_and_cut_at_forty_characters() -> None:
    with pytest.raises(Refused) as refusal:
        parse(FIELDS, {"z": 1, "on": "9" * 41, "count": "8" * 39 + "x"})
    assert refusal.value.reason == "没有这一项：z"
    assert refusal.value.missing == (
        "没有这一项：z",
        "日期填写有误：" + "9" * 40,
        "人数填写有误：" + "8" * 39 + "x",
    )


@pytest.mark.parametrize("raw", [None, ""], ids=["none", "empty"])
def test_empty_answers_are_left_out(raw: object) -> None:
    assert parse(FIELDS, {"on": raw, "count": "1"}) == {"count": 1}


def test_what_is_missing_or_no_option_is_named() -> None:
    full = {field.name: "x" for field in FIELDS} | {"choice": "a"}
    assert problems(FIELDS, full) == ()
    assert problems(FIELDS, full | {"choice": "b"}) == ("方式不在可选范围内",)
    assert problems(FIELDS, full | {"choice": ""}) == ()
    assert problems(FIELDS, full | {"choice": None}) == ()
    assert problems(FIELDS, full | {"on": "", "text": None}) == (
        "未填写日期",
        "未填写说明",
    )
    assert problems(FIELDS, full | {"count": 0, "yes": False}) == ()
    free = Field("text", "说明", options=(("a", "甲"),))
    assert problems([free], {"text": "b"}) == ()


def test_typed_answers_become_json() -> None:
    given = {
        "on": date(2026, 11, 20),
        "a": Decimal("1.50"),
        "n": 3,
        "y": True,
        "t": "x",
    }
    assert jsonable(given) == {
        "on": "2026-11-20",
        "a": "1.50",
        "n": 3,
        "y": True,
        "t": "x",
    }


@pytest.mark.parametrize(
    ("name", "raw", "kept"),
    [
        ("count", "32767", True),
        ("count", "-32767", True),
        ("count", "32768", False),
        ("count", "-32768", False),
        ("unit", "2147483647", True),
        ("unit", "2147483648", False),
        ("amount", "99999999999.99", True),
        ("amount", "-99999999999.99", True),
        ("amount", "100000000000", False),
        ("amount", "-100000000000", False),
        ("text", "a\0b", False),
    ],
)
def test_what_is_larger_than_can_be_kept_is_refused(
    name: str, raw: str, kept: bool
) -> None:
    if kept:
        assert str(parse(FIELDS, {name: raw})[name]) == raw
        return
    with pytest.raises(Refused, match="填写有误"):
        parse(FIELDS, {name: raw})


@pytest.mark.parametrize(
    ("most", "length", "words"),
    [(3, 3, ""), (3, 4, "说明最多 3 字，现有 4 字"), (0, 999, "")],
)
def test_a_text_has_the_length_its_field_says(
    most: int, length: int, words: str
) -> None:
    field = Field("text", "说明", most=most)
    if not words:
        assert parse([field], {"text": "字" * length}) == {"text": "字" * length}
        assert Field("text", "说明").most == 0
        return
    with pytest.raises(Refused) as refusal:
        parse([field], {"text": "字" * length})
    assert refusal.value.missing == (words,)
