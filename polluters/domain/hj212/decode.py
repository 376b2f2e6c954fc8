"""Decoding one HJ 212 frame of any version. Nothing here raises on any bytes."""

import re
from collections.abc import Sequence

from polluters.domain.hj212 import sm4
from polluters.domain.hj212.body import read_lazily
from polluters.domain.hj212.codes import ST_MEDIUM
from polluters.domain.hj212.crc import crc_text, crc_text_as, crc_variant
from polluters.domain.hj212.frame import Frame, FrameError, Note
from polluters.domain.hj212.framing import frame_error, iter_frames
from polluters.domain.hj212.header import BadField, Header, read_header
from polluters.domain.hj212.tolerant import Body

MAX_SEGMENT = 1024
_LINE_END = b"\r\n"
_LONG = Note("segment_long", f"数据段超过 {MAX_SEGMENT} 字节，应分包")
_SHORT_LENGTH = Note("length_three_digits", "长度字段只有 3 位")
_DATA_START = re.compile(rb"DataTime=\d{14}")
_NAME_START = re.compile(rb"[A-Za-z][\w-]{0,30}=[^\0-\x1f]*\Z")


def decode_frame(
    raw: bytes, *, keys: Sequence[bytes] = (), accept_crc: str | None = None
) -> Frame | FrameError:
    """Decode one frame.

    ``keys`` are SM4 keys of 16 bytes to try, the current one first (HJ 212-2025);
    ``accept_crc`` is the wrong CRC this device is known to send (``modbus_high_first``
    or ``modbus_low_first``). Bytes around the frame are tolerated; of several frames
    the first is taken (cut streams with StreamBuffer).
    """
    digits = raw[2:6]
    if raw[:2] == b"##" and digits.isdigit():
        end = 6 + int(digits)
        tail = raw[end + 4 :]
        if raw[end - 2 : end] == b"&&" and (tail == _LINE_END or not tail):
            if tail:
                raw = raw[: end + 4]
            if len(raw) == end + 4:
                return _decode(raw, 6, end, keys, accept_crc, ())
    return _decode_loose(bytes(raw), keys, accept_crc)


def peek_header(raw: bytes) -> tuple[str | None, Header | BadField]:
    """Return (qn, header) of a frame without checking or reading the rest.

    The header is never encrypted, so this works without keys; trust it only as far
    as routing goes.
    """
    start = 6 if raw[5:6].isdigit() else 5
    head, mark, _ = raw[start:].partition(b"CP=")
    if not mark or len(head) > MAX_SEGMENT:
        return None, BadField("没有 CP 字段")
    qn, header, _ = read_header(head.decode("ascii", "replace"))
    return qn, header


def _decode_loose(
    raw: bytes, keys: Sequence[bytes], accept_crc: str | None
) -> Frame | FrameError:
    """Find the frame in bytes that are not exactly one well-formed frame."""
    found = next(iter_frames(raw), None)
    if found is None:
        return frame_error("bad_header", raw, "没有帧头 ##")
    start = raw.find(found if isinstance(found, bytes) else found.raw)
    if isinstance(found, FrameError):
        found.offset = max(start, 0)
        return found
    notes = []
    rest = raw[start + len(found) :]
    if start > 0 or rest.strip():
        notes.append(Note("bytes_around", "帧前后有多余字节"))
    segment_start = 6 if found[5:6].isdigit() else 5
    if segment_start == 5:
        notes.append(_SHORT_LENGTH)
    result = _decode(found, segment_start, len(found) - 4, keys, accept_crc, notes)
    if isinstance(result, FrameError):
        result.offset = max(start, 0)
    return result


def _decode(
    raw: bytes,
    start: int,
    end: int,
    keys: Sequence[bytes],
    accept_crc: str | None,
    notes: Sequence[Note],
) -> Frame | FrameError:
    """Decode the segment ``raw[start:end]`` after checking its CRC."""
    segment = raw[start:end]
    sent = raw[end:]
    expected = crc_text(segment)
    variant = None
    encrypted = False
    if expected != sent or (keys and not segment.isascii()):
        held, plain, variant = _check_crc(segment, sent, expected, keys, accept_crc)
        if not held:
            return _mismatch(raw, start, end, expected, variant)
        encrypted = plain is not segment
        segment = plain
    try:
        text = segment.decode()
    except UnicodeDecodeError:
        text, note = _decode_text(segment)
        notes = [*notes, note]
    head, mark, content = text.partition("CP=&&")
    if not mark:
        return _no_cp(raw, text)
    qn, header, qn_notes = read_header(head)
    if isinstance(header, BadField):
        return frame_error("bad_field", raw, header.detail)
    body = read_lazily(*_content(segment, content))
    if body.problem:
        return frame_error("bad_field", raw, body.problem)
    all_notes = body.notes
    if qn_notes or header.notes or notes:
        all_notes = [*notes, *qn_notes, *header.notes, *all_notes]
    frame = Frame(
        raw,
        header.version,
        qn,
        header.st,
        header.cn,
        header.pw,
        header.mn,
        header.flag,
        header.needs_ack,
        header.pnum,
        header.pno,
        header.rf,
        body.data_time,
        body.begin_time,
        body.end_time,
        body.params,
        None if body.arranged else body.items,
        all_notes,
        variant,
        encrypted,
        body.arranged,
    )
    _judge(frame, body, len(segment), content)
    return frame


