"""Whether the stores answer, asked with short time-outs that a hung server cannot stretch."""

import ctypes
import os
import secrets
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import psycopg2
import redis
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from redis.exceptions import RedisError

TIMEOUT_S = 2
TIME_ERROR = 5
MQTT_REFUSALS = {
    3: "the broker is not ready",
    4: "user name or password is wrong",
    5: "the user may not sign in",
}
LEAST_FREE_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One answer: which store, whether it is usable, how long it took, why not."""

    name: str
    ok: bool
    milliseconds: float
    detail: str = ""


def _timed(name: str, ask: Callable[[], str]) -> Probe:
    began = time.monotonic()
    try:
        detail, ok = ask(), True
    except (OSError, RedisError, psycopg2.Error, ValueError) as error:
        detail, ok = f"{type(error).__name__}: {error}".strip().splitlines()[0], False
    spent = round((time.monotonic() - began) * 1000, 1)
    return Probe(name=name, ok=ok, milliseconds=spent, detail=detail)


def database() -> Probe:
    """Connect anew and read one row: what the next request will have to do."""

    def ask() -> str:
        wanted = {
            key: value
            for key, value in connection.get_connection_params().items()
            if key not in ("cursor_factory", "context")
        }
        wanted["connect_timeout"] = TIMEOUT_S
        wanted["options"] = f"-c statement_timeout={TIMEOUT_S * 1000}"
        opened = psycopg2.connect(**wanted)
        try:
            with opened.cursor() as cursor:
                cursor.execute("SELECT pg_is_in_recovery()")
                row = cursor.fetchone()
        finally:
            opened.close()
        if row is None or row[0]:
            raise ValueError("the server is a read-only standby")
        return ""

    return _timed("database", ask)


def valkey() -> Probe:
    """Ping Redis or Valkey."""

    def ask() -> str:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
        ) as client:
            client.ping()
        return ""

    return _timed("redis", ask)


def broker() -> Probe:
    """Sign in at the MQTT broker and leave again."""

    def ask() -> str:
        parts = urlsplit(settings.MQTT_URL)
        secure = parts.scheme == "mqtts"
        host = parts.hostname or "localhost"
        address = (host, parts.port or (8883 if secure else 1883))
        opened = socket.create_connection(address, TIMEOUT_S)
        if secure:
            context = ssl.create_default_context()
            opened = context.wrap_socket(opened, server_hostname=host)
        with opened:
            opened.sendall(_mqtt_hello(parts))
            answer = b""
            while len(answer) < 4 and (more := opened.recv(4 - len(answer))):
                answer += more
            if len(answer) < 4 or answer[0] != 0x20:
                raise ValueError("what answers is no MQTT broker")
            if answer[3]:
                raise ValueError(MQTT_REFUSALS.get(answer[3], "sign-in was refused"))
            opened.sendall(b"\xe0\x00")
        return ""

    return _timed("mqtt", ask)


def _mqtt_hello(parts: SplitResult) -> bytes:
    """Return a CONNECT of MQTT 3.1.1 without a session (section 3.1)."""
    flags, payload = 0x02, _mqtt_text(f"probe-{secrets.token_hex(6)}")
    if parts.username:
        flags |= 0x80
        payload += _mqtt_text(unquote(parts.username))
        if parts.password:
            flags |= 0x40
            payload += _mqtt_text(unquote(parts.password))
    body = _mqtt_text("MQTT") + bytes([4, flags, 0, 10]) + payload
    size, head = len(body), b""
    while size > 127:
        size, rest = size >> 7, size & 0x7F
        head += bytes([rest | 0x80])
    return b"\x10" + head + bytes([size]) + body


def _mqtt_text(text: str) -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def clock_is_set() -> bool | None:
    """Return whether the kernel knows its clock to be kept by NTP; None if it won't say."""
    try:
        # struct timex has 208 bytes; all zero asks and changes nothing.
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR


def evidence() -> Probe:
    """Write and remove a small file where evidence is kept, and see what is free."""

    def ask() -> str:
        parts = urlsplit(settings.EVIDENCE_URL)
        if parts.scheme != "file":
            return _bucket()
        folder = Path(parts.path)
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".probe-")
        try:
            os.write(handle, b"probe")
        finally:
            os.close(handle)
            Path(name).unlink()
        free = shutil.disk_usage(folder).free
        if free < LEAST_FREE_BYTES:
            raise ValueError(f"only {free // 2**20} MiB free")
        return f"{free // 2**30} GiB free"

    return _timed("evidence", ask)


def _bucket() -> str:
    """Ask object storage for an object that is not there: keys, bucket and network."""
    try:
        storages["evidence"].exists(".probe")
    except Exception as error:  # boto is loaded where it is used, so are its errors
        raise ValueError(f"object storage: {error}") from error
    return "object storage answers"


def stores() -> list[Probe]:
    """Ask every store."""
    return [database(), valkey(), broker(), evidence()]
