"""What load balancers and Prometheus ask."""

import socket
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from alerts.models import Delivery
from bozhou_eco.common import clock, metrics, probes
from bozhou_eco.evidence.integrity import verify_everything
from tests.alerts.makers import alert
from tests.alerts.test_result_rules import message

pytestmark = pytest.mark.django_db


@pytest.fixture
def hung_port():
    """A server that accepts and then says nothing, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_process_answers(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_ready_when_all_stores_answer(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "stores": {"database": "ok", "redis": "ok", "mqtt": "ok", "evidence": "ok"},
    }


@pytest.mark.parametrize(
    ("setting", "url", "store"),
    [
        ("REDIS_URL", "redis://127.0.0.1:{port}/0", "redis"),
        ("EVIDENCE_URL", "file:///proc/nowhere", "evidence"),
    ],
)
def test_not_ready_and_soon_without_a_store(
    client, settings, hung_port, setting, url, store
):
    setattr(settings, setting, url.format(port=hung_port))
    began = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - began < 3 * probes.TIMEOUT_S
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["stores"][store] == "down"


def test_database_that_hangs_is_told_in_time(client, hung_port, monkeypatch):
    params = connection.get_connection_params()
    wrong = params | {"host": "127.0.0.1", "port": hung_port}
    monkeypatch.setattr(connection, "get_connection_params", lambda: wrong)
    began = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - began < 3 * probes.TIMEOUT_S
    assert (answer.status_code, answer.json()["stores"]["database"]) == (503, "down")


def test_pages_stay_readable_without_the_broker(client, settings):
    settings.MQTT_URL = "mqtt://127.0.0.1:1"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["stores"]["mqtt"]) == (200, "down")


def test_readiness_tells_no_reason_to_the_public(client, settings):
    settings.REDIS_URL = "redis://:hidden-word@127.0.0.1:1/0"
    assert b"hidden-word" not in client.get("/readyz").content


def test_metrics_show_stores_queues_and_counters(client):
    metrics.count("house_test_total", 2, kind='quote"d')
    assert metrics.flush()
    answer = client.get("/metrics")
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'bozhou_store_up{store="database"} 1' in lines
    assert 'bozhou_queue_depth{queue="vision"} 0' in lines
    counted = [line for line in lines if line.startswith("bozhou_house_test_total{")]
    assert counted[0].startswith('bozhou_house_test_total{kind="quote\\"d"} ')
    assert lines.count("# TYPE bozhou_store_up gauge") == 1


def test_metrics_tell_of_verification_and_pushes(client, settings, tmp_path):
    settings.EVIDENCE_URL = f"file://{tmp_path / 'store'}"
    settings.ANCHOR_DIR = str(tmp_path / "anchors")
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "key.pem")
    now = clock.now()
    verify_everything(now=now - timedelta(hours=2))
    due, of = now - timedelta(minutes=5), alert(now=now)
    Delivery.objects.all().delete()
    for seconds in (*range(1, 20), 40):
        sent = due + timedelta(seconds=seconds)
        message(of=of, due_at=due, sent_at=sent, state="sent")
    message(of=of, due_at=now - timedelta(minutes=3), state="waiting")
    lines = client.get("/metrics").content.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if line[0] != "#")
    assert float(figures["bozhou_chain_verified_age_seconds"]) >= 7200
    assert figures["bozhou_chain_verified_faults"] == "0"
    assert figures['bozhou_push_latency_seconds{quantile="0.5"}'] == "11"
    assert figures['bozhou_push_latency_seconds{quantile="0.95"}'] == "40"
    assert float(figures["bozhou_push_overdue_seconds"]) >= 180


@pytest.mark.parametrize(
    "caller",
    [
        {"REMOTE_ADDR": "10.1.2.3"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_AUTHORIZATION": "Bearer guess", "REMOTE_ADDR": "10.1.2.3"},
    ],
)
def test_metrics_are_not_public(client, caller):
    assert client.get("/metrics", **caller).status_code == 404


def test_metrics_by_token(client, settings):
    settings.METRICS_TOKEN = "prometheus-reads-this"  # noqa: S105
    right = {"HTTP_AUTHORIZATION": "Bearer prometheus-reads-this"}
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3", **right).status_code == 200
    assert client.get("/metrics").status_code == 404


def test_metrics_leave_out_a_lost_store(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    text = client.get("/metrics").content.decode()
    assert 'bozhou_store_up{store="redis"} 0' in text
    assert 'bozhou_store_up{store="database"} 1' in text
    assert "bozhou_database_bytes" in text


def test_doctor_names_the_store_and_what_to_do(settings, capsys):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--stores")
    told = capsys.readouterr().out
    assert ended.value.code == 1
    assert "ok  database" in told
    assert "!!  redis" in told
    assert "检查 REDIS_URL" in told


def test_doctor_is_content_when_all_answer(capsys):
    call_command("doctor", "--stores")
    assert "!!" not in capsys.readouterr().out
