"""The beat of a long-running loop outlives its database connection."""

import pytest
from django.db import connection

from alerts.models import Heartbeat
from alerts.services.heartbeats import Pulse


@pytest.mark.django_db(transaction=True)
def test_a_cut_connection_costs_one_beat_and_no_process() -> None:
    pulse = Pulse("loop", "回路")
    pulse.EVERY_S = 0.0
    assert pulse.give()
    assert connection.connection is not None
    connection.connection.close()  # what a restart of PostgreSQL does to it
    assert not pulse.give()
    assert pulse.give()
    assert Heartbeat.objects.get().key == "loop"
