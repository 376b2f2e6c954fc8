"""Properties: nothing raises, both readers of a CP agree, CRC equals its definition."""

from datetime import datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from polluters.domain.hj212 import (
    BEIJING,
    Frame,
    FrameError,
    Item,
    StreamBuffer,
    crc16,
    decode_frame,
    encode_frame,
)
from polluters.domain.hj212.body import read_body
from polluters.domain.hj212.tolerant import read_tolerantly

ERRORS = {
    "crc_mismatch",
    "bad_length",
    "bad_header",
    "no_cp",
    "truncated",
    "bad_field",
}
SEEDS = [
    encode_frame(
        st="31",
        cn="2011",
        mn="010000A8900016F000169DC0",
        qn=datetime(2026, 3, 1, 8, tzinfo=BEIJING),
        version=version,
        needs_ack=True,
        params={"DataTime": "20260301080000"},
        items=[
            Item("a34013", {"Rtd": "12.30", "ZsRtd": "13.1"}, "N"),
            Item("a21026", {"Rtd": "3"}, "M", "A01"),
        ],
        key=key,
        printed=printed,
    )
    for version, key, printed in [
        (2005, None, False),
        (2017, None, False),
        (2025, b"0" * 16, False),
        (2025, b"0" * 16, True),
    ]
]
TEXTS = st.text(
    alphabet=st.sampled_from(
        list("=,;&#-_ .0123456789NMaw RtdAvgFlagDataTimeCP\n\x00汉")
    ),
    max_size=80,
)


def check(raw: bytes) -> None:
    result = decode_frame(raw, keys=[b"0" * 16])
    assert isinstance(result, Frame | FrameError)
    if isinstance(result, FrameError):
        assert result.error in ERRORS
    else:
        assert all(
            isinstance(number, float) and number - number == 0
            for item in result.items
            for number in item.numbers.values()
        )


def slow_crc(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return register


@given(st.binary(max_size=1500))
@settings(max_examples=200, deadline=None)
@example(b"")
def test_crc_is_the_standards(segment: bytes) -> None:
    assert crc16(segment) == slow_crc(segment)


def test_crc_of_long_segments() -> None:
    for size in (1279, 1280, 1281, 5000, 9999, 20_000):
        segment = bytes(n * 7 % 251 for n in range(size))
        assert crc16(segment) == slow_crc(segment)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise(raw: bytes) -> None:
    check(raw)
    check(b"##" + raw)
    check(b"##%04d%s%04X" % (len(raw), raw, crc16(raw)))


@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 600), st.binary(max_size=3), st.integers(0, 3)),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=300, deadline=None)
def test_mutated_frames_never_raise(
    raw: bytes, changes: list[tuple[int, bytes, int]]
) -> None:
    for place, insert, remove in changes:
        at = place % (len(raw) + 1)
        raw = raw[:at] + insert + raw[at + remove :]
    check(raw)


@given(TEXTS)
@settings(max_examples=500, deadline=None)
def test_any_cp_behind_a_right_crc(cp: str) -> None:
    segment = f"ST=31;CN=2011;PW=123456;MN=1;CP=&&{cp}&&".encode()
    check(b"##%04d%s%04X" % (len(segment), segment, crc16(segment)))


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_header_behind_a_right_crc(head: str) -> None:
    segment = f"{head}CN=2011;MN=1;CP=&&&&".encode()
    check(b"##%04d%s%04X" % (len(segment), segment, crc16(segment)))


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(
        lambda v: f"{v:.3f}"
    ),
    st.sampled_from(["", "--", "1_0", " 1", "nan", "1e400", "0", "-0.5", "+3", "1e3"]),
)
CODES = st.sampled_from(
    ["a34013", "w01018", "011", "A21026", "O3", "SB1", "LA", "34013"]
)
SUFFIX = st.sampled_from(
    ["Rtd", "Avg", "Min", "Max", "ZsRtd", "Cou", "flag", "td", "Info"]
)
FLAGS = st.sampled_from(["N", "M", "n", "P", "", "Q", "NN"])
TIMES = st.sampled_from(
    ["20260301080000", "20260301080000123", "2026", "20261301000000"]
)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    groups = []
    if draw(st.booleans()):
        groups.append(f"DataTime={draw(TIMES)}")
    for _ in range(draw(st.integers(0, 4))):
        code = draw(CODES)
        names = draw(st.lists(SUFFIX, max_size=3))
        pairs = [f"{code}-{name}={draw(NUMBERS)}" for name in names]
        if draw(st.booleans()):
            pairs.insert(draw(st.integers(0, len(pairs))), f"{code}-Flag={draw(FLAGS)}")
        if draw(st.integers(0, 5)) == 0:
            pairs.append(f"{code}-SampleTime={draw(TIMES)}")
        groups.append(",".join(pairs))
    return draw(st.sampled_from([";", ";", ";", ","])).join(groups)


@given(bodies())
@settings(max_examples=800, deadline=None)
def test_planned_and_tolerant_reading_agree(cp: str) -> None:
    fast, slow = read_body(cp.encode(), cp), read_tolerantly(cp)
    if cp:
        assert fast == slow
    assert read_body(cp.encode(), cp) == fast


@given(st.lists(st.binary(max_size=60) | st.sampled_from(SEEDS), max_size=8), st.data())
@settings(max_examples=200, deadline=None)
def test_streams_give_the_same_however_cut(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    whole = StreamBuffer()
    expected = [*whole.feed(stream), *whole.close()]
    pieces = StreamBuffer()
    found: list[bytes | FrameError] = []
    rest = stream
    while rest:
        size = data.draw(st.integers(1, 200))
        found += pieces.feed(rest[:size])
        rest = rest[size:]
    found += pieces.close()
    frames = [item for item in expected if isinstance(item, bytes)]
    assert [item for item in found if isinstance(item, bytes)] == frames
    assert pieces.pending == 0
