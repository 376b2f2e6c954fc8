"""ISAPI event notifications: an XML part ``EventNotificationAlert`` and JPEG parts.

Element names are those of public client code, not of the vendor's document: a device that
differs needs its own module. Files are known by their content: devices name types loosely.
"""

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from vehicles.ingest.vendors.event import (
    Parts,
    VendorError,
    VendorEvent,
    read_id,
    read_time,
)

COLORS = {"blue": "blue", "yellow": "yellow", "white": "white", "black": "black",
          "green": "green", "newEnergyGreen": "green", "newEnergyYellowGreen": "yellow_green"}  # fmt: skip
# The parser knows no Chinese encoding, and devices write in one.
CHINESE = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']gb[\w-]*[\"'][^>]*\?>", re.I)
MOST_TEXT = 60


def _root(parts: Parts) -> Element:
    xml = next((one.content for one in parts.files if "xml" in one.media_type), b"")
    content: bytes | str = xml or parts.fields.get("event", "").encode()
    try:
        if isinstance(content, bytes) and (said := CHINESE.match(content)):
            content = content[said.end() :].decode("gb18030")
        root: Element = ElementTree.fromstring(content)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise VendorError("事件不是有效的 XML") from error
    return root


def _text(root: Element, name: str) -> str:
    for element in root.iter():
        if element.tag.rpartition("}")[2] == name:
            return (element.text or "").strip()
    return ""


def read(parts: Parts) -> VendorEvent:
    """Read an ISAPI request; raises VendorError."""
    root = _root(parts)
    number = _text(root, "UUID") or _text(root, "eventId")
    if not number:
        raise VendorError("缺少事件编号 UUID")
    level = _text(root, "ringelmannLevel") or _text(root, "smokeLevel")
    clips = [one for one in parts.files if one.is_mp4]
    if len(clips) > 1:
        raise VendorError("只能有一个 MP4 视频")
    other = [
        one.name
        for one in parts.files
        if not (one.is_jpeg or one.is_mp4 or "xml" in one.media_type)
    ]
    return VendorEvent(
        event_id=read_id(number),
        captured_at=read_time(_text(root, "dateTime")),
        pictures=[one for one in parts.files if one.is_jpeg],
        clip=clips[0] if clips else None,
        plate=_text(root, "licensePlate")[:MOST_TEXT],
        plate_color=COLORS.get(_text(root, "plateColor"), ""),
        level=int(level) if level in ("0", "1", "2", "3", "4", "5") else None,
        verdict={
            "eventType": _text(root, "eventType")[:MOST_TEXT],
            "level_text": level[:MOST_TEXT],
            "confidence": _text(root, "confidenceLevel")[:MOST_TEXT],
        }
        | ({"not_kept": other[:8]} if other else {}),
    )
