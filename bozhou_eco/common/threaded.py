"""Serve HTTP by a WSGI application in kept threads, inside an ASGI server.

Under ASGI each request of Django runs in a thread of its own making, so a database
connection can never be kept (6 ms to open one) and every synchronous middleware costs a
change of thread. Here a request takes one of a few threads that stay, and their
connections stay with them; WebSockets beside it are untouched.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Any]
Environ = dict[str, Any]
Application = Callable[[Environ, Any], Any]  # WSGI; Django's answers iterate bytes
IN_MEMORY = 1024 * 1024


class GoneError(Exception):
    """The client went away before the whole request had come."""


@dataclass
class _Answer:
    """What the application said before its body."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def begin(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> None:
        """Note status and headers, WSGI's ``start_response``."""
        self.status = int(status.split(" ", 1)[0])
        self.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
        ]

    def start(self) -> Message:
        """Return the message that opens the answer."""
        return {
            "type": "http.response.start",
            "status": self.status,
            "headers": self.headers,
        }


class _Line:
    """The way to the client of one request."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.send = send
        self.loop = asyncio.get_running_loop()
        self.gone = False
        self._watcher: asyncio.Task[None] | None = None

    def deliver(self, *messages: Message) -> None:
        """Send from a thread, and return when the server has taken it."""
        asyncio.run_coroutine_threadsafe(self._stream(messages), self.loop).result()

    async def _stream(self, messages: tuple[Message, ...]) -> None:
        if self._watcher is None:
            self._watcher = self.loop.create_task(self._watch())
        await self.give(*messages)

    async def give(self, *messages: Message) -> None:
        """Send from the event loop."""
        for message in messages:
            await self.send(message)

    async def _watch(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.gone = True

    async def close(self) -> None:
        """Stop looking whether the client is still there."""
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher


class ThreadedHttp:
    """An ASGI application for HTTP that runs ``application`` in ``threads`` threads.

    An answer that is whole goes out in one step; a streamed one is sent part by part, no
    faster than the client takes it, and ends when the client goes away.
    """

    def __init__(self, application: Application, *, threads: int) -> None:
        self.application = application
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        line = _Line(receive, send)
        try:
            body, size = await _read(receive)
        except GoneError:
            return
        with body:
            environ = environ_of(scope, body, size)
            try:
                rest = await line.loop.run_in_executor(
                    self.pool, self._run, environ, line
                )
            finally:
                await line.close()
        await line.give(*rest)

    def _run(self, environ: Environ, line: _Line) -> list[Message]:
        """Run one request; return what remains to be sent."""
        answer = _Answer()
        result = self.application(environ, answer.begin)
        try:
            if not getattr(result, "streaming", True):
                return [answer.start(), _part(b"".join(result), more=False)]
            parts = iter(result)
            line.deliver(answer.start(), _part(next(parts, b""), more=True))
            for part in parts:
                if line.gone:
                    break
                line.deliver(_part(part, more=True))
            return [_part(b"", more=False)]
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()


def _part(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _read(receive: Receive) -> tuple[IO[bytes], int]:
    """Return the body of a request and its size; a large one lies in a temporary file."""
    message = await _next(receive)
    chunk = message.get("body", b"")
    if not message.get("more_body"):
        return BytesIO(chunk), len(chunk)
    body = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
    try:
        body.write(chunk)
        while message.get("more_body"):
            message = await _next(receive)
            body.write(message.get("body", b""))
    except GoneError:
        body.close()
        raise
    size = body.tell()
    body.seek(0)
    return body, size


async def _next(receive: Receive) -> Message:
    message: Message = await receive()
    if message["type"] == "http.disconnect":
        raise GoneError
    return message


def environ_of(scope: Scope, body: IO[bytes], size: int) -> Environ:
    """Return the WSGI environment of an ASGI request."""
    root = scope.get("root_path", "")
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": _latin(root),
        "PATH_INFO": _latin(scope["path"].removeprefix(root)),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "REMOTE_ADDR": client[0],
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        _add_header(environ, raw.decode("latin-1"), value.decode("latin-1"))
    return environ


def _latin(text: str) -> str:
    return text.encode().decode("latin-1")


def _add_header(environ: Environ, name: str, value: str) -> None:
    """Add a header; one with an underscore could pass for another and is dropped."""
    if "_" in name or name == "content-length":
        return
    key = name.upper().replace("-", "_")
    if name != "content-type":
        key = f"HTTP_{key}"
    if key in environ:
        value = environ[key] + ("; " if name == "cookie" else ",") + value
    environ[key] = value
