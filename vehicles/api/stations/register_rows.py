"""What a station keeps about itself as rows of the interface, and pages of them."""

from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from bozhou_eco.common import clock
from vehicles.api.stations.cursors import PAGE, decode_cursor, encode_cursor, since_of
from vehicles.models import DailyCheck, Instrument, Line, Lock, StaffMember

READ_BACK = [
    OpenApiParameter("updated_since", str, description="ISO 8601 时间"),
    OpenApiParameter("cursor", str, description="上一页的 cursor"),
]


def stamp(moment: datetime | None) -> str | None:
    """Return a moment in Beijing time as text."""
    return None if moment is None else clock.beijing(moment).isoformat()


def lock_row(lock: Lock) -> dict[str, Any]:
    """Return a lock as the interface shows it."""
    return {
        "line": lock.line.number if lock.line else None,
        "serial": lock.instrument.serial if lock.instrument else None,
        "reason": lock.reason,
        "rule": lock.by_rule,
        "since": stamp(lock.since),
        "lifted_at": stamp(lock.lifted_at),
        "lift_reason": lock.lift_reason,
    }


def line_row(line: Line) -> dict[str, Any]:
    """Return a line as the interface shows it."""
    return {
        "number": line.number,
        "name": line.name,
        "methods": line.methods,
        "asked_methods": line.asked_methods,
        "active": line.active,
        "updated_at": stamp(line.updated_at),
    }


def instrument_row(item: Instrument) -> dict[str, Any]:
    """Return an instrument as the interface shows it."""
    return {
        **{n: getattr(item, n) for n in ("serial", "kind", "maker", "model")},
        "line": item.line.number,
        "verified_until": item.verified_until,
        "checked_at": stamp(item.checked_at),
        "check_passed": item.check_passed,
        "updated_at": stamp(item.updated_at),
    }


def staff_row(person: StaffMember) -> dict[str, Any]:
    """Return a person as the interface shows them."""
    names = ("number", "name", "duty", "valid_until", "active")
    return {
        **{name: getattr(person, name) for name in names},
        "updated_at": stamp(person.updated_at),
    }


def check_row(check: DailyCheck) -> dict[str, Any]:
    """Return a check as the interface shows it."""
    return {
        "serial": check.instrument.serial,
        "kind": check.kind,
        "at": stamp(check.at),
        "passed": check.passed,
        "agrees": check.agrees,
        "received_at": stamp(check.received_at),
    }


def short(name: str, value: str, length: int) -> str:
    """Return a name from the address; 400 when it is too long or not printable."""
    if not 0 < len(value) <= length or not value.isprintable():
        raise ValidationError({name: [f"应为 1～{length} 个可见字符"]})
    return value


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent, without None."""
    return {name: value for name, value in values.items() if value is not None}


def page_of(
    rows: QuerySet[Any], request: Request, field: str
) -> tuple[list[Any], str | None]:
    """Return a page of rows in order of change, and the cursor behind it."""
    since, cursor = since_of(request), request.query_params.get("cursor")
    if since is not None:
        rows = rows.filter(**{f"{field}__gte": since})
    if cursor:
        at, pk = decode_cursor(cursor)
        rows = rows.filter(**{f"{field}__gte": at}).exclude(
            **{field: at, "pk__lte": pk}
        )
    found: list[Model] = list(rows.order_by(field, "pk")[:PAGE])
    last = found[-1] if len(found) == PAGE else None
    more = encode_cursor(getattr(last, field), last.pk) if last is not None else None
    return found, more


def page_output(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """Return the schema of a page of rows with the cursor behind it."""
    cursor = serializers.CharField(
        allow_null=True, help_text="续读位置；null 表示已到末尾"
    )
    return inline_serializer(name, {"results": row(many=True), "cursor": cursor})
