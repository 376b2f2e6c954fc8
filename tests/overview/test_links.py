"""链路状态: devices that fell silent, within the viewer's scope."""

from datetime import timedelta

import pytest
from django.test import Client

from alerts.models import Heartbeat
from alerts.services.heartbeats import Pulse
from bozhou_eco.common import clock
from tests import factories

pytestmark = pytest.mark.django_db


def test_silent_loggers_are_named_in_their_district() -> None:
    now = clock.now()
    alive, silent = factories.logger(), factories.logger()
    alive.last_seen = now - timedelta(seconds=alive.offline_after_s - 20)
    silent.last_seen = now - timedelta(seconds=silent.offline_after_s + 20)
    alive.save()
    silent.save()
    client = Client()
    client.force_login(factories.user("officer"))
    page = client.get("/links/devices/").content.decode()
    assert "1 / 2 在线" in page
    assert str(silent.outlet) in page
    assert str(alive.outlet) not in page
    assert 'hx-get="/links/devices/"' in client.get("/alerts/chain/").content.decode()
    elsewhere = factories.department(factories.district("652723", "温泉县"))
    client.force_login(factories.user("officer", organisation=elsewhere))
    assert str(silent.outlet) not in client.get("/links/devices/").content.decode()


def test_a_pulse_beats_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = Pulse("ingest:test", "报文接入进程")
    assert pulse.give()
    assert not pulse.give()
    row = Heartbeat.objects.get(key="ingest:test")
    assert (row.name, row.timeout_s) == ("报文接入进程", 120)
    monkeypatch.setattr(Pulse, "EVERY_S", 0.0)
    pulse._next = 0.0
    assert pulse.give()
    row.refresh_from_db()
    assert clock.now() - row.last_at < timedelta(seconds=10)
