"""Finding frames in a stream of bytes: by ``##`` and length, never by delimiter.

Cipher bytes of HJ 212-2025 may hold ``&&``, ``##`` or CR LF, so a length that leads
to four hex digits at a plausible end is believed. One that does not is an error, and
the search goes on at the next ``##``; what follows a broken frame is not lost.
"""

import re
from collections.abc import Iterator

from polluters.domain.hj212.frame import FrameError

MAX_LENGTH = 9999
MAX_FRAME = MAX_LENGTH + 12
_HEX = frozenset(b"0123456789abcdefABCDEF")
_BREAKS = frozenset(b"\r\n#")
_DIGITS = frozenset(b"0123456789")
_END = re.compile(rb"&&([0-9A-Fa-f]{4})(?=[\r\n]|##|$)")
_NEXT = re.compile(rb"##\d{3,4}(?=[QSCPMF][NTWlP][=a])")
_PLAUSIBLE = re.compile(rb"##(?:\d{4}|\d{3}[QSCPMF])")
_PRINTED_START = re.compile(rb"[^{]{0,200}CP=&&\{0x")
_NAME_STARTS = frozenset(b"QSCPMF")
_ERROR_BYTES = 2048
_GUESS = re.compile(rb"(?:^|[;,#\d])(MN|CN|ST|QN)=([\w.\-]{1,64})")


def guess_fields(raw: bytes) -> dict[str, str]:
    """Return what broken bytes seem to say of mn, cn, st and qn; trust nothing of it."""
    return {
        match[1].decode().lower(): match[2].decode("ascii", "replace")
        for match in _GUESS.finditer(raw[:300])
    }


def frame_error(error: str, raw: bytes, detail: str, **fields: object) -> FrameError:
    """Build a FrameError that keeps the bytes (bounded) and what they seem to say."""
    result = FrameError(error, detail, raw=bytes(raw[:_ERROR_BYTES]))
    for name, value in (*guess_fields(raw).items(), *fields.items()):
        setattr(result, name, value)
    return result


