"""A signed-in person over one kept connection, as a browser asks: gzip, cookie, language."""

import gzip
import http.client
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many ms its last byte."""

    status: int
    kind: str
    body: bytes
    ms: float

    @property
    def text(self) -> str:
        """The body of a page."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_page(self) -> bool:
        """Whether it is a page, a part of one, or data for one: not a file."""
        return self.kind in ("text/html", "application/json")


class Visitor:
    """Asks for pages one after another."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port = port
        self.headers = {
            "Host": f"localhost:{port}",
            "Accept-Encoding": "gzip",
            "Accept-Language": "zh-CN",
        }
        if cookie:
            self.headers["Cookie"] = f"sessionid={cookie}"
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=TIMEOUT_S
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        self.connection.close()

    def get(self, path: str) -> Answer:
        """Ask for a path; status 0 if there was no answer."""
        began = time.perf_counter()
        try:
            self.connection.request("GET", path, headers=self.headers)
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return Answer(0, "", b"", (time.perf_counter() - began) * 1000)
        taken = (time.perf_counter() - began) * 1000
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(answer.status, answer.headers.get_content_type(), body, taken)
