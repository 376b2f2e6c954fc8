"""Honest frames of a small gas and a small water outlet, and ways to spoil them.

Eight days of ten-minute data, made with ``random.Random`` so that every run and every
machine gives the same bytes.
"""

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from polluters.domain.checks import Finding, run_checks
from polluters.domain.checks.build import build_station
from polluters.domain.checks.collect import read_block
from polluters.domain.checks.head import read_head
from polluters.domain.hj212 import BEIJING, crc16, format_qn, format_time

START = datetime(2026, 3, 2, tzinfo=BEIJING)
STEP = timedelta(minutes=10)
COUNT = 8 * 144
MN = {"gas": "010000A8900016F000169DC0", "water": "010000A8900016F000169DC1"}
GAS = {
    # code: typical, relative noise, decimals, range, limit
    "a34013": (12.0, 0.1, 2, 150.0, 30.0),
    "a21026": (40.0, 0.12, 2, 500.0, 100.0),
    "a21002": (120.0, 0.08, 2, 800.0, 250.0),
    "a19001": (9.0, 0.03, 2, 25.0, None),
    "a00000": (120_000.0, 0.04, 0, 400_000.0, None),
    "a01012": (95.0, 0.01, 1, 300.0, None),
}
WATER = {
    "w01018": (32.0, 0.08, 2, 200.0, 50.0),
    "w01017": (11.0, 0.08, 2, 100.0, None),
    "w21003": (2.4, 0.1, 3, 30.0, 5.0),
    "w21001": (9.0, 0.08, 2, 60.0, 15.0),
    "w00000": (60.0, 0.06, 2, 300.0, None),
    "w01001": (7.4, 0.01, 2, 14.0, None),
}
BATCHED = ("w01018", "w01017", "w21003", "w21001")
CONVERTED = ("a34013", "a21026", "a21002")
REFERENCE = 9.0


@dataclass
class Row:
    """One frame before it is written; ``values`` None is a factor left out."""

    time: datetime
    sent: datetime
    values: dict[str, float | None]
    flags: dict[str, str]
    converted: dict[str, float] = field(default_factory=dict)
    sampled: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Lab:
    """An outlet's frames, to be spoiled and checked."""

    medium: str
    rows: list[Row]
    extra: list[bytes] = field(default_factory=list)

    @property
    def mn(self) -> str:
        return MN[self.medium]

    def convert(self) -> None:
        """Fill in the converted values as an honest logger does."""
        for row in self.rows:
            oxygen = row.values.get("a19001")
            for code in CONVERTED:
                value = row.values.get(code)
                if value is not None and oxygen is not None:
                    row.converted[code] = round(
                        value * (21 - REFERENCE) / (21 - oxygen), 2
                    )

    def frames(self) -> list[bytes]:
        """Return all frames as bytes."""
        found = [
            self.frame("2051", row.time, row.sent, self._body(row)) for row in self.rows
        ]
        return [*found, *self.extra]

    def _body(self, row: Row) -> str:
        items = []
        for code, value in row.values.items():
            if value is None:
                continue
            parts = [f"{code}-Avg={value}", f"{code}-Flag={row.flags[code]}"]
            if code in row.converted:
                parts.insert(1, f"{code}-ZsAvg={row.converted[code]}")
            if code in row.sampled:
                parts.insert(0, f"{code}-SampleTime={format_time(row.sampled[code])}")
            items.append(",".join(parts))
        return ";".join(items)

    def frame(self, cn: str, time: datetime, sent: datetime, body: str) -> bytes:
        """Return one frame with its length and CRC."""
        system = "31" if self.medium == "gas" else "32"
        segment = (
            f"QN={format_qn(sent)};ST={system};CN={cn};PW=123456;MN={self.mn};Flag=5;"
            f"CP=&&DataTime={format_time(time)};{body}&&"
        ).encode()
        return b"##%04d%b%04X" % (len(segment), segment, crc16(segment))

    def head(self) -> dict[str, Any]:
        """Return the head line's object."""
        kinds = GAS if self.medium == "gas" else WATER
        points = []
        for code, (_, _, _, top, limit) in kinds.items():
            point: dict[str, Any] = {"code": code, "unit": "", "range": [0, top]}
            if limit is not None:
                point["limit"] = {
                    "kind": "许可限值",
                    "value": limit,
                    "averaging": "hour",
                }
            points.append(point)
        reference = REFERENCE if self.medium == "gas" else None
        return {
            "loggers": [
                {
                    "mn": self.mn, "outlet": "DA001", "medium": self.medium,
                    "ref_o2": reference, "interval_s": 600, "points": points,
                }
            ]
        }  # fmt: skip

    def check(self, frames: Iterable[bytes] | None = None) -> list[Finding]:
        """Return the findings, by way of the bytes."""
        listed = self.frames() if frames is None else list(frames)
        block = read_block(b"\r\n".join(listed) + b"\r\n", {})
        assert block.refused == {}
        spec = read_head(self.head())[self.mn]
        return run_checks(build_station(spec, block.pieces[self.mn]))


