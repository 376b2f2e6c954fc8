"""Per-second process data of a test: columns, phases, rows, packing.

A curve is a table with one row a second. Columns are named with their unit; a column
that the bench does not measure is absent, a missing value is None. ``phase`` names the
part of the test, see ``PHASES``.
"""

import json
import zlib
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan, nan
from typing import cast

from vehicles.domain.codes import Method
from vehicles.domain.inspection.fields import NOT_DETECTED


@dataclass(frozen=True, slots=True)
class Column:
    """One column: Chinese name, unit and the range outside which a value is refused."""

    label: str
    unit: str
    least: float
    most: float


COLUMNS: dict[str, Column] = {
    "t": Column("时间", "s", 0, 3600),
    "speed_kmh": Column("车速（滚筒）", "km/h", -1, 200),
    "target_speed_kmh": Column("设定车速", "km/h", 0, 200),
    "rpm": Column("发动机转速", "r/min", 0, 12000),
    "roller_rpm": Column("滚筒转速", "r/min", 0, 12000),
    "power_kw": Column("轮边功率", "kW", -50, 1000),
    "torque_nm": Column("扭矩", "N·m", -5000, 20000),
    "oil_temp_c": Column("机油温度", "℃", -40, 200),
    "co_pct": Column("CO", "%", 0, 20),
    "co2_pct": Column("CO₂", "%", 0, 25),
    "hc_ppm": Column("HC", "10⁻⁶", 0, 30000),
    "no_ppm": Column("NO", "10⁻⁶", 0, 10000),
    "nox_ppm": Column("NOx", "10⁻⁶", 0, 10000),
    "o2_pct": Column("O₂", "%", 0, 25),
    "lambda": Column("过量空气系数 λ", "", 0, 10),
    "co_corr_pct": Column("CO（修正）", "%", 0, 20),
    "hc_corr_ppm": Column("HC（修正）", "10⁻⁶", 0, 30000),
    "no_corr_ppm": Column("NO（修正）", "10⁻⁶", 0, 10000),
    "dilution_factor": Column("稀释修正系数", "", 0, 10),
    "humidity_factor": Column("湿度修正系数", "", 0, 10),
    "diluted_o2_pct": Column("稀释 O₂", "%", 0, 25),
    "diluted_flow_l_s": Column("稀释流量", "L/s", 0, 1000),
    "co_g_s": Column("CO 排放", "g/s", 0, 50),
    "hc_g_s": Column("HC 排放", "g/s", 0, 50),
    "nox_g_s": Column("NOx 排放", "g/s", 0, 50),
    "k_m1": Column("光吸收系数 k", "m⁻¹", 0, 30),
    "opacity_pct": Column("不透光度 N", "%", 0, 100),
    "temperature_c": Column("环境温度", "℃", -50, 60),
    "humidity_pct": Column("相对湿度", "%", 0, 100),
    "pressure_kpa": Column("大气压", "kPa", 50, 110),
}

_GAS = ("t", "rpm", "co_pct", "co2_pct", "hc_ppm")
REQUIRED_COLUMNS: dict[Method, tuple[str, ...]] = {
    Method.DOUBLE_IDLE: _GAS,
    Method.ASM: (*_GAS, "no_ppm", "speed_kmh"),
    Method.VMAS: (*_GAS, "no_ppm", "speed_kmh"),
    Method.TRANSIENT: (*_GAS, "no_ppm", "speed_kmh"),
    Method.LUGDOWN: ("t", "speed_kmh", "rpm", "power_kw", "k_m1"),
    Method.FREE_ACCELERATION: ("t", "rpm", "k_m1"),
    Method.RINGELMANN: (),
}
"""Columns without which the process data of a method are refused."""

GAS_COLUMNS = ("co_pct", "co2_pct", "hc_ppm", "no_ppm", "nox_ppm", "o2_pct")
SMOKE_COLUMNS = ("k_m1", "opacity_pct", "nox_ppm", "co2_pct")


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a test with its shortest lawful length in seconds."""

    code: str
    label: str
    seconds: int
    sampled: bool


PHASES: dict[Method, tuple[Phase, ...]] = {
    Method.DOUBLE_IDLE: (
        Phase("prepare", "70% 额定转速", 30, False),
        Phase("high_hold", "高怠速稳定", 15, False),
        Phase("high_sample", "高怠速取样", 30, True),
        Phase("low_hold", "怠速稳定", 15, False),
        Phase("low_sample", "怠速取样", 30, True),
    ),
    Method.ASM: (
        Phase("accelerate_5025", "加速至 25 km/h", 0, False),
        Phase("hold_5025", "5025 稳速", 5, False),
        Phase("settle_5025", "5025 仪器预置", 10, False),
        Phase("sample_5025", "5025 取样", 10, True),
        Phase("accelerate_2540", "加速至 40 km/h", 0, False),
        Phase("hold_2540", "2540 稳速", 0, False),
        Phase("settle_2540", "2540 仪器预置", 0, False),
        Phase("sample_2540", "2540 取样", 0, True),
    ),
    Method.VMAS: (
        Phase("prepare", "准备", 0, False),
        Phase("cycle", "195 s 循环", 195, True),
    ),
    Method.TRANSIENT: (
        Phase("prepare", "准备", 0, False),
        Phase("cycle", "195 s 循环", 195, True),
    ),
    Method.LUGDOWN: (
        Phase("accelerate", "加速", 5, False),
        Phase("power_scan", "功率扫描", 10, True),
        Phase("point_100", "100% 点", 5, True),
        Phase("point_80", "80% 点", 5, True),
        Phase("finish", "结束", 0, False),
    ),
    Method.FREE_ACCELERATION: (
        Phase("blow", "吹拂", 10, False),
        Phase("accel_1", "第 1 次自由加速", 8, True),
        Phase("accel_2", "第 2 次自由加速", 8, True),
        Phase("accel_3", "第 3 次自由加速", 8, True),
        Phase("accel_4", "第 4 次自由加速", 0, True),
    ),
    Method.RINGELMANN: (Phase("observe", "观测", 0, True),),
}
"""Phases in order. Lengths of double idle, ASM and the 195 s cycles follow the interface
specifications of Jiangsu and Shenyang; those of diesel methods are settings' defaults."""

