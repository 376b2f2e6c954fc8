"""The plain form: one JSON field ``event`` and files ``picture…`` and ``clip``.

``event``: ``{"id", "captured_at", "plate"?, "plate_color"?, "level"?, "verdict"?}``.
"""

import json
from collections.abc import Mapping
from typing import NoReturn

from vehicles.ingest.vendors.event import (
    Attachment,
    Parts,
    VendorError,
    VendorEvent,
    read_id,
    read_text,
    read_time,
    read_verdict,
)

LEVELS = range(6)
MOST_TEXT = 60


def read(parts: Parts) -> VendorEvent:
    """Read a request in the plain form; raises VendorError."""
    event = _event(parts.fields.get("event", ""))
    level = event.get("level")
    if level is not None and (type(level) is not int or level not in LEVELS):
        raise VendorError("林格曼级 level 应为 0–5 的整数")
    pictures, clip = _files(parts)
    return VendorEvent(
        event_id=read_id(_number(event.get("id"))),
        captured_at=read_time(str(event.get("captured_at", ""))),
        pictures=pictures,
        clip=clip,
        plate=read_text(event.get("plate"), "号牌 plate", MOST_TEXT),
        plate_color=read_text(event.get("plate_color"), "颜色 plate_color", MOST_TEXT),
        level=level,
        verdict=read_verdict(event.get("verdict"), "结论 verdict"),
    )


def _event(text: str) -> Mapping[str, object]:
    try:
        event = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise VendorError("字段 event 不是 JSON") from error
    if not isinstance(event, dict):
        raise VendorError("字段 event 应为 JSON 对象，至少有事件编号 id 和 captured_at")
    return event


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _number(value: object) -> str:
    """An id as text: devices count with numbers too."""
    if isinstance(value, bool) or not isinstance(value, int | str | None):
        raise VendorError("事件编号 id 应为文本或整数")
    return "" if value is None else str(value)


def _files(parts: Parts) -> tuple[list[Attachment], Attachment | None]:
    """Pictures and the clip; a file that would be left out is refused by its field."""
    clips = [one for one in parts.files if one.field == "clip"]
    pictures = [one for one in parts.files if one.field.startswith("picture")]
    for one in parts.files:
        if one not in clips and one not in pictures:
            raise VendorError(
                f"不认识的文件字段 {one.field}：图片用 picture1、picture2…，视频用 clip"
            )
    if len(clips) > 1:
        raise VendorError("字段 clip 只能有一个视频")
    return pictures, clips[0] if clips else None
