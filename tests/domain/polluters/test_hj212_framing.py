"""Where a frame begins and ends, and what is said of one that leads nowhere."""

import pytest

from polluters.domain.hj212 import FrameError, StreamBuffer, crc16, iter_frames
from polluters.domain.hj212.framing import (
    MAX_FRAME,
    MAX_LENGTH,
    frame_error,
    guess_fields,
    read_length,
)

HEAD = (
    b"QN=20260301080000123;ST=31;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
)


def framed(segment: bytes, *, length: int | None = None) -> bytes:
    declared = len(segment) if length is None else length
    return b"##%04d%b%04X" % (declared, segment, crc16(segment))


def sized(count: int) -> bytes:
    """Return a frame whose segment has ``count`` bytes."""
    start = HEAD + b"CP=&&DataTime=20260301080000;T="
    return framed(start + b"x" * (count - len(start) - 2) + b"&&")


GOOD = framed(HEAD + b"CP=&&DataTime=20260301080000;a34013-Rtd=1.5,a34013-Flag=N&&")


def told(data: bytes) -> list[bytes | tuple[str, int]]:
    """Return frames as they are, errors as (error, offset)."""
    return [
        (one.error, one.offset) if isinstance(one, FrameError) else one
        for one in iter_frames(data)
    ]


def errors(data: bytes) -> list[FrameError]:
    return [one for one in iter_frames(data) if isinstance(one, FrameError)]


def test_the_longest_frame() -> None:
    assert (MAX_LENGTH, MAX_FRAME) == (9999, 10_011)
    assert told(sized(9999)) == [sized(9999)]


@pytest.mark.parametrize(
    ("data", "start", "wanted"),
    [
        (b"##0101QN", 0, (101, 6)), (b"##101QN=", 0, (101, 5)), (b"xx##0042C", 2, (42, 8)),
        (b"##101xN=", 0, None), (b"##10", 0, None), (b"##010", 0, None),
        (b"##01x1QN", 0, None), (b"##9999", 0, (9999, 6)), (b"##000M", 0, (0, 5)),
        ("##０101Q".encode(), 0, None),
    ],
)  # fmt: skip
def test_a_length_has_four_digits_or_three_before_a_name(
    data: bytes, start: int, wanted: tuple[int, int] | None
) -> None:
    assert read_length(data, start) == wanted


def test_broken_bytes_say_what_they_seem_to_be() -> None:
    assert guess_fields(b"##0101QN=2026;ST=31;CN=2011;MN=AB.1-_;CP=") == {
        "qn": "2026", "st": "31", "cn": "2011", "mn": "AB.1-_",
    }  # fmt: skip
    assert guess_fields(b"x" * 290 + b";ST=31;CN=2011") == {"st": "31"}
    error = frame_error("truncated", b"#" * 3000, "words", declared=7)
    assert (error.error, error.detail, error.declared) == ("truncated", "words", 7)
    assert len(error.raw) == 2048
    assert frame_error("truncated", b"MN=1;CN=2011", "", cn="9").cn == "9"


def test_a_wrong_crc_after_the_end_is_left_to_the_decoder() -> None:
    wrong = GOOD[:-4] + b"zz 9"
    assert told(wrong + GOOD) == [wrong, GOOD]
    for end in (b"12\r\n", b"12#x", b"1\n34"):
        broken = GOOD[:-4] + end
        assert [e.error for e in errors(broken + b"\r\n" + GOOD)] == ["truncated"]


@pytest.mark.parametrize("after", [b"", b"\r", b"\n", b"#"])
def test_a_segment_without_an_end_counts_where_a_crc_stands_before_a_break(
    after: bytes,
) -> None:
    open_end = framed(HEAD + b"CP=&&DataTime=20260301080000;a34013-Rtd=1.5")
    found = told(open_end + after)
    assert found[0] == open_end


@pytest.mark.parametrize("after", [b"x", b"0"])
def test_a_segment_without_an_end_before_more_text_is_none(after: bytes) -> None:
    open_end = framed(HEAD + b"CP=&&DataTime=20260301080000;a34013-Rtd=1.5")
    [error] = errors(open_end + after)
    assert (error.error, error.offset) == ("bad_length", 0)
    assert error.detail == f"长度字段为 {len(open_end) - 10}，其后不是 CRC"


