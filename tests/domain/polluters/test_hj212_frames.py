"""Decoding a whole frame: the ways in, the CRC, the keys, and what needs the whole."""

from datetime import datetime

import pytest

from polluters.domain.hj212 import BEIJING, Frame, FrameError, crc16, decode_frame, sm4
from polluters.domain.hj212 import decode as decode_module
from polluters.domain.hj212 import header as header_module
from polluters.domain.hj212.crc import crc_text_as
from polluters.domain.hj212.decode import MAX_SEGMENT, peek_header
from polluters.domain.hj212.header import BadField, Header

MN = "010000A8900016F000169DC0"
HEAD = f"QN=20260301080000123;ST=31;CN=2011;PW=123456;MN={MN};"
BODY = "DataTime=20260301080000;a34013-Rtd=1.5,a34013-Flag=N"
KEY, OTHER = bytes(range(16)), b"k" * 16


def raw(segment: str | bytes, crc: str = "standard") -> bytes:
    data = segment.encode() if isinstance(segment, str) else segment
    return b"##%04d%b%b" % (len(data), data, crc_text_as(data, crc))


def plain(flag: str = "Flag=5;", body: str = BODY) -> bytes:
    return raw(f"{HEAD}{flag}CP=&&{body}&&")


def read(data: bytes, **options: object) -> Frame:
    found = decode_frame(data, **options)  # type: ignore[arg-type]
    assert isinstance(found, Frame), found
    return found


def codes(frame: Frame) -> list[str]:
    return [note.code for note in frame.notes]


@pytest.mark.parametrize("tail", [b"", b"\r\n"])
def test_a_well_formed_frame_is_read_without_a_note(tail: bytes) -> None:
    found = read(plain() + tail)
    assert (found.raw, found.notes, found.version, found.mn) == (plain(), [], 2017, MN)
    assert found.data_time == datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    assert found.arranged is not None
    assert (found.crc_variant, found.encrypted) == (None, False)
    assert [item.code for item in found.items] == ["a34013"]