def honest(medium: str) -> Lab:
    """Return honest frames; gas is calibrated each night at 02:00."""
    source = random.Random(f"honest {medium}")
    kinds = GAS if medium == "gas" else WATER
    rows: list[Row] = []
    drift = dict.fromkeys(kinds, 0.0)
    held: dict[str, float] = {}
    for index in range(COUNT):
        time = START + index * STEP
        sent = time + STEP + timedelta(seconds=source.randint(1, 4))
        load = 1 + 0.1 * math.sin(2 * math.pi * (index % 144) / 144)
        row = Row(time, sent, {}, {})
        for code, (typical, noise, digits, _, _) in kinds.items():
            drift[code] = 0.6 * drift[code] + 0.8 * source.gauss(0, 1)
            wave = load if code not in ("a19001", "a01012", "w01001") else 1.0
            value = round(typical * wave * (1 + noise * drift[code]), digits)
            if code in BATCHED:
                value = held[code] if index % 12 and code in held else value
                held[code] = value
                row.sampled[code] = START + (index // 12 * 12) * STEP
            row.values[code] = value
            row.flags[code] = "N"
        if medium == "gas" and index % 144 in (12, 13, 14):
            for code in CONVERTED:
                row.flags[code] = "C"
                row.values[code] = 0.0 if index % 144 == 12 else 0.8 * GAS[code][3]
        rows.append(row)
    lab = Lab(medium, rows)
    if medium == "gas":
        lab.convert()
    return lab


def spoil(lab: Lab, act: Mapping[str, Any]) -> None:
    """Apply one act of a fixture to rows ``from`` … ``to`` (exclusive) of a lab."""
    rows = lab.rows[act["from"] : act["to"]]
    ACTS[act["do"]](lab, rows, act)


def _codes(lab: Lab, act: Mapping[str, Any]) -> list[str]:
    return list(act.get("codes") or lab.rows[0].values)


def _set(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        for code in _codes(lab, act):
            row.values[code] = act["value"]


def _scale(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        for code in _codes(lab, act):
            row.values[code] = round((row.values[code] or 0) * act["factor"], 3)


def _add(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        for code in _codes(lab, act):
            row.values[code] = round((row.values[code] or 0) + act["value"], 3)


def _clip(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        for code in _codes(lab, act):
            row.values[code] = min(row.values[code] or 0, act["value"])


def _wave(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for index, row in enumerate(rows):
        for code in _codes(lab, act):
            size = math.sin(2 * math.pi * index / act["period"])
            row.values[code] = round(act["value"] * (1 + act["size"] * size), 2)


def _copy(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    back = act["back"]
    for index, row in enumerate(rows, act["from"]):
        for code in _codes(lab, act):
            row.values[code] = lab.rows[index - back].values[code]


def _flag(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        for code in _codes(lab, act):
            row.flags[code] = act["flag"]


def _convert_scale(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        for code in _codes(lab, act):
            row.converted[code] = round(row.converted[code] * act["factor"], 2)


def _sent(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        row.sent += timedelta(seconds=act["seconds"])


def _shift(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        row.time += timedelta(seconds=act["seconds"])


def _drop(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    gone = {id(row) for row in rows}
    lab.rows = [row for row in lab.rows if id(row) not in gone]


def _again(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        items = [
            f"{code}-Avg={round((row.values[code] or 0) * act['factor'], 2)},{code}-Flag=N"
            for code in _codes(lab, act)
        ]
        sent = row.sent + timedelta(hours=2)
        lab.extra.append(lab.frame("2051", row.time, sent, ";".join(items)))


def _event(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    time = rows[0].time
    lab.extra.append(lab.frame("3020", time, time, f"i11001-Info={act['text']}"))


def _hours(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    """Report hour means over the whole record, those of ``from`` … ``to`` scaled."""
    chosen = {row.time for row in rows}
    for first in range(0, len(lab.rows) - 5, 6):
        group = lab.rows[first : first + 6]
        items = []
        for code in _codes(lab, act):
            good = [r.values[code] or 0 for r in group if r.flags[code] == "N"]
            if len(good) < 5:
                continue
            factor = act["factor"] if group[0].time in chosen else 1.0
            items.append(
                f"{code}-Avg={round(sum(good) / len(good) * factor, 3)},{code}-Flag=N"
            )
        if items:
            time = group[0].time
            lab.extra.append(
                lab.frame("2061", time, time + timedelta(minutes=62), ";".join(items))
            )


def _stall(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    for row in rows:
        for code in _codes(lab, act):
            row.sampled[code] = rows[0].sampled[code]


def _convert(lab: Lab, rows: list[Row], act: Mapping[str, Any]) -> None:
    lab.convert()


ACTS = {
    "set": _set, "scale": _scale, "add": _add, "clip": _clip, "wave": _wave,
    "copy": _copy, "flag": _flag, "convert_scale": _convert_scale, "sent": _sent,
    "shift": _shift, "drop": _drop, "again": _again, "event": _event, "hours": _hours,
    "stall": _stall, "convert": _convert,
}  # fmt: skip
