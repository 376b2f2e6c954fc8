"""How simulated loggers reach the platform: MQTT topics or TCP sockets."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from polluters.domain.hj212.topics import DOWN, STATUS, UP

logger = logging.getLogger(__name__)
Received = Callable[[str, bytes], None]
RECONNECT_S = 2.0


class Link(Protocol):
    """A way to send for an MN; what comes back goes to the ``received`` given."""

    async def start(self, mns: list[str]) -> None:
        """Connect for these MNs."""

    def send(self, mn: str, raw: bytes) -> bool:
        """Send; False if there is no connection now."""

    def set_online(self, mn: str, online: bool) -> None:
        """Hang up or call again for one MN."""

    async def stop(self) -> None:
        """Disconnect."""


class MqttLink:
    """All MNs over one MQTT connection, each on its own topics."""

    def __init__(self, url: str, received: Received, *, client_id: str) -> None:
        self._url = urlsplit(url)
        self._received = received
        self._mns: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = asyncio.Event()
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        if self._url.username:
            client.username_pw_set(
                unquote(self._url.username), unquote(self._url.password or "")
            )
        if self._url.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())
        client.reconnect_delay_set(1, 5)
        client.on_connect = self._connected
        client.on_message = self._message
        self._client = client

    async def start(self, mns: list[str]) -> None:
        """Connect and subscribe; waits for the broker."""
        self._mns = mns
        self._loop = asyncio.get_running_loop()
        self._client.connect_async(
            self._url.hostname or "127.0.0.1", self._url.port or 1883, keepalive=60
        )
        self._client.loop_start()
        await self._ready.wait()

    def _connected(
        self, client: paho.Client, _data: Any, _flags: Any, code: Any, _props: Any
    ) -> None:
        if code.is_failure or self._loop is None:
            return
        client.subscribe([(DOWN.format(mn=mn), 1) for mn in self._mns])
        for mn in self._mns:
            client.publish(STATUS.format(mn=mn), b"online", qos=1, retain=True)
        self._loop.call_soon_threadsafe(self._ready.set)

    def _message(
        self, _client: paho.Client, _data: Any, message: paho.MQTTMessage
    ) -> None:
        if self._loop is not None and not self._loop.is_closed():
            mn = message.topic.split("/")[2]
            self._loop.call_soon_threadsafe(self._received, mn, bytes(message.payload))

    def send(self, mn: str, raw: bytes) -> bool:
        """Publish at QoS 1; a logger without a broker keeps its data."""
        if not self._client.is_connected():
            return False
        self._client.publish(UP.format(mn=mn), raw, qos=1)
        return True

    def set_online(self, mn: str, online: bool) -> None:
        """Tell the retained status."""
        state = b"online" if online else b"offline"
        self._client.publish(STATUS.format(mn=mn), state, qos=1, retain=True)

    async def stop(self) -> None:
        """Say that all are offline, and disconnect."""
        for mn in self._mns:
            self.set_online(mn, online=False)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(self._client.disconnect)
        await asyncio.to_thread(self._client.loop_stop)


class TcpLink:
    """One TCP (or TLS) socket for each MN, opened again when it falls."""

    def __init__(
        self,
        host: str,
        port: int,
        received: Received,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._received = received
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._offline: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, mns: list[str]) -> None:
        """Open a socket for each MN in the background."""
        for mn in mns:
            self._tasks.append(asyncio.create_task(self._keep(mn)))

    async def _keep(self, mn: str) -> None:
        while True:
            if mn not in self._offline:
                try:
                    await self._talk(mn)
                except OSError as error:
                    logger.debug("%s cannot reach the gateway: %s", mn, error)
                finally:
                    self._writers.pop(mn, None)
            await asyncio.sleep(RECONNECT_S)

    async def _talk(self, mn: str) -> None:
        reader, writer = await asyncio.open_connection(
            self._host, self._port, ssl=self._tls
        )
        self._writers[mn] = writer
        try:
            while data := await reader.read(65_536):
                self._received(mn, data)
        finally:
            writer.close()

    def send(self, mn: str, raw: bytes) -> bool:
        """Write to the MN's socket, if it is open."""
        writer = self._writers.get(mn)
        if writer is None or writer.is_closing():
            return False
        writer.write(raw)
        return True

    def set_online(self, mn: str, online: bool) -> None:
        """Hang up, or let the socket be opened again."""
        if online:
            self._offline.discard(mn)
            return
        self._offline.add(mn)
        writer = self._writers.get(mn)
        if writer is not None:
            writer.close()

    async def stop(self) -> None:
        """Close every socket."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
