"""The MQTT side of intake: receive, batch, commit, acknowledge, answer.

The main thread reads the broker and decodes; a second thread commits the batch before.
The broker holds back once ``receive_maximum`` messages are unacknowledged, which bounds
memory whatever the backlog.
"""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
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
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bozhou_eco.common import clock, metrics
from bozhou_eco.common.loop import Stopper
from polluters.domain.hj212.topics import COMMITTED
from polluters.ingest.batch import Outcome, commit
from polluters.ingest.buffered import BufferedClient
from polluters.ingest.draft import Draft, Message, read_messages
from polluters.ingest.registry import Registry
from polluters.ingest.writer import Writer

logger = logging.getLogger(__name__)
UP_TOPIC = "hj212/v1/+/up"
SESSION_EXPIRY_S = 30 * 86_400
QUIET_S = 0.004
DRAINED_S = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How one instance takes part."""

    client_id: str = "ingest-1"
    share: str = ""
    drain_only: bool = False
    receive_maximum: int = 5000


@dataclass(frozen=True, slots=True)
class Token:
    """What an acknowledgement needs; ``epoch`` counts connections.

    A message id means something within one connection only: after a reconnect the
    broker sends what was not acknowledged again, so an old token must not be used.
    """

    mid: int
    qos: int
    epoch: int


@dataclass(slots=True)
class Pending:
    """A batch that the second thread is committing."""

    messages: list[Message]
    result: "Future[Outcome | None]"


class Intake:
    """One intake process."""

    def __init__(self, options: Settings) -> None:
        self.options = options
        self.stopper = Stopper()
        self.registry = Registry()
        self.writer = Writer()
        self.epoch = 0
        self.incoming: list[Message] = []
        self.pending: Pending | None = None
        self.url = urlsplit(settings.MQTT_URL)
        self.v5 = self.url.scheme != "mqtt311"
        self.client = self._make_client()
        self.committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._chores_at = time.monotonic()
        self._last_message = time.monotonic()

    def _make_client(self) -> BufferedClient:
        client = BufferedClient(
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
        return client

    def _on_connect(
        self, client: paho.Client, _userdata: Any, _flags: Any, reason: Any, _more: Any
    ) -> None:
        if reason.is_failure:
            logger.error("the broker refuses the connection: %s", reason)
            return
        topic = UP_TOPIC
        if self.options.share:
            topic = f"$share/{self.options.share}/{UP_TOPIC}"
        if not self.options.drain_only:
            client.subscribe(topic, qos=1)
        logger.info("connected to the broker, subscribed to %s", topic)

    def _on_message(
        self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage
    ) -> None:
        self.incoming.append(
            Message(
                message.topic.split("/")[2],
                bytes(message.payload),
                Token(message.mid, message.qos, self.epoch),
            )
        )

    def connect(self) -> bool:
        """Connect anew, waiting for a broker that is away; False if asked to stop."""
        options: dict[str, Any] = {}
        if self.v5:
            properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.ReceiveMaximum = self.options.receive_maximum
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            options = {"clean_start": False, "properties": properties}
        pause = 0.2
        while not self.stopper.stopping:
            self.epoch += 1
            self.client.start_over()
            self.incoming.clear()
            try:
                self.client.connect(
                    self.url.hostname or "127.0.0.1",
                    self.url.port or 1883,
                    keepalive=60,
                    **options,
                )
            except OSError as error:
                logger.warning("broker not reachable, trying again: %s", error)
                self.stopper.rest(pause)
                pause = min(pause * 2, 5)
            else:
                return True
        return False

    def run(self) -> None:
        """Take batches until SIGTERM."""
        self.stopper.install()
        self.connect()
        while not self.stopper.stopping and not self._drained():
            try:
                self._turn()
            except (OSError, ValueError) as error:
                logger.warning("connection to the broker lost: %s", error)
                self.connect()
        self._settle(wait=True)
        self.client.disconnect()
        self.committer.shutdown(wait=True)
        metrics.flush()

    def _turn(self) -> None:
        size = settings.HJ212_BATCH_SIZE
        room = 2 * size - len(self.incoming)
        busy = self.pending is not None
        code = self.client.pump(0.002 if busy else 0.5, max(room, 1))
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionError(paho.error_string(code))
        self._chores()
        if not self.incoming:
            self._settle(wait=False)
            return
        self._gather(size)
        batch, self.incoming = self.incoming[:size], self.incoming[size:]
        self._last_message = time.monotonic()
        draft = self._read(batch)
        self._settle(wait=True)
        if draft is None:
            return
        self.pending = Pending(batch, self.committer.submit(self._commit, batch, draft))

    def _read(self, batch: list[Message]) -> Draft | None:
        """Read a batch by the configuration, waiting for a database that is away.

        None if asked to stop meanwhile: nothing of the batch is acknowledged then.
        """
        pause = 0.2
        while not self.stopper.stopping:
            try:
                self.registry.refresh()
                return read_messages(batch, registry=self.registry, now=clock.now())
            except (OperationalError, InterfaceError) as error:
                logger.warning("database away, reading waits: %s", error)
                metrics.count("hj212_database_waits_total")
                connection.close()
                self.stopper.rest(pause)
                pause = min(pause * 2, 5)
                self._chores()
        return None

    def _gather(self, size: int) -> None:
        """Wait a little for company, never long."""
        end = time.monotonic() + settings.HJ212_BATCH_SECONDS
        while len(self.incoming) < size and time.monotonic() < end:
            before = len(self.incoming)
            code = self.client.pump(QUIET_S, size)
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise ConnectionError(paho.error_string(code))
            if len(self.incoming) == before:
                return

    def _commit(self, batch: list[Message], draft: Draft) -> Outcome | None:
        """Commit one batch, waiting for a database that is away; second thread."""
        pause = 0.2
        while True:
            try:
                close_old_connections()
                return commit(batch, draft, registry=self.registry, writer=self.writer)
            except (OperationalError, InterfaceError) as error:
                logger.warning("database away, the batch waits: %s", error)
                metrics.count("hj212_database_waits_total")
                connection.close()
                self.writer = Writer()
                self.stopper.rest(pause)
                pause = min(pause * 2, 5)
                if self.stopper.stopping:
                    return None

    def _settle(self, *, wait: bool) -> None:
        """Answer and acknowledge the batch before, once it is committed."""
        pending = self.pending
        if pending is None or not (wait or pending.result.done()):
            return
        while not pending.result.done():
            time.sleep(0.001)
            self._chores()
        self.pending = None
        outcome = pending.result.result()
        if outcome is None:
            return
        self.client.hold()
        for answer in outcome.answers:
            self.client.publish(f"hj212/v1/{answer.mn}/down", answer.payload, qos=0)
        if outcome.unanswered:
            digests = "\n".join(outcome.unanswered).encode()
            self.client.publish(COMMITTED.format(mn="all"), digests, qos=0)
        for message in pending.messages:
            token = message.token
            if isinstance(token, Token) and token.qos and token.epoch == self.epoch:
                self.client.ack(token.mid, token.qos)
        self.client.flush()

    def _chores(self) -> None:
        """Keep the connection alive and the counters flowing, once a second."""
        now = time.monotonic()
        if now - self._chores_at < 1:
            return
        self._chores_at = now
        self.client.loop_misc()
        metrics.gauge("hj212_queue", len(self.incoming))
        metrics.flush()

    def _drained(self) -> bool:
        idle = time.monotonic() - self._last_message
        return self.options.drain_only and self.pending is None and idle > DRAINED_S