def _content(segment: bytes, content: str) -> tuple[bytes, str]:
    """Return the CP as bytes and as text, without its closing ``&&``."""
    raw = segment[segment.index(b"CP=&&") + 5 :]
    if content[-2:] == "&&":
        return raw[:-2], content[:-2]
    return raw, content


def _judge(frame: Frame, body: Body, length: int, content: str) -> None:
    """Add the notes that need the whole frame."""
    if length > MAX_SEGMENT:
        frame.notes.append(_LONG)
    if content[-2:] != "&&":
        frame.notes.append(Note("end_missing", "CP 没有以 && 结束"))
    medium = ST_MEDIUM.get(frame.st)
    if medium and body.media and medium not in body.media:
        frame.notes.append(Note("st_medium", f"ST={frame.st} 与因子的介质不符"))
    moment = frame.data_time
    if frame.version == 2025 and moment is not None and moment.year < 2025:
        frame.notes.append(
            Note("version_doubtful", f"Flag={frame.flag} 表示 2025 版，但数据时间更早")
        )


def _check_crc(
    segment: bytes,
    sent: bytes,
    expected: bytes,
    keys: Sequence[bytes],
    accept_crc: str | None,
) -> tuple[bool, bytes, str | None]:
    """Return (whether it holds, the plain segment, the wrong variant it is).

    Order: the standard's CRC on printable bytes, then SM4 with each key (the CRC
    is over the plain segment), then a wrong CRC this device is allowed to send.
    """
    right = sent.upper() == expected
    if not (right and segment.isascii()):
        plain = _decrypted(segment, sent, keys)
        if plain is not None:
            return True, plain, None
    if right:
        return True, segment, None
    if accept_crc and sent.upper() == crc_text_as(segment, accept_crc):
        return True, segment, accept_crc
    return False, segment, crc_variant(segment, sent)


def _decrypted(segment: bytes, sent: bytes, keys: Sequence[bytes]) -> bytes | None:
    """Return the plain segment if one of the keys opens it, else None."""
    mark = segment.find(b"CP=&&")
    if mark < 0:
        return None
    head, content = segment[: mark + 5], segment[mark + 5 :]
    content = content[:-2] if content.endswith(b"&&") else content
    cipher = sm4.read_print_form(content) or content
    if len(cipher) < sm4.GROUP:
        return None
    wanted = _DATA_START if b"CN=2" in head else _NAME_START
    for key in keys:
        if not sm4.valid_key(key):
            continue
        content = sm4.decrypt(cipher, key)
        plain = head + content + b"&&"
        if crc_text(plain) == sent.upper() and wanted.match(content):
            return plain
    return None


def _mismatch(
    raw: bytes, start: int, end: int, expected: bytes, variant: str | None
) -> FrameError:
    """Say that the CRC is wrong, or that what stands there is no CRC at all."""
    segment, sent = raw[start:end], raw[end:]
    got = sent.decode("ascii", "backslashreplace").upper()
    crc = {"expected": expected.decode(), "got": got}
    if b"CP=" not in segment:
        return frame_error("bad_length", raw, "长度所指之处不是数据段的结尾", **crc)
    detail = "CRC 不符"
    if variant:
        detail = f"CRC 不符，是已知的错误算法 {variant}"
    elif not segment.isascii():
        detail = "CRC 不符，可能是没有密钥的 SM4 密文"
    return frame_error("crc_mismatch", raw, detail, crc_variant=variant, **crc)


def _no_cp(raw: bytes, text: str) -> FrameError:
    detail = "CP= 之后没有 &&" if "CP=" in text else "没有 CP 字段"
    return frame_error("no_cp", raw, detail)


def _decode_text(segment: bytes) -> tuple[str, Note]:
    """Read text that is not UTF-8: as GB 18030, or byte by byte."""
    try:
        return segment.decode("gb18030"), Note("gbk_text", "中文以 GBK 编码")
    except UnicodeDecodeError:
        return segment.decode("latin-1"), Note("not_text", "含有不成文字的字节")
