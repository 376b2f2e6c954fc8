"""A private MQTT broker on loopback: Mosquitto where installed, else iotcore from pip."""

import shutil
import signal
import sys
from pathlib import Path

from bozhou_eco.embedded.children import Child, StartError, free_port, listens

MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
user root
persistence true
persistence_location {folder}/
autosave_interval 30
max_queued_messages 2000000
max_queued_bytes 0
max_inflight_messages 6000
log_dest stderr
log_type error
log_type warning
"""
IOTCORE = (
    "import iotcore; iotcore.Broker(port={port}, listen='127.0.0.1', "
    "max_payload_size=2097152, max_inflight_count=1000).run_forever()"
)


def mosquitto() -> str | None:
    """Return the path of an installed Mosquitto."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


class MqttBroker:
    """An MQTT broker below ``state``; ``kind`` is auto, mosquitto or iotcore.

    Mosquitto keeps queued messages over a clean restart; iotcore loses sessions and speaks
    MQTT 3.1.1 only. Both start with every client allowed, on loopback.
    """

    def __init__(self, state: Path, *, port: int = 0, kind: str = "auto") -> None:
        program = mosquitto()
        if kind == "auto":
            kind = "mosquitto" if program else "iotcore"
        if kind == "mosquitto" and not program:
            raise StartError("Mosquitto is not installed.")
        self.kind = kind
        self.port = port or free_port()
        self.folder = state / "mosquitto"
        self.config = self.folder / "mosquitto.conf"
        argv = (
            [str(program), "-c", str(self.config)]
            if kind == "mosquitto"
            else [sys.executable, "-c", IOTCORE.format(port=self.port)]
        )
        self.child = Child(
            name=kind, argv=argv, log=state / "log" / "mqtt.log", cwd=state
        )
        if kind == "iotcore":
            self.child.stop_signal = signal.SIGKILL  # it has no orderly end

    @property
    def url(self) -> str:
        """The URL of the broker; ``mqtt311`` names the older protocol."""
        scheme = "mqtt311" if self.kind == "iotcore" else "mqtt"
        return f"{scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the broker and wait for its port; the port must have been free."""
        if listens(self.port):
            raise StartError(f"Port {self.port} is taken by another server.")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(MOSQUITTO.format(port=self.port, folder=self.folder))
        self.child.start()
        self.child.wait_until(lambda: listens(self.port), timeout_s=20)

    def stop(self, grace_s: float = 5.0) -> None:
        """Stop; Mosquitto writes its queues first."""
        self.child.stop(grace_s)

    def kill(self) -> None:
        """Kill it with SIGKILL: Mosquitto loses what it had not saved."""
        self.child.kill()
