"""What any vendor's device tells, in one shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


class VendorError(ValueError):
    """A request that the adapter cannot read; the message says why, in Chinese."""


@dataclass(frozen=True)
class Attachment:
    """An uploaded file: its field name, file name, media type and bytes."""

    field: str
    name: str
    media_type: str
    content: bytes


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
