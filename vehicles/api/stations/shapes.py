"""Serializers made from the shapes of ``vehicles.domain.inspection``.

Input is strict where it matters: a number is a JSON number, not a text; it lies within
the range of its field; unknown fields are ignored.
"""

from collections.abc import Mapping
from functools import cache
from math import isfinite
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bozhou_eco.common.parsers import MomentField
from vehicles.domain.inspection.fields import NOT_DETECTED, Spec, specs
from vehicles.domain.inspection.process import (
    COLUMNS,
    PHASES,
    Curve,
    from_columns,
    from_rows,
    lacking,
)
from vehicles.domain.inspection.read import as_json

MOST_ROWS = 3600
PLAIN = frozenset((int, float, type(None)))
WORDS = frozenset((str, type(None)))
CODES = sorted({phase.code for phases in PHASES.values() for phase in phases})
KNOWN = frozenset((*CODES, None))


def _range(least: float | None, most: float | None, unit: str) -> str:
    low = "" if least is None else f"{least:g}"
    high = "" if most is None else f"{most:g}"
    return f"应在 {low}～{high} {unit}".rstrip()


class NumberField(serializers.FloatField):
    """A JSON number in a range; 99999 means not detected."""

    def __init__(self, spec: Spec, **options: Any) -> None:
        self.spec = spec
        hint = _range(spec.least, spec.most, spec.unit) + "；请核对单位"
        super().__init__(
            min_value=spec.least,
            max_value=spec.most,
            allow_null=True,
            error_messages={"min_value": hint, "max_value": hint},
            **options,
        )

    def run_validation(self, data: Any = serializers.empty) -> float | None:
        """Return the number, None for 99999."""
        if self.spec.not_detected and data == NOT_DETECTED and data is not True:
            return None
        return super().run_validation(data)  # type: ignore[no-any-return]

    def to_internal_value(self, data: Any) -> float:
        """Refuse texts and booleans, which Python would read as numbers."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise serializers.ValidationError("应为 JSON 数字", code="not_a_number")
        try:
            value = float(data)
        except OverflowError:
            value = float("inf")
        if not isfinite(value):
            raise serializers.ValidationError("应为有限的数字", code="not_finite")
        return value


class WholeField(serializers.IntegerField):
    """A JSON whole number in a range."""

    def to_internal_value(self, data: Any) -> int:
        """Refuse texts, booleans and fractions."""
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("应为 JSON 整数", code="not_a_number")
        return data


class FlagField(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse 1, "Y" and the like."""
        if not isinstance(data, bool):
            raise serializers.ValidationError("应为 true 或 false", code="not_a_flag")
        return data


class TextField(serializers.CharField):
    """A JSON text."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse numbers."""
        if not isinstance(data, str):
            raise serializers.ValidationError("应为文字", code="not_a_text")
        return str(super().to_internal_value(data))


Row = type(
    "ProcessRow",
    (serializers.Serializer,),
    {
        "__doc__": "One second of a test.",
        "__module__": __name__,
        **{
            name: NumberField(
                Spec("number", column.label, column.unit, column.least, column.most),
                required=name == "t",
                help_text=f"{column.label} {column.unit}".strip(),
            )
            for name, column in COLUMNS.items()
        },
        "phase": serializers.ChoiceField(
            choices=CODES, required=False, help_text="阶段代码"
        ),
    },
)


class ProcessSchema(serializers.Serializer[Any]):
    """Process data as rows (one object a second) or as columns, not both."""

    rows = Row(many=True, required=False)
    columns = serializers.DictField(
        child=serializers.ListField(child=serializers.JSONField()),
        required=False,
        help_text="列名到数组；phase 列为阶段代码",
    )


def _refuse(path: str, text: str, code: str) -> serializers.ValidationError:
    return serializers.ValidationError({path: [serializers.ErrorDetail(text, code)]})


