"""站房供电或门禁事件: what the logger's field information (CN 3020) tells of."""

import re

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit

POWER = re.compile(r"断电|停电|失电|掉电|来电|供电|电源|UPS|power", re.IGNORECASE)
DOOR = re.compile(r"门禁|开门|关门|房门|门开|门被|闯入|入侵|door", re.IGNORECASE)
CHANGE = re.compile(
    r"(修改|更改|变更|设置|change|modif).*(参数|量程|系数|斜率|截距|param|range)|"
    r"(参数|量程|系数|斜率|截距|param|range).*(修改|更改|变更|change|modif)",
    re.IGNORECASE,
)
KINDS = (("power", POWER), ("door", DOOR), ("parameter", CHANGE))


def kind_of(text: str) -> str:
    """Return which kind of event a line tells of, empty if none."""
    return next((kind for kind, words in KINDS if words.search(text)), "")


def find(context: Context) -> list[Hit]:
    """Return events outside marked maintenance."""
    hits = []
    for event in context.station.events:
        kind = kind_of(event.text)
        if not kind:
            continue
        if kind != "power" and context.near_marks(event.time, event.time + 1, 1800):
            continue
        data: dict[str, object] = {"text": event.text.strip("/ "), "kind": kind}
        hits.append(
            Hit(event.code, "station_event", event.time, event.time + 60, 1.0, data)
        )
    return hits
