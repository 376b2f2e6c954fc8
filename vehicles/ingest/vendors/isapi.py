"""ISAPI event notifications: an XML part ``EventNotificationAlert`` and JPEG parts.

Element names are those of public client code, not of the vendor's document: a device that
differs needs its own module.
"""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from vehicles.ingest.vendors.event import Parts, VendorError, VendorEvent, read_time

COLORS = {"blue": "blue", "yellow": "yellow", "white": "white", "black": "black",
          "green": "green", "newEnergyGreen": "green", "newEnergyYellowGreen": "yellow_green"}  # fmt: skip


def _text(root: Element, name: str) -> str:
    for element in root.iter():
        if element.tag.rpartition("}")[2] == name:
            return (element.text or "").strip()
    return ""


def read(parts: Parts) -> VendorEvent:
    """Read an ISAPI request; raises VendorError."""
    xml = next((one.content for one in parts.files if "xml" in one.media_type), b"")
    xml = xml or parts.fields.get("event", "").encode()
    try:
        root = ElementTree.fromstring(xml)
    except (ParseError, DefusedXmlException) as error:
        raise VendorError("事件不是有效的 XML") from error
    number = _text(root, "UUID") or _text(root, "eventId")
    if not number:
        raise VendorError("缺少事件编号 UUID")
    level = _text(root, "ringelmannLevel") or _text(root, "smokeLevel")
    return VendorEvent(
        event_id=number[:60],
        captured_at=read_time(_text(root, "dateTime")),
        pictures=[one for one in parts.files if one.media_type == "image/jpeg"],
        clip=next((one for one in parts.files if one.media_type == "video/mp4"), None),
        plate=_text(root, "licensePlate"),
        plate_color=COLORS.get(_text(root, "plateColor"), ""),
        level=int(level) if level in ("0", "1", "2", "3", "4", "5") else None,
        verdict={
            "eventType": _text(root, "eventType"),
            "level": level,
            "confidence": _text(root, "confidenceLevel"),
        },
    )
