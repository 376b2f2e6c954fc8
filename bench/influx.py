"""The same month in InfluxDB 1.6, asked over its HTTP API beside our pages.

Runs only where ``influxd`` is installed (Debian package ``influxdb``) or named by
``INFLUXD``. It gets the minutes of the last 30 days of the same 300 points, value alone
(ours hold converted values, extremes and flags besides), time to compact them, and the
same questions: an hourly month of one point from its minutes, as a page would ask it, and
the newest value of every point, however old. Two easier questions are shown for
information: hours that were stored as hours, and newest values of the last hour only.
"""

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import psycopg2

from bozhou_eco.embedded.children import free_port

DAYS = 30
BODY = 4 << 20
AT_ONCE = 3
START_S, SETTLE_S = 60, 90
# In the order of time, as they would have come in.
MINUTES_SQL = """
COPY (SELECT 'r,p=' || point_id || ' v=' || value || ' '
             || extract(epoch FROM time)::bigint
      FROM polluters_reading
      WHERE period = 1 AND time >= '{start}' AND time < '{end}') TO STDOUT
"""
HOURS_SQL = """
COPY (SELECT 'h,p=' || point_id || ' v=' || computed || ' '
             || extract(epoch FROM time)::bigint
      FROM polluters_mean
      WHERE period = 2 AND time >= '{start}' AND time < '{end}') TO STDOUT
"""
MONTH = (
    "SELECT mean(v), min(v), max(v) FROM r WHERE p = '{point}' "
    "AND time >= {start}s AND time < {end}s GROUP BY time(1h)"
)
STORED = "SELECT v FROM h WHERE p = '{point}' AND time >= {start}s AND time < {end}s"
LATEST = "SELECT last(v) FROM r GROUP BY p"
RECENT = "SELECT last(v) FROM r WHERE time >= {recent}s GROUP BY p"


def program() -> str | None:
    """Return the path of ``influxd``, None where it is not installed."""
    return shutil.which(os.environ.get("INFLUXD", "influxd"))