def read_length(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return (declared length, where the segment starts) of the ``##`` at ``start``.

    A length of three digits directly before a field name is taken as sent by some
    devices. None if there is no length.
    """
    digits = data[start + 2 : start + 6]
    if len(digits) == 4 and _DIGITS.issuperset(digits):
        return int(digits), start + 6
    if (
        len(digits) == 4
        and _DIGITS.issuperset(digits[:3])
        and digits[3] in _NAME_STARTS
    ):
        return int(digits[:3]), start + 5
    return None


class StreamBuffer:
    """Cuts a byte stream into frames in bounded memory.

    :meth:`feed` gives each whole frame from ``##`` to its CRC (CR LF left out, so
    that a frame is the same bytes however it travelled) and a FrameError with its
    offset in the stream for what starts like a frame and is none. :meth:`close`
    does the same with what is left when no more will come. ``skipped`` counts bytes
    that belonged to nothing. A server sets ``max_errors``: after so many errors in one
    feed the rest of what was fed is skipped, so that garbage costs little.
    """

    __slots__ = ("_buffer", "_max_errors", "_offset", "skipped")

    def __init__(self, *, max_errors: int = 0) -> None:
        self._buffer = bytearray()
        self._offset = 0
        self._max_errors = max_errors
        self.skipped = 0

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes | FrameError]:
        """Take more bytes and return the frames and errors they complete."""
        return (item for _, item in self.locate(data))

    def close(self) -> Iterator[bytes | FrameError]:
        """Return what the remaining bytes hold, now that no more will come."""
        return (item for _, item in self.locate(b"", final=True))

    def locate(
        self, data: bytes, *, final: bool = False
    ) -> list[tuple[int, bytes | FrameError]]:
        """Do as :meth:`feed` or, if ``final``, :meth:`close`, with stream offsets."""
        self._buffer += data
        found: list[tuple[int, bytes | FrameError]] = []
        buffer = self._buffer
        at = errors = 0
        while True:
            if errors and errors == self._max_errors:
                self._count_skipped(at, len(buffer))
                at = len(buffer)
                break
            start = buffer.find(b"##", at)
            if start < 0:
                at = self._skip_tail(at, final=final)
                break
            self._count_skipped(at, start)
            at = start
            if not final and len(buffer) < start + 6:
                break
            item, after = self._one(start, final=final)
            if after == start:
                break
            if item is not None:
                if isinstance(item, FrameError):
                    item.offset = self._offset + start
                    errors += 1
                found.append((self._offset + start, item))
            at = after
        del buffer[:at]
        self._offset += at
        return found

    def _skip_tail(self, at: int, *, final: bool) -> int:
        """Drop bytes without ``##``, but keep a last ``#`` that may begin one."""
        end = len(self._buffer)
        if not final and end > at and self._buffer[end - 1] == 0x23:
            end -= 1
        self._count_skipped(at, end)
        return end

    def _count_skipped(self, start: int, end: int) -> None:
        if end > start:
            junk = self._buffer[start:end].strip(b"\r\n \t\0")
            self.skipped += len(junk)

    def _one(self, start: int, *, final: bool) -> tuple[bytes | FrameError | None, int]:
        """Judge the ``##`` at ``start``: (result, where to go on).

        Going on at ``start`` itself means: wait for more bytes.
        """
        buffer = self._buffer
        if buffer[start + 2 : start + 3] == b"#":
            return None, start + 1
        head = read_length(buffer, start)
        if head is None:
            return self._headless(start, final=final)
        length, segment_start = head
        end = segment_start + length
        if len(buffer) >= end + 4 and self._ends_well(segment_start, end):
            return bytes(buffer[start : end + 4]), end + 4
        printed = self._printed_end(segment_start, final=final)
        if printed == 0:
            return None, start
        if printed > 0:
            return bytes(buffer[start:printed]), printed
        return self._broken(start, segment_start, end, final=final)

    def _headless(self, start: int, *, final: bool) -> tuple[FrameError, int]:
        """Return the one error of a ``##`` without a length and of all like it after."""
        buffer = self._buffer
        if len(buffer) < start + 6:
            raw = bytes(buffer[start:])
            return frame_error("truncated", raw, "长度之前中断"), start + 2
        match = _PLAUSIBLE.search(buffer, start + 2)
        end = match.start() if match else len(buffer)
        # What may be the start of the next ``##`` and its length stays.
        stop = end if match or final else max(end - 5, start + 2)
        raw = bytes(buffer[start : min(end, start + 64)])
        return frame_error("bad_header", raw, "## 后不是 4 位长度"), stop

    def _ends_well(self, segment_start: int, end: int) -> bool:
        """Whether a CRC stands at ``end`` and a frame may well end there."""
        buffer = self._buffer
        crc = buffer[end : end + 4]
        if buffer[end - 2 : end] == b"&&":
            return _BREAKS.isdisjoint(crc)
        if not _HEX.issuperset(crc):
            return False
        after = buffer[end + 4 : end + 6]
        if after and after[0] not in b"\r\n#":
            return False
        return _NEXT.search(buffer, segment_start, end) is None

    def _printed_end(self, segment_start: int, *, final: bool) -> int:
        """Return the end of a frame with printed cipher; 0 to wait, -1 if it is none."""
        buffer = self._buffer
        if not _PRINTED_START.match(buffer, segment_start, segment_start + 220):
            return -1
        match = _END.search(buffer, segment_start)
        if match and match.end() - segment_start < MAX_FRAME:
            return match.end()
        return -1 if final or len(buffer) - segment_start > MAX_FRAME else 0

    def _next(self, start: int) -> int:
        """Return where the next thing that looks like a frame begins."""
        match = _NEXT.search(self._buffer, start + 2)
        return match.start() if match else len(self._buffer)

    def _broken(
        self, start: int, segment_start: int, end: int, *, final: bool
    ) -> tuple[FrameError | None, int]:
        """Say what is wrong with a frame whose length leads nowhere, or wait."""
        buffer = self._buffer
        stop = self._next(start)
        complete = len(buffer) >= end + 4
        match = _END.search(buffer, segment_start, stop)
        declared = end - segment_start
        waiting = not (complete or final or stop < len(buffer))
        if match and not (waiting and match.end() == len(buffer)):
            actual = match.start() + 2 - segment_start
            raw = bytes(buffer[start : match.end()])
            detail = f"长度字段为 {declared}，实际为 {actual}"
            return (
                frame_error(
                    "bad_length", raw, detail, declared=declared, actual=actual
                ),
                match.end(),
            )
        if waiting:
            return None, start
        raw = bytes(buffer[start:stop])
        if end + 4 > stop or buffer[end - 2 : end] == b"&&":
            detail = f"长度字段为 {declared}，报文在 CRC 之前或之中中断"
            after = stop if stop < len(buffer) else start + 2
            return frame_error("truncated", raw, detail, declared=declared), after
        detail = f"长度字段为 {declared}，其后不是 CRC"
        raw = bytes(buffer[start : end + 4])
        return frame_error("bad_length", raw, detail, declared=declared), start + 2


def iter_frames(data: bytes) -> Iterator[bytes | FrameError]:
    """Cut a complete piece of bytes (a message, a file) into frames and errors."""
    stream = StreamBuffer()
    yield from stream.feed(data)
    yield from stream.close()
