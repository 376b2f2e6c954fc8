"""Sending pictures and videos, whole or in ranges."""

import re

from django.http import HttpRequest, HttpResponse

RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


def send_bytes(
    request: HttpRequest, content: bytes, media_type: str, *, name: str = ""
) -> HttpResponse:
    """Answer with ``content``; a single byte range is honoured, so videos can be sought."""
    match = RANGE.match(request.headers.get("Range", ""))
    if match and int(match[1]) < len(content):
        start = int(match[1])
        end = min(int(match[2] or len(content) - 1), len(content) - 1)
        response = HttpResponse(
            content[start : end + 1], content_type=media_type, status=206
        )
        response["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    else:
        response = HttpResponse(content, content_type=media_type)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=3600"
    if name:
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