class Influx:
    """A private server on loopback with its files in ``state``."""

    def __init__(self, state: Path, points: list[int], end: datetime) -> None:
        self.state = state
        self.points = points
        self.start, self.end = end - timedelta(days=DAYS), end
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def variables(self) -> dict[str, str]:
        """Return its settings: loopback only, nothing sent home, early compaction."""
        return {
            "INFLUXDB_REPORTING_DISABLED": "true",
            "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{free_port()}",
            "INFLUXDB_HTTP_BIND_ADDRESS": f"127.0.0.1:{self.port}",
            "INFLUXDB_HTTP_LOG_ENABLED": "false",
            "INFLUXDB_HTTP_MAX_BODY_SIZE": "0",
            "INFLUXDB_MONITOR_STORE_ENABLED": "false",
            "INFLUXDB_META_DIR": str(self.state / "meta"),
            "INFLUXDB_DATA_DIR": str(self.state / "data"),
            "INFLUXDB_DATA_WAL_DIR": str(self.state / "wal"),
            "INFLUXDB_DATA_QUERY_LOG_ENABLED": "false",
            "INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION": "5s",
            "INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION": "5s",
        }

    def __enter__(self) -> "Influx":
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(program())],
                env=os.environ | self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(30)

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                self._send("GET", "/ping", b"")
            except (OSError, http.client.HTTPException):
                if time.monotonic() > until:
                    raise RuntimeError("influxd does not answer") from None
                time.sleep(0.2)
            else:
                return

    def _send(self, method: str, path: str, body: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"influxd: {answer.status} {content[:200]!r}")
        return content

    def load(self, url: str) -> int:
        """Take the month out of PostgreSQL unless it is there; return the points held."""
        made = (MINUTES_SQL, HOURS_SQL, self.points, str(self.start), str(self.end))
        mark = hashlib.sha256(repr(made).encode()).hexdigest()
        done = self.state / "loaded"
        if not done.is_file() or done.read_text() != mark:
            self._send("POST", "/query?" + urlencode({"q": "DROP DATABASE b"}), b"")
            self._send("POST", "/query?" + urlencode({"q": "CREATE DATABASE b"}), b"")
            self._copy(url)
            self._settle()
            done.write_text(mark)
        answer = json.loads(self._query(b"SELECT count(v) FROM r"))
        return int(answer["results"][0]["series"][0]["values"][0][1])

    def _query(self, text: bytes) -> bytes:
        query = urlencode({"db": "b", "epoch": "s", "q": text})
        return self._send("GET", f"/query?{query}", b"")

    def _copy(self, url: str) -> None:
        with (
            ThreadPoolExecutor(AT_ONCE) as pool,
            psycopg2.connect(url) as connection,
            connection.cursor() as cursor,
        ):
            writer = _Writer(
                lambda body: self._send("POST", "/write?db=b&precision=s", body), pool
            )
            for sql in (MINUTES_SQL, HOURS_SQL):
                text = sql.format(start=self.start, end=self.end)
                cursor.copy_expert(text, writer)
            writer.flush(whole=True)
        connection.close()

    def _settle(self) -> None:
        """Wait until compaction has come to rest: the files on disk stay as they are."""
        until, before = time.monotonic() + SETTLE_S, ""
        while time.monotonic() < until:
            time.sleep(10)
            files = sorted((self.state / "data").rglob("*.tsm"))
            now = repr([(path.name, path.stat().st_size) for path in files])
            if files and now == before:
                return
            before = now

    def questions(self) -> dict[str, Callable[[int], str]]:
        """Return by name the question of a number."""
        spans = {
            "start": int(self.start.timestamp()),
            "end": int(self.end.timestamp()),
            "recent": int(self.end.timestamp()) - 3600,
        }

        def ask(text: str) -> Callable[[int], str]:
            return lambda n: text.format(
                point=self.points[n * 7 % len(self.points)], **spans
            )

        return {
            "month": ask(MONTH),
            "latest": ask(LATEST),
            "stored": ask(STORED),
            "recent": ask(RECENT),
        }

    def times(self, name: str, numbers: range) -> list[float]:
        """Return how many ms each answer took; the first ones warm up."""
        question = self.questions()[name]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        taken = []
        try:
            for turn, number in enumerate((*numbers[:5], *numbers)):
                query = urlencode({"db": "b", "epoch": "s", "q": question(number)})
                began = time.perf_counter()
                connection.request("GET", f"/query?{query}")
                content = connection.getresponse().read()
                if turn >= min(5, len(numbers)):
                    taken.append((time.perf_counter() - began) * 1000)
                _holds_data(name, content, len(self.points))
        finally:
            connection.close()
        return taken


def _holds_data(name: str, content: bytes, points: int) -> None:
    """Refuse to time an empty answer."""
    series = json.loads(content)["results"][0].get("series", [])
    rows = sum(len(one["values"]) for one in series)
    least = points if name in ("latest", "recent") else DAYS * 24 - 24
    if rows < least:
        raise RuntimeError(f"influxd {name}: only {rows} rows")


class _Writer:
    """What COPY writes to: whole lines go on in bodies of some megabytes."""

    def __init__(
        self, send: Callable[[bytes], bytes], pool: ThreadPoolExecutor
    ) -> None:
        self.send = send
        self.pool = pool
        self.held = bytearray()
        self.sent: list[Future[bytes]] = []

    def write(self, data: bytes) -> None:
        """Take what COPY gives."""
        self.held += data
        if len(self.held) >= BODY:
            self.flush(whole=False)

    def flush(self, *, whole: bool) -> None:
        """Send the whole lines that are held; few bodies are on their way at once."""
        cut = len(self.held) if whole else self.held.rfind(b"\n") + 1
        body, self.held = bytes(self.held[:cut]), self.held[cut:]
        if body:
            self.sent.append(self.pool.submit(self.send, body))
        while self.sent and (whole or len(self.sent) > AT_ONCE):
            self.sent.pop(0).result()


@contextlib.contextmanager
def running(
    state: Path, points: list[int], end: datetime, url: str
) -> Iterator[Influx | None]:
    """Give a loaded server, None where InfluxDB is not installed."""
    if program() is None:
        yield None
        return
    with Influx(state, points, end) as server:
        server.load(url)
        yield server
