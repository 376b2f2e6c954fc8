"""Private servers: ours alone, alive after kill -9, gone with who started them."""

import contextlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from bozhou_eco.embedded import places
from bozhou_eco.embedded.children import Child, StartError, free_port, listens
from bozhou_eco.embedded.mqtt import MqttBroker
from bozhou_eco.embedded.prepare import Stamp
from bozhou_eco.embedded.stores import Stores, environment, secret_of
from bozhou_eco.embedded.supervisor import Supervisor
from bozhou_eco.embedded.valkey import ValkeyServer

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.services


@pytest.fixture
def state():
    """A folder that the service user may enter, as pytest's own is closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="bozhou-test-"))
    folder.chmod(0o711)
    yield folder / "state"
    shutil.rmtree(folder)


def ended(pid, seconds=10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or ") Z " in stat.read_text():
            return True
        time.sleep(0.05)
    return False


def test_they_start_answer_and_stop(state):
    with Stores(state) as stores:
        pids = [s.child.pid for s in (stores.postgres, stores.valkey, stores.mqtt)]
        urls = stores.urls()
        connection = psycopg2.connect(urls["DATABASE_URL"])
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SHOW listen_addresses")
            assert cursor.fetchone() == ("",)
        with redis.Redis.from_url(urls["REDIS_URL"]) as client:
            assert client.ping()
        assert listens(stores.mqtt.port)
    assert all(ended(pid) for pid in pids)


def test_data_survive_kill_9(state):
    with Stores(state) as stores:
        stores.postgres.execute("CREATE TABLE kept (n int)", "bozhou")
        stores.postgres.execute("INSERT INTO kept VALUES (7)", "bozhou")
        stores.postgres.kill()
        stores.postgres.start()
        assert stores.postgres.execute("SELECT n FROM kept", "bozhou") == [(7,)]
    with Stores(state) as stores:
        assert stores.postgres.execute("SELECT n FROM kept", "bozhou") == [(7,)]


def test_a_second_user_of_the_same_state_is_refused(state):
    with Stores(state), pytest.raises(StartError, match="is in use"):
        Stores(state)


def test_servers_end_when_their_starter_is_killed(state):
    code = (
        "import sys, time; from pathlib import Path;"
        "from bozhou_eco.embedded.stores import Stores;"
        "s = Stores(Path(sys.argv[1])); s.start();"
        "print(s.postgres.child.pid, s.valkey.child.pid, s.mqtt.child.pid, flush=True);"
        "time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(state)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    pids = list(map(int, starter.stdout.readline().split()))
    assert len(pids) == 3
    starter.kill()
    starter.wait()
    assert all(ended(pid) for pid in pids)
    with Stores(state) as stores:
        assert stores.postgres.execute("SELECT 1") == [(1,)]


def test_another_server_on_the_port_is_not_mistaken_for_ours(state):
    with Stores(state) as stores:
        other = ValkeyServer(state / "other", port=stores.valkey.port)
        with pytest.raises(StartError):
            other.start()
        other.kill()
        with pytest.raises(StartError, match="taken by another"):
            MqttBroker(state / "other", port=stores.mqtt.port).start()
        assert redis.Redis.from_url(stores.valkey.url).ping()


def test_a_closed_state_folder_gets_a_home_elsewhere(tmp_path, monkeypatch):
    user = pwd.getpwnam("nobody")
    monkeypatch.setattr(places, "service_user", lambda: user)
    monkeypatch.setattr(places, "SHARED", tmp_path / "shared")
    (tmp_path / "shared").mkdir(mode=0o711)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not places.can_enter(closed, user)
    first = places.home(closed / "state")
    assert first.parent == tmp_path / "shared"
    assert places.home(closed / "state") == first
    (closed / "state" / "home").unlink()
    second = places.home(closed / "state")
    assert second != first
    assert not first.exists()  # the orphan was swept


def test_the_secret_is_made_once_and_private(tmp_path):
    first = secret_of(tmp_path)
    assert len(first) >= 32
    assert secret_of(tmp_path) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert environment(tmp_path, stage="demo")["SECRET_KEY"] == first


def test_a_step_is_done_once_for_the_same_content(tmp_path):
    assert not Stamp(tmp_path, "seed", "a").current
    Stamp(tmp_path, "seed", "a").set()
    assert Stamp(tmp_path, "seed", "a").current
    assert not Stamp(tmp_path, "seed", "b").current


def child(tmp_path, code, **options):
    return Child(
        name="child",
        argv=[sys.executable, "-c", code],
        log=tmp_path / "child.log",
        **options,
    )


def test_the_supervisor_starts_again_what_ends(tmp_path):
    told = []
    supervisor = Supervisor(told.append)
    supervisor.add(child(tmp_path, "print('over'); raise SystemExit(3)"))
    deadline = time.monotonic() + 15
    while supervisor.watched[0].ends < 2 and time.monotonic() < deadline:
        supervisor.step()
        time.sleep(0.05)
    supervisor.stop()
    assert "ended with code 3; it starts again in 1 s" in told[0]
    assert "over" in told[0]
    assert "it starts again in 2 s" in told[1]


def test_stopping_is_bounded_even_for_a_deaf_process(tmp_path):
    supervisor = Supervisor(lambda text: None)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    for number in range(3):
        supervisor.add(child(tmp_path / str(number), deaf))
    children = [entry.child for entry in supervisor.watched]
    deadline = time.monotonic() + 10
    while any(not c.log_tail() for c in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    began = time.monotonic()
    supervisor.stop(0.5)
    assert time.monotonic() - began < 2
    assert [c.process.returncode for c in children] == [-signal.SIGKILL] * 3


def test_a_failed_start_tells_the_end_of_the_log(tmp_path):
    failing = child(tmp_path, "raise SystemExit('no such disk')")
    failing.start()
    with pytest.raises(StartError, match="no such disk"):
        failing.wait_until(lambda: False, timeout_s=10)


def test_free_port_is_free():
    port = free_port()
    assert not listens(port)
    with socket.create_server(("127.0.0.1", port)):
        assert listens(port)