CYCLE_ROWS = 195
"""Rows of the cycle of VMAS and the transient method, one a second."""


def phase_label(method: Method, code: str) -> str:
    """Return the Chinese name of a phase, or the code itself."""
    return next((p.label for p in PHASES[method] if p.code == code), code)


@dataclass(frozen=True, slots=True)
class Curve:
    """Process data: equally long columns, and the phase of each row."""

    columns: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    phases: tuple[str, ...] = ()
    rows: int = 0

    def values(self, name: str) -> tuple[float | None, ...]:
        """Return a column, all None if it was not measured."""
        found = self.columns.get(name)
        return found if found is not None else (None,) * self.rows

    def has(self, name: str) -> bool:
        """Return whether the column holds at least one number."""
        return any(value is not None for value in self.columns.get(name, ()))

    def times(self) -> tuple[float, ...]:
        """Return the seconds of the rows; the row's index where none was sent."""
        given = self.values("t")
        return tuple(
            float(index) if value is None else value
            for index, value in enumerate(given)
        )

    def sampled(self, method: str) -> tuple[bool, ...]:
        """Return for each row whether it counts; rows of unknown phases do."""
        known = PHASES[Method(method)] if method in set(Method) else ()
        rest = {phase.code for phase in known if not phase.sampled}
        return tuple(phase not in rest for phase in self.phases)


def lacking(curve: Curve, method: str) -> tuple[str, str] | None:
    """Return code and words for process data that do not suit a method, else None."""
    if method not in set(Method):
        return "not_expected", "该检测方法没有过程数据"
    missing = [n for n in REQUIRED_COLUMNS[Method(method)] if not curve.has(n)]
    return ("missing_columns", "缺少列：" + "、".join(missing)) if missing else None


def from_rows(rows: Sequence[dict[str, object]]) -> Curve:
    """Build a curve from rows; unknown columns and non-numbers are left out."""
    sent = set().union(*rows)
    columns = {
        name: as_numbers([row.get(name) for row in rows])
        for name in COLUMNS
        if name in sent
    }
    phases = tuple([str(row.get("phase") or "") for row in rows])
    return Curve(columns, phases, len(rows))


def from_columns(table: Mapping[str, Sequence[object]]) -> Curve:
    """Build a curve from columns; short ones are filled up with None."""
    rows = max((len(values) for values in table.values()), default=0)
    columns = {
        name: as_numbers(table[name]) + (None,) * (rows - len(table[name]))
        for name in COLUMNS
        if name in table
    }
    given = list(table.get("phase", ()))
    phases = [str(value or "") for value in given] + [""] * (rows - len(given))
    return Curve(columns, tuple(phases), rows)


NUMBERS = frozenset((int, float))


def as_numbers(values: Sequence[object]) -> tuple[float | None, ...]:
    """Return ``as_number`` of each value; a column of plain numbers goes in one step."""
    if NUMBERS.issuperset(map(type, values)) and NOT_DETECTED not in values:
        try:
            plain = tuple(map(float, cast(Sequence[float], values)))
        except OverflowError:
            plain = (nan,)
        if isfinite(sum(plain)):
            return plain
    return tuple([as_number(value) for value in values])


def as_number(value: object) -> float | None:
    """Return a finite number, or None for anything else and for 99999."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        plain = float(value)
    except OverflowError:
        return None
    return plain if isfinite(plain) and plain != NOT_DETECTED else None


def pack(curve: Curve) -> bytes:
    """Return the curve as compressed bytes: float32 columns behind a JSON head."""
    head = {
        "rows": curve.rows,
        "names": list(curve.columns),
        "phases": _runs(curve.phases),
    }
    first = json.dumps(head, separators=(",", ":")).encode()
    body = array("f")
    for values in curve.columns.values():
        if None in values:
            values = tuple([nan if value is None else value for value in values])
        body.extend(cast(Iterable[float], values))
    return zlib.compress(len(first).to_bytes(4, "big") + first + body.tobytes(), 6)


def unpack(content: bytes, only: Collection[str] | None = None) -> Curve:
    """Return the curve that ``pack`` made, with numbers rounded to float32's digits.

    With ``only`` just those columns are read, and not rounded, for computing with them.
    """
    plain = zlib.decompress(content)
    size = int.from_bytes(plain[:4], "big")
    head = json.loads(plain[4 : 4 + size])
    body = array("f")
    body.frombytes(plain[4 + size :])
    rows = head["rows"]
    columns: dict[str, tuple[float | None, ...]] = {}
    for index, name in enumerate(head["names"]):
        values = body[index * rows : (index + 1) * rows]
        if only is None:
            columns[name] = tuple(
                None if isnan(value) else float(f"{value:.7g}") for value in values
            )
        elif name in only:
            columns[name] = tuple(None if isnan(value) else value for value in values)
    phases = [code for code, count in head["phases"] for _ in range(count)]
    return Curve(columns, tuple(phases), rows)


def _runs(values: Iterable[str]) -> list[list[object]]:
    runs: list[list[object]] = []
    last = None
    count = 0
    for value in values:
        if value == last:
            count += 1
            runs[-1][1] = count
        else:
            last, count = value, 1
            runs.append([value, 1])
    return runs
