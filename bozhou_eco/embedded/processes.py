"""Which processes the platform consists of on one machine, in the order they start."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bozhou_eco.embedded.prepare import APPS, ROOT

CELERY = (
    sys.executable, "-m", "celery", "-A", "bozhou_eco", "worker", "-l", "WARNING",
    "--without-gossip", "--without-mingle", "--without-heartbeat",
)  # fmt: skip

FRAUDS = "substitute,copied_curve,low_co2,fast_retest,cal_overdue,power_faked"


def has_command(name: str) -> bool:
    """Return whether the project offers a management command of that name."""
    return any(
        next(ROOT.glob(f"{app}/**/management/commands/{name}.py"), None) for app in APPS
    )


def command(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the call of a management command."""
    return (sys.executable, str(ROOT / "manage.py"), name, *arguments)


def platform(
    state: Path, *, port: int, gateway_port: int
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield name and call of every process that exists in this checkout."""
    yield (
        "web",
        (
            *(sys.executable, "-m", "uvicorn", "bozhou_eco.asgi:application"),
            *("--host", "127.0.0.1", "--port", str(port), "--lifespan", "off"),
            *("--timeout-graceful-shutdown", "1", "--log-level", "warning"),
            *("--proxy-headers", "--ws-max-size", "65536"),
        ),
    )
    yield from _daemons(port, gateway_port)
    yield (
        "worker",
        (*CELERY, "-Q", "default,push,analysis", "-c", "2", "-n", "worker@%h"),
    )
    yield (
        "beat",
        (
            *(sys.executable, "-m", "celery", "-A", "bozhou_eco", "beat"),
            *("-l", "WARNING", "--pidfile=", "-s", str(state / "beat-schedule")),
        ),
    )
    if (ROOT / "vehicles" / "vision").is_dir() and find_spec("torch"):
        yield (
            "vision",
            (
                *(*CELERY, "-Q", "vision", "--pool", "solo", "-n", "vision@%h"),
                *("-I", "vehicles.vision.tasks"),
            ),
        )


def _daemons(port: int, gateway_port: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    for process, name, arguments in (
        ("ingest", "ingest_mqtt", ()),
        (
            "gateway",
            "gateway_hj212",
            ("--host", "127.0.0.1", "--port", str(gateway_port)),
        ),
        ("cameras", "watch_cameras", ()),
        ("loggers", "simulate_loggers", ("--loggers", "30", "--scenario", "mixed")),
        (
            "stations",
            "simulate_stations",
            (
                *("--stations", "11", "--tests-per-day", "300", "--hours-back", "2"),
                *("--url", f"http://127.0.0.1:{port}", "--fraud", FRAUDS),
            ),
        ),
    ):
        if has_command(name):
            yield process, command(name, *arguments)
