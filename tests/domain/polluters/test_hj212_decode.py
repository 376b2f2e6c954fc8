"""Decoding: the standard's example, each version, each tolerance, each error."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from polluters.domain.hj212 import (
    BEIJING,
    Frame,
    FrameError,
    crc16,
    decode_frame,
)
from polluters.domain.hj212.crc import crc16_modbus

EXAMPLE = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;"
    b"MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80"
)
HEAD = "QN=20260301080000123;ST=31;CN=2011;PW=123456;MN=010000A8900016F000169DC0;"


def frame(segment: str | bytes, *, crlf: bytes = b"\r\n") -> bytes:
    raw = segment.encode() if isinstance(segment, str) else segment
    return b"##%04d%s%04X%s" % (len(raw), raw, crc16(raw), crlf)


def decode(segment: str) -> Frame:
    result = decode_frame(frame(segment))
    assert isinstance(result, Frame), result
    return result


def refuse(raw: bytes) -> FrameError:
    result = decode_frame(raw)
    assert isinstance(result, FrameError), result
    return result


def codes(result: Frame) -> list[str]:
    return [note.code for note in result.notes]


def test_standard_example() -> None:
    result = decode_frame(EXAMPLE)
    assert isinstance(result, Frame)
    assert (result.version, result.qn, result.st, result.cn, result.pw, result.mn) == (
        2017,
        "20160801085857223",
        "32",
        "1062",
        "100000",
        "010000A8900016F000169DC0",
    )
    assert (result.flag, result.needs_ack, result.pnum, result.pno) == (
        5,
        True,
        None,
        None,
    )
    assert result.params == {"RtdInterval": "30"}
    assert (result.items, result.notes, result.raw) == ([], [], EXAMPLE)
    assert result.sent_at == datetime(2016, 8, 1, 8, 58, 57, 223000, tzinfo=BEIJING)


def test_items_are_typed_and_text_is_kept() -> None:
    result = decode(
        HEAD + "Flag=5;CP=&&DataTime=20260301080000;"
        "a34013-Rtd=12.30,a34013-ZsRtd=13.10,a34013-Flag=N;"
        "a19001-SampleTime=20260301075500,a19001-Rtd=8.5,a19001-Flag=M,a19001-EFlag=A01"
        "&&"
    )
    dust, oxygen = result.items
    assert (dust.code, dust.values, dust.flag) == (
        "a34013",
        {"Rtd": "12.30", "ZsRtd": "13.10"},
        "N",
    )
    assert dust.numbers == {"Rtd": 12.3, "ZsRtd": 13.1}
    assert dust.decimal("Rtd") == Decimal("12.30")
    assert dust.decimal("Avg") is None
    assert (oxygen.flag, oxygen.eflag) == ("M", "A01")
    assert oxygen.sample_time == datetime(2026, 3, 1, 7, 55, tzinfo=BEIJING)
    assert result.data_time == datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    assert result.data_time.utcoffset() == timedelta(hours=8)
    assert result.notes == []


def test_crc_swapped_for_modbus_is_named_and_accepted_only_if_configured() -> None:
    raw = EXAMPLE[:-4] + b"0759"
    error = refuse(raw)
    assert (error.error, error.expected, error.got, error.crc_variant) == (
        "crc_mismatch",
        "1C80",
        "0759",
        "modbus_high_first",
    )
    assert refuse(EXAMPLE[:-4] + b"5907").crc_variant == "modbus_low_first"
    taken = decode_frame(raw, accept_crc="modbus_high_first")
    assert isinstance(taken, Frame)
    assert taken.crc_variant == "modbus_high_first"
    other = decode_frame(raw, accept_crc="modbus_low_first")
    assert isinstance(other, FrameError)


def test_a_modbus_crc_that_reads_the_same_both_ways_is_accepted() -> None:
    segment = next(
        text
        for number in range(100_000)
        for text in [f"ST=31;CN=2011;PW=123456;MN={number};CP=&&&&".encode()]
        if crc16_modbus(text) in (0x0000, 0x1111, 0xA5A5, 0x4242, 0x0101, 0x7777)
    )
    raw = b"##%04d%s%04X" % (len(segment), segment, crc16_modbus(segment))
    for kind in ("modbus_high_first", "modbus_low_first"):
        taken = decode_frame(raw, accept_crc=kind)
        assert isinstance(taken, Frame)
        assert taken.crc_variant == kind


def test_a_crc_that_is_no_hex_is_a_mismatch() -> None:
    error = refuse(EXAMPLE[:-4] + b"1\xb280\r\n")
    assert (error.error, error.expected, error.got) == (
        "crc_mismatch",
        "1C80",
        "1\\XB280",
    )


def test_lower_case_crc_is_accepted() -> None:
    result = decode_frame(EXAMPLE[:-4] + b"1c80\r\n")
    assert isinstance(result, Frame)
    assert result.crc_variant is None


def test_modbus_reference_value() -> None:
    assert crc16_modbus(b"123456789") == 0x4B37


@pytest.mark.parametrize(
    ("flag", "version", "ack"),
    [
        ("", 2005, False),
        ("Flag=1;", 2005, True),
        ("Flag=4;", 2017, False),
        ("Flag=5;", 2017, True),
        ("Flag=8;", 2025, False),
        ("Flag=9;", 2025, True),
    ],
)
def test_version_comes_from_the_flag(flag: str, version: int, ack: bool) -> None:
    result = decode(HEAD + flag + "CP=&&DataTime=20260301080000;a34013-Rtd=1&&")
    assert (result.version, result.needs_ack) == (version, ack)
    assert result.notes == []


def test_2005_codes_become_2017_codes() -> None:
    result = decode(
        "ST=32;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20160824003817;"
        "B01-Rtd=36.91;011-Rtd=231.0,011-Flag=N;060-Rtd=1.803,060-Flag=N&&"
    )
    assert [(i.code, i.raw_code, i.values["Rtd"]) for i in result.items] == [
        ("w00000", "B01", "36.91"),
        ("w01018", "011", "231.0"),
        ("w21003", "060", "1.803"),
    ]
    assert codes(result) == ["old_codes"]
    assert result.qn is None


def test_split_packet_and_backfill_mark() -> None:
    result = decode(
        HEAD + "Flag=11;PNUM=2;PNO=1;RF=1;CP=&&DataTime=20260301080000;"
        "a34013-Avg=1.5,a34013-Flag=N&&"
    )
    assert (result.pnum, result.pno, result.rf, result.version) == (2, 1, True, 2025)
    assert result.notes == []


def test_heartbeat_has_an_empty_cp() -> None:
    result = decode(
        "QN=20260301080000123;ST=91;CN=9015;PW=123456;MN=010000A8900016F000169DC0;"
        "Flag=9;CP=&&&&"
    )
    assert (result.cn, result.params, result.items) == ("9015", {}, [])


def test_length_counts_bytes_of_chinese() -> None:
    segment = (
        "QN=20160801085857223;ST=32;CN=3020;PW=123456;MN=010000A8900016F000169DC0;"
        "Flag=5;CP=&&DataTime=20100301145000;PolId=w01018;i11001-Info=//清洗管路,1=2;//"
        "&&"
    )
    result = decode(segment)
    assert result.items[0].values == {"Info": "//清洗管路,1=2;//"}
    assert result.params["PolId"] == "w01018"
    assert "separator_in_value" not in codes(result)


def test_chinese_in_gbk_is_noted() -> None:
    raw = frame(
        (
            HEAD + "Flag=5;CP=&&DataTime=20260301080000;i11001-Info=//清洗管路//&&"
        ).encode("gbk")
    )
    result = decode_frame(raw)
    assert isinstance(result, Frame)
    assert result.items[0].values == {"Info": "//清洗管路//"}
    assert "gbk_text" in codes(result)


@pytest.mark.parametrize(
    ("body", "note", "expected"),
    [
        ("a34013-Rtd=1.5,a34013-flag=N", "suffix_case", {"a34013": ("1.5", "N")}),
        ("a34013-Rtd=1.5;Flag=N", "bare_attribute", {"a34013": ("1.5", "N")}),
        ("A34013-Rtd=1.5,A34013-Flag=N", "code_case", {"a34013": ("1.5", "N")}),
        ("a34013-Rtd=1.5,a34013-Flag=n", "flag_case", {"a34013": ("1.5", "N")}),
        ("a34013-Rtd=1.5,a34013-Flag=P", "old_flag", {"a34013": ("1.5", "P")}),
        ("a34013-Rtd=1.5,a34013-Flag=Q", "unknown_flag", {"a34013": ("1.5", "Q")}),
        (
            "a34013-Rtd=1.5,a34013-Flag=N;",
            "trailing_separator",
            {"a34013": ("1.5", "N")},
        ),
        ("a34013-Rtd= 1.5", "whitespace", {"a34013": ("1.5", None)}),
        ("a34013-Rtd=--", "not_a_number", {"a34013": ("--", None)}),
        ("a34013-Rtd=1_0", "not_a_number", {"a34013": ("1_0", None)}),
        ("a34013-Rtd=nan", "not_a_number", {"a34013": ("nan", None)}),
        ("a34013-Rtd=", "empty_value", {"a34013": ("", None)}),
        (
            "a34013-Rtd=1.5;a34013-Flag=N",
            "item_split",
            {"a34013": ("1.5", "N")},
        ),
        (
            "a34013-Rtd=1.5;a34013-Rtd=2.5",
            "duplicate_attribute",
            {"a34013": ("1.5", None)},
        ),
        (
            "a34013-SampleTime=20260301070000,34013-Rtd=2.2,a34013-Flag=N",
            "code_letter_missing",
            {"a34013": ("2.2", "N")},
        ),
        (
            "a34013-Rtd=8,a34013-Flag=Na21026-Rtd=10,a21026-Flag=N",
            "separator_missing",
            {"a34013": ("8", "N"), "a21026": ("10", "N")},
        ),
        (
            "a34013-Rtd=8a21026-Rtd=10",
            "separator_missing",
            {"a34013": ("8", None), "a21026": ("10", None)},
        ),
        (
            "a34013-Rtd=8,a21026-Rtd=10",
            "comma_for_semicolon",
            {"a34013": ("8", None), "a21026": ("10", None)},
        ),
        ("O3-Rtd=63.4,O3-Flag=N", "unknown_codes", {"O3": ("63.4", "N")}),
    ],
)
def test_tolerances_are_noted(
    body: str, note: str, expected: dict[str, tuple[str, str | None]]
) -> None:
    result = decode(HEAD + f"Flag=5;CP=&&DataTime=20260301080000;{body}&&")
    assert {i.code: (i.values["Rtd"], i.flag) for i in result.items} == expected
    assert note in codes(result)
    for item in result.items:
        text = item.values["Rtd"]
        if text.replace(".", "").isdigit():
            assert item.numbers["Rtd"] == float(text)
        else:
            assert item.numbers == {}


def test_unknown_suffix_is_kept() -> None:
    result = decode(HEAD + "Flag=5;CP=&&DataTime=20260301080000;LA-td=50.1&&")
    assert result.items[0].values == {"td": "50.1"}
    assert result.items[0].numbers == {"td": 50.1}
    assert "unknown_suffix" in codes(result)


@pytest.mark.parametrize(
    ("segment", "note"),
    [
        (HEAD + "Flag=5CP=&&&&", "separator_missing"),
        (HEAD + "Flag=7;CP=&&&&", "parts_missing"),
        (HEAD + "Flag=5;PNUM=2;PNO=1;CP=&&&&", "parts_unannounced"),
        (HEAD + "Flag=7;PNO=1;PNUM=0002;CP=&&&&", "field_order"),
        (HEAD + "Flag=9;RF=0;CP=&&&&", "rf"),
        (HEAD + "Flag=40;CP=&&&&", "unknown_version"),
        (
            HEAD.replace("QN=20260301080000123", "QN=1617957600465") + "Flag=5;CP=&&&&",
            "qn_form",
        ),
        (HEAD.replace("QN=20260301080000123;", "") + "Flag=5;CP=&&&&", "qn_missing"),
        (HEAD.replace("123456", "") + "Flag=5;CP=&&&&", "pw_missing"),
        (
            HEAD.replace("123456", "BF470F88957588DE902D1A52") + "Flag=5;CP=&&&&",
            "pw_length",
        ),
        (HEAD.replace("ST=31", "ST=101") + "Flag=5;CP=&&&&", "unknown_st"),
        (HEAD.replace("CN=2011", "CN=2999") + "Flag=5;CP=&&&&", "unknown_cn"),
        (HEAD.replace("CN=2011", "CN=9021") + "Flag=5;CP=&&&&", "cn_version"),
        (
            HEAD.replace("MN=010000A8900016F000169DC0", "MN=A1_2") + "Flag=5;CP=&&&&",
            "mn_form",
        ),
        (HEAD + "Flag=5;CP=&&DataTime=20260301080000;w01018-Rtd=1&&", "st_medium"),
        (
            HEAD + "Flag=8;CP=&&DataTime=20210301080000;a34013-Rtd=1&&",
            "version_doubtful",
        ),
        (HEAD + "Flag=5;CP=&&DataTime=20260301080000000;a34013-Rtd=1&&", "time_form"),
        (HEAD + "Flag=5;CP=&&DataTime=202603010800;a34013-Rtd=1&&", "time_form"),
        (HEAD + "Flag=5;CP=&&PolId=101;PolId=102&&", "repeated_parameter"),
        (
            HEAD
            + "Flag=5;CP=&&DataTime=20260301080000;"
            + "a34013-Info="
            + "x" * 1000
            + "&&",
            "segment_long",
        ),
    ],
)
def test_headers_and_wholes_are_tolerated(segment: str, note: str) -> None:
    assert note in codes(decode(segment))


def test_typo_of_the_standard_in_c23_and_c41() -> None:
    result = decode(
        HEAD.replace("2011", "2041")
        + "Flag=5;CP=&&BeginTime=20160801000000EndTime=201608010,00000&&"
    )
    assert result.begin_time == datetime(2016, 8, 1, tzinfo=BEIJING)
    assert result.end_time == datetime(2016, 8, 1, tzinfo=BEIJING)
    assert "separator_missing" in codes(result)


def test_length_of_three_digits() -> None:
    segment = b"ST=21;CN=2011;PW=123456;MN=1;CP=&&DataTime=20171220040009;LA-Rtd=69&&"
    raw = b"##%03d%s%04x" % (len(segment), segment, crc16(segment))
    assert raw[:3] == b"##0"
    raw = b"##" + str(len(segment)).encode().rjust(3, b"0") + raw[5:]
    result = decode_frame(raw)
    assert isinstance(result, Frame)
    assert "length_three_digits" in codes(result)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "bad_header"),
        (b"hello", "bad_header"),
        (b"##abcdQN=1", "bad_header"),
        (b"##01", "truncated"),
        (EXAMPLE[:50], "truncated"),
        (EXAMPLE[:-5], "truncated"),
        (EXAMPLE.replace(b"##0101", b"##0103"), "bad_length"),
        (EXAMPLE.replace(b"##0101", b"##0099"), "bad_length"),
        (EXAMPLE.replace(b"##0101", b"##9999"), "bad_length"),
        (EXAMPLE.replace(b"=30", b"=31"), "crc_mismatch"),
        (frame("QN=1;CN=2011"), "no_cp"),
        (frame(HEAD + "Flag=5;CP=DataTime=1"), "no_cp"),
        (b"##0012QN=1;CN=2011FFFF", "bad_length"),
        (frame("ST=31;CN=2011;PW=123456;CP=&&&&"), "bad_field"),
        (frame("ST=31;PW=123456;MN=1;CP=&&&&"), "bad_field"),
        (frame("ST=31;CN=20x1;PW=123456;MN=1;CP=&&&&"), "bad_field"),
        (frame("ST=31;CN=2011;PW=123456;MN=a b;CP=&&&&"), "bad_field"),
        (frame("ST=31;CN=2011;PW=123456;MN=1;Flag=x;CP=&&&&"), "bad_field"),
        (
            frame(HEAD + "Flag=5;CP=&&DataTime=20261301080000;a34013-Rtd=1&&"),
            "bad_field",
        ),
        (frame(HEAD + "Flag=5;CP=&&DataTime=;a34013-Rtd=1&&"), "bad_field"),
    ],
)
def test_errors(raw: bytes, error: str) -> None:
    assert refuse(raw).error == error


def test_bad_length_names_both_lengths_and_the_sender() -> None:
    error = refuse(EXAMPLE.replace(b"##0101", b"##0103"))
    assert (error.declared, error.actual) == (103, 101)
    assert (error.mn, error.cn, error.st) == ("010000A8900016F000169DC0", "1062", "32")


def test_bytes_around_a_frame_are_noted() -> None:
    result = decode_frame(b"\0\0" + EXAMPLE + b"\r\nrest")
    assert isinstance(result, Frame)
    assert codes(result) == ["bytes_around"]
    assert result.raw == EXAMPLE
