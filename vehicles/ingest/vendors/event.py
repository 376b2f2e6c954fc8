"""What any vendor's device tells, in one shape."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

LONGEST_ID, KEPT_ID = 200, 60
MOST_VERDICT = 20_000
JPEG_START, MP4_BRAND = b"\xff\xd8\xff", b"ftyp"


class VendorError(ValueError):
    """A request that the adapter cannot read; the message says why, in Chinese."""


@dataclass(frozen=True)
class Attachment:
    """An uploaded file: its field name, file name, media type and bytes."""

    field: str
    name: str
    media_type: str
    content: bytes

    @property
    def is_jpeg(self) -> bool:
        """Whether its first bytes are those of a JPEG picture."""
        return self.content.startswith(JPEG_START)

    @property
    def is_mp4(self) -> bool:
        """Whether its first bytes are those of an MP4 video."""
        return self.content[4:8] == MP4_BRAND


@dataclass(frozen=True)
class Parts:
    """A request as an adapter sees it: text fields and attachments."""

    fields: Mapping[str, str]
    files: Sequence[Attachment]


@dataclass(frozen=True)
class VendorEvent:
    """A capture as the device reports it.

    ``event_id`` is unique for the device; ``captured_at`` is aware; ``verdict`` holds the
    vendor's own words and numbers, unchanged.
    """

    event_id: str
    captured_at: datetime
    pictures: Sequence[Attachment]
    clip: Attachment | None = None
    plate: str = ""
    plate_color: str = ""
    level: int | None = None
    verdict: Mapping[str, object] = field(default_factory=dict)


def read_time(text: str) -> datetime:
    """An ISO time with offset; VendorError without one, since local time is a guess."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise VendorError(f"时间格式有误：{text[:40]}") from error
    if moment.tzinfo is None:
        raise VendorError("时间须带时区偏移，例如 2026-11-23T10:31:07+08:00")
    return moment


def read_id(text: str) -> str:
    """An event's number in at most 60 characters; VendorError for none or a bad one.

    A longer one is shortened by its digest, so that two events never become one.
    """
    number = read_text(text, "事件编号", LONGEST_ID).strip()
    if not number:
        raise VendorError("缺少事件编号")
    if len(number) <= KEPT_ID:
        return number
    digest = hashlib.sha256(number.encode()).hexdigest()
    return f"{number[: KEPT_ID - 33]}~{digest[:32]}"


def read_text(value: object, name: str, most: int) -> str:
    """A text that can be stored; VendorError naming the field."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise VendorError(f"{name} 应为文本")
    if len(value) > most:
        raise VendorError(f"{name} 超过 {most} 个字符")
    if not _storable(value):
        raise VendorError(f"{name} 含有不能保存的字符")
    return value


def read_verdict(value: object, name: str) -> dict[str, object]:
    """The vendor's own words as JSON that can be stored; VendorError naming the field."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise VendorError(f"{name} 应为 JSON 对象")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise VendorError(f"{name} 含有不是数的值") from error
    if len(text) > MOST_VERDICT:
        raise VendorError(f"{name} 超过 {MOST_VERDICT} 个字符")
    if not _storable(text) or "\\u0000" in text:
        raise VendorError(f"{name} 含有不能保存的字符")
    return value


def _storable(text: str) -> bool:
    """Whether a database can hold a text: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
