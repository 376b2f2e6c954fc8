"""HJ 212: frames of 2005, 2017 and 2025, decoded, found in streams, and written.

Sources: HJ/T 212-2005, HJ 212-2017, HJ 212-2025. Pure Python; times are aware and
in Beijing time; nothing raises on any bytes.
"""

from polluters.domain.hj212.codes import COMMANDS, OLD_CODES, POLLUTANTS
from polluters.domain.hj212.crc import crc16
from polluters.domain.hj212.decode import decode_frame
from polluters.domain.hj212.encode import (
    acknowledge_data,
    acknowledge_notice,
    acknowledge_request,
    encode_frame,
    encode_parts,
    report_result,
)
from polluters.domain.hj212.frame import (
    BEIJING,
    Frame,
    FrameError,
    Item,
    Note,
    format_qn,
    format_time,
    parse_qn,
    parse_time,
)
from polluters.domain.hj212.framing import StreamBuffer, iter_frames

__all__ = [
    "BEIJING",
    "COMMANDS",
    "OLD_CODES",
    "POLLUTANTS",
    "Frame",
    "FrameError",
    "Item",
    "Note",
    "StreamBuffer",
    "acknowledge_data",
    "acknowledge_notice",
    "acknowledge_request",
    "crc16",
    "decode_frame",
    "encode_frame",
    "encode_parts",
    "format_qn",
    "format_time",
    "iter_frames",
    "parse_qn",
    "parse_time",
    "report_result",
]
