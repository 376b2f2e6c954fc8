"""A canary frame goes from the broker's door to the test phone, or cries."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site

from alerts.models import Alert, CanaryRun
from alerts.services.canary import follow_canaries
from alerts.services.routing import route_pending
from alerts.services.sending import send_due
from bozhou_eco.common import clock
from bozhou_eco.overview.services import canaries
from tests import factories
from tests.alerts.makers import channel, ladder, only_channels, subscriber
from tests.polluters.test_take_batch import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """What was published; the canary's logger is registered."""
    told: list[tuple[str, bytes]] = []
    settings.CANARY_MN = factories.logger().mn
    monkeypatch.setattr(canaries, "publish_up", lambda *given: told.append(given))
    return told


def test_without_a_logger_nothing_is_sent(settings: Any) -> None:
    settings.CANARY_MN = ""
    assert canaries.send_frame_canary(now=clock.now()) is None
    assert not CanaryRun.objects.exists()


def test_through_to_the_phone_with_each_stage(sent: list[tuple[str, bytes]]) -> None:
    phone = channel("phone", "phone", 90)
    only_channels("phone")
    ladder("info", (0, ["subscribers"]))
    person = subscriber("phone", kinds=["canary"])
    person.contact_addresses.create(channel=phone, address="t")
    now = clock.now()
    run = canaries.send_frame_canary(now=now)
    assert run is not None
    mn, body = sent[0]
    assert mn == site.CANARY_MN
    assert canaries.follow_frame_canaries(now=now) == 0
    take(body)
    assert canaries.follow_frame_canaries(now=now) == 1
    assert canaries.follow_frame_canaries(now=now) == 0
    route_pending(now=now)
    send_due(now=clock.now())
    follow_canaries(now=clock.now())
    run.refresh_from_db()
    assert {"sent", "stored", "raised", "routed", "delivered"} <= set(run.stages)
    assert run.seconds is not None
    assert person.deliveries.filter(sent_at__isnull=False).count() == 1


def test_a_frame_that_never_arrives_cries(sent: list[tuple[str, bytes]]) -> None:
    now = clock.now()
    canaries.send_frame_canary(now=now)
    follow_canaries(now=now + timedelta(minutes=6))
    assert Alert.objects.get(key="canary-lost:frame").severity == "major"


def test_a_broker_that_is_away_leaves_the_run_to_fail(settings: Any) -> None:
    settings.CANARY_MN = factories.logger().mn
    settings.MQTT_URL = "mqtt://127.0.0.1:1"
    assert canaries.send_frame_canary(now=clock.now()) is not None
    assert CanaryRun.objects.get().finished_at is None
