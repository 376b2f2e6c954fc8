"""HJ 212 decoding beside a plain reference, timed in turn on the same frames.

Ours gives items, typed values, flags, aware times and notes, with length, CRC, header
and codes checked; the reference only checks the CRC by table and splits the text.
Every frame has its own time, values and QN, as real ones do.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bench.figures import Figure, figure, median
from polluters.domain.hj212 import BEIJING, Frame, Item, decode_frame, encode_parts

FACTORS = (
    ("a00000", 180_000.0, 1), ("a01011", 14.0, 2), ("a01012", 105.0, 1),
    ("a01013", -0.12, 3), ("a01014", 8.1, 2), ("a19001", 9.4, 2),
    ("a34013", 9.0, 3), ("a21026", 38.0, 2), ("a21002", 210.0, 2),
    ("a21005", 11.0, 2), ("a21024", 12.0, 2), ("a20057", 0.008, 4),
)  # fmt: skip
CONVERTED = frozenset({"a34013", "a21026", "a21002", "a21005", "a21024"})
SEED = 212


def _step(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


TABLE = [_step(value) for value in range(256)]


def reference(raw: bytes) -> dict[str, Any]:
    """Check the CRC byte by byte, split header and items; no types, no notes."""
    length = int(raw[2:6])
    segment = raw[6 : 6 + length]
    register = 0xFFFF
    for byte in segment:
        register = TABLE[(register >> 8) ^ byte]
    if register != int(raw[6 + length : 10 + length], 16):
        raise ValueError("crc")
    header, _, body = segment.decode().partition("CP=&&")
    fields = dict(pair.split("=", 1) for pair in header.split(";") if "=" in pair)
    items: dict[str, dict[str, str]] = {}
    for group in body[:-2].split(";"):
        for attribute in group.split(","):
            name, _, value = attribute.partition("=")
            code, _, suffix = name.partition("-")
            items.setdefault(code, {})[suffix] = value
    return {"fields": fields, "items": items}


def _item(
    generator: random.Random, command: str, factor: tuple[str, float, int]
) -> Item:
    code, typical, decimals = factor
    value = typical * generator.gauss(1, 0.12)
    names = ["Rtd"] if command == "2011" else ["Min", "Avg", "Max"]
    spreads = [1.0] if command == "2011" else [0.93, 1.0, 1.08]
    values = {
        name: f"{value * spread:.{decimals}f}"
        for name, spread in zip(names, spreads, strict=True)
    }
    if code in CONVERTED:
        values |= {
            f"Zs{name}": f"{float(text) * 1.07:.{decimals}f}"
            for name, text in list(values.items())
        }
    flag = generator.choices("NMDT", (96, 2, 1, 1))[0]
    return Item(code, values, flag)


def make_frames(count: int) -> list[bytes]:
    """Return real-time (two thirds) and minute frames of 300 loggers."""
    generator = random.Random(SEED)
    start = datetime(2026, 3, 1, tzinfo=BEIJING)
    loggers = [f"652701{generator.getrandbits(72):018X}" for _ in range(300)]
    frames: list[bytes] = []
    while len(frames) < count:
        command = generator.choice(("2011", "2011", "2051"))
        moment = start + timedelta(
            seconds=generator.randrange(30 * 86_400),
            milliseconds=generator.randrange(1000),
        )
        factors = [_item(generator, command, factor) for factor in FACTORS]
        frames += encode_parts(
            st="31",
            cn=command,
            mn=generator.choice(loggers),
            pw="123456",
            qn=moment,
            params={"DataTime": moment},
            items=factors,
            needs_ack=True,
        )
    return frames[:count]


def agree(frames: Sequence[bytes]) -> bool:
    """Whether both decoders read the same from every frame, and ours with no note."""
    for raw in frames:
        ours, plain = decode_frame(raw), reference(raw)
        if not isinstance(ours, Frame) or ours.notes:
            return False
        for item in ours.items:
            seen = plain["items"][item.code]
            if seen != item.values | {"Flag": item.flag}:
                return False
            if item.numbers != {name: float(v) for name, v in item.values.items()}:
                return False
        if len(ours.items) + 1 != len(plain["items"]):
            return False
    return True


def ours(raw: bytes) -> tuple[object, object]:
    """Decode a frame in full; its items are made when they are asked for."""
    frame = decode_frame(raw)
    return frame, frame.items if isinstance(frame, Frame) else None


def _time(decode: Callable[[bytes], object], frames: Sequence[bytes]) -> float:
    begin = time.perf_counter()
    for raw in frames:
        decode(raw)
    return time.perf_counter() - begin


def run(quick: bool) -> list[Figure]:
    """Return frames per second of both, and the ratio of their median times."""
    frames = make_frames(4_000 if quick else 20_000)
    rounds = 9 if quick else 21
    same = agree(frames)
    times, plain = [], []
    for _ in range(rounds):
        times.append(_time(ours, frames))
        plain.append(_time(reference, frames))
    ratio = median(plain) / median(times)
    size = sum(map(len, frames)) / len(frames)
    return [
        figure("frames_per_s", len(frames) / median(times), "1/s"),
        figure("reference_frames_per_s", len(frames) / median(plain), "1/s"),
        figure("ratio", ratio, "x", ">=0.6"),
        figure("frame_bytes_mean", size, "B"),
        figure("disagreements", 0 if same else 1, "", "=0"),
    ]
