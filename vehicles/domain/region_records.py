"""The records sent to the autonomous region's vehicle platform (记录集, after HJ 1238).

The tables of HJ 1238-2021 were not available in full; columns carry the words of the
public station interfaces that stand in for it, in one place, so that a column can be
renamed when the region publishes its own list. Codes are the platform's letters.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

STATION, VEHICLE, TEST = "station", "vehicle", "test"
KIND = "vehicle_tests"
"""The kind of a parcel: the tests of a day with their vehicles and stations."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """One file of the record set: its name and its columns (name, Chinese heading)."""

    code: str
    file: str
    key: str
    columns: tuple[tuple[str, str], ...]


TYPES: tuple[RecordType, ...] = (
    RecordType(
        STATION,
        "station.csv",
        "station_code",
        (
            ("station_code", "检验机构编号"),
            ("name", "名称"),
            ("district_code", "行政区划代码"),
            ("cma_number", "资质认定证书编号"),
            ("cma_until", "资质认定有效期至"),
        ),
    ),
    RecordType(
        VEHICLE,
        "vehicle.csv",
        "plate",
        (
            ("plate", "号牌号码"),
            ("plate_color", "号牌颜色"),
            ("plate_type", "号牌种类"),
            ("vin", "VIN"),
            ("vehicle_type", "车辆类型"),
            ("fuel", "燃料种类"),
            ("stage", "排放阶段"),
            ("registered_on", "初次登记日期"),
            ("gross_mass_kg", "总质量"),
            ("use", "使用性质"),
        ),
    ),
    RecordType(
        TEST,
        "test.csv",
        "report",
        (
            ("report", "检验报告编号"),
            ("station_code", "检验机构编号"),
            ("line", "检测线"),
            ("plate", "号牌号码"),
            ("plate_color", "号牌颜色"),
            ("vin", "VIN"),
            ("category", "检验类别"),
            ("method", "检测方法"),
            ("attempt", "检验次数"),
            ("started_at", "开始时间"),
            ("ended_at", "结束时间"),
            ("outcome", "结论"),
            ("results", "结果"),
            ("curve_sha256", "过程数据摘要"),
        ),
    ),
)


def as_file(
    kind: RecordType, rows: Iterable[Mapping[str, object]]
) -> tuple[bytes, int]:
    """Return the CSV of a record type and its number of rows."""
    out = io.StringIO()
    names = [name for name, _ in kind.columns]
    writer = csv.DictWriter(out, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow({name: _cell(row.get(name)) for name in names})
        count += 1
    return out.getvalue().encode(), count


def _cell(value: object) -> object:
    return "" if value is None else value


def read_held(body: bytes) -> dict[str, float | str | None]:
    """Return ``{report: outcome}`` from the other side's list for 对账.

    Raises ValueError if it has no columns ``report`` and ``outcome``.
    """
    rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    needed: Sequence[str] = ("report", "outcome")
    if any(name not in (rows.fieldnames or ()) for name in needed):
        raise ValueError("对账文件须有 report、outcome 两列")
    return {row["report"]: row["outcome"] for row in rows if row["report"]}
