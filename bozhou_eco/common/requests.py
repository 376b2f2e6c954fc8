"""A request id on every request, log line and answer; no NUL in addresses and forms."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict

from bozhou_eco.common.logs import request_id

SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Take a well-formed ``X-Request-ID`` or make one, and send it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        value = given if SAFE.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(value)
        try:
            response = _refusal(request) or self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = value
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> None:
        """Leave out NUL characters of a form: nobody types one, and no table takes it.

        What reads its body by itself (marked ``csrf_exempt``) looks at it by itself.
        """
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        given = request.POST
        if any("\0" in text for text in given) or any(
            "\0" in text for _, values in given.lists() for text in values
        ):
            clean = QueryDict(mutable=True, encoding=given.encoding)
            for name, values in given.lists():
                texts = [text.replace("\0", "") for text in values]
                clean.setlist(name.replace("\0", ""), texts)
            clean._mutable = False
            request.POST = clean  # type: ignore[assignment]


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Refuse an address with a NUL character: no text column of PostgreSQL holds one."""
    if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path:
        return HttpResponse(
            "请求地址含有空字符（NUL），请去掉后重试。",
            status=400,
            content_type="text/plain; charset=utf-8",
        )
    return None