def test_a_length_that_swallows_the_next_frame_is_not_believed() -> None:
    # The declared length leads to hex digits before a break, but past another start.
    open_end = framed(HEAD + b"CP=&&DataTime=20260301080000;a34013-Rtd=1.5")
    short = HEAD + b"CP=&&DataTime=20260301080000;a34013-Rtd=2.5"
    swallowing = b"##%04d%b" % (len(short) + len(open_end) - 4, short)
    assert told(swallowing + open_end + b"\r\n") == [("truncated", 0), open_end]


@pytest.mark.parametrize("by", [-30, -3, -1, 1, 3, 200, 5000])
def test_a_wrong_length_is_told_with_the_right_one(by: int) -> None:
    segment = GOOD[6:-4]
    wrong = framed(segment, length=len(segment) + by)
    found = list(iter_frames(wrong + b"\r\n" + GOOD))
    assert found[1:] == [GOOD]
    error = found[0]
    assert isinstance(error, FrameError)
    assert (error.error, error.declared, error.actual) == (
        "bad_length", len(segment) + by, len(segment),
    )  # fmt: skip
    assert error.detail == f"长度字段为 {len(segment) + by}，实际为 {len(segment)}"
    assert error.raw == wrong
    assert error.mn == "010000A8900016F000169DC0"


@pytest.mark.parametrize("kept", [20, 60, len(GOOD) - 7, len(GOOD) - 4, len(GOOD) - 1])
def test_a_frame_cut_short_is_told_and_the_next_is_not_lost(kept: int) -> None:
    found = list(iter_frames(GOOD[:kept] + b"\r\n" + GOOD))
    assert found[-1] == GOOD
    error = found[0]
    assert isinstance(error, FrameError)
    assert (error.error, error.offset) == ("truncated", 0)
    assert error.detail == f"长度字段为 {len(GOOD) - 10}，报文在 CRC 之前或之中中断"
    assert error.raw == GOOD[:kept] + b"\r\n"


def test_a_frame_cut_short_at_the_end_is_told_once() -> None:
    for kept in (6, 20, len(GOOD) - 1):
        [error] = errors(GOOD[:kept])
        assert (error.error, error.offset, error.raw) == ("truncated", 0, GOOD[:kept])
    for kept in (2, 3, 5):
        [error] = errors(GOOD[:kept])
        assert (error.error, error.detail) == ("truncated", "长度之前中断")


def test_marks_without_a_length_are_one_error_up_to_the_next_frame() -> None:
    found = list(iter_frames(b"ab##zzzz " + b"##y" * 40 + GOOD))
    error = found[0]
    assert isinstance(error, FrameError)
    assert (error.error, error.offset, error.detail) == (
        "bad_header", 2, "## 后不是 4 位长度",
    )  # fmt: skip
    assert len(error.raw) == 64
    assert found[1:] == [GOOD]
    short = list(iter_frames(b"##zzzz" + GOOD))
    assert isinstance(short[0], FrameError)
    assert short[0].raw == b"##zzzz"
    assert short[1:] == [GOOD]


def test_a_third_mark_belongs_to_the_next() -> None:
    assert told(b"###" + GOOD[2:]) == [GOOD]
    assert told(b"####" + GOOD[2:]) == [GOOD]


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 100])
def test_marks_without_a_length_wait_for_what_may_follow(size: int) -> None:
    data = b"##zzzzzzzzzz" + GOOD + b"\r\n"
    stream = StreamBuffer()
    found: list[bytes | FrameError] = []
    for at in range(0, len(data), size):
        found += stream.feed(data[at : at + size])
    found += stream.close()
    assert [one for one in found if isinstance(one, bytes)] == [GOOD]
    assert {one.error for one in found if isinstance(one, FrameError)} == {"bad_header"}


def test_what_waits_is_counted_and_what_is_skipped_too() -> None:
    stream = StreamBuffer()
    assert list(stream.feed(b"noise#")) == []
    assert (stream.pending, stream.skipped) == (1, 5)
    assert list(stream.feed(GOOD[1:20])) == []
    assert (stream.pending, stream.skipped) == (20, 5)
    assert list(stream.feed(GOOD[20:] + b"\r\n \t\0")) == [GOOD]
    assert (stream.pending, stream.skipped) == (0, 5)
    assert list(stream.feed(b"ab#")) == []
    assert list(stream.close()) == []
    assert (stream.pending, stream.skipped) == (0, 8)


