"""What somebody gets whose request failed: 503 while the database is away, else 500.

Both pages ask no store. The REST interface answers with problem details.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token

from bozhou_eco.common.problems import MEDIA_TYPE, problem_body

RETRY_S = 15
AWAY = "数据库暂时不可用，请稍后重试"
FAILED = "服务器没有完成这次操作，已记录错误"


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for the exception that is being handled (``handler500``)."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if away else 500
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = JsonResponse(
            problem_body(
                status,
                AWAY if away else FAILED,
                code="database_away" if away else "error",
            ),
            status=status,
            content_type=MEDIA_TYPE,
            json_dumps_params={"ensure_ascii": False},
        )
    else:
        context = {"again": RETRY_S if request.method == "GET" else 0}
        answer = render(request, f"{status}.html", context, status=status)
    if away:
        answer["Retry-After"] = str(RETRY_S)
    return answer
