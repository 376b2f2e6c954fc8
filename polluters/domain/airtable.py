"""A table of daily air figures as text: read, checked row by row, nothing guessed. Pure."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

COLUMNS = (
    "日期", "站点", "SO2", "NO2", "PM10", "PM2.5", "CO", "O3", "AQI", "沙尘", "状态",
)  # fmt: skip
FIELDS = {
    "SO2": "so2", "NO2": "no2", "PM10": "pm10", "PM2.5": "pm25", "CO": "co", "O3": "o3",
}  # fmt: skip
# Beyond these a daily mean is a slip of the pen, not weather.
MOST = {"SO2": 5000, "NO2": 5000, "PM10": 9999, "PM2.5": 5000, "CO": 200, "O3": 2000}
YES, NO = frozenset(("是", "1", "y", "Y")), frozenset(("", "否", "0", "n", "N"))
STATES = {"初值": "first", "审核值": "reviewed", "": "reviewed"}
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class AirRow:
    """One day of one station as the table gives it."""

    line: int
    day: date
    station: str
    values: dict[str, float | None]
    aqi: int | None
    dust: bool
    origin: str


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a line was not taken: which column, what stands there, what should."""

    line: int
    column: str
    text: str


def decode(content: bytes) -> str:
    """Return the text of a file saved as UTF-8 or, by older office programs, GB 18030."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def read_table(
    text: str, *, stations: Iterable[str], today: date
) -> tuple[list[AirRow], list[RowError]]:
    """Return the good rows and an error for each bad one."""
    errors: list[RowError] = []
    reader = _cells(text, errors)
    head = [cell.strip() for cell in next(reader, [])]
    missing = [name for name in ("日期", "站点") if name not in head]
    if missing or not set(FIELDS) & set(head) and "AQI" not in head:
        wanted = "、".join(COLUMNS)
        return [], [
            *errors,
            RowError(1, "表头", f"首行须为列名（{wanted}），缺少{'、'.join(missing)}"),
        ]
    known, seen = set(stations), dict[tuple[date, str, str], int]()
    rows: list[AirRow] = []
    for line, cells in enumerate(reader, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if line > MOST_ROWS:
            errors.append(RowError(line, "行数", f"一次最多 {MOST_ROWS} 行，其余未读"))
            break
        row = _row(line, _named(head, cells), known, today)
        if isinstance(row, RowError):
            errors.append(row)
            continue
        key = (row.day, row.station, row.origin)
        if key in seen:
            errors.append(RowError(line, "日期", f"与第 {seen[key]} 行重复"))
            continue
        seen[key] = line
        rows.append(row)
    return rows, errors


def _cells(text: str, errors: list[RowError]) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text))
    try:
        yield from reader
    except csv.Error:
        told = "不是可读的 CSV（单元格过长），自此行起未读"
        errors.append(RowError(reader.line_num, "行", told))


def _named(head: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: cell.strip() for name, cell in zip(head, cells, strict=False) if name}


def _row(
    line: int, cells: dict[str, str], stations: set[str], today: date
) -> AirRow | RowError:
    try:
        day = date.fromisoformat(cells.get("日期", "").replace("/", "-"))
    except ValueError:
        return RowError(
            line, "日期", f"“{cells.get('日期', '')}”不是日期，应形如 2026-03-01"
        )
    if day > today:
        return RowError(line, "日期", f"{day} 在今天之后")
    station = cells.get("站点", "")
    if station not in stations:
        return RowError(line, "站点", f"“{station}”未登记，请先在后台登记空气站")
    values: dict[str, float | None] = {}
    for name, field in FIELDS.items():
        value = _number(cells.get(name, ""), MOST[name])
        if isinstance(value, str):
            return RowError(line, name, value)
        values[field] = value
    aqi = _number(cells.get("AQI", ""), 500)
    if isinstance(aqi, str):
        return RowError(line, "AQI", aqi)
    if aqi is None and all(value is None for value in values.values()):
        return RowError(line, "SO2", "六项浓度与 AQI 全部为空")
    if cells.get("沙尘", "") not in YES | NO:
        return RowError(line, "沙尘", "应为 是 或 否")
    if cells.get("状态", "") not in STATES:
        return RowError(line, "状态", "应为 初值 或 审核值")
    return AirRow(
        line, day, station, values, None if aqi is None else round(aqi),
        cells.get("沙尘", "") in YES, STATES[cells.get("状态", "")],
    )  # fmt: skip


def _number(text: str, most: float) -> float | str | None:
    """Return a number, None of an empty cell, or in words why it is none."""
    if text in ("", "-", "—"):
        return None
    try:
        value = float(text)
    except ValueError:
        return f"“{text[:20]}”不是数字"
    if not math.isfinite(value) or value < 0:
        return f"“{text[:20]}”应为不小于 0 的数"
    return value if value <= most else f"{text[:20]} 超出可能范围（{most:g}）"
