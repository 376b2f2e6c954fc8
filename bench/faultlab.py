"""A platform to break: private stores, intake processes, and what must hold afterwards."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.client import MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from bench.fleet import Fleet, Tally
from bench.loggers import GAS
from bench.services import ROOT, Bed

SETUP = (
    "import django, sys; django.setup(); from bench.loggers import make_loggers; "
    "make_loggers(int(sys.argv[1]))"
)
STORED = (
    "SELECT l.mn, r.device_time, count(*) FROM polluters_rawframe r"
    " JOIN polluters_logger l ON l.id = r.logger_id GROUP BY 1, 2"
)
READINGS = "SELECT count(*) FROM polluters_reading"
ALERTS = (
    "SELECT key, count(*), count(open_key) FROM alerts_alert"
    " WHERE kind = 'exceedance' GROUP BY 1"
)


def forget_session(url: str, client_id: str) -> None:
    """Have the broker drop the session of a client, and with it its queue."""
    parts = urlsplit(url)
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv311
    )
    client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
    client.loop_start()
    deadline = time.monotonic() + 5
    while not client.is_connected() and time.monotonic() < deadline:
        time.sleep(0.01)
    client.disconnect()
    client.loop_stop()


@dataclass
class Verdict:
    """What the tables say, beside what the loggers were told."""

    sent: int = 0
    lost: int = 0
    duplicated: int = 0
    readings_wrong: int = 0
    alerts_missing: int = 0
    alerts_doubled: int = 0
    resent: int = 0
    kills: int = 0
    seconds: float = 0.0
    live_lag_s: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether nothing was lost or doubled."""
        return not (
            self.lost
            or self.duplicated
            or self.readings_wrong
            or self.alerts_missing
            or self.alerts_doubled
        )


@dataclass
class Lab:
    """One bed with intake processes that can be killed and started again."""

    bed: Bed
    loggers: int
    seed: int = 7
    intakes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    kills: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def prepare(self) -> None:
        """Make the loggers."""
        self.python("-c", SETUP, str(self.loggers))

    def python(self, *arguments: str) -> None:
        """Run ``python ARGUMENTS…`` at the stores of the lab."""
        subprocess.run(
            [sys.executable, *arguments],
            env=self.bed.environment()
            | {"DJANGO_SETTINGS_MODULE": "bozhou_eco.settings"},
            cwd=ROOT,
            check=True,
        )

    def empty(self) -> None:
        """Drop what earlier runs stored or left queued; loggers and limits stay."""
        forget_session(self.bed.variables["MQTT_URL"], "ingest-1")
        self.sql("TRUNCATE polluters_reading, polluters_rawframe, polluters_latest")
        self.sql("TRUNCATE alerts_alert CASCADE")

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the database directly."""
        return self.bed.stores.postgres.execute(statement, "bozhou")

    def start_intake(self, name: str = "ingest-1", *options: str) -> None:
        """Start an intake process of that client id."""
        self.intakes[name] = self.bed.spawn_command(
            "ingest_mqtt", "--id", name, *options
        )

    def kill_intake(self, name: str = "ingest-1") -> None:
        """Kill it with SIGKILL, wherever it is."""
        process = self.intakes.pop(name)
        process.kill()
        process.wait()
        self.kills += 1

    def stop_intakes(self) -> None:
        """End all of them in order."""
        for process in self.intakes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.intakes.values():
            process.wait(30)
        self.intakes.clear()

    def crash_all(self) -> None:
        """A power cut: everything dies at once."""
        stores = self.bed.stores
        for process in self.intakes.values():
            process.kill()
        for server in (stores.postgres, stores.mqtt, stores.valkey):
            server.kill()
        for process in self.intakes.values():
            process.wait()
        self.kills += len(self.intakes) + 3
        names = list(self.intakes)
        self.intakes.clear()
        for server in (stores.mqtt, stores.valkey, stores.postgres):
            server.start()
        for name in names:
            self.start_intake(name)

    def during(
        self, fleet: Fleet, acts: list[Callable[[], None]], **run: float
    ) -> Tally:
        """Let the fleet report while ``acts`` happen one after the other."""
        failures: list[BaseException] = []

        def act() -> None:
            try:
                for one in acts:
                    one()
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        reporter = threading.Thread(target=lambda: fleet.run(**run))
        reporter.start()
        act()  # children must be started from the main thread
        reporter.join()
        fleet.close()
        if failures:
            raise failures[0]
        return fleet.tally

    def wait_progress(self, fleet: Fleet, more: int, seconds: float = 60.0) -> None:
        """Wait until so many more frames have their 9014."""
        wanted = fleet.done + more
        deadline = time.monotonic() + seconds
        while fleet.done < wanted and time.monotonic() < deadline:
            time.sleep(0.02)

    def judge(self, fleet: Fleet, sent: int) -> Verdict:
        """Compare the tables with what the loggers were told."""
        verdict = Verdict(sent=sent, kills=self.kills, resent=fleet.tally.resent)
        stored: dict[tuple[str, datetime], int] = {
            (str(mn), moment): number  # type: ignore[misc]
            for mn, moment, number in self.sql(STORED)
        }
        told = {(mn, at) for mn, at in fleet.tally.acknowledged}
        verdict.lost = len(told - set(stored)) + fleet.outstanding
        verdict.duplicated = sum(number - 1 for number in stored.values())
        (readings,) = self.sql(READINGS)[0]
        verdict.readings_wrong = abs(int(str(readings)) - len(stored) * len(GAS))
        wanted = fleet.over * 2
        rows = self.sql(ALERTS)
        verdict.alerts_missing = max(0, wanted - len(rows))
        verdict.alerts_doubled = sum(int(str(total)) - 1 for _, total, _ in rows) + max(
            0, len(rows) - wanted
        )
        verdict.live_lag_s = max(fleet.tally.live_lag, default=0.0)
        return verdict
