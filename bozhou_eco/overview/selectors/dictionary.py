"""数据字典: what is stored, told by the models themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

PARTS = ("accounts", "polluters", "vehicles", "alerts", "enforcement", "overview",
         "audit", "evidence")  # fmt: skip
NAMES = {
    "accounts": "人员与机构", "polluters": "污染源", "vehicles": "机动车",
    "alerts": "预警", "enforcement": "案件", "overview": "统计与周报",
    "audit": "审计", "evidence": "证据",
}  # fmt: skip
KINDS: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
    (models.BooleanField, "是/否"),
    (models.DateTimeField, "时间"),
    (models.DateField, "日期"),
    (models.TimeField, "时刻"),
    (models.DurationField, "时长"),
    (models.DecimalField, "小数（定点）"),
    (models.FloatField, "小数"),
    (models.IntegerField, "整数"),
    (models.JSONField, "结构（JSON）"),
    (models.UUIDField, "UUID"),
    (models.BinaryField, "字节"),
    (models.TextField, "长文本"),
    (models.CharField, "文本"),
    (models.GenericIPAddressField, "IP 地址"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A field: its name, what people call it, its kind, and what may stand in it."""

    name: str
    label: str
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class Table:
    """A model: what people call it, its table, its columns."""

    key: str
    label: str
    table: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the system with its tables."""

    key: str
    name: str
    tables: tuple[Table, ...]


@cache
def parts() -> tuple[Part, ...]:
    """Return every stored table by part, in the order of the models."""
    return tuple(Part(label, NAMES[label], tuple(_tables(label))) for label in PARTS)


def _tables(label: str) -> Iterator[Table]:
    for model in apps.get_app_config(label).get_models():
        meta = model._meta
        if meta.proxy or not meta.managed and not meta.verbose_name:
            continue
        columns = tuple(
            _column(field)
            for field in meta.get_fields()
            if isinstance(field, models.Field) and _stored(field)
        )
        yield Table(meta.label_lower, str(meta.verbose_name), meta.db_table, columns)


def _stored(field: models.Field[Any, Any]) -> bool:
    return not field.is_relation or isinstance(
        field, models.ForeignKey | models.ManyToManyField
    )


def _column(field: models.Field[Any, Any]) -> Column:
    return Column(
        getattr(field, "attname", None) or field.name,
        str(field.verbose_name),
        _kind(field),
        "；".join(_notes(field)),
    )


def _kind(field: models.Field[Any, Any]) -> str:
    if isinstance(field, models.ForeignKey):
        return f"→ {field.related_model._meta.verbose_name}"
    if isinstance(field, models.ManyToManyField):
        return f"多个 {field.related_model._meta.verbose_name}"
    base = getattr(field, "base_field", None)
    if base is not None:
        return f"多个{_kind(base)}"
    word = next((name for kind, name in KINDS if isinstance(field, kind)), "其他")
    length = getattr(field, "max_length", None)
    return f"{word}（≤ {length}）" if length and word == "文本" else word


def _notes(field: models.Field[Any, Any]) -> Iterator[str]:
    if field.primary_key:
        yield "主键"
    elif field.unique:
        yield "唯一"
    if not field.primary_key and (field.null or field.blank):
        yield "可空"
    if field.help_text:
        yield str(field.help_text)
    if field.choices:
        pairs = [
            (key, word) for key, word in field.flatchoices if key not in (None, "")
        ]
        yield "取值：" + "、".join(f"{key} {word}" for key, word in pairs)
