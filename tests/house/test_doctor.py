"""``manage.py doctor`` names what is wrong on a machine, and what to do about it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from django.core.management import call_command
from django.db import connection

from bozhou_eco.common import clock, probes
from bozhou_eco.evidence.integrity import verify_everything
from bozhou_eco.overview.management.commands import doctor
from polluters.models import Logger
from tests import factories
from tests.evidence.test_integrity import own_places

__all__ = ["own_places"]
pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def told(part) -> dict[str, doctor.Finding]:
    return {finding.what: finding for finding in part()}


@contextmanager
def listener(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server for one caller; yields its address and what the caller said."""
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                said.append(caller.recv(1000))
                caller.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", said
        thread.join(30)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"\x20\x02\x00\x00", ""),
        (b"\x20\x02\x00\x04", "user name or password is wrong"),
        (b"\x20\x02\x00\x05", "the user may not sign in"),
        (b"HTTP/1.1 400 Bad Request", "no MQTT broker"),
        (b"", "no MQTT broker"),
    ],
    ids=["accepted", "wrong password", "not allowed", "a web server", "nothing"],
)
def test_the_broker_is_asked_to_let_us_in(settings, answer: bytes, words: str) -> None:
    with listener(answer) as (address, said):
        settings.MQTT_URL = f"mqtt://plat%20form:se%2Fcret@{address}"
        probe = probes.broker()
    assert probe.ok is (words == "")
    assert words in probe.detail
    assert said[0][:2] == bytes([0x10, len(said[0]) - 2])
    assert b"\x00\x04MQTT\x04\xc2" in said[0]
    assert said[0].endswith(b"\x00\x09plat form\x00\x07se/cret")


def test_the_real_broker_lets_us_in() -> None:
    assert probes.broker().ok, probes.broker().detail


def test_a_database_password_that_is_wrong_is_told(monkeypatch) -> None:
    wrong = {"host": "127.0.0.1", "port": 1, "dbname": "none"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: wrong)
    probe = probes.database()
    assert not probe.ok
    assert "port 1" in probe.detail


def test_a_full_disk_is_told(monkeypatch) -> None:
    monkeypatch.setattr(probes, "LEAST_FREE_BYTES", 2**62)
    probe = probes.evidence()
    assert not probe.ok
    assert "MiB free" in probe.detail


def test_a_folder_that_cannot_be_written_is_told(settings) -> None:
    settings.EVIDENCE_URL = "file:///proc/nowhere"
    assert not probes.evidence().ok


def test_the_signing_key_is_looked_at(settings, own_places: Path) -> None:
    assert doctor._signing_key() == doctor.Finding(
        ok=True, what="signing key: absent, made on first use",
        advice=doctor._signing_key().advice,
    )  # fmt: skip
    verify_everything(now=clock.now())
    good = doctor._signing_key()
    assert good.ok
    assert "fingerprint " in good.what
    key = Path(settings.EVIDENCE_KEY_FILE)
    key.chmod(0o644)
    assert "readable by others" in doctor._signing_key().what
    key.unlink()
    lost = doctor._signing_key()
    assert (lost.ok, lost.what) == (False, "signing key: absent")
    assert "EVIDENCE_OLD_KEYS" in lost.advice
    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for content in (b"nonsense", other):
        key.write_bytes(content)
        assert "cannot be read" in doctor._signing_key().what
        assert not doctor._signing_key().ok


def test_backup_key_and_anchors_are_looked_at(settings, own_places: Path) -> None:
    assert all(finding.ok for finding in doctor._keys())
    settings.PRODUCTION = True
    settings.BACKUP_PUBLIC_KEY_FILE = str(own_places / "none.pub")
    assert not told(doctor._keys)["backup key: absent"].ok


def test_personal_data_under_a_key_that_is_gone_is_told(settings) -> None:
    user = factories.user("officer")
    user.phone = "13900000000"
    user.save()
    assert all(finding.ok for finding in doctor._personal())
    settings.FIELD_KEYS = {"k9": bytes(32)}
    [finding] = doctor._personal()
    assert not finding.ok
    assert "is not in FIELD_KEYS" in finding.what


def test_a_clock_that_loggers_disagree_with_is_told(monkeypatch) -> None:
    at = factories.outlet()
    for skew in (118, 120, 121, 125, -3):
        factories.logger(at, clock_skew_s=skew)
    assert Logger.objects.filter(active=True).count() == 5
    found = told(doctor._clock)
    assert not found["clock: loggers are ahead of it by 120 s (median)"].ok
    monkeypatch.setattr(doctor.time, "time", lambda: clock.now().timestamp() - 90)
    late = [finding for finding in doctor._clock() if "database's" in finding.what]
    assert [finding.ok for finding in late] == [False]
    assert float(late[0].what.split()[1]) > 80


def test_a_clock_without_a_keeper_is_a_fault_in_production(
    settings, monkeypatch
) -> None:
    monkeypatch.setattr(probes, "clock_is_set", lambda: False)
    assert told(doctor._clock)["clock: not kept by NTP"].ok
    settings.PRODUCTION = True
    assert not told(doctor._clock)["clock: not kept by NTP"].ok


def test_settings_that_are_refused_are_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"], cwd=ROOT, capture_output=True,
        text=True, check=False, env=os.environ | {"SECRET_KEY": "changeme"},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("!!  configuration: SECRET_KEY is missing")
    assert "Traceback" not in done.stderr


def test_everything_is_asked(capsys) -> None:
    with pytest.raises(SystemExit):  # no worker answers
        call_command("doctor")
    out = capsys.readouterr().out
    for word in (
        "configuration", "database", "redis", "mqtt", "evidence", "migrations", "chain",
        "clock", "signing key", "anchors", "backup key", "personal data",
        "queue vision", "workers", "disk",
    ):  # fmt: skip
        assert f"  {word}" in out, word
