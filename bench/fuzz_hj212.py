"""A million mutated HJ 212 frames: none may raise, none may give an unknown error.

Run by ``bin/bench fuzz_hj212``, or by ``python -m bench.fuzz_hj212 [COUNT [SEED]]`` for
longer and for other mutants.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

from bench.decode import make_frames
from bench.figures import Figure, figure
from bench.mutants import mutate
from polluters.domain.hj212 import (
    Frame,
    FrameError,
    StreamBuffer,
    crc16,
    decode_frame,
    encode_frame,
)

KEYS = (b"0" * 16, bytes(range(16)))
ERRORS = frozenset(
    ["crc_mismatch", "bad_length", "bad_header", "no_cp", "truncated", "bad_field"]
)
SPLICES = (
    b"##", b"&&", b"CP=&&", b"\r\n", b";", b",", b"=", b"-Flag=", b"DataTime=", b"\x00",
    b"\xff\xfe", b"nan", b"1e999", b"{0x", b"-", b"_", b"##0101QN=", b"\xe6\xb1",
)  # fmt: skip


def seeds() -> list[bytes]:
    """Return good frames of every kind to start from."""
    plain = make_frames(60)
    cp = "DataTime=20260301080000;a34013-Rtd=12.3,a34013-Flag=N;i11001-Info=//清洗//"
    for printed in (False, True):
        for key in KEYS:
            plain.append(
                encode_frame(
                    st="31",
                    cn="2011",
                    mn="0" * 24,
                    qn="20260301080000123",
                    version=2025,
                    cp=cp,
                    key=key,
                    printed=printed,
                )  # fmt: skip
            )
    plain.append(encode_frame(st="32", cn="2011", mn="A1", version=2005, cp=cp))
    plain.append(
        b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;"
        b"MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80"
    )
    return plain


def _seal(raw: bytes) -> bytes:
    """Give mutated bytes a right length and CRC, so that they reach the parser."""
    segment = raw[6:-6][:9999]
    return b"##%04d%s%04X" % (len(segment), segment, crc16(segment))


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Yield ``count`` mutated frames; half of them with length and CRC made right."""
    generator = random.Random(seed)
    good = seeds()
    for number in range(count):
        raw = mutate(generator, generator.choice(good), good, SPLICES)
        yield _seal(raw) if number & 1 else raw


def run(quick: bool) -> list[Figure]:
    """Decode a million mutants, or some."""
    return look(60_000 if quick else 1_000_000)


def look(count: int, seed: int = 20260101) -> list[Figure]:
    """Decode mutants one by one and as a stream; count what came of them."""
    raised = unknown = 0
    outcomes: Counter[str] = Counter()
    stream = StreamBuffer()
    most = 0
    begin = time.perf_counter()
    for raw in mutants(count, seed):
        try:
            result = decode_frame(raw, keys=KEYS)
            cut = list(stream.feed(raw))
        except Exception as error:  # noqa: BLE001  (finding any is the point)
            raised += 1
            print(f"{type(error).__name__}: {error}: {raw!r}", file=sys.stderr)
            continue
        most = max(most, stream.pending)
        name = result.error if isinstance(result, FrameError) else "frame"
        outcomes[name] += 1
        errors = [item.error for item in cut if isinstance(item, FrameError)]
        unknown += sum(error not in ERRORS for error in errors)
        if not isinstance(result, Frame) and name not in ERRORS:
            unknown += 1
    seconds = time.perf_counter() - begin
    return [
        figure("frames", count),
        figure("raised", raised, "", "=0"),
        figure("unknown_errors", unknown, "", "=0"),
        figure("pending_bytes_max", most, "B", "<=10011"),
        figure("frames_per_s", count / seconds, "1/s"),
        *(figure(f"outcome_{name}", n) for name, n in outcomes.most_common()),
    ]


if __name__ == "__main__":
    for line in look(*map(int, sys.argv[1:] or ["1000000"])):
        print(line)
