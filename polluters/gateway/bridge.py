"""The gateway's MQTT side: paho's thread on one end, the event loop on the other.

Publishing is QoS 1. ``waiting`` counts what the broker has not taken yet; the server
stops reading sockets when it grows, so paho's queue stays short whatever happens.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from polluters.domain.hj212.topics import COMMITTED, DOWN, UP

logger = logging.getLogger(__name__)
Deliver = Callable[[str, bytes], None]


class Bridge:
    """One MQTT connection that comes back by itself."""

    def __init__(
        self,
        url: str,
        client_id: str,
        *,
        on_down: Deliver,
        on_committed: Deliver,
    ) -> None:
        self._url = urlsplit(url)
        self._on_down = on_down
        self._on_committed = on_committed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sent = 0
        self._taken = 0
        self.connected = False
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=True,
        )
        if self._url.username:
            client.username_pw_set(
                unquote(self._url.username), unquote(self._url.password or "")
            )
        if self._url.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())
        client.max_inflight_messages_set(1000)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(1, 5)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_message = self._message
        self._client = client

    @property
    def waiting(self) -> int:
        """How many publishes the broker has not taken."""
        return self._sent - self._taken

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Connect in the background; a broker that is away is waited for."""
        self._loop = loop
        self._client.connect_async(
            self._url.hostname or "127.0.0.1", self._url.port or 1883, keepalive=60
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect and end paho's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish_up(self, mn: str, raw: bytes) -> None:
        """Send a frame up under an MN (or what stands for one); never blocks."""
        self._sent += 1
        self._client.publish(UP.format(mn=mn), raw, qos=1)

    def _connected(
        self, client: paho.Client, _data: Any, _flags: Any, code: Any, _props: Any
    ) -> None:
        if code.is_failure:
            logger.warning("the broker refused the gateway: %s", code)
            return
        client.subscribe([(DOWN.format(mn="+"), 1), (COMMITTED.format(mn="+"), 1)])
        self.connected = True
        logger.info("gateway connected to the broker")

    def _disconnected(self, _client: paho.Client, *_rest: Any) -> None:
        self.connected = False

    def _published(self, _client: paho.Client, *_rest: Any) -> None:
        self._taken += 1

    def _message(
        self, _client: paho.Client, _data: Any, message: paho.MQTTMessage
    ) -> None:
        parts = message.topic.split("/")
        if self._loop is None or len(parts) != 4 or self._loop.is_closed():
            return
        deliver = self._on_down if parts[3] == "down" else self._on_committed
        self._loop.call_soon_threadsafe(deliver, parts[2], bytes(message.payload))
