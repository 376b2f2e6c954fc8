"""What is exchanged with other systems, in which direction, and in which form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from enforcement.domain.labels import Labelled


class Direction(Labelled):
    """From us or to us."""

    OUT = "out", "发出"
    IN = "in", "收到"


class Way(Labelled):
    """How a parcel travels."""

    FOLDER = "folder", "共享目录"
    REST = "rest", "接口"


class Content(Labelled):
    """What a parcel is about."""

    TRANSFER = "transfer", "线索移送"
    REPLY = "reply", "移送回执与回函"
    CASE = "case", "案件进展"
    PENALTY = "penalty", "处罚系统办理结果"
    CHECK = "check", "移动执法检查记录"


OUTWARD = (Content.TRANSFER, Content.CASE)
INWARD = (Content.REPLY, Content.PENALTY, Content.CHECK)
AUTHORITY_CONTENTS = (Content.TRANSFER, Content.REPLY)


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a row that another system sends."""

    name: str
    kind: str = "text"
    required: bool = True
    options: tuple[str, ...] = ()


COLUMNS: dict[Content, tuple[Column, ...]] = {
    Content.REPLY: (
        Column("number"),
        Column("letter", required=False),
        Column("act", options=("receipt", "reply")),
        Column("on", "date"),
        Column("reference", required=False),
        Column("text"),
    ),
    Content.PENALTY: (
        Column("number"),
        Column("external_ref"),
        Column("event", options=("filed", "decided", "served", "paid", "closed")),
        Column("on", "date"),
        Column("amount", "money", required=False),
        Column("reference", required=False),
        Column("text", required=False),
    ),
    Content.CHECK: (
        Column("external_ref"),
        Column("number", required=False),
        Column("mode", options=("on_site", "off_site")),
        Column("kind", options=("routine", "special", "case")),
        Column("on", "date"),
        Column("subject_name"),
        Column("district", required=False),
        Column("means"),
        Column("found", "yes_no"),
        Column("result", required=False),
    ),
}
"""The rows of each content that comes in (docs: 外部系统交换)."""

Row = dict[str, object]


def read_rows(
    content: Content, rows: Sequence[object], today: date
) -> tuple[list[Row], list[str]]:
    """Return the rows that can be used and, in words, what is wrong with the others."""
    good: list[Row] = []
    problems: list[str] = []
    for place, raw in enumerate(rows, start=1):
        if not isinstance(raw, Mapping):
            problems.append(f"第 {place} 行应为对象")
            continue
        found: Row = {}
        faults = []
        for column in COLUMNS[content]:
            value, fault = _read(column, raw.get(column.name), today)
            found[column.name] = value
            faults += [fault] if fault else []
        if faults:
            problems.append(f"第 {place} 行：" + "；".join(faults))
        else:
            found["place"] = place
            good.append(found)
    return good, problems


def _read(column: Column, value: object, today: date) -> tuple[object, str]:
    name = column.name
    if value is None or value == "":
        return None, f"缺少 {name}" if column.required else ""
    if column.options and value not in column.options:
        return None, f"{name} 应为 {'、'.join(column.options)} 之一"
    if column.kind == "date":
        return _day(name, value, today)
    if column.kind == "money":
        return _money(name, value)
    if column.kind == "yes_no":
        return (
            (value, "")
            if isinstance(value, bool)
            else (None, f"{name} 应为 true 或 false")
        )
    return str(value).strip()[:2000], ""


def _day(name: str, value: object, today: date) -> tuple[object, str]:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return None, f"{name} 不是日期（应如 2026-03-01）"
    return (day, "") if day <= today else (None, f"{name} 晚于今天")


def _money(name: str, value: object) -> tuple[object, str]:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None, f"{name} 不是金额"
    fits = amount.is_finite() and Decimal(0) <= amount < Decimal(10) ** 12
    return (amount, "") if fits else (None, f"{name} 超出范围")
