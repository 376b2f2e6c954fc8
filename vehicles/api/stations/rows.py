"""Many rows in one request: each has its own answer."""

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from bozhou_eco.common import problems as common_problems
from vehicles.services.errors_stations import StationRefusalError

Taken = tuple[bool, dict[str, Any]]
"""Whether a row made something new, and what is said of it."""


def in_rows(
    content: Any, name: str, most: int, take: Callable[[Any], Taken]
) -> Response:
    """Take all rows under ``name``, each with its own answer; 400 when too many.

    A row that ``take`` refuses (ValidationError, StationRefusalError) stops no other.
    """
    rows = content.get(name) if isinstance(content, dict) else None
    if not isinstance(rows, list) or not 0 < len(rows) <= most:
        raise ValidationError({name: [f"应为 1～{most} 条的数组"]})
    answers = [_answer(index, row, take) for index, row in enumerate(rows)]
    return Response({"results": answers})


def _answer(index: int, row: Any, take: Callable[[Any], Taken]) -> dict[str, Any]:
    try:
        made, shown = take(row)
    except (ValidationError, StationRefusalError) as error:
        return _refused(index, error)
    return {"index": index, "status": 201 if made else 200, **shown}


def _refused(
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
    body = common_problems.problem_body(status, title, code=code, errors=errors)
    return {"index": index, "status": status, "problem": body}
