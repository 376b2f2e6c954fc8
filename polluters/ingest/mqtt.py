"""The MQTT side of intake: receive, batch, commit, acknowledge, answer.

paho's network thread only appends to a queue; all work is done in the main thread. The
broker holds back once ``receive_maximum`` messages are unacknowledged, which bounds
memory whatever the backlog.
"""

import logging
import queue
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from django.conf import settings
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bozhou_eco.common import clock, metrics
from bozhou_eco.common.loop import Stopper
from polluters.ingest.batch import Message, Outcome, take_batch
from polluters.ingest.registry import Registry
from polluters.ingest.writer import Writer

logger = logging.getLogger(__name__)
UP_TOPIC = "hj212/v1/+/up"
SESSION_EXPIRY_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """How one instance takes part."""

    client_id: str = "ingest-1"
    share: str = ""
    drain_only: bool = False
    receive_maximum: int = 4000
    batch_size: int = 0
    batch_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Token:
    """What an acknowledgement needs; ``epoch`` counts connections.

    A message id means something within one connection only: after a reconnect the
    broker sends what was not acknowledged again, so an old token must not be used.
    """

    mid: int
    qos: int
    epoch: int


class Intake:
    """One intake process."""

    def __init__(self, options: Settings) -> None:
        self.options = options
        self.stopper = Stopper()
        self.registry = Registry()
        self.writer = Writer()
        self.epoch = 0
        self.incoming: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.url = urlsplit(settings.MQTT_URL)
        self.v5 = self.url.scheme != "mqtt311"
        self.client = self._make_client()
        self._flushed = time.monotonic()
        self._last_message = time.monotonic()

    def _make_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.options.client_id,
            protocol=MQTTProtocolVersion.MQTTv5
            if self.v5
            else MQTTProtocolVersion.MQTTv311,
            clean_session=None if self.v5 else False,
            manual_ack=True,
        )
        if self.url.username:
            client.username_pw_set(
                unquote(self.url.username), unquote(self.url.password or "")
            )
        if self.url.scheme == "mqtts":
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(1, 5)
        return client

    def _on_connect(self, client: paho.Client, *_rest: Any) -> None:
        self.epoch += 1
        topic = UP_TOPIC
        if self.options.share:
            topic = f"$share/{self.options.share}/{UP_TOPIC}"
        if not self.options.drain_only:
            client.subscribe(topic, qos=1)
        logger.info("connected to the broker, subscribed to %s", topic)

    def _on_message(
        self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage
    ) -> None:
        self.incoming.put(
            Message(
                message.topic.split("/")[2],
                bytes(message.payload),
                Token(message.mid, message.qos, self.epoch),
            )
        )

    def connect(self) -> None:
        """Connect, waiting for a broker that is not up yet."""
        options: dict[str, Any] = {}
        if self.v5:
            properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.ReceiveMaximum = self.options.receive_maximum
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            options = {"clean_start": False, "properties": properties}
        while not self.stopper.stopping:
            try:
                self.client.connect(
                    self.url.hostname or "127.0.0.1",
                    self.url.port or 1883,
                    keepalive=60,
                    **options,
                )
            except (OSError, socket.gaierror) as error:
                logger.warning("broker not reachable, trying again: %s", error)
                self.stopper.rest(1)
            else:
                self.client.loop_start()
                return

    def run(self) -> None:
        """Take batches until SIGTERM."""
        self.stopper.install()
        self.connect()
        while not self.stopper.stopping:
            batch = self._gather()
            if batch:
                self._last_message = time.monotonic()
                self.take(batch)
            elif self.options.drain_only and time.monotonic() - self._last_message > 5:
                break
            if time.monotonic() - self._flushed > 1:
                self._flushed = time.monotonic()
                metrics.gauge("hj212_queue", self.incoming.qsize())
                metrics.flush()
        self.client.disconnect()
        self.client.loop_stop()

    def _gather(self) -> list[Message]:
        """Return what is there, waiting a little for company but never long."""
        size = self.options.batch_size or settings.HJ212_BATCH_SIZE
        patience = self.options.batch_seconds or settings.HJ212_BATCH_SECONDS
        try:
            batch = [self.incoming.get(timeout=0.5)]
        except queue.Empty:
            return []
        end = time.monotonic() + patience
        quiet = 0.005
        while len(batch) < size:
            left = end - time.monotonic()
            if left <= 0:
                break
            try:
                batch.append(self.incoming.get(timeout=min(quiet, left)))
            except queue.Empty:
                break
        return batch

    def take(self, batch: list[Message]) -> Outcome | None:
        """Commit one batch, then acknowledge and answer it; None if asked to stop."""
        pause = 0.2
        while True:
            try:
                close_old_connections()
                outcome = take_batch(
                    batch, registry=self.registry, writer=self.writer, now=clock.now()
                )
                break
            except (OperationalError, InterfaceError) as error:
                logger.warning("database away, the batch waits: %s", error)
                metrics.count("hj212_database_waits_total")
                connection.close()
                self.writer = Writer()
                self.stopper.rest(pause)
                pause = min(pause * 2, 5)
                if self.stopper.stopping:
                    return None
        for answer in outcome.answers:
            self.client.publish(f"hj212/v1/{answer.mn}/down", answer.payload, qos=0)
        for message in batch:
            token = message.token
            if isinstance(token, Token) and token.qos and token.epoch == self.epoch:
                self.client.ack(token.mid, token.qos)
        return outcome