@pytest.mark.parametrize("tail", [b"", b"\r\n"])
def test_a_well_formed_frame_takes_the_short_way(
    tail: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def searched(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(decode_module, "_decode_loose", searched)
    monkeypatch.setattr(header_module, "_find_qn", searched)
    assert read(plain() + tail).qn == "20260301080000123"


@pytest.mark.parametrize(
    ("before", "after", "noted"),
    [
        (b"", b"\n", False), (b"", b" \r\n", False), (b"", b"x", True), (b"x", b"", True),
        (b"", b"\r\nx", True), (b"\r\n", b"", True), (b"", plain(), True),
    ],
)  # fmt: skip
def test_bytes_around_a_frame_are_let_pass(
    before: bytes, after: bytes, noted: bool
) -> None:
    found = read(before + plain() + after)
    assert found.raw == plain()
    assert codes(found) == (["bytes_around"] if noted else [])


def test_an_error_says_where_it_lies() -> None:
    broken = plain().replace(b"1.5", b"1.6")
    for start in (b"", b"abc"):
        found = decode_frame(start + broken)
        assert isinstance(found, FrameError)
        assert (found.error, found.offset) == ("crc_mismatch", len(start))
        cut = decode_frame(start + plain()[:50])
        assert isinstance(cut, FrameError)
        assert (cut.error, cut.offset) == ("truncated", len(start))
    nothing = decode_frame(b"abc")
    assert isinstance(nothing, FrameError)
    assert (nothing.error, nothing.detail) == ("bad_header", "没有帧头 ##")


def test_a_length_of_three_digits_is_noted() -> None:
    segment = plain()[6:-4]
    short = b"##%03d%b%04X" % (len(segment), segment, crc16(segment))
    assert codes(read(short)) == ["length_three_digits"]
    assert codes(read(b"x" + short)) == ["bytes_around", "length_three_digits"]


def test_a_segment_over_1024_bytes_should_be_parted() -> None:
    assert MAX_SEGMENT == 1024
    start = f"{HEAD}Flag=5;CP=&&DataTime=20260301080000;PolId="
    for count, notes in ((1024, []), (1025, ["segment_long"])):
        segment = start + "1" * (count - len(start) - 2) + "&&"
        assert len(segment) == count
        assert codes(read(raw(segment))) == notes


def test_a_body_that_does_not_end_is_noted() -> None:
    found = read(raw(f"{HEAD}Flag=5;CP=&&{BODY}"))
    assert codes(found) == ["end_missing"]
    assert found.items[0].values == {"Rtd": "1.5"}
    assert found.items[0].flag == "N"


@pytest.mark.parametrize(
    ("st", "code", "noted"),
    [("31", "w01018", True), ("32", "w01018", False), ("31", "a34013", False),
     ("91", "w01018", False), ("31", "a99999", False), ("32", "a34013", True)],
)  # fmt: skip
def test_the_medium_of_the_system_is_that_of_its_factors(
    st: str, code: str, noted: bool
) -> None:
    body = f"DataTime=20260301080000;{code}-Rtd=1"
    head = HEAD.replace("ST=31", f"ST={st}")
    assert ("st_medium" in codes(read(raw(f"{head}Flag=5;CP=&&{body}&&")))) is noted


@pytest.mark.parametrize(
    ("flag", "year", "noted"),
    [("Flag=8;", 2024, True), ("Flag=8;", 2025, False), ("Flag=4;", 2024, False)],
)
def test_data_of_2025_are_not_older_than_the_standard(
    flag: str, year: int, noted: bool
) -> None:
    body = BODY.replace("2026", str(year))
    assert ("version_doubtful" in codes(read(plain(flag, body)))) is noted
    assert codes(read(plain("Flag=8;", "PolId=1"))) == []


def test_what_is_no_frame_is_told_in_words() -> None:
    told = {}
    for name, segment in {
        "no CP": "QN=1;CN=2011&&", "no marks": f"{HEAD}Flag=5;CP=x&&",
        "no number": "ST=31;CN=20x1;PW=123456;MN=1;CP=&&&&",
        "no time": f"{HEAD}Flag=5;CP=&&DataTime=2026;a34013-Rtd=1&&",
    }.items():  # fmt: skip
        found = decode_frame(raw(segment))
        assert isinstance(found, FrameError)
        told[name] = (found.error, found.detail)
    assert told == {
        "no CP": ("no_cp", "没有 CP 字段"), "no marks": ("no_cp", "CP= 之后没有 &&"),
        "no number": ("bad_field", "CN 缺失或不是 4 位数字：'20x1'"),
        "no time": ("bad_field", "DataTime='2026' 不是时间"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("crc", "sent", "words"),
    [
        ("standard", b"0000", "CRC 不符"),
        ("modbus_high_first", None, "CRC 不符，是已知的错误算法 modbus_high_first"),
        ("modbus_low_first", None, "CRC 不符，是已知的错误算法 modbus_low_first"),
    ],
)
def test_a_wrong_crc_is_told_with_both(
    crc: str, sent: bytes | None, words: str
) -> None:
    segment = plain()[6:-4]
    data = raw(segment, crc)
    if sent:
        data = data[:-4] + sent
    found = decode_frame(data)
    assert isinstance(found, FrameError)
    assert (found.error, found.detail) == ("crc_mismatch", words)
    assert (found.expected, found.got) == (plain()[-4:].decode(), data[-4:].decode())
    if not sent:
        taken = read(data, accept_crc=crc)
        assert (taken.crc_variant, taken.notes) == (crc, [])
        assert isinstance(decode_frame(data, accept_crc="standard"), FrameError)
        assert read(data[:-4] + data[-4:].lower(), accept_crc=crc).crc_variant == crc


def test_text_that_is_no_utf8_is_read_as_gb_18030_or_byte_by_byte() -> None:
    words = f"{HEAD}Flag=5;CP=&&DataTime=20260301080000;i11001-Info=//阀//&&"
    for encoding, note in (("utf-8", []), ("gb18030", ["gbk_text"])):
        found = read(raw(words.encode(encoding)))
        assert found.items[0].values == {"Info": "//阀//"}
        assert codes(found) == note
    odd = read(raw(words.encode().replace("阀".encode(), b"\xff\xfe\xff")))
    assert codes(odd)[0] == "not_text"
    assert found.notes is not odd.notes


# SM4.


def sealed(
    body: str = BODY,
    *,
    key: bytes = KEY,
    cn: str = "2011",
    printed: bool = False,
    end: bool = True,
) -> bytes:
    head = f"{HEAD.replace('2011', cn)}Flag=9;CP=&&".encode()
    segment = head + body.encode() + b"&&"
    cipher = sm4.encrypt(body.encode(), key)
    if printed:
        cipher = sm4.print_form(cipher)
    return b"##%04d%b%b%b%04X" % (
        len(segment), head, cipher, b"&&" if end else b"", crc16(segment),
    )  # fmt: skip


@pytest.mark.parametrize("printed", [False, True])
def test_a_sealed_frame_opens_with_any_of_its_keys(printed: bool) -> None:
    data = sealed(printed=printed)
    for keys in ([KEY], [OTHER, KEY], [b"short", KEY]):
        found = read(data, keys=keys)
        assert (found.encrypted, found.crc_variant) == (True, None)
        assert found.items[0].values == {"Rtd": "1.5"}
        assert found.data_time == datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    for wrong in ([], [OTHER], [b"short"]):
        assert isinstance(decode_frame(data, keys=wrong), FrameError)
    closed = decode_frame(sealed(), keys=[OTHER])
    assert isinstance(closed, FrameError)
    assert closed.detail == "CRC 不符，可能是没有密钥的 SM4 密文"


@pytest.mark.parametrize(
    ("body", "cn", "opens"),
    [
        ("PolId=a34013;More=12345", "3012", True),
        ("12345678901234567890", "3012", False),
        ("PolId=a34013;More=12345", "2011", False),
        ("DataTime=20260301080000", "2011", True),
        ("DataTime=2026030108000", "2011", False),
        ("PolId=a34013;x=1", "3012", True),
        ("PolId=a34013;x=", "3012", False),
    ],
)
def test_a_key_is_right_if_a_body_comes_out(body: str, cn: str, opens: bool) -> None:
    # Of sixteen bytes at least, and upload data begin with their time.
    data = sealed(body, cn=cn)
    found = decode_frame(data, keys=[KEY])
    if len(body) < 16:
        assert isinstance(found, Frame)
        assert found.encrypted is False
        return
    assert isinstance(found, Frame) is opens


def test_a_plain_frame_stays_plain_where_keys_are_known() -> None:
    found = read(plain(), keys=[KEY])
    assert (found.encrypted, found.notes) == (False, [])
    chinese = raw(f"{HEAD}Flag=5;CP=&&DataTime=20260301080000;i11001-Info=//阀门//&&")
    assert read(chinese, keys=[KEY]).encrypted is False


# The head alone.


def test_the_head_is_read_without_the_rest() -> None:
    qn, header = peek_header(plain()[:90])
    assert qn == "20260301080000123"
    assert isinstance(header, Header)
    assert (header.mn, header.cn) == (MN, "2011")
    segment = plain()[6:-4]
    three = b"##%03d%b" % (len(segment), segment)
    assert peek_header(three) == (qn, header)


def test_a_head_without_an_end_or_too_long_is_none() -> None:
    for data in (plain()[:40], b"", b"##0101"):
        assert peek_header(data) == (None, BadField("没有 CP 字段"))
    for count, found in ((1024, True), (1025, False)):
        text = f"{HEAD}Flag=5;X=".ljust(count, "y")
        _, header = peek_header(f"##0101{text}CP=&&".encode())
        assert isinstance(header, Header) is found
