"""Dump and load the database with PostgreSQL's own tools."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from bozhou_eco.embedded.children import StartError
from bozhou_eco.embedded.postgres import binaries


class ToolError(RuntimeError):
    """A PostgreSQL tool is missing, too old, or failed."""


def _server_major() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


def _major_of(program: str) -> int:
    told = subprocess.run(  # noqa: S603
        [program, "--version"], capture_output=True, text=True, check=False
    )
    match = re.search(r"\) (\d+)", told.stdout)
    return int(match[1]) if match else 0


def _candidates(name: str) -> Iterator[str]:
    found = shutil.which(name)
    if found:
        yield found
    installed = Path("/usr/lib/postgresql")
    for folder in sorted(installed.glob("*/bin"), reverse=True):
        yield str(folder / name)
    try:
        yield str(binaries() / name)
    except StartError:
        return


def tool(name: str) -> str:
    """Return the path of a tool that is not older than the server."""
    needed = _server_major()
    for program in _candidates(name):
        if os.access(program, os.X_OK) and _major_of(program) >= needed:
            return program
    raise ToolError(f"{name} of PostgreSQL {needed} or newer is not installed.")


def _environment() -> dict[str, str]:
    """Return the connection as libpq variables, out of sight of other users."""
    wanted = connection.get_connection_params()
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
    }
    given = {names[key]: str(value) for key, value in wanted.items() if key in names}
    return dict(os.environ) | given


def _run(call: list[str]) -> None:
    done = subprocess.run(  # noqa: S603
        call, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolError(f"{Path(call[0]).name}: {done.stderr.strip()[-800:]}")


def dump(target: Path) -> None:
    """Write a consistent dump of the database (custom format)."""
    call = [tool("pg_dump"), "--format=custom", "--compress=1", "--no-owner"]
    _run([*call, "--no-privileges", f"--file={target}"])


def load(source: Path) -> None:
    """Load a dump into the database, all or nothing."""
    call = [tool("pg_restore"), "--exit-on-error", "--single-transaction"]
    call += ["--no-owner", "--no-privileges"]
    _run([*call, f"--dbname={connection.settings_dict['NAME']}", str(source)])


def is_empty() -> bool:
    """Return whether the database has no table of ours."""
    with connection.cursor() as cursor:
        return not connection.introspection.table_names(cursor)
