"""The three stores together, and the environment that points at them."""

import fcntl
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bozhou_eco.embedded.children import StartError
from bozhou_eco.embedded.mqtt import MqttBroker
from bozhou_eco.embedded.postgres import PostgresServer
from bozhou_eco.embedded.valkey import ValkeyServer


def secret_of(state: Path) -> str:
    """Return the secret key of a state directory, made once, readable by its owner."""
    path = state / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


def environment(state: Path, *, stage: str, debug: bool = False) -> dict[str, str]:
    """Return what every command needs besides the URLs of its stores."""
    return {
        "BOZHOU_STAGE": stage,
        "SECRET_KEY": secret_of(state),
        "DEBUG": "1" if debug else "0",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "EVIDENCE_URL": f"file://{state / 'evidence'}",
        "EVIDENCE_KEY_FILE": str(state / "keys" / "evidence.pem"),
        "ANCHOR_DIR": str(state / "anchors"),
        "MEDIA_ROOT": str(state / "media"),
        "STATIC_ROOT": str(state / "static"),
    }


class Stores:
    """PostgreSQL, Valkey and MQTT below one state directory, one user of it at a time."""

    def __init__(
        self,
        state: Path,
        *,
        broker: str = "auto",
        postgres_options: Mapping[str, str] | None = None,
        durable: bool = True,
    ) -> None:
        self.state = state
        state.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] | None = self._take_lock()
        self.postgres = PostgresServer(state, options=postgres_options)
        self.valkey = ValkeyServer(state, durable=durable)
        self.mqtt = MqttBroker(state, kind=broker)

    def _take_lock(self) -> IO[str]:
        lock = (self.state / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StartError(
                f"{self.state} is in use by another bin/demo or bin/manage."
            ) from None
        os.set_inheritable(lock.fileno(), False)
        return lock

    def start(self) -> None:
        """Start the three; if one fails, the others are stopped again."""
        try:
            self.mqtt.start()
            self.valkey.start()
            self.postgres.start()
        except BaseException:
            self.stop()
            raise

    def stop(self, grace_s: float = 10.0) -> None:
        """Stop the three by their process ids, all at once, within ``grace_s``.

        A PostgreSQL that needs longer is ended hard: it recovers from its log.
        """
        children = [server.child for server in (self.mqtt, self.valkey, self.postgres)]
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + grace_s
        for child in children:
            child.stop(max(0.05, deadline - time.monotonic()), ask=False)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def urls(self, database: str = "bozhou") -> dict[str, str]:
        """Return the variables that point at the stores."""
        return {
            "DATABASE_URL": self.postgres.url(database),
            "REDIS_URL": self.valkey.url,
            "MQTT_URL": self.mqtt.url,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
