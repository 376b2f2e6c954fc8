"""PostgreSQL, Redis and Mosquitto already run where they usually do: they stay untouched.

The suite and the demo bring stores of their own. Here the usual ports are taken by
servers that note every connection, while both start from nothing.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from bozhou_eco.embedded.children import Child, listens
from bozhou_eco.embedded.mqtt import mosquitto
from bozhou_eco.embedded.postgres import PostgresServer
from bozhou_eco.embedded.valkey import ValkeyServer

ROOT = Path(__file__).resolve().parents[2]
POSTGRES, REDIS, MQTT = 5432, 6379, 1883
NEW = "New connection from"
# What a shell of somebody who just cloned the project has.
SHELL = ("PATH", "HOME", "LANG", "XDG_CACHE_HOME", "BOZHOU_VENV", "BOZHOU_PYTHON")


@dataclass(frozen=True)
class Neighbours:
    """The servers of somebody else, and where they note who came."""

    postgres: PostgresServer
    valkey: ValkeyServer
    mosquitto: Child

    def visits(self) -> dict[str, int]:
        """Return how many connections each has taken in, but for the one that asks."""
        with redis.Redis.from_url(self.valkey.url) as client:
            taken = client.info("stats")["total_connections_received"] - 1
        return {
            "postgres": self.postgres.child.log.read_text().count(
                "connection received"
            ),
            "mosquitto": self.mosquitto.log.read_text().count(NEW),
            "valkey": taken,
        }

    def pids(self) -> list[int]:
        """Return who they are, 0 for one that ended."""
        children = (self.postgres.child, self.valkey.child, self.mosquitto)
        return [one.pid if one.running else 0 for one in children]


@pytest.fixture
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Three servers on the usual ports; skipped where somebody's really run there."""
    taken = [port for port in (POSTGRES, REDIS, MQTT) if listens(port)]
    if taken:
        pytest.skip(f"ports {taken} are in use on this machine: try the demo itself")
    state = tmp_path_factory.mktemp("neighbours")
    state.chmod(0o711)
    options = {"listen_addresses": "127.0.0.1", "log_connections": "on"}
    postgres = PostgresServer(state, options=options | {"port": str(POSTGRES)})
    valkey = ValkeyServer(state, port=REDIS, durable=False)
    config = state / "mosquitto.conf"
    config.write_text(
        f"listener {MQTT} 127.0.0.1\nallow_anonymous true\nuser root\n"
        "log_dest stderr\nlog_type all\n"
    )
    broker = Child(
        name="mosquitto",
        argv=[str(mosquitto()), "-c", str(config)],
        log=state / "mosquitto.log",
        cwd=state,
    )
    try:
        postgres.start()
        valkey.start()
        broker.start()
        broker.wait_until(
            lambda: listens(MQTT) and NEW in broker.log.read_text(), timeout_s=20
        )
        yield Neighbours(postgres, valkey, broker)
    finally:
        broker.stop()
        valkey.stop()
        postgres.stop()
        shutil.rmtree(postgres.home, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "says"),
    [
        (("bin/demo", "--check", "--port", "8791"), "demo ok"),
        (("bin/test", "tests/faults/test_intake.py", "-q"), " passed"),
    ],
    ids=["demo", "test"],
)
def test_servers_on_their_usual_ports_are_left_alone(
    neighbours: Neighbours, call: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    before, who = neighbours.visits(), neighbours.pids()
    assert all(who)
    environment = {name: os.environ[name] for name in SHELL if name in os.environ}
    done = subprocess.run(
        call,
        cwd=ROOT,
        env=environment | {"BOZHOU_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=1100,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-3000:]
    assert says in told
    after = neighbours.visits()
    after["valkey"] -= 1  # the first look at it
    assert after == before
    assert neighbours.pids() == who
