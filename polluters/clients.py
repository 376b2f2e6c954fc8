"""Outside systems that services of polluters talk to: the broker."""

import logging
import ssl
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from django.conf import settings
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from polluters.domain.hj212.topics import DOWN, UP

logger = logging.getLogger(__name__)
TIMEOUT_S = 5.0


class Downward(NamedTuple):
    """Bytes for one logger."""

    mn: str
    payload: bytes


def publish_down(messages: Sequence[Downward]) -> int:
    """Publish to the ``down`` topics at QoS 1; return how many the broker took.

    A broker that is away is logged, not raised: what waits for an answer is sent again.
    """
    return _publish([(DOWN.format(mn=one.mn), one.payload) for one in messages])


def publish_up(mn: str, payload: bytes) -> bool:
    """Publish as the logger ``mn`` would, at QoS 1; return whether the broker took it."""
    return _publish([(UP.format(mn=mn), payload)]) == 1


def _publish(messages: Sequence[tuple[str, bytes]]) -> int:
    if not messages:
        return 0
    client = _connect()
    if client is None:
        return 0
    try:
        sent = [client.publish(topic, payload, qos=1) for topic, payload in messages]
        taken = 0
        for info in sent:
            info.wait_for_publish(TIMEOUT_S)
            taken += info.is_published()
    except (RuntimeError, ValueError) as error:
        logger.warning("the broker did not take messages: %s", error)
        return 0
    else:
        return taken
    finally:
        client.disconnect()
        client.loop_stop()


def _connect() -> paho.Client | None:
    url = urlsplit(settings.MQTT_URL)
    client = paho.Client(
        CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311
    )
    client.connect_timeout = TIMEOUT_S
    if url.username:
        client.username_pw_set(unquote(url.username), unquote(url.password or ""))
    if url.scheme == "mqtts":
        client.tls_set_context(ssl.create_default_context())
    try:
        code = client.connect(url.hostname or "127.0.0.1", url.port or 1883)
    except OSError as error:
        logger.warning("the broker is away: %s", error)
        return None
    if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
        return None
    client.loop_start()
    return client
