"""Frames and errors as plain values for JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from polluters.domain.hj212.decode import decode_frame
from polluters.domain.hj212.frame import Frame, FrameError, Item
from polluters.domain.hj212.framing import StreamBuffer


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def plain_item(item: Item) -> dict[str, Any]:
    """Return an item; what is absent or the same as ``code`` is left out."""
    result: dict[str, Any] = {
        "code": item.code,
        "values": item.values,
        "flag": item.flag,
    }
    if item.eflag is not None:
        result["eflag"] = item.eflag
    if item.sample_time is not None:
        result["sample_time"] = _iso(item.sample_time)
    if item.raw_code and item.raw_code != item.code:
        result["raw_code"] = item.raw_code
    return result


def plain_frame(frame: Frame, *, offset: int = 0) -> dict[str, Any]:
    """Return a frame; the password is left out."""
    result: dict[str, Any] = {
        "ok": True,
        "version": frame.version,
        "qn": frame.qn,
        "st": frame.st,
        "cn": frame.cn,
        "mn": frame.mn,
        "flag": frame.flag,
        "needs_ack": frame.needs_ack,
        "pnum": frame.pnum,
        "pno": frame.pno,
        "rf": frame.rf,
        "data_time": _iso(frame.data_time),
        "params": frame.params,
        "items": [plain_item(item) for item in frame.items],
        "notes": [str(note) for note in frame.notes],
        "offset": offset,
    }
    if frame.begin_time is not None or frame.end_time is not None:
        result["begin_time"] = _iso(frame.begin_time)
        result["end_time"] = _iso(frame.end_time)
    if frame.crc_variant is not None:
        result["crc_variant"] = frame.crc_variant
    if frame.encrypted:
        result["encrypted"] = True
    return result


def plain_error(error: FrameError, *, offset: int = 0) -> dict[str, Any]:
    """Return an error with what it knows."""
    result: dict[str, Any] = {"ok": False, "error": error.error}
    for name in ("expected", "got", "crc_variant", "declared", "actual"):
        value = getattr(error, name)
        if value is not None:
            result[name] = value
    result["offset"] = offset
    if error.detail:
        result["detail"] = error.detail
    for name in ("mn", "cn", "st", "qn"):
        value = getattr(error, name)
        if value is not None:
            result[name] = value
    return result


def decode_stream(
    chunks: Iterator[bytes], *, keys: Sequence[bytes] = ()
) -> Iterator[dict[str, Any]]:
    """Yield one plain object for each frame or error in a stream of bytes."""
    stream = StreamBuffer()
    for chunk in chunks:
        for offset, item in stream.locate(chunk):
            yield _plain(offset, item, keys)
    for offset, item in stream.locate(b"", final=True):
        yield _plain(offset, item, keys)


def _plain(
    offset: int, item: bytes | FrameError, keys: Sequence[bytes]
) -> dict[str, Any]:
    result = item if isinstance(item, FrameError) else decode_frame(item, keys=keys)
    if isinstance(result, FrameError):
        return plain_error(result, offset=offset)
    return plain_frame(result, offset=offset)
