"""The head of a frame: fields, version bits, parts, and each departure noted once."""

import pytest

from polluters.domain.hj212 import header as header_module
from polluters.domain.hj212.header import BadField, Header, read_header

QN = "QN=20260301080000123;"
MN = "MN=010000A8900016F000169DC0;"
REST = f"ST=31;CN=2011;PW=123456;{MN}"


def read(text: str) -> tuple[str | None, Header, list[str]]:
    """Return QN, the header, and the codes of all notes in order."""
    qn, found, notes = read_header(text)
    assert isinstance(found, Header), found
    return qn, found, [note.code for note in (*notes, *found.notes)]


def bad(text: str) -> str:
    _, found, _ = read_header(text)
    assert isinstance(found, BadField)
    return found.detail


def test_a_plain_header_is_read_without_a_note() -> None:
    qn, found, notes = read(f"{QN}{REST}Flag=5;")
    assert qn == "20260301080000123"
    assert found == Header(
        "31", "2011", "123456", "010000A8900016F000169DC0", 5, 2017, True, None, None,
        False, (),
    )  # fmt: skip
    assert notes == []


@pytest.mark.parametrize(
    ("flag", "version", "ack", "notes"),
    [
        ("", 2005, False, []), ("Flag=;", 2005, False, []), ("Flag=0;", 2005, False, []),
        ("Flag=1;", 2005, True, []), ("Flag=4;", 2017, False, []), ("Flag=5;", 2017, True, []),
        ("Flag=8;", 2025, False, []), ("Flag=9;", 2025, True, []),
        ("Flag=12;", 2025, False, ["unknown_version"]),
        ("Flag=253;", 2025, True, ["unknown_version"]),
        ("Flag=000000005;", 2017, True, []),
    ],
)  # fmt: skip
def test_bits_of_the_flag_give_version_and_answer(
    flag: str, version: int, ack: bool, notes: list[str]
) -> None:
    _, found, codes = read(f"{QN}{REST}{flag}")
    assert (found.version, found.needs_ack) == (version, ack)
    assert codes == notes


@pytest.mark.parametrize(
    ("fields", "pnum", "pno", "notes"),
    [
        ("Flag=6;PNUM=3;PNO=2;", 3, 2, []), ("Flag=7;PNUM=3;PNO=3;", 3, 3, []),
        ("Flag=7;PNUM=3;PNO=4;", 3, 4, ["part_number"]),
        ("Flag=7;PNUM=3;PNO=0;", 3, 0, ["part_number"]),
        ("Flag=7;PNUM=1;PNO=1;", 1, 1, []),
        ("Flag=7;PNUM=3;", 3, None, ["parts_missing"]),
        ("Flag=7;PNO=1;", None, 1, ["parts_missing"]),
        ("Flag=7;", None, None, ["parts_missing"]),
        ("Flag=5;PNUM=3;PNO=2;", 3, 2, ["parts_unannounced"]),
        ("Flag=5;PNO=2;", None, 2, []), ("Flag=5;PNUM=;PNO=;", None, None, []),
    ],
)  # fmt: skip
def test_parts_are_announced_by_the_flag(
    fields: str, pnum: int | None, pno: int | None, notes: list[str]
) -> None:
    _, found, codes = read(f"{QN}{REST}{fields}")
    assert (found.pnum, found.pno) == (pnum, pno)
    assert codes == notes


@pytest.mark.parametrize(
    ("fields", "rf", "noted"),
    [("Flag=9;RF=1;", True, False), ("Flag=9;RF=0;", False, True),
     ("Flag=5;RF=1;", True, True), ("Flag=9;", False, False)],
)  # fmt: skip
def test_a_sending_again_is_marked_in_2025_only(
    fields: str, rf: bool, noted: bool
) -> None:
    _, found, codes = read(f"{QN}{REST}{fields}")
    assert found.rf is rf
    assert ("rf" in codes) is noted


