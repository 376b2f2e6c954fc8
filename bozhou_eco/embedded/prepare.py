"""State of the demo: where it lies, its environment, and steps done only when needed."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bozhou_eco.embedded.children import StartError
from bozhou_eco.embedded.stores import Stores, environment

ROOT = Path(__file__).resolve().parents[2]
APPS = ("bozhou_eco", "polluters", "vehicles", "alerts", "enforcement")


def demo_state() -> Path:
    """Return the state directory of the demo (``BOZHOU_STATE`` or ``var/demo``)."""
    state = Path(os.environ.get("BOZHOU_STATE", ROOT / "var" / "demo")).resolve()
    state.mkdir(parents=True, exist_ok=True)
    return state


def demo_environment(stores: Stores) -> dict[str, str]:
    """Return the variables of every process of the demo."""
    return environment(stores.state, stage="demo") | stores.urls()


def publish(stores: Stores, variables: Mapping[str, str]) -> None:
    """Note the environment of a running demo for ``bin/manage``."""
    note = stores.state / "running.json"
    note.unlink(missing_ok=True)
    note.touch(mode=0o600)
    note.write_text(json.dumps(dict(variables)))


def running_demo() -> dict[str, str] | None:
    """Return the environment of the demo that runs now, if one does."""
    note, lock = demo_state() / "running.json", demo_state() / "lock"
    if not note.exists() or not lock.exists():
        return None
    with lock.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            variables: dict[str, str] = json.loads(note.read_text())
            return variables
    return None


def manage(
    variables: Mapping[str, str],
    *arguments: str,
    stopping: Callable[[], bool] = lambda: False,
) -> str:
    """Run a management command, return its output; StartError with the end of it."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=dict(os.environ) | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        while process.poll() is None:
            if stopping():
                process.kill()
                process.wait()
                raise StartError(f"manage.py {arguments[0]} was interrupted.")
            time.sleep(0.05)
        out.seek(0)
        told = out.read().decode(errors="replace")
    if process.returncode:
        lines = told.splitlines()[-12:]
        raise StartError("\n".join([f"manage.py {arguments[0]} failed:", *lines]))
    return told


def digest(paths: Iterable[Path]) -> str:
    """Return a digest over the content of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path).encode() + path.read_bytes())
    return total.hexdigest()


class Stamp:
    """Remembers for which content a step was done, so that it is done once."""

    def __init__(self, state: Path, name: str, content: str) -> None:
        self.path = state / "stamps" / name
        self.content = content

    @property
    def current(self) -> bool:
        """Whether the step was done for this content."""
        return self.path.exists() and self.path.read_text() == self.content

    def set(self) -> None:
        """Remember that the step is done."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.content)


def migrations() -> list[Path]:
    """Return the migration files of the project."""
    return [path for app in APPS for path in ROOT.glob(f"{app}/**/migrations/*.py")]


def migrate(
    stores: Stores,
    variables: Mapping[str, str],
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Bring the tables up to date if a migration changed; return whether it ran."""
    content = f"{digest(migrations())} {stores.postgres.born}"
    stamp = Stamp(stores.state, "migrate", content)
    if stamp.current:
        return False
    manage(
        variables, "migrate", "--noinput", "-v", "0", "--skip-checks", stopping=stopping
    )
    stamp.set()
    return True
