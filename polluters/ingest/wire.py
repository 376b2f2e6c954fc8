"""What goes back to a logger, and how payloads are cut into frames."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from polluters.domain.hj212 import Frame, FrameError, iter_frames
from polluters.domain.hj212.crc import crc_text, crc_text_as

DATA_COMMANDS = frozenset({"2011", "2021", "2031", "2041", "2051", "2061", "2081"})
MORE_DATA = frozenset({"2013", "2052", "2062", "2111", "3020", "1001", "1011"})
NOTICES = frozenset({"1013", "2012", "2022", "9015", "9021"})
DATA_ACK, NOTICE_ACK = "9014", "9013"


class Answer(NamedTuple):
    """Bytes to publish to ``hj212/v1/{mn}/down``."""

    mn: str
    payload: bytes


def split_payload(payload: bytes, most: int) -> Iterator[bytes | FrameError]:
    """Yield the frames of a payload; nearly always it is exactly one."""
    if len(payload) > most:
        yield FrameError(
            "too_big", f"{len(payload)} 字节，上限 {most} 字节", raw=bytes(payload)
        )
        return
    if payload[:2] == b"##" and payload[2:6].isdigit():
        extra = len(payload) - int(payload[2:6])
        if extra == 10 or (extra == 12 and payload.endswith(b"\r\n")):
            yield payload[: len(payload) - (extra - 10)]
            return
    found = False
    for part in iter_frames(payload):
        found = True
        yield part
    if not found:
        yield FrameError("bad_header", "没有帧头 ##", raw=bytes(payload))


def answer_to(frame: Frame) -> Answer | None:
    """Return the 9014 or 9013 that a frame asks for (HJ 212-2017 §6.5), if any.

    It is sealed with the CRC that the logger itself uses.
    """
    if not frame.needs_ack or not frame.qn:
        return None
    if frame.cn in DATA_COMMANDS or frame.cn in MORE_DATA:
        code = DATA_ACK
    elif frame.cn in NOTICES:
        code = NOTICE_ACK
    else:
        return None
    segment = (
        f"QN={frame.qn}{_rest_of_answer(code, frame.pw, frame.mn, frame.version)}"
    ).encode()
    if frame.crc_variant:
        check = crc_text_as(segment, frame.crc_variant)
    else:
        check = crc_text(segment)
    return Answer(frame.mn, b"##%04d%s%s\r\n" % (len(segment), segment, check))


@lru_cache(maxsize=8192)
def _rest_of_answer(code: str, password: str, mn: str, version: int) -> str:
    """Return what follows the QN; it is the same for every frame of a logger."""
    flag = {2005: 0, 2017: 4, 2025: 8}[version]
    return f";ST=91;CN={code};PW={password};MN={mn};Flag={flag};CP=&&&&"
