"""The MQTT side of intake: receive, batch, commit, acknowledge, answer.

The main thread reads the broker and decodes; a second thread commits the batch before.
The broker holds back once ``receive_maximum`` messages are unacknowledged, which bounds
memory whatever the backlog.
"""

import concurrent.futures
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
    connection,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alerts.services.heartbeats import Pulse
from bozhou_eco.common import clock, metrics
from bozhou_eco.common.garbage import look_seldom
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
MANY_OBJECTS = 100_000  # a batch makes tens of thousands that hold no cycles


@dataclass(frozen=True, slots=True)
class Settings:
    """How one instance takes part."""

    client_id: str = "ingest-1"
    share: str = ""
    drain_only: bool = False
    receive_maximum: int = 5000


@dataclass(slots=True)
class Pending:
    """A batch that the second thread is committing.

    ``epoch`` counts connections. A message id means something within one connection
    only: after a reconnect the broker sends what was not acknowledged again, so the
    ids of an older one must not be used.
    """

    messages: list[Message]
    epoch: int
    result: "Future[Outcome | None]"
    since: float


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
        self.pulse = Pulse(f"ingest:{options.client_id}", "报文接入进程")
        self._chores_at = time.monotonic()
        self._last_message = time.monotonic()
        self._reading_since = 0.0

    def _make_client(self) -> BufferedClient:
        client = BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id=self.options.client_id,
            protocol=MQTTProtocolVersion.MQTTv5
            if self.v5
            else MQTTProtocolVersion.MQTTv311,
            clean_session=None if self.v5 else False,
            manual_ack=True,
            take=self._on_message,
        )
        if self.url.username:
            client.username_pw_set(
                unquote(self.url.username), unquote(self.url.password or "")
            )
        if self.url.scheme == "mqtts":
            client.tls_set()
        client.on_connect = self._on_connect
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

    def _on_message(self, topic: bytes, payload: bytes, mid: int) -> None:
        name = topic.split(b"/")[2].decode("utf-8", "replace")
        self.incoming.append(Message(name, payload, mid))

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
        look_seldom(MANY_OBJECTS)
        self.connect()
        while not self.stopper.stopping and not self._drained():
            try:
                self._turn()
            except (OSError, ValueError) as error:
                logger.warning("connection to the broker lost: %s", error)
                self.connect()
        self._leave()
        self.committer.shutdown(wait=True)
        metrics.flush()

    def _leave(self) -> None:
        """Answer what is committed and go; a lost broker sends it again later."""
        try:
            self._answer(self._settled(wait=True))
            self.client.leave()
        except (OSError, ValueError) as error:
            logger.warning("left the broker without a word: %s", error)

    def _turn(self) -> None:
        size = settings.HJ212_BATCH_SIZE
        room = 2 * size - len(self.incoming)
        busy = self.pending is not None
        code = self.client.pump(0.002 if busy else 0.5, max(room, 1))
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionError(paho.error_string(code))
        self._chores()
        if not self.incoming:
            self._answer(self._settled(wait=False))
            return
        self._gather(size)
        batch, self.incoming = self.incoming[:size], self.incoming[size:]
        self._last_message = self._reading_since = time.monotonic()
        draft = self._read(batch)
        since, self._reading_since = self._reading_since, 0.0
        before = self._settled(wait=True)
        if draft is not None:
            work = self.committer.submit(self._commit, batch, draft)
            self.pending = Pending(batch, self.epoch, work, since)
        self._answer(before)

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
        """Wait a little for company, never long.

        While the batch before is being committed, waiting on costs nobody time, and a
        batch of a few frames costs the database nearly as much as a full one.
        """
        end = time.monotonic() + settings.HJ212_BATCH_SECONDS
        while len(self.incoming) < size and time.monotonic() < end:
            before = len(self.incoming)
            code = self.client.pump(QUIET_S, size)
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise ConnectionError(paho.error_string(code))
            busy = self.pending is not None and not self.pending.result.done()
            if len(self.incoming) == before and (before >= size // 4 or not busy):
                return

    def _commit(self, batch: list[Message], draft: Draft) -> Outcome | None:
        """Commit one batch, waiting for a database that is away; second thread."""
        pause = 0.2
        while True:
            try:
                _drop_if_broken()
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

    def _settled(self, *, wait: bool) -> Pending | None:
        """Return the batch before, once it is committed."""
        pending = self.pending
        if pending is None or not (wait or pending.result.done()):
            return None
        while not pending.result.done():
            concurrent.futures.wait([pending.result], timeout=0.5)
            self._chores()
        self.pending = None
        return pending

    def _answer(self, pending: Pending | None) -> None:
        """Answer and acknowledge a batch that is committed."""
        outcome = pending.result.result() if pending is not None else None
        if pending is None or outcome is None:
            return
        client = self.client
        for mn, payload in outcome.answers:
            client.say(b"hj212/v1/%s/down" % mn.encode(), payload)
        if outcome.unanswered:
            digests = "\n".join(outcome.unanswered).encode()
            client.say(COMMITTED.format(mn="all").encode(), digests)
        if pending.epoch == self.epoch:
            client.acknowledge([one.mid for one in pending.messages if one.mid])
        client.flush()

    def _chores(self) -> None:
        """Keep the connection alive and the counters flowing, once a second."""
        now = time.monotonic()
        if now - self._chores_at < 1:
            return
        self._chores_at = now
        if not self.options.drain_only:
            self.pulse.give()
        self.client.loop_misc()
        metrics.gauge("hj212_queue", len(self.incoming))
        metrics.gauge("hj212_lag_seconds", round(self._lag(now), 3))
        metrics.flush()

    def _lag(self, now: float) -> float:
        """Return how long the oldest batch at hand has waited for its commit."""
        since = self.pending.since if self.pending else self._reading_since
        return now - since if since else 0.0

    def _drained(self) -> bool:
        idle = time.monotonic() - self._last_message
        return self.options.drain_only and self.pending is None and idle > DRAINED_S


def _drop_if_broken() -> None:
    """Let go of a connection that failed; a good one is kept, whatever its age."""
    if connection.errors_occurred and not connection.is_usable():
        connection.close()
    connection.errors_occurred = False
