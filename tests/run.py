"""The suite with everything it needs: private stores, static checks, pytest."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bozhou_eco.embedded.stores import Stores, environment

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# A test database that is lost with the machine needs no disk barrier.
POSTGRES = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
}
BROWSER = "tests/browser"
TEMPLATE = "bozhou_suite"
SELECTING = ("-k", "-m", "--lf", "--last-failed", "--ff", "--nf")
CHECKS = {
    "ruff check": [BIN / "ruff", "check", "."],
    "ruff format": [BIN / "ruff", "format", "--check", "-q", "."],
    "imports": [BIN / "lint-imports"],
    "mypy": [BIN / "mypy", "."],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check"],
}


def selects(arguments: list[str]) -> bool:
    """Return whether the arguments ask for a part of the suite."""
    return any(
        argument in SELECTING or (ROOT / argument.split("::")[0]).exists()
        for argument in arguments
    )


def migrate(stores: Stores, variables: dict[str, str]) -> "subprocess.Popen[str]":
    """Begin to migrate an empty database, of which every test database is a copy.

    It runs on the second core while the static checks keep the first.
    """
    stores.postgres.make_database(TEMPLATE)
    url = variables["DATABASE_URL"].replace("/postgres?", f"/{TEMPLATE}?")
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "--noinput", "-v", "0"],
        cwd=ROOT,
        env=variables | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def migrated(migrating: "subprocess.Popen[str]") -> dict[str, str]:
    """Wait for the migrations; return what tells the tests of the copy to make."""
    said, _ = migrating.communicate()
    if migrating.returncode:
        print(f"==> migrate failed, each test database migrates itself\n{said}")
        return {}
    return {"TEST_DB_TEMPLATE": TEMPLATE}


def check(variables: dict[str, str]) -> list[str]:
    """Run the static checks; return the names of those that failed."""
    failed = []
    for name, call in CHECKS.items():
        began = time.monotonic()
        done = subprocess.run(
            [str(part) for part in call],
            cwd=ROOT,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        state = "failed" if done.returncode else "ok"
        print(f"==> {name}: {state} ({time.monotonic() - began:.1f} s)", flush=True)
        if done.returncode:
            print(done.stdout, flush=True)
            failed.append(name)
    return failed


def pytest(variables: dict[str, str], arguments: list[str]) -> int:
    """Run pytest on both cores; its last line is the last line shown."""
    parallel = [] if any(a.startswith(("-n", "-p")) for a in arguments) else ["-n", "2"]
    call = [sys.executable, "-m", "pytest", *parallel, "--dist", "loadgroup"]
    if not parallel:
        call = call[:-2]
    return subprocess.run(
        [*call, *arguments], cwd=ROOT, env=variables, check=False
    ).returncode


def everything(variables: dict[str, str], arguments: list[str]) -> int:
    """Run the suite, then the browser tests in processes of their own.

    Playwright keeps an event loop running in its thread for the rest of the session,
    which tests with a loop of their own cannot share.
    """
    code = pytest(variables, [*arguments, f"--ignore={BROWSER}"])
    print("==> browser tests", flush=True)
    return pytest(variables, [*arguments, BROWSER]) or code


def main(arguments: list[str]) -> int:
    """Start the stores, run what was asked for, stop the stores."""
    state = Path(tempfile.mkdtemp(prefix="bozhou-test-"))
    state.chmod(0o711)
    try:
        with Stores(
            state, broker="mosquitto", postgres_options=POSTGRES, durable=False
        ) as stores:
            own = environment(state, stage="test") | stores.urls("postgres")
            variables = {
                name: value for name, value in os.environ.items() if name != "DEBUG"
            } | own
            if selects(arguments):
                failed, code = [], pytest(variables, arguments)
            else:
                migrating = migrate(stores, variables)
                failed = check(variables)
                variables |= migrated(migrating)
                code = everything(variables, arguments)
        if failed:
            print(f"The suite is not green: {', '.join(failed)} failed (see above).")
        return code or bool(failed)
    finally:
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