@pytest.mark.parametrize(
    ("text", "qn", "notes"),
    [
        (f"{REST}Flag=5;", None, ["qn_missing"]),
        (REST, None, []),
        (f"QN=;{REST}Flag=5;", None, ["qn_form", "qn_missing"]),
        (f"QN=1617957600465;{REST}Flag=5;", "1617957600465", ["qn_form"]),
        (f"QN=2026030108000012x;{REST}Flag=5;", "2026030108000012x", ["qn_form"]),
        (f"QN=202603010800001234;{REST}Flag=5;", "202603010800001234", ["qn_form"]),
        (f"qn=20260301080000123;{REST}Flag=5;", "20260301080000123", []),
        (f" QN=20260301080000123;{REST}Flag=5;", "20260301080000123", []),
        (f"ST=31;{QN}CN=2011;PW=123456;{MN}Flag=5;", "20260301080000123", ["field_order"]),
        (f"QN=２０２６０３０１０８００００１２３;{REST}Flag=5;", "２０２６０３０１０８００００１２３", []),
        (f"{REST}Flag=5;QN=20260301080000123", "20260301080000123",
         ["field_order", "separator_missing"]),
    ],
)  # fmt: skip
def test_qn_wherever_it_stands(text: str, qn: str | None, notes: list[str]) -> None:
    found, _, codes = read(text)
    assert found == qn
    assert codes == notes


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (f"{QN}{REST}Flag=5", ["separator_missing"]),
        (f"{QN}{REST.replace(';', ',')}Flag=5;", ["comma_for_semicolon"]),
        (f"{QN}{REST}Flag=5;X=1;", ["unknown_field"]),
        (f"{QN}{REST}Flag=5;Flag;", ["unknown_field"]),
        (f"{QN}{REST}Flag=5;=7;", []),
        (f"{QN}{REST}flag=5;", ["name_case"]),
        (f"{QN}{REST}Flag=5;Flag=9;", ["duplicate_field"]),
        (f"{QN}CN=2011;ST=31;PW=123456;{MN}Flag=5;", ["field_order"]),
        (f"{QN}{REST.replace('ST=31', 'ST=99')}Flag=5;", ["unknown_st"]),
        (f"{QN}{REST.replace('ST=31;', '')}Flag=5;", ["unknown_st"]),
        (f"{QN}{REST.replace('2011', '2999')}Flag=5;", ["unknown_cn"]),
        (f"{QN}{REST.replace('2011', '9015')}Flag=5;", ["cn_version"]),
        (f"{QN}{REST.replace('2011', '9015')}Flag=9;", []),
        (f"{QN}{REST.replace('2011', '1021')}", []),
        (f"{QN}{REST.replace('2011', '1021')}Flag=5;", ["cn_version"]),
        (f"{QN}{REST.replace('2011', '3020')}", ["cn_version"]),
        (f"{QN}{REST.replace('PW=123456;', '')}Flag=5;", ["pw_missing"]),
        (f"{QN}{REST.replace('123456', '')}Flag=5;", ["pw_missing"]),
        (f"{QN}{REST.replace('123456', '12345')}Flag=5;", ["pw_length"]),
        (f"{QN}{REST.replace('123456', '1234567')}Flag=5;", ["pw_length"]),
        (f"{QN}ST=31;CN=2011;PW=123456;MN=a1;Flag=5;", ["mn_form"]),
        (f"{QN}ST=31;CN=2011;PW=123456;MN=a1;", []),
        (f"{QN}ST=31;CN=2011;PW=123456;MN=010000a8900016f000169dc0;Flag=5;", ["mn_form"]),
    ],
)  # fmt: skip
def test_each_departure_is_noted(text: str, notes: list[str]) -> None:
    assert read(text)[2] == notes


def test_of_two_fields_the_first_stays() -> None:
    _, found, _ = read(f"{QN}{REST}Flag=5;Flag=9;")
    assert found.flag == 5
    assert found.notes[0].text == "Flag 重复，取首值"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{QN}ST=31;PW=123456;{MN}", "CN 缺失"),
        (f"{QN}ST=31;CN=201;PW=123456;{MN}", "CN 缺失或不是 4 位数字：'201'"),
        (f"{QN}ST=31;CN=20111;PW=123456;{MN}", "CN 缺失"),
        (f"{QN}ST=31;CN=20x1;PW=123456;{MN}", "CN 缺失"),
        (f"{QN}ST=31;CN=２０１１;PW=123456;{MN}", "CN 缺失"),
        (f"{QN}ST=31;CN=2011;PW=123456;", "MN 缺失"),
        (f"{QN}ST=31;CN=2011;PW=123456;MN=a b;", "MN 缺失或含非法字符：'a b'"),
        (f"{QN}ST=31;CN=2011;PW=123456;MN={'a' * 65};", "MN 缺失"),
        (f"{QN}{REST}Flag=x;", "Flag 不是数字：'x'"),
        (f"{QN}{REST}Flag=1234567890;", "Flag 不是数字"),
        (f"{QN}{REST}Flag=5;PNUM=x;", "PNUM 不是数字"),
        (f"{QN}{REST}Flag=7;PNUM=2;PNO=-1;", "PNO 不是数字"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_told(text: str, words: str) -> None:
    assert bad(text).startswith(words)


def test_a_name_of_64_signs_is_taken() -> None:
    assert read(f"{QN}ST=31;CN=2011;PW=123456;MN={'a' * 64};")[1].mn == "a" * 64


def test_headers_are_kept_but_no_long_ones_and_not_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: dict[str, object] = {}
    monkeypatch.setattr(header_module, "_cache", kept)
    read_header(f"{QN}{REST}Flag=5;")
    assert list(kept) == [f"{REST}Flag=5;"]
    filled = f"{REST}Flag=5;X=".ljust(200, "y")
    read_header(f"{QN}{filled}")
    assert filled in kept
    read_header(f"{QN}{filled}y")
    assert len(kept) == 2
    monkeypatch.setattr(header_module, "_CACHE_ENTRIES", 3)
    read_header(f"{QN}{REST}Flag=4;")
    assert len(kept) == 3
    read_header(f"{QN}{REST}Flag=9;")
    assert list(kept) == [f"{REST}Flag=9;"]
