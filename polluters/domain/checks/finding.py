"""A hit of a check, and the finding made of neighbouring hits, in words."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from polluters.domain.checks.catalogue import CATALOGUE, Check
from polluters.domain.hj212.codes import POLLUTANTS
from polluters.domain.hj212.frame import BEIJING

UNITS = {"degC": "℃", "mg/m3": "mg/m³", "m3/h": "m³/h", "m3/s": "m³/s", "-": ""}
NEIGHBOURS_S = 3 * 3600
SHORT = {
    "a34013": "颗粒物",
    "a00000": "废气流量",
    "w00000": "污水流量",
}


@dataclass(slots=True)
class Hit:
    """One place where a check struck; times in epoch seconds, ``end`` exclusive.

    ``data`` fills the placeholders of the catalogue's text; numbers are written short.
    A hit of a whole logger has an empty ``code``.
    """

    code: str
    check: str
    begin: int
    end: int
    score: float = 1.0
    data: dict[str, object] = field(default_factory=dict)
    count: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What an officer reads; times are aware, in Beijing time."""

    mn: str
    code: str
    check: str
    begin: datetime
    end: datetime
    severity: str
    why: str
    score: float
    topic: str
    data: Mapping[str, object]

    def as_json(self) -> dict[str, object]:
        """Return the form of ``manage.py check_readings``."""
        return {
            "mn": self.mn,
            "code": self.code,
            "check": self.check,
            "from": self.begin.isoformat(),
            "to": self.end.isoformat(),
            "severity": self.severity,
            "why": self.why,
        }


def moment(seconds: int) -> datetime:
    """Return epoch seconds as an aware Beijing time."""
    return datetime.fromtimestamp(seconds, BEIJING)


def short_time(seconds: int) -> str:
    """Return epoch seconds as people write them here."""
    return f"{moment(seconds):%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """Return a length of time in words."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} 分钟" if minutes else f"{round(seconds)} 秒"
    if minutes < 48 * 60:
        hours = minutes / 60
        return f"{hours:.0f} 小时" if minutes % 60 == 0 else f"{hours:.1f} 小时"
    return f"{minutes / 1440:.1f} 天"


def number(value: object) -> str:
    """Return a placeholder's value as text: numbers with four digits."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return "—"
        if abs(value) >= 9_999.5:  # four digits would be written 1e+04
            return f"{value:.0f}"
        return f"{value:.4g}"
    return str(value)


def percent(share: float) -> str:
    """Return a share as per cent."""
    if not math.isfinite(share):
        return "数倍"
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.1f}%"


def factor_name(code: str) -> str:
    """Return the name of a factor, its code if it is not in the table."""
    row = POLLUTANTS.get(code)
    return SHORT.get(code) or (row.name if row else code)


def merge(hits: Iterable[Hit], *, gap: int = NEIGHBOURS_S) -> list[Hit]:
    """Return hits with neighbours of the same factor and check made into one.

    The strongest hit gives the words; the counts add up.
    """
    merged: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.code, h.check, h.begin, h.end, -h.score)):
        last = merged[-1] if merged else None
        same = last is not None and (last.code, last.check) == (hit.code, hit.check)
        if last is None or not same or hit.begin - last.end > gap:
            merged.append(
                Hit(
                    hit.code, hit.check, hit.begin, hit.end, hit.score,
                    dict(hit.data), hit.count,
                )
            )  # fmt: skip
            continue
        last.end = max(last.end, hit.end)
        last.count += hit.count
        if hit.score > last.score:
            last.score, last.data = hit.score, dict(hit.data)
    return merged


def make_finding(
    mn: str,
    medium: str,
    hit: Hit,
    unit: str,
    checks: Mapping[str, Check] = CATALOGUE,
) -> Finding:
    """Return a hit in words; a placeholder without a value is written as a dash."""
    check = checks[hit.check]
    data: dict[str, object] = {
        "factor": factor_name(hit.code),
        "begin": short_time(hit.begin),
        "end": short_time(hit.end),
        "duration": duration(hit.end - hit.begin),
        "unit": UNITS.get(unit, unit),
        "count": hit.count,
        **hit.data,
    }
    words = _Words({key: number(value) for key, value in data.items()})
    return Finding(
        mn=mn,
        code=hit.code,
        check=hit.check,
        begin=moment(hit.begin),
        end=moment(hit.end),
        severity=check.severity.value,
        why=check.text.format_map(words).replace(" ，", "，").replace("  ", " "),
        score=hit.score,
        topic=check.topic.format(medium="water" if medium == "water" else "air"),
        data=data,
    )


class _Words(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"