@extend_schema_field(ProcessSchema)
class ProcessField(serializers.Field[Curve, Any, Any, Any]):
    """Process data, read in one pass: 195 rows must not cost 195 serializers."""

    def to_internal_value(self, data: Any) -> Curve:
        """Return the curve; errors name the row and column."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(
                "应为对象：rows 或 columns", code="invalid"
            )
        if data.get("rows") is not None:
            return self._rows(data["rows"])
        if data.get("columns") is not None:
            return self._columns(data["columns"])
        raise serializers.ValidationError("缺少 rows 或 columns", code="required")

    def to_representation(self, value: Curve) -> Any:
        """Return the curve as rows."""
        return as_json(value)

    def _rows(self, rows: Any) -> Curve:
        if not isinstance(rows, list) or not rows:
            raise _refuse("rows", "应为非空数组", "invalid")
        if len(rows) > MOST_ROWS:
            raise _refuse("rows", f"最多 {MOST_ROWS} 行", "too_many")
        for index, row in enumerate(rows):
            if not isinstance(row, dict):
                raise _refuse(f"rows[{index}]", "应为对象", "invalid")
        for name in set().union(*rows):
            values = [row.get(name) for row in rows]
            self._column(values, name, "rows[", f"].{name}")
        return self._whole(from_rows(rows), "rows")

    def _columns(self, table: Any) -> Curve:
        if not isinstance(table, dict) or not table:
            raise _refuse("columns", "应为非空对象", "invalid")
        lengths = set()
        for name, values in table.items():
            if not isinstance(values, list):
                raise _refuse(f"columns.{name}", "应为数组", "invalid")
            lengths.add(len(values))
            if len(values) > MOST_ROWS:
                raise _refuse(f"columns.{name}", f"最多 {MOST_ROWS} 行", "too_many")
            self._column(values, name, f"columns.{name}[", "]")
        if len(lengths) > 1 or 0 in lengths:
            raise _refuse("columns", "各列长度应相同且不为 0", "ragged")
        return self._whole(from_columns(table), "columns")

    def _column(self, values: list[Any], name: str, before: str, after: str) -> None:
        """Check a column at once; only one with a fault is gone through value by value.

        In the path of a fault the row stands between ``before`` and ``after``.
        """
        column = COLUMNS.get(name)
        if column is None and name != "phase":
            return
        if name == "phase" and WORDS.issuperset(map(type, values)):
            values = values if set(values) - KNOWN else []
        if column is not None and PLAIN.issuperset(map(type, values)):
            numbers = [v for v in values if v is not None and v != NOT_DETECTED]
            if not numbers or (
                column.least <= min(numbers) and max(numbers) <= column.most
            ):
                return
        for index, value in enumerate(values):
            self._check(f"{before}{index}{after}", name, value)

    def _check(self, path: str, name: str, value: Any) -> None:
        column = COLUMNS.get(name)
        if column is None:
            if name == "phase" and value is not None and value not in CODES:
                raise _refuse(path, "未知的阶段代码", "invalid_choice")
            return
        if value is None or (value == NOT_DETECTED and value is not True):
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _refuse(path, "应为 JSON 数字", "not_a_number")
        if not column.least <= value <= column.most:
            hint = _range(column.least, column.most, column.unit)
            raise _refuse(path, hint + "；请核对单位", "out_of_range")

    def _whole(self, curve: Curve, path: str) -> Curve:
        times = curve.values("t")
        for index, (before, after) in enumerate(zip(times, times[1:], strict=False), 1):
            if before is None or after is None:
                raise _refuse(f"{path}[{index}].t", "缺少 t", "required")
            if after <= before:
                raise _refuse(f"{path}[{index}].t", "t 应逐行递增，疑似乱序", "order")
        if times and times[0] is None:
            raise _refuse(f"{path}[0].t", "缺少 t", "required")
        return curve


def check_columns(curve: Curve, method: str, path: str) -> None:
    """Refuse process data that lack a column the method needs."""
    fault = lacking(curve, method)
    if fault is not None:
        raise _refuse(path, fault[1], fault[0])


def _field_for(spec: Spec) -> serializers.Field[Any, Any, Any, Any]:
    label = f"{spec.label}（{spec.unit}）" if spec.unit else spec.label
    common: dict[str, Any] = {
        "required": spec.required,
        "help_text": f"{label}。{spec.help}" if spec.help else label,
    }
    if spec.kind == "number":
        return NumberField(spec, **common)
    if spec.kind == "integer":
        bounds: dict[str, Any] = {
            "min_value": None if spec.least is None else int(spec.least),
            "max_value": None if spec.most is None else int(spec.most),
        }
        return WholeField(allow_null=True, **bounds, **common)
    if spec.kind == "flag":
        return FlagField(allow_null=True, **common)
    if spec.kind == "text":
        return TextField(
            max_length=spec.length, allow_blank=not spec.required, **common
        )
    return _other_field(spec, common)


def _other_field(
    spec: Spec, common: dict[str, Any]
) -> serializers.Field[Any, Any, Any, Any]:
    if spec.kind == "choice":
        choices = [str(item) for item in spec.choices]
        return serializers.ChoiceField(
            choices=choices, allow_blank=not spec.required, **common
        )
    if spec.kind == "moment":
        return MomentField(allow_null=not spec.required, **common)
    if spec.kind == "day":
        return serializers.DateField(allow_null=True, **common)
    if spec.kind == "shape":
        return serializer_for(spec.of)(**common)
    if spec.kind == "process":
        return ProcessField(**common)
    if spec.of is str:
        child = TextField(max_length=80)
        return serializers.ListField(child=child, max_length=200, **common)
    return serializer_for(spec.of)(many=True, **common)


@cache
def serializer_for(
    record: type, only: tuple[str, ...] | None = None, name: str | None = None
) -> type[serializers.Serializer[Any]]:
    """Return the serializer class of a shape, or of some of its fields."""
    chosen = {
        field: _field_for(spec)
        for field, spec in specs(record).items()
        if only is None or field in only
    }
    doc = (record.__doc__ or record.__name__).strip().splitlines()[0]
    made = type(
        name or record.__name__,
        (serializers.Serializer,),
        {"__doc__": doc, "__module__": __name__, **chosen},
    )
    return made


@cache
def _ready(
    kind: type[serializers.Serializer[Any]],
) -> serializers.Serializer[Any]:
    return kind()


def read(kind: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return validated data; ValidationError names the fields at fault.

    One instance serves all requests: a serializer that only validates keeps nothing, and
    making one copies every field it has.
    """
    return dict(_ready(kind).run_validation(data))
