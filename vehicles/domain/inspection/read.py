"""Read a vehicle test from JSON and write it back.

Two doors use it: ``manage.py check_tests`` reads files of unknown origin and keeps what
can be understood; the REST interface refuses wrong input first (its serializers are made
from the same shapes) and then reads with this.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from math import isfinite
from typing import Any

from vehicles.domain.codes import METHOD_NAMES, fuel_code
from vehicles.domain.inspection.fields import NOT_DETECTED, Spec, specs
from vehicles.domain.inspection.process import COLUMNS, Curve, from_columns, from_rows
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.domain.plates import COLOR_NAMES

BEIJING = timezone(timedelta(hours=8))
"""Beijing time; a time without an offset is taken as this."""

WORDS: dict[str, str] = {
    **{name: str(code) for code, name in METHOD_NAMES.items()},
    **{name: str(code) for code, name in COLOR_NAMES.items()},
    "合格": "pass",
    "不合格": "fail",
    "免检": "exempt",
    "中止": "aborted",
    "无效": "invalid",
    "lug_down": "lugdown",
    "asm5025": "asm",
}
"""Words beside the code words that a choice field understands."""


class ReadError(ValueError):
    """The document is not a vehicle test at all."""


def read_test(data: object) -> VehicleTest:
    """Return the test of a JSON document.

    Unknown fields are ignored, values that do not fit are left out, 99999 is None.
    Raises ReadError when ``data`` is no object or names neither report nor session.
    """
    if not isinstance(data, Mapping):
        raise ReadError("每行应是一个 JSON 对象")
    test: VehicleTest = build(VehicleTest, data)
    if not (test.report or test.session):
        raise ReadError("缺少 report 或 session")
    return test


def build(record: type, data: Mapping[str, object]) -> Any:
    """Return an instance of a shape with what can be read from ``data``."""
    values = {}
    for name, spec in specs(record).items():
        if name in data:
            value = read_value(spec, data[name])
            if value is not None:
                values[name] = value
    return record(**values)


def read_value(spec: Spec, value: object) -> Any:
    """Return a field's value, or None if it cannot be read."""
    if value is None:
        return None
    return _READERS[spec.kind](spec, value)


def _number(spec: Spec, value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(unicodedata.normalize("NFKC", value).strip())
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not isfinite(value) or (spec.not_detected and value == NOT_DETECTED):
        return None
    return float(value)


def _integer(spec: Spec, value: object) -> int | None:
    found = _number(spec, value)
    return None if found is None else int(found)


def _text(spec: Spec, value: object) -> str | None:
    if isinstance(value, dict | list | bool):
        return None
    return str(value).strip()


def _choice(spec: Spec, value: object) -> str | None:
    plain = str(value).strip()
    for candidate in (plain, plain.lower(), plain.upper(), WORDS.get(plain.lower())):
        if candidate in spec.choices:
            return str(candidate)
    try:
        code = fuel_code(plain)
    except ValueError:
        return None
    return code if code in spec.choices else None


def _flag(spec: Spec, value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    plain = str(value).strip().lower()
    if plain in ("1", "y", "yes", "true", "是"):
        return True
    return False if plain in ("0", "n", "no", "false", "否") else None


def parse_moment(value: object) -> datetime | None:
    """Return an aware time from ISO 8601; without an offset it is Beijing time."""
    if isinstance(value, datetime):
        found = value
    else:
        try:
            found = datetime.fromisoformat(str(value).strip())
        except ValueError:
            return None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def _moment(spec: Spec, value: object) -> datetime | None:
    return parse_moment(value)


def _day(spec: Spec, value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None


def _shape(spec: Spec, value: object) -> Any:
    return build(spec.of, value) if isinstance(value, Mapping) else None


def _list(spec: Spec, value: object) -> tuple[Any, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    if spec.of is str:
        return tuple(str(item).strip() for item in value if item is not None)
    return tuple(build(spec.of, item) for item in value if isinstance(item, Mapping))


def read_process(spec: Spec, value: object) -> Curve | None:
    """Return a curve from ``{"rows": […]}``, ``{"columns": {…}}`` or a list of rows."""
    if isinstance(value, Curve):
        return value
    if isinstance(value, Mapping):
        table = value.get("columns")
        if isinstance(table, Mapping):
            lists = {
                str(name): list(column)
                for name, column in table.items()
                if isinstance(column, list | tuple)
            }
            return from_columns(lists)
        value = value.get("rows")
    if not isinstance(value, list):
        return None
    return from_rows([row for row in value if isinstance(row, dict)])


_READERS = {
    "number": _number,
    "integer": _integer,
    "text": _text,
    "choice": _choice,
    "flag": _flag,
    "moment": _moment,
    "day": _day,
    "shape": _shape,
    "list": _list,
    "process": read_process,
}


def as_json(value: Any) -> Any:
    """Return a shape as JSON-able data; empty fields are left out, curves are rows."""
    if isinstance(value, Curve):
        return {"rows": rows_of(value)}
    if isinstance(value, datetime):
        return value.astimezone(BEIJING).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        found = {
            name: as_json(getattr(value, name)) for name in value.__dataclass_fields__
        }
        return {
            name: item for name, item in found.items() if item not in (None, "", [], {})
        }
    return value


def rows_of(curve: Curve) -> list[dict[str, object]]:
    """Return a curve as rows; missing values are left out."""
    names = [name for name in COLUMNS if name in curve.columns]
    rows: list[dict[str, object]] = []
    for index in range(curve.rows):
        row: dict[str, object] = {}
        for name in names:
            value = curve.columns[name][index]
            if value is not None:
                row[name] = int(value) if value == int(value) else value
        if curve.phases[index]:
            row["phase"] = curve.phases[index]
        rows.append(row)
    return rows


EPOCH = datetime.fromtimestamp(0, tz=UTC)
"""Stands in for a time that was not sent, so that such tests sort first."""
