"""Run one management command with the environment it needs (``bin/manage``)."""

import os
import subprocess
import sys

from bozhou_eco.embedded.children import StartError
from bozhou_eco.embedded.prepare import (
    ROOT,
    demo_environment,
    demo_state,
    migrate,
    running_demo,
)
from bozhou_eco.embedded.stores import Stores, environment

SERVICE_FREE = frozenset(
    {
        "", "--version", "version", "help", "--help", "check", "collectstatic",
        "decode_hj212", "check_readings", "check_tests", "detect_smoke",
        "verify_evidence", "spectacular", "backup_key",
    }
)  # fmt: skip
NO_TABLES_NEEDED = frozenset(
    {"migrate", "makemigrations", "sqlmigrate", "doctor", "restore"}
)
NOWHERE = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "MQTT_URL": "mqtt://127.0.0.1:1",
}


def main(arguments: list[str]) -> int:
    """Run ``manage.py`` with ``arguments``; return its exit code."""
    command = arguments[0] if arguments else ""
    call = [sys.executable, str(ROOT / "manage.py"), *arguments]
    if "DATABASE_URL" in os.environ:
        os.execve(call[0], call, os.environ)  # noqa: S606
    if command in SERVICE_FREE:
        own = environment(demo_state(), stage="demo") | NOWHERE
        os.execve(call[0], call, own | os.environ)  # noqa: S606
    running = running_demo()
    if running is not None:
        os.execve(call[0], call, dict(os.environ) | running)  # noqa: S606
    with Stores(demo_state()) as stores:
        variables = dict(os.environ) | demo_environment(stores)
        if command not in NO_TABLES_NEEDED:
            migrate(stores, variables)
        return subprocess.run(call, env=variables, check=False).returncode  # noqa: S603


def start() -> None:
    """Entry of ``python -m bozhou_eco.embedded.manage``."""
    try:
        sys.exit(main(sys.argv[1:]))
    except StartError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    start()
