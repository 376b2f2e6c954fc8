"""The plain form: one JSON field ``event`` and files ``picture…`` and ``clip``.

``event``: ``{"id", "captured_at", "plate"?, "plate_color"?, "level"?, "verdict"?}``.
"""

import json

from vehicles.ingest.vendors.event import Parts, VendorError, VendorEvent, read_time


def read(parts: Parts) -> VendorEvent:
    """Read a request in the plain form; raises VendorError."""
    try:
        event = json.loads(parts.fields.get("event", ""))
    except json.JSONDecodeError as error:
        raise VendorError("字段 event 不是 JSON") from error
    if not isinstance(event, dict) or not str(event.get("id", "")).strip():
        raise VendorError("缺少事件编号 id")
    level = event.get("level")
    if level is not None and level not in range(6):
        raise VendorError("林格曼级应为 0–5 的整数")
    verdict = event.get("verdict")
    return VendorEvent(
        event_id=str(event["id"])[:60],
        captured_at=read_time(str(event.get("captured_at", ""))),
        pictures=[one for one in parts.files if one.field.startswith("picture")],
        clip=next((one for one in parts.files if one.field == "clip"), None),
        plate=str(event.get("plate") or ""),
        plate_color=str(event.get("plate_color") or ""),
        level=level,
        verdict=verdict if isinstance(verdict, dict) else {},
    )
