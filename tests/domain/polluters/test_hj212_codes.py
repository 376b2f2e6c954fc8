"""The closed lists of HJ 212: which command belongs to which version, which code to what."""

import pytest

from polluters.domain.hj212.codes import (
    COMMANDS,
    DATA_FLAGS,
    EXECUTION_RETURNS,
    OLD_CODES,
    OLD_DATA_FLAGS,
    POLLUTANTS,
    REQUEST_RETURNS,
    ST_MEDIUM,
    SUFFIXES,
    SYSTEM_TYPES,
    Command,
    has_standard_form,
    is_standard_code,
)

# Commands by the first and the last version that knows them.
VERSIONS = {
    (2005, 2016): "1021 1022 1031 1032 1041 1042 2071 2072 9021 9022",
    (
        2005,
        9999,
    ): "1000 1011 1012 1061 1062 1072 2011 2012 2021 2022 2031 2041 2051 2061 "
    "3011 3012 3013 3014 9011 9012 9013 9014",
    (2017, 9999): "1013 1063 1064 2081 3015 3016 3017 3018 3019 3020 3021",
    (2025, 9999): "1001 1002 1014 2013 2052 2062 2111 9015",
}
UP = "1001 1013 2013 2052 2062 2072 2081 2111 9011 9012 9015 9021"
DOWN = (
    "1000 1002 1012 1014 1022 1032 1042 1062 1064 1072 2012 2022 3011 3012 3013 3014 "
    "3016 3021 9022"
)


def test_each_version_knows_its_commands() -> None:
    found: dict[tuple[int, int], list[str]] = {}
    for command in COMMANDS.values():
        found.setdefault((command.since, command.until), []).append(command.code)
    assert {span: " ".join(sorted(codes)) for span, codes in found.items()} == VERSIONS
    assert Command("1", "", "up") == Command("1", "", "up", 2017, 9999)


def test_each_command_goes_its_way() -> None:
    for way, codes in (("up", UP), ("down", DOWN)):
        listed = sorted(c.code for c in COMMANDS.values() if c.direction == way)
        assert " ".join(listed) == codes
    assert {c.direction for c in COMMANDS.values()} == {"up", "down", "both"}


@pytest.mark.parametrize(
    ("code", "known", "form"),
    [
        ("a21026", True, True), ("w01018", True, True), ("SB1", True, False),
        ("SB123", True, False), ("SB1234", False, False), ("i11001", True, False),
        ("i1100", False, False), ("e01001", True, False), ("d00001", True, False),
        ("p00001", True, False), ("a99999", False, True), ("g12345", False, True),
        ("a9999", False, False), ("a99999x", False, True), ("a99999xy", False, False),
        ("b12345", False, False), ("", False, False), ("011", False, False),
    ],
)  # fmt: skip
def test_codes_of_the_standard_and_such_as_look_like_one(
    code: str, known: bool, form: bool
) -> None:
    assert is_standard_code(code) is known
    assert has_standard_form(code) is form


def test_tables_are_whole() -> None:
    assert OLD_CODES["011"] == "w01018"
    assert OLD_CODES["060"] == "w21003"
    assert POLLUTANTS["a21026"].name == "二氧化硫"
    assert set(DATA_FLAGS) == set("NFMSDCTB")
    assert set(OLD_DATA_FLAGS) == set("P0123")
    assert len(SUFFIXES) == 17 + 2 + 3
    assert set(ST_MEDIUM.values()) == {"water", "air", "noise"}
    assert ST_MEDIUM["31"] == "air"
    assert ST_MEDIUM["32"] == "water"
    assert set(ST_MEDIUM) <= set(SYSTEM_TYPES)
    assert REQUEST_RETURNS["9"] == "CRC 校验错误"
    assert EXECUTION_RETURNS["100"] == "没有数据"
