"""Whether the stores answer, asked with short time-outs that a hung server cannot stretch."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import redis
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from redis.exceptions import RedisError

TIMEOUT_S = 2
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
    """Open a connection to the MQTT broker."""

    def ask() -> str:
        parts = urlsplit(settings.MQTT_URL)
        port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        socket.create_connection(
            (parts.hostname or "localhost", port), TIMEOUT_S
        ).close()
        return ""

    return _timed("mqtt", ask)


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
