"""Daily AQI by the table in force on the day (HJ 633), from rows with a source.

The breakpoints are data (``data/aqi.csv``), each row with the version it belongs to and
where it comes from. HJ 633 was renewed from 2026-03-01: of its table one corner is known
from what was published (PM2.5, 60 µg/m3 at 100), the others are those of 2012 until they
have been compared with the text, and each result says so.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data" / "aqi.csv"
RENEWED = date(2026, 3, 1)
LEVELS = (
    (50, "优"),
    (100, "良"),
    (150, "轻度污染"),
    (200, "中度污染"),
    (300, "重度污染"),
)
GOOD = 100
UNREAD, KEPT = "待与", "沿用"  # words of a row's source


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One corner of the piecewise line of a pollutant."""

    version: str
    valid_from: date
    pollutant: str
    iaqi: int
    concentration: float
    source: str


@dataclass(frozen=True, slots=True)
class Aqi:
    """The index of a day; ``primary`` names the pollutants that set it (over 50 only)."""

    value: int
    level: str
    primary: tuple[str, ...]
    parts: Mapping[str, int]
    version: str
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the day counts as 优良."""
        return self.value <= GOOD


def read_table() -> list[Breakpoint]:
    """Return all breakpoints of the project's table."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return [
            Breakpoint(
                row["version"],
                date.fromisoformat(row["valid_from"]),
                row["pollutant"],
                int(row["iaqi"]),
                float(row["concentration"]),
                row["source"],
            )
            for row in csv.DictReader(file)
        ]


TABLE = read_table()


def part_of(value: float, corners: Sequence[Breakpoint]) -> int | None:
    """Return the IAQI of one concentration, rounded up; None if negative.

    Above the last corner it stays at the last IAQI, as HJ 633 caps it.
    """
    if value < 0 or not math.isfinite(value):
        return None
    line = sorted(corners, key=lambda corner: corner.concentration)
    for low, high in zip(line, line[1:], strict=False):
        if value <= high.concentration:
            share = (value - low.concentration) / (
                high.concentration - low.concentration
            )
            return math.ceil(low.iaqi + share * (high.iaqi - low.iaqi) - 1e-9)
    return line[-1].iaqi


def daily_aqi(
    concentrations: Mapping[str, float],
    *,
    day: date,
    table: Sequence[Breakpoint] | None = None,
) -> Aqi | None:
    """Return the AQI of a day from its daily means (O3: highest 8 h), None of nothing.

    Keys: SO2 NO2 PM10 PM2.5 CO O3; µg/m3, CO in mg/m3. Missing pollutants are named in
    ``notes``, unknown ones are refused with ``KeyError``.
    """
    edition = edition_on(day, TABLE if table is None else table)
    return edition.index(concentrations, day=day) if edition else None


@dataclass(frozen=True, slots=True)
class Edition:
    """The table of one version, by pollutant."""

    valid_from: date
    version: str
    corners: Mapping[str, Sequence[Breakpoint]]
    unread: int = 0
    kept: int = 0

    def index(self, concentrations: Mapping[str, float], *, day: date) -> Aqi | None:
        """Return the AQI of a day, as `daily_aqi` describes it."""
        return _index(self, concentrations, day)


def edition_on(day: date, table: Sequence[Breakpoint]) -> Edition | None:
    """Return the newest version in force on ``day``, None before the first."""
    latest = max(
        (row.valid_from for row in table if row.valid_from <= day), default=None
    )
    if latest is None:
        return None
    corners: dict[str, list[Breakpoint]] = {}
    version = ""
    for row in table:
        if row.valid_from == latest:
            corners.setdefault(row.pollutant, []).append(row)
            version = version or row.version
    sources = [row.source for own in corners.values() for row in own]
    return Edition(
        latest,
        version,
        corners,
        sum(UNREAD in source for source in sources),
        sum(KEPT in source for source in sources),
    )


def _index(
    edition: Edition, concentrations: Mapping[str, float], day: date
) -> Aqi | None:
    known = set(edition.corners)
    if unknown := set(concentrations) - known:
        raise KeyError(f"AQI 表中没有 {'、'.join(sorted(unknown))}")
    parts: dict[str, int] = {}
    for name, value in sorted(concentrations.items()):
        part = part_of(value, edition.corners[name])
        if part is not None:
            parts[name] = part
    if not parts:
        return None
    top = max(parts.values())
    notes = []
    if missing := sorted(known - set(parts)):
        notes.append(f"缺少 {'、'.join(missing)}，指数仅供参考")
    if day >= RENEWED > edition.valid_from:
        notes.append("2026-03-01 起的新版分指数表尚未录入，按旧版计算")
    elif edition.valid_from >= RENEWED and edition.unread:
        notes.append(
            f"{edition.version} 分指数表有 {edition.unread} 档待与标准原文核对"
            f"（其中 {edition.kept} 档沿用旧版），以官方 AQI 为准"
        )
    level = next((word for bound, word in LEVELS if top <= bound), "严重污染")
    primary = tuple(n for n, v in parts.items() if v == top) if top > 50 else ()
    return Aqi(top, level, primary, parts, edition.version, tuple(notes))


def good_share(days: Sequence[Aqi | None]) -> float | None:
    """Return the share of 优良 days among those with an index, None of nothing."""
    known = [day for day in days if day is not None]
    return sum(day.good for day in known) / len(known) if known else None
