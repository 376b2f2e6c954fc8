"""Errors of the REST interface as RFC 9457 problem details."""

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"


def _fields(detail: Any, path: str = "") -> list[dict[str, str]]:
    """Flatten DRF's nested error detail into ``{"field", "code", "detail"}`` rows."""
    if isinstance(detail, dict):
        rows = []
        for name, inner in detail.items():
            rows += _fields(inner, f"{path}.{name}" if path else str(name))
        return rows
    if isinstance(detail, list):
        rows = []
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            rows += _fields(inner, f"{path}[{index}]" if nested else path)
        return rows
    code = str(getattr(detail, "code", "invalid"))
    return [{"field": path, "code": code, "detail": str(detail)}]


def problem_body(
    status: int, title: str, *, kind: str = "about:blank", **extra: object
) -> dict[str, object]:
    """Return the members of a problem, for answers that DRF does not make."""
    return {"type": kind, "title": title, "status": status, **extra}


def problem(
    status: int, title: str, *, kind: str = "about:blank", **extra: object
) -> Response:
    """Return a problem-details response."""
    body = problem_body(status, title, kind=kind, **extra)
    response = Response(body, status=status)
    response.content_type = MEDIA_TYPE
    response["Content-Type"] = MEDIA_TYPE
    return response


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn DRF's exceptions into problem details that name the field at fault."""
    answer = exception_handler(error, context)
    if answer is None:
        return None
    headers = {
        name: answer[name]
        for name in ("WWW-Authenticate", "Retry-After")
        if answer.has_header(name)
    }
    if isinstance(error, exceptions.ValidationError):
        result = problem(
            answer.status_code, "提交的数据不符合要求", errors=_fields(error.detail)
        )
    else:
        detail = getattr(error, "detail", None)
        code = getattr(detail, "code", None) or "error"
        result = problem(
            answer.status_code, str(detail or error), code=str(code), errors=[]
        )
    for name, value in headers.items():
        result[name] = value
    return result
