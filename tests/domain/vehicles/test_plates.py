"""Plates: how they are read, what colour and type they suggest, which look alike."""

import pytest

from vehicles.domain.plates import (
    FOREIGN,
    Color,
    PlateError,
    distance,
    is_valid,
    look_alike,
    near_key,
    normalise,
    parse,
    subject_key,
)


@pytest.mark.parametrize(
    ("text", "code", "color", "type_code"),
    [
        ("新E12345", "ordinary", "blue", "02"),
        ("新E1234挂", "trailer", "yellow", "15"),
        ("新E1234学", "training", "yellow", "16"),
        ("新E1234警", "police", "white", "23"),
        ("粤Z1234港", "hong_kong", "black", "26"),
        ("粤Z1234澳", "macau", "black", "27"),
        ("使123456", "embassy", "black", "03"),
        ("新1234领", "consulate", "black", "04"),
        ("新E1234试", "test", "white", "18"),
        ("新E1234超", "oversize", "white", "18"),
        ("新X1234应急", "rescue", "white", "01"),
        ("民航A1234", "aviation", "green", "99"),
        ("新E12345临", "temporary", "white", "22"),
        ("新临入1234", "temporary_entry", "white", "20"),
        ("WJ新12345", "armed_police", "white", "31"),
        ("AB12345", "military", "white", "32"),
        ("新ED12345", "nev_small", "green", "52"),
        ("新E12345D", "nev_large", "yellow_green", "51"),
        ("新1212345", "farm", "yellow", "14"),
        ("123ABC02", "kazakhstan", "white", "05"),
        ("A123BC", "kazakhstan_old", "white", "05"),
        ("01KG123ABC", "kyrgyzstan", "white", "05"),
        ("01A123BC", "uzbekistan", "white", "05"),
        ("1234AB01", "tajikistan", "white", "05"),
        ("A123BC99", "russia", "white", "05"),
        ("1234ABC", "mongolia", "white", "05"),
    ],
)
def test_a_plate_alone_suggests_kind_colour_and_type(
    text: str, code: str, color: str, type_code: str
) -> None:
    plate = parse(text)
    assert (plate.kind.code, plate.color, plate.type) == (code, color, type_code)
    assert plate.foreign is (type_code == "05")
    assert plate.local is text.startswith("新E")
    assert is_valid(text)


def test_only_these_kinds_are_foreign() -> None:
    assert {
        "kazakhstan", "kazakhstan_old", "kyrgyzstan", "uzbekistan", "tajikistan",
        "russia", "mongolia",
    } == FOREIGN  # fmt: skip


@pytest.mark.parametrize(
    ("color", "type_code", "wanted"),
    [
        (None, None, ("blue", "02")),
        ("blue", None, ("blue", "02")),
        ("yellow", None, ("yellow", "01")),
        ("black", None, ("black", "06")),
        (None, "01", ("yellow", "01")),
        (None, "07", ("yellow", "07")),
        (None, "13", ("yellow", "13")),
        (None, "14", ("yellow", "14")),
        (None, "25", ("yellow", "25")),
        (None, "05", ("black", "05")),
        (None, "06", ("black", "06")),
        (None, "02", ("blue", "02")),
        (None, "08", ("blue", "08")),
        (None, "99", ("blue", "99")),
        ("yellow", "02", ("yellow", "02")),
        ("other", None, ("other", "02")),
    ],
)
def test_an_ordinary_plate_follows_what_else_is_said(
    color: str | None, type_code: str | None, wanted: tuple[str, str]
) -> None:
    plate = parse("新E12345", color, type_code)
    assert (plate.color, plate.type) == wanted


def test_colours_and_types_of_other_kinds_are_their_own() -> None:
    assert parse("新E1234警", type_code="24").type == "24"
    assert parse("新1212345", "yellow").type == "14"
    assert parse("使123456", "green").color is Color.GREEN
    assert parse("新1212345", type_code="13").color is Color.YELLOW


@pytest.mark.parametrize(
    ("text", "color", "type_code", "words"),
    [
        ("", None, None, "号牌为空"),
        (" ·-", None, None, "号牌为空"),
        ("新E123", None, None, "号牌“新E123”不足 6 位"),
        ("新E1234", None, None, "号牌“新E1234”的位数或格式不符合 GA 36"),
        ("新I12345", None, None, "号牌“新I12345”的发牌机关代号不能是 I"),
        ("新O12345", None, None, "号牌“新O12345”的发牌机关代号不能是 O"),
        ("新EI2345", None, None, "号牌“新EI2345”的序号中不使用字母 I 和 O"),
        ("新E1234O", None, None, "号牌“新E1234O”的序号中不使用字母 I 和 O"),
        ("EE1234567", None, None, "号牌“EE1234567”不是已知种类的号牌"),
        ("新E12345", "green", None, "普通汽车号牌应为蓝、黄、黑色，不是渐变绿色"),
        ("新E12345", None, "52", "普通汽车号牌的号牌种类不能是 52"),
    ],
)
def test_what_is_no_plate_is_told_why(
    text: str, color: str | None, type_code: str | None, words: str
) -> None:
    with pytest.raises(PlateError) as refusal:
        parse(text, color, type_code)
    assert str(refusal.value) == words
    assert is_valid(text) is (color is not None or type_code is not None)


def test_spellings_are_one() -> None:
    for text in ("新e·12345", " 新Ｅ-１２３４５", "[新E]12345", "新Е12345"):
        assert normalise(text) == "新E12345"
    assert subject_key("新e·12345", "blue") == "vehicle:新E12345:blue"


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [
        ("新E12345", "新e·12345", 0.0),
        ("新E12345", "新E1234S", 0.3),
        ("新E12345", "新EI234S", 0.6),
        ("新E12345", "新E12395", 1.0),
        ("新E12345", "新E1245", 1.0),
        ("新E12345", "新E123456", 1.0),
        ("新E12345", "X新E12345", 1.0),
        ("新E12345", "新E21345", 2.0),
        ("新E12345", "苏E1234S", 1.3),
        ("AB", "", 2.0),
        ("", "ABC", 3.0),
        ("", "", 0.0),
    ],
)
def test_plates_are_apart_by_their_cheapest_edit(
    left: str, right: str, apart: float
) -> None:
    assert distance(left, right) == pytest.approx(apart)
    assert distance(right, left) == pytest.approx(apart)


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("新E0OD1Q", "苏E00000", False),
        ("新E0ODQ", "苏E0000", True),
        ("新E1IL", "新E111", True),
        ("新E2Z5S", "新E2255", True),
        ("新E6G8B", "新E6688", True),
        ("新E17", "新E77", False),
        ("新E4A", "新E44", False),
        ("E12345", "新E12345", True),
        ("新E12345", "新A12345", False),
    ],
)
def test_the_near_key_leaves_out_province_and_confusable_letters(
    left: str, right: str, near: bool
) -> None:
    assert (near_key(left) == near_key(right)) is near
    assert near_key("") == ""


@pytest.mark.parametrize(
    ("pair", "alike"),
    [("0O", True), ("OQ", True), ("1T", True), ("T7", True), ("4A", True), ("CG", True),
     ("KX", True), ("AA", False), ("12", False), ("0T", False)],
)  # fmt: skip
def test_characters_of_one_group_look_alike(pair: str, alike: bool) -> None:
    assert look_alike(*pair) is alike
    assert look_alike(*pair[::-1]) is alike
