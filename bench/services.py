"""Private stores for one benchmark, with data kept under ``var/bench``."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bozhou_eco.embedded.children import free_port, listens
from bozhou_eco.embedded.stores import Stores, environment

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "bench"
# As a careful administrator would set them on a machine of 2 cores and 4 GiB or more.
POSTGRES = {
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "max_connections": "200",
}


@dataclass
class Bed:
    """Running stores, the variables that point at them, and the way to run commands."""

    stores: Stores
    variables: dict[str, str]
    state: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def apply(self) -> None:
        """Point this process at the stores; call before Django is set up."""
        os.environ.update(self.variables)
        os.environ["DJANGO_SETTINGS_MODULE"] = "bozhou_eco.settings"

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a process at these stores."""
        return os.environ | self.variables

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; return its output."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=os.environ | self.variables,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def spawn(self, *arguments: str, log: str = "") -> subprocess.Popen[bytes]:
        """Start ``python ARGUMENTS…`` in the background; it is stopped with the bed."""
        path = self.state / "log" / f"{log or Path(arguments[0]).stem}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=os.environ | self.variables,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def serve(
        self,
        count: int,
        application: str = "bozhou_eco.asgi:application",
        *,
        pages: bool = False,
    ) -> list[int]:
        """Start ``count`` web processes as deployed; return their ports once they listen.

        ``pages`` says that pages are asked for, which need the static files collected.

        Raises `RuntimeError` when one does not within a minute.
        """
        # The stage of the demo: files are not looked at for changes on every request.
        self.variables |= {
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "BOZHOU_STAGE": "demo",
        }
        if pages:
            self.manage("collectstatic", "--noinput", "-v", "0")
        ports = [free_port() for _ in range(count)]
        for number, port in enumerate(ports):
            self.spawn(
                *("-m", "uvicorn", application, "--lifespan", "off"),
                *("--host", "127.0.0.1", "--port", str(port)),
                *("--log-level", "warning"),
                log=f"web{number}",
            )
        deadline = time.monotonic() + 60
        while not all(map(listens, ports)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"web did not start; see {self.state / 'log'}")
            time.sleep(0.2)
        return ports

    def spawn_command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a management command in the background."""
        return self.spawn(str(ROOT / "manage.py"), *arguments, log=arguments[0])


@contextlib.contextmanager
def bed(
    name: str = "",
    *,
    options: Mapping[str, str] | None = None,
    migrate: bool = True,
    broker: str = "mosquitto",
) -> Iterator[Bed]:
    """Start private stores; a named bed keeps its data for the next run."""
    if name:
        state = VAR / name
        state.mkdir(parents=True, exist_ok=True)
    else:
        state = Path(tempfile.mkdtemp(prefix="bozhou-bench-"))
        state.chmod(0o711)
    stores = Stores(
        state, broker=broker, postgres_options=POSTGRES | dict(options or {})
    )
    running = None
    try:
        with stores:
            variables = environment(state, stage="development") | stores.urls()
            variables["LOG_LEVEL"] = os.environ.get("LOG_LEVEL", "WARNING")
            running = Bed(stores=stores, variables=variables, state=state)
            if migrate:
                _migrate(running)
            yield running
            _stop(running)
    finally:
        if running is not None:
            _stop(running)
        if not name:
            shutil.rmtree(state, ignore_errors=True)


def _migrate(running: Bed) -> None:
    """Bring the database up to the migrations; an empty one by what they made before.

    What they make of an empty database is kept under ``var/bench`` by their digest,
    since making it anew takes longer than many a benchmark.
    """
    server = running.stores.postgres
    url = running.variables["DATABASE_URL"]
    empty = not server.execute(
        "SELECT 1 FROM pg_tables WHERE tablename = 'django_migrations'", "bozhou"
    )
    files = sorted(ROOT.glob("*/migrations/*.py")) + sorted(
        ROOT.glob("*/*/migrations/*.py")
    )
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    kept = VAR / f"migrated-{digest[:16]}.dump"
    if empty and kept.exists():
        restore = [str(server.bin / "pg_restore"), "--no-owner", "--exit-on-error"]
        subprocess.run([*restore, "-d", url, str(kept)], check=True)
        return
    running.manage("migrate", "--noinput", "-v", "0", "--skip-checks")
    if empty:
        VAR.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        dump = [str(server.bin / "pg_dump"), "-Fc", "-f", str(part)]
        subprocess.run([*dump, url], check=True)
        part.replace(kept)
        for old in VAR.glob("migrated-*.dump"):
            if old != kept:
                old.unlink(missing_ok=True)


def _stop(running: Bed) -> None:
    for process in running.started:
        if process.poll() is None:
            process.terminate()
    for process in running.started:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    running.started.clear()


def setup_django(running: Bed) -> None:
    """Point this process at the bed and load Django."""
    running.apply()
    import django  # noqa: PLC0415  (settings are read from what was just applied)

    django.setup()
