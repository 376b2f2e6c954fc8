"""A first frame from the command line: stored, set aside, or told why not."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from polluters.management.commands import send_frame
from polluters.models import RawFrame
from tests import factories
from tests.polluters.test_take_batch import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intake takes at once what is published."""

    def publish(mn: str, payload: bytes) -> bool:
        take(payload)
        return True

    monkeypatch.setattr(send_frame, "publish_up", publish)


def test_a_frame_of_a_registered_logger_is_stored(broker: None, capsys: Any) -> None:
    point = factories.point()
    call_command("send_frame", point.logger.mn, "a21002=84.5", wait=5)
    said = capsys.readouterr().out
    assert f"MN={point.logger.mn}" in said
    assert "a21002-Rtd=84.5,a21002-Flag=N" in said
    assert "已入库" in said
    assert RawFrame.objects.filter(logger=point.logger).count() == 1


def test_an_unknown_logger_and_a_wrong_value_are_refused(broker: None) -> None:
    with pytest.raises(CommandError, match="未登记"):
        call_command("send_frame", "NOBODY", "a21002=1")
    mn = factories.logger().mn
    with pytest.raises(CommandError, match="应形如"):
        call_command("send_frame", mn, "a21002")


def test_a_frame_set_aside_says_why(broker: None) -> None:
    logger = factories.logger()
    logger.active = False
    logger.save()
    with pytest.raises(CommandError, match="已隔离"):
        call_command("send_frame", logger.mn, "a21002=1", wait=5)


def test_without_a_broker_or_intake_it_says_so(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = factories.logger()
    settings.MQTT_URL = "mqtt://127.0.0.1:1"
    with pytest.raises(CommandError, match="消息服务没有收下"):
        call_command("send_frame", logger.mn, "a21002=1")
    monkeypatch.setattr(send_frame, "publish_up", lambda *given: True)
    with pytest.raises(CommandError, match="未入库"):
        call_command("send_frame", logger.mn, "a21002=1", wait=0.3)