def test_a_frame_waits_for_its_crc_and_offsets_count_the_stream() -> None:
    stream = StreamBuffer()
    assert stream.locate(b"xyz" + GOOD[:-1]) == []
    assert stream.locate(GOOD[-1:]) == [(3, GOOD)]
    assert stream.locate(b"\r\n" + GOOD + b"##01") == [(5 + len(GOOD), GOOD)]
    [(offset, error)] = stream.locate(b"", final=True)
    assert isinstance(error, FrameError)
    assert offset == error.offset == 5 + 2 * len(GOOD)


def test_a_server_skips_the_rest_after_its_errors() -> None:
    noise = b"##0002abcdefgh\r\n"
    for most, frames in ((1, 0), (2, 0), (3, 1), (0, 1)):
        stream = StreamBuffer(max_errors=most)
        found = list(stream.feed(noise * 2 + GOOD + b"\r\n"))
        assert sum(isinstance(one, bytes) for one in found) == frames
        assert sum(isinstance(one, FrameError) for one in found) == min(most or 2, 2)
        assert stream.pending == 0
        assert (stream.skipped > 50) is (frames == 0)


def test_a_frame_with_no_crc_is_told_at_once_when_it_is_whole() -> None:
    segment = HEAD + b"CP=&&DataTime=20260301080000;a34013-Rtd=1.5"
    broken = b"##%04d%bzzzz" % (len(segment), segment)
    waiting = StreamBuffer()
    assert list(waiting.feed(broken[:-1])) == []
    [error] = list(waiting.feed(broken[-1:]))
    assert isinstance(error, FrameError)
    assert (error.error, error.raw) == ("bad_length", broken)
    assert error.detail == f"长度字段为 {len(segment)}，其后不是 CRC"


def test_offsets_and_what_is_skipped_go_on_after_an_error() -> None:
    stream = StreamBuffer()
    assert [offset for offset, _ in stream.locate(b"##zzzzzzzzzz")] == [0]
    assert stream.locate(GOOD) == [(12, GOOD)]
    other = StreamBuffer()
    assert len(list(other.feed(GOOD[:60] + b"\r\n" + GOOD))) == 2
    assert other.skipped == 0
    cut = StreamBuffer()
    assert list(cut.feed(GOOD[:60])) == []
    assert len(list(cut.close())) == 1
    assert cut.skipped == 58


# The printed cipher of 2025, whose length is that of the plain segment.

PRINTED = (
    b"##0125"
    + HEAD
    + b"CP=&&{0x"
    + b",0x".join(b"%02X" % (n % 256) for n in range(48))
    + b"}tail&&1A2B"
)


@pytest.mark.parametrize("after", [b"", b"\r\n", b"\n", b"##"])
def test_a_printed_cipher_ends_at_its_own_end(after: bytes) -> None:
    assert told(PRINTED + after)[0] == PRINTED
    assert told(PRINTED + b"\r\n" + GOOD) == [PRINTED, GOOD]
    assert told(PRINTED + GOOD) == [PRINTED, GOOD]


def test_a_printed_cipher_waits_for_its_end() -> None:
    stream = StreamBuffer()
    assert list(stream.feed(PRINTED[:200])) == []
    assert stream.pending == 200
    assert list(stream.feed(PRINTED[200:])) == [PRINTED]
    cut = StreamBuffer()
    assert list(cut.feed(PRINTED[:200])) == []
    assert [one.error for one in cut.close() if isinstance(one, FrameError)] == [
        "bad_length"
    ]


def test_a_printed_cipher_starts_within_two_hundred_bytes() -> None:
    for count, frames in ((200, 1), (201, 0)):
        head = (HEAD + b"X=").ljust(count - 1, b"y") + b";"
        long = b"##0125" + head + PRINTED[6 + len(HEAD) :]
        found = list(iter_frames(long + b"\r\n" + GOOD))
        assert sum(one == long for one in found) == frames
        assert found[-1] == GOOD


def test_a_printed_cipher_longer_than_any_frame_is_given_up() -> None:
    start = b"##0125" + HEAD + b"CP=&&{0x"
    stream = StreamBuffer()
    assert list(stream.feed(start + b"E4,0x" * 1900)) == []
    assert [
        one.error for one in stream.feed(b"E4,0x" * 200) if isinstance(one, FrameError)
    ]
    endless = start + b"E4,0x" * 2100 + b"E4}&&1A2B"
    assert endless not in list(iter_frames(endless))
    whole = start + b"E4,0x" * 1900 + b"E4}&&1A2B"
    assert list(iter_frames(whole)) == [whole]
