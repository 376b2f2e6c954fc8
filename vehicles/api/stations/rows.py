"""Many rows in one request: each has its own answer."""

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from bozhou_eco.common import problems as common_problems
from vehicles.services.errors_stations import StationRefusalError


def in_rows(
    content: Any, name: str, most: int, one: Callable[[int, Any], dict[str, Any]]
) -> Response:
    """Return the answers to all rows under ``name``; 400 when there are too many."""
    rows = content.get(name) if isinstance(content, dict) else None
    if not isinstance(rows, list) or not 0 < len(rows) <= most:
        raise ValidationError({name: [f"应为 1～{most} 条的数组"]})
    return Response({"results": [one(index, row) for index, row in enumerate(rows)]})


def refused_row(
    index: int, error: ValidationError | StationRefusalError
) -> dict[str, Any]:
    """Return the answer to a row that was refused, with problem details."""
    if isinstance(error, StationRefusalError):
        field = {"field": error.field, "code": error.code, "detail": error.message}
        title, status, code = error.message, error.status, error.code
        errors = [field] if error.field else []
    else:
        title, status, code = "提交的数据不符合要求", 400, "invalid"
        errors = common_problems._fields(error.detail)
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return {"index": index, "status": status, "problem": {**body, "errors": errors}}
