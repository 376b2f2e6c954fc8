"""Cutting byte streams: any chunking, broken frames, resynchronisation, bounds."""

import random

import pytest

from polluters.domain.hj212 import (
    Frame,
    FrameError,
    StreamBuffer,
    crc16,
    decode_frame,
    iter_frames,
)

EXAMPLE = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;"
    b"MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80"
)


def make(cp: str, mn: str = "010000A8900016F000169DC0") -> bytes:
    segment = (
        f"QN=20260301080000123;ST=31;CN=2011;PW=123456;MN={mn};Flag=5;CP=&&{cp}&&"
    ).encode()
    return b"##%04d%s%04X" % (len(segment), segment, crc16(segment))


FIRST = make("DataTime=20260301080000;a34013-Rtd=1.5,a34013-Flag=N")
SECOND = make("DataTime=20260301080030;i11001-Info=//## 9014 &&//")
THIRD = make("")


def cut(stream: bytes, sizes: list[int]) -> list[bytes | FrameError]:
    buffer = StreamBuffer()
    found: list[bytes | FrameError] = []
    at = 0
    turn = 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        found += buffer.feed(stream[at : at + size])
        at += size
        turn += 1
    found += buffer.close()
    return found


@pytest.mark.parametrize("sizes", [[1], [2, 3], [7], [64], [10_000]])
@pytest.mark.parametrize("join", [b"\r\n", b"", b"\n", b"\r\n\r\n"])
def test_whole_frames_however_they_arrive(sizes: list[int], join: bytes) -> None:
    stream = join.join([FIRST, SECOND, THIRD, EXAMPLE]) + join
    assert cut(stream, sizes) == [FIRST, SECOND, THIRD, EXAMPLE]


@pytest.mark.parametrize("sizes", [[1], [5, 11], [10_000]])
@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (FIRST.replace(b"##0", b"##3"), "bad_length"),
        (FIRST[:2] + b"0020" + FIRST[6:], "bad_length"),
        (FIRST[:60], "truncated"),
        (FIRST[:-2], "truncated"),
        (b"##zz", "bad_header"),
    ],
)
def test_a_broken_frame_costs_only_itself(
    sizes: list[int], broken: bytes, error: str
) -> None:
    found = cut(EXAMPLE + b"\r\n" + broken + b"\r\n" + SECOND + THIRD, sizes)
    errors = [item for item in found if isinstance(item, FrameError)]
    assert [item for item in found if isinstance(item, bytes)] == [
        EXAMPLE,
        SECOND,
        THIRD,
    ]
    assert [item.error for item in errors] == [error]
    assert errors[0].offset == len(EXAMPLE) + 2
    assert errors[0].raw[:4] == broken[:4]


def test_wrong_length_is_reported_without_waiting_for_the_next_frame() -> None:
    buffer = StreamBuffer()
    found = list(buffer.feed(FIRST.replace(b"##0", b"##3") + b"\r\n"))
    assert len(found) == 1
    error = found[0]
    assert isinstance(error, FrameError)
    assert error.error == "bad_length"
    assert error.actual == len(FIRST) - 10
    assert buffer.pending <= 2


def test_wrong_crc_is_a_frame_for_the_decoder_to_refuse() -> None:
    broken = FIRST[:-4] + b"0000"
    found = cut(broken + b"\r\n" + THIRD, [9])
    assert found == [broken, THIRD]
    result = decode_frame(broken)
    assert isinstance(result, FrameError)
    assert result.error == "crc_mismatch"


def test_noise_is_skipped_and_counted() -> None:
    buffer = StreamBuffer()
    noise = b"\x00\x01abc#\xff"
    assert list(buffer.feed(noise + EXAMPLE + b"\r\n" + noise)) == [EXAMPLE]
    assert list(buffer.close()) == []
    assert buffer.skipped == 2 * len(noise.strip(b"\x00"))


def test_half_a_frame_is_truncated_when_the_stream_ends() -> None:
    buffer = StreamBuffer()
    assert list(buffer.feed(FIRST[:40])) == []
    assert buffer.pending == 40
    errors = list(buffer.close())
    assert [e.error for e in errors if isinstance(e, FrameError)] == ["truncated"]


def test_memory_is_bounded() -> None:
    buffer = StreamBuffer()
    generator = random.Random(1)
    most = 0
    for _ in range(400):
        for _item in buffer.feed(b"##9999" + generator.randbytes(3000)):
            pass
        most = max(most, buffer.pending)
    assert most <= 10_011 + 3006
    for _item in buffer.feed(b"#" * 1_000_000):
        pass
    assert buffer.pending <= 10_011


def test_iter_frames_of_a_file_with_text_between() -> None:
    found = list(iter_frames(b"# log\n" + FIRST + b"\n--\n" + SECOND + b"\n"))
    assert found == [FIRST, SECOND]
    assert all(
        isinstance(decode_frame(f), Frame) for f in found if isinstance(f, bytes)
    )


def test_a_run_of_marks_without_lengths_is_one_error() -> None:
    found = cut(b"##zz" * 500 + b"##12" + EXAMPLE, [10_000])
    assert [item.error for item in found if isinstance(item, FrameError)] == [
        "bad_header"
    ]
    assert found[-1] == EXAMPLE


def test_a_server_stops_looking_after_enough_errors() -> None:
    buffer = StreamBuffer(max_errors=3)
    noise = b"##0002abcdefgh" * 50
    found = list(buffer.feed(noise + EXAMPLE))
    assert [item.error for item in found if isinstance(item, FrameError)] == [
        "bad_length"
    ] * 3
    assert len(found) == 3
    assert buffer.pending == 0
    assert buffer.skipped > 500
    assert list(buffer.feed(EXAMPLE)) == [EXAMPLE]
