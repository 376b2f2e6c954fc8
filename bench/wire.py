"""Plants as the file that ``manage.py check_readings`` reads: a head line and frames."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

import numpy as np

from bench.honest import Plant
from polluters.domain.hj212 import BEIJING, crc16, format_qn, format_time


def head(plants: Iterable[Plant]) -> str:
    """Return the head line."""
    loggers = []
    for plant in plants:
        points = []
        for code in plant.values:
            point: dict[str, object] = {"code": code, "unit": ""}
            point["range"] = list(plant.ranges[code])
            if code in plant.limits:
                point["limit"] = {
                    "kind": "许可限值",
                    "value": plant.limits[code],
                    "averaging": "hour" if plant.medium == "gas" else "day",
                }
            points.append(point)
        loggers.append(
            {
                "mn": plant.mn,
                "outlet": "DA001" if plant.medium == "gas" else "DW001",
                "medium": plant.medium,
                "ref_o2": plant.reference,
                "interval_s": plant.interval,
                "points": points,
            }
        )
    return json.dumps({"loggers": loggers}, ensure_ascii=False)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), BEIJING)


def frame(plant: Plant, cn: str, time: int, sent: int, body: str) -> bytes:
    """Return a frame with length and CRC."""
    system = "31" if plant.medium == "gas" else "32"
    segment = (
        f"QN={format_qn(_moment(sent))};ST={system};CN={cn};PW=123456;MN={plant.mn};"
        f"Flag=5;CP=&&{'DataTime=' + format_time(_moment(time)) + ';' if time else ''}"
        f"{body}&&"
    ).encode()
    return b"##%04d%b%04X" % (len(segment), segment, crc16(segment))


def frames(plant: Plant) -> Iterator[bytes]:
    """Yield a plant's frames in the order of data times."""
    converted = plant.convert()
    main, zs = ("Rtd", "ZsRtd") if plant.period == "2011" else ("Avg", "ZsAvg")
    gone = plant.dropped.get("", np.zeros(len(plant.times), bool))
    for at, time in enumerate(plant.times.tolist()):
        if gone[at]:
            continue
        items = []
        for code, values in plant.values.items():
            if code in plant.dropped and plant.dropped[code][at]:
                continue
            parts = [f"{code}-Flag={chr(plant.flags[code][at])}"]
            if np.isfinite(values[at]):
                parts.insert(0, f"{code}-{main}={float(values[at]):.10g}")
                if code in converted:
                    parts.insert(1, f"{code}-{zs}={converted[code][at]:.10g}")
            if code in plant.sampled:
                moment = _moment(plant.sampled[code][at])
                parts.insert(0, f"{code}-SampleTime={format_time(moment)}")
            items.append(",".join(parts))
        yield frame(plant, plant.period, time, int(plant.sent[at]), ";".join(items))
    for repeat in plant.repeats:
        body = f"{repeat.code}-{main}={repeat.other:.10g},{repeat.code}-Flag=N"
        yield frame(plant, plant.period, repeat.time, repeat.sent, body)
    for event in plant.events:
        body = f"{event.code}-Info={event.text}"
        yield frame(plant, "3020", event.time, event.time + 2, body)
    yield from _hours(plant)


def _hours(plant: Plant) -> Iterator[bytes]:
    if not plant.hourly:
        return
    times = next(iter(plant.hourly.values()))[0]
    for at, time in enumerate(times.tolist()):
        items = [
            f"{code}-Avg={means[at]:.10g},{code}-Flag=N"
            if np.isfinite(means[at])
            else f"{code}-Flag=D"
            for code, (_, means) in plant.hourly.items()
        ]
        yield frame(plant, "2061", time, time + 3605, ";".join(items))
