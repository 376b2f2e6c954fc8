"""Accounts of the broker, tried at a real Mosquitto with the ACL of ``deploy``."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from django.core.management import CommandError, call_command
from paho.mqtt.enums import CallbackAPIVersion

from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.embedded.children import free_port, listens
from bozhou_eco.embedded.mqtt import mosquitto
from polluters.models import Logger
from polluters.services.mqtt_accounts import digest_line, fits, read_lines
from tests import factories

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


class Files:
    def __init__(self, folder: Path) -> None:
        self.passwords, self.issued = folder / "passwords", folder / "issued.csv"
        self.acl = folder / "acl"

    def run(self, *arguments: str) -> dict[str, str]:
        self.issued.unlink(missing_ok=True)
        call_command(
            *("mqtt_accounts", "--passwords", str(self.passwords)),
            *("--issued", str(self.issued), "--acl", str(self.acl), *arguments),
        )
        if not self.issued.exists():
            return {}
        rows = self.issued.read_text().splitlines()[1:]
        return dict(row.split(",", 1) for row in rows)


@pytest.fixture
def files(tmp_path: Path, settings: object) -> Files:
    settings.MQTT_URL = "mqtt://platform:geheim%21@127.0.0.1:1"  # type: ignore[attr-defined]
    return Files(tmp_path)


def test_every_active_logger_gets_an_account_once(files: Files) -> None:
    first, second = factories.logger(), factories.logger()
    Logger.objects.filter(pk=second.pk).update(active=False)
    issued = files.run()
    assert set(issued) == {first.mn}
    lines = read_lines(files.passwords.read_text())
    assert set(lines) == {first.mn, "platform"}
    assert fits(issued[first.mn], lines[first.mn])
    assert fits("geheim!", lines["platform"])
    assert oct(files.issued.stat().st_mode)[-3:] == "600"
    before = files.passwords.read_text()
    assert files.run() == {}
    assert files.passwords.read_text() == before


def test_rotation_changes_one_or_all(files: Files) -> None:
    first, second = factories.logger(), factories.logger()
    old = files.run()
    inode = files.passwords.stat().st_ino
    assert set(files.run("--rotate", first.mn)) == {first.mn}
    lines = read_lines(files.passwords.read_text())
    assert not fits(old[first.mn], lines[first.mn])
    assert fits(old[second.mn], lines[second.mn])
    assert set(files.run("--rotate")) == {first.mn, second.mn}
    assert files.passwords.stat().st_ino == inode  # a mounted file stays mounted


def test_who_is_gone_loses_the_account_and_it_is_on_record(files: Files) -> None:
    logger = factories.logger()
    files.run()
    Logger.objects.filter(pk=logger.pk).update(active=False)
    files.run()
    assert set(read_lines(files.passwords.read_text())) == {"platform"}
    entry = AuditEntry.objects.filter(act="mqtt.accounts").latest("pk")
    assert entry.detail == {"issued": [], "removed": [logger.mn]}


def test_an_unknown_mn_changes_nothing(files: Files) -> None:
    factories.logger()
    files.run()
    before = files.passwords.read_text()
    with pytest.raises(CommandError, match="NOBODY"):
        files.run("--rotate", "NOBODY")
    assert files.passwords.read_text() == before


def test_the_digest_is_that_of_mosquitto(tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.touch()
    program = "mosquitto_passwd"
    subprocess.run([program, "-b", str(path), "someone", "words"], check=True)
    (line,) = read_lines(path.read_text()).values()
    assert fits("words", line)
    assert not fits("wordz", line)
    assert digest_line("words") != digest_line("words")


@pytest.fixture
def broker(
    files: Files, tmp_path: Path
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\nuser root\n"
        f"password_file {files.passwords}\nacl_file {files.acl}\n"
    )
    files.run()
    program = mosquitto()
    assert program is not None
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    while not listens(port):
        time.sleep(0.02)
    yield port, process
    process.terminate()
    process.wait(10)


class Client:
    """Signs in; notes what it was let in for and what it heard."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.code: object = None
        done = threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set(user, password)

        def connected(
            _c: object, _d: object, _f: object, code: object, _p: object
        ) -> None:
            self.code = code
            done.set()

        client.on_connect = connected
        client.on_message = lambda _c, _d, m: self.heard.append((m.topic, m.payload))
        client.connect("127.0.0.1", port)
        client.loop_start()
        assert done.wait(10)
        self.client = client

    @property
    def refused(self) -> bool:
        return bool(self.code.is_failure)  # type: ignore[attr-defined]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.skipif(mosquitto() is None, reason="needs Mosquitto")
def test_a_logger_reaches_its_own_topics_only(
    files: Files, broker: tuple[int, subprocess.Popen[bytes]]
) -> None:
    port, process = broker
    mine, other = factories.logger(), factories.logger()
    issued = files.run()
    os.kill(process.pid, signal.SIGHUP)
    time.sleep(0.5)
    platform = Client(port, "platform", "geheim!")
    platform.client.subscribe("hj212/v1/#", 1)
    device = Client(port, mine.mn, issued[mine.mn])
    assert not device.refused
    device.client.subscribe([(f"hj212/v1/{mn}/down", 1) for mn in (mine.mn, other.mn)])
    time.sleep(0.3)
    for mn in (mine.mn, other.mn):
        device.client.publish(f"hj212/v1/{mn}/up", mn, qos=1)
        platform.client.publish(f"hj212/v1/{mn}/down", mn, qos=1)
    time.sleep(0.7)
    ups = [topic for topic, _ in platform.heard if topic.endswith("/up")]
    assert ups == [f"hj212/v1/{mine.mn}/up"]
    assert device.heard == [(f"hj212/v1/{mine.mn}/down", mine.mn.encode())]
    stranger = Client(port, mine.mn, issued[other.mn])
    assert stranger.refused
    for client in (platform, device, stranger):
        client.close()


def test_the_acl_of_deploy_is_what_the_command_writes(files: Files) -> None:
    files.run()

    def rules(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    shipped = (ROOT / "deploy" / "mosquitto" / "acl").read_text()
    assert rules(files.acl.read_text()) == rules(shipped)
