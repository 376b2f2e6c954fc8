"""HTTP in kept threads behind a real ASGI server."""

import http.client
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import uvicorn

from bozhou_eco.common.threaded import ThreadedHttp

PART = b"x" * 65536


class Stream:
    """Parts without end; notes how many were asked for and that it was closed."""

    def __init__(self) -> None:
        self.given = 0
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.given += 1
            yield PART

    def close(self) -> None:
        self.closed.set()


class Whole(list[bytes]):
    """A body that is there at once, as Django's plain answers are."""

    streaming = False


class App:
    """Says back what came, or streams."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.threads: set[int] = set()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.threads.add(threading.get_ident())
        path = environ["PATH_INFO"]
        if path == "/fails":
            raise RuntimeError("on purpose")
        start("201 Created", [("X-Query", environ["QUERY_STRING"]), ("X-Method", "m")])
        if path == "/endless":
            return self.stream
        if path == "/parts":
            return iter([b"one ", b"two ", b"three"])
        if path == "/headers":
            named = sorted(k for k in environ if k.startswith("HTTP_X"))
            cookie = environ.get("HTTP_COOKIE", "")
            return Whole([f"{named} {cookie} {path}".encode()])
        body = environ["wsgi.input"].read()
        size = int(environ["CONTENT_LENGTH"])
        return Whole([f"{size} {len(body)} {path}".encode()])


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[App, int]]:
    app = App()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            ThreadedHttp(app, threads=2),  # type: ignore[arg-type]
            lifespan="off",
            log_level="critical",
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield app, listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)


def ask(
    port: int, method: str, path: str, **given: Any
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, **given)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer, text


def test_status_headers_and_bodies(served: tuple[App, int]) -> None:
    _, port = served
    answer, text = ask(port, "POST", "/%E5%8D%9A?a=%20b", body=b"abc")
    assert answer.status == 201
    assert answer.headers["X-Query"] == "a=%20b"
    assert text.decode() == "3 3 /博".encode().decode("latin-1")
    assert ask(port, "GET", "/parts")[1] == b"one two three"
    assert ask(port, "HEAD", "/x")[1] == b""
    assert ask(port, "GET", "/fails")[0].status == 500


def test_large_and_chunked_bodies_are_read_whole(served: tuple[App, int]) -> None:
    _, port = served
    large = b"y" * (3 * 1024 * 1024)
    assert ask(port, "PUT", "/x", body=large)[1] == b"3145728 3145728 /x"
    chunks = iter([b"a" * 10, b"b" * 20])
    assert ask(port, "POST", "/x", body=chunks)[1] == b"30 30 /x"


def test_headers_that_could_pass_for_another_are_dropped(
    served: tuple[App, int],
) -> None:
    _, port = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("GET", "/headers")
    for name, value in (
        ("X-Real", "1"),
        ("X_Forged", "1"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().read() == b"['HTTP_X_REAL'] a=1; b=2 /headers"
    connection.close()


def test_a_stream_goes_no_faster_than_it_is_read_and_ends_with_the_client(
    served: tuple[App, int],
) -> None:
    app, port = served
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 201"
        time.sleep(1)
        asked = app.stream.given
        time.sleep(0.5)
        assert app.stream.given == asked
        assert asked * len(PART) < 64 * 1024 * 1024
    assert app.stream.closed.wait(10)


def test_threads_are_kept(served: tuple[App, int]) -> None:
    app, port = served
    for _ in range(20):
        ask(port, "GET", "/x")
    assert len(app.threads) <= 2


def test_a_client_that_leaves_before_its_body_is_whole_is_forgotten(
    served: tuple[App, int],
) -> None:
    _, port = served
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc")
        time.sleep(0.2)
    assert ask(port, "GET", "/x")[0].status == 201
