"""The gateway itself: every connection, the routes to them, the watch over them."""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from polluters.gateway.bridge import Bridge
from polluters.gateway.bucket import TokenBucket
from polluters.gateway.connection import Connection
from polluters.gateway.directory import Directory
from polluters.gateway.flow import Flow
from polluters.gateway.options import GatewayOptions
from polluters.gateway.spool import Spool

logger = logging.getLogger(__name__)
READ_BYTES = 16 * 1024
DIRECTORY_S = 15.0
FORWARDED_MAX = 500
RESEND_AT_ONCE = 200
SYNC_S = 0.1


class Gateway:
    """Accepts loggers and carries frames both ways.

    ``load_directory`` is called in a thread every 15 s; while it fails, the last one
    stays. Everything else happens in the event loop.
    """

    def __init__(
        self,
        options: GatewayOptions,
        load_directory: Callable[[], Directory] = Directory,
    ) -> None:
        self.options = options
        self.read_view = memoryview(bytearray(READ_BYTES))
        self.congested = False
        self.connections: set[Connection] = set()
        self.held: set[Connection] = set()
        self.routes: dict[str, Connection] = {}
        self.addresses: Counter[str] = Counter()
        self.counters: Counter[str] = Counter()
        self.directory = Directory()
        self.strangers = TokenBucket(
            options.strangers_per_s, options.strangers_burst, now=0.0
        )
        self.flow = Flow(options.underway_s)
        self.spool = Spool(options.spool_dir, max_bytes=options.spool_max_bytes)
        self.bridge = Bridge(
            options.mqtt_url,
            options.client_id,
            on_down=self.deliver,
            on_committed=self.committed,
        )
        self._load_directory = load_directory
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        self._metrics: asyncio.Server | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    # --- what connections call ------------------------------------------------

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter."""
        self.counters[name] += amount

    def time(self) -> float:
        """Return the loop's clock."""
        assert self.loop is not None
        return self.loop.time()

    def joined(self, connection: Connection) -> bool:
        """Take in a connection unless there are too many, in all or from one place."""
        self.count("accepted")
        address = connection.address
        if len(self.connections) >= self.options.max_connections:
            self.count("refused_full")
            return False
        if self.addresses[address] >= self.options.max_per_address > 0:
            self.count("refused_per_address")
            return False
        self.connections.add(connection)
        self.addresses[address] += 1
        if self.congested:
            connection.hold()
        return True

    def left(self, connection: Connection) -> None:
        """Forget a connection and its routes."""
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        self.held.discard(connection)
        self.addresses[connection.address] -= 1
        if not self.addresses[connection.address]:
            del self.addresses[connection.address]
        for mn in connection.mns:
            if self.routes.get(mn) is connection:
                del self.routes[mn]

    def bind(self, connection: Connection, mn: str) -> bool:
        """Let a connection speak for an MN; the first frame fixes it.

        Further MNs are for devices registered as forwarding (转发) only, and an MN
        bound to addresses comes from nowhere else.
        """
        if not self.directory.allows(mn, connection.address):
            return False
        if connection.mn:
            forwards = connection.mn in self.directory.forwarding
            if not forwards or len(connection.mns) >= FORWARDED_MAX:
                return False
        else:
            connection.mn = mn
        connection.mns.add(mn)
        self.routes[mn] = connection
        return True

    def forward(self, mn: str, raw: bytes, *, spool: bool) -> None:
        """Send a frame on; what asks for no 9014 is kept on disk until committed."""
        if spool:
            self.spool.add(mn, raw, self.time())
        self.bridge.publish_up(mn, raw)
        self.flow.sent(self.time())
        options = self.options
        if (
            self.bridge.waiting >= options.unanswered_max
            or self.flow.count >= options.underway_max
            or self.spool.full
        ):
            if not self.congested:
                self.count("congested")
            self.congested = True

    def knows(self, mn: str) -> bool:
        """Whether an MN is registered, as far as the directory can tell."""
        return self.directory.knows(mn)

    def forward_stranger(self, mn: str, raw: bytes) -> None:
        """Send on what is bound for quarantine; above the common rate only count it.

        So a crowd of unknown senders cannot take the broker from the loggers.
        """
        if self.strangers.try_take(self.time()):
            self.forward(mn, raw, spool=False)
        else:
            self.count("strangers_dropped")

    # --- what the broker brings -----------------------------------------------

    def deliver(self, mn: str, payload: bytes) -> None:
        """Write a message from the platform to the logger's socket, if it is here."""
        connection = self.routes.get(mn)
        if connection is None:
            self.count("down_elsewhere")
            return
        self.count("down")
        if b";ST=91;" in payload:  # an answer; requests carry the logger's own ST
            self.flow.heard()
        connection.send(payload)

    def committed(self, _mn: str, payload: bytes) -> None:
        """Forget spooled frames that are in the database now."""
        digests = payload.decode("ascii", "replace").split()
        self.flow.heard(len(digests))
        for digest in digests:
            if self.spool.confirm(digest):
                self.count("spool_confirmed")

    # --- life -----------------------------------------------------------------

    async def start(self) -> None:
        """Listen and connect; returns when sockets are accepted."""
        self.loop = asyncio.get_running_loop()
        await self._refresh_directory()
        self.bridge.start(self.loop)
        self._server = await self.loop.create_server(
            lambda: Connection(self),
            self.options.host,
            self.options.port,
            ssl=make_tls(self.options),
            backlog=4096,
        )
        if self.options.metrics_port:
            self._metrics = await asyncio.start_server(
                self._serve_metrics, "127.0.0.1", self.options.metrics_port
            )
        for step, pause in (
            (self._watch, self.options.sweep_s),
            (self._relieve, 0.02),
            (self._sync, SYNC_S),
            (self._refresh_directory, DIRECTORY_S),
        ):
            self._tasks.append(asyncio.create_task(_repeat(step, pause)))

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Close every socket, give the broker a moment, make the spool durable."""
        for server in (self._server, self._metrics):
            if server is not None:
                server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self.connections):
            connection.close()
        await asyncio.sleep(0)
        assert self.loop is not None
        end = self.loop.time() + 2
        while self.bridge.waiting and self.bridge.connected and self.time() < end:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(self.bridge.stop)
        self.spool.close()

    async def _refresh_directory(self) -> None:
        try:
            self.directory = await asyncio.to_thread(self._load_directory)
        except Exception as error:  # noqa: BLE001 - any store may be away; keep the last
            logger.warning("the logger directory could not be read: %s", error)

    async def _watch(self) -> None:
        """Close who is silent too long, end half frames, send unconfirmed ones again."""
        now, options = self.time(), self.options
        for connection in list(self.connections):
            if connection.held:
                continue
            if connection.half_since and now - connection.half_since > (
                options.half_frame_s
            ):
                self.count("half_frames")
                connection.end_half_frame()
            patience = options.idle_s if connection.mn else options.first_frame_s
            if now - connection.last > patience:
                self.count("closed_idle")
                connection.close()
        if self.bridge.connected and not self.congested:
            for mn, raw in self.spool.due(now, RESEND_AT_ONCE):
                self.count("spool_resent")
                self.bridge.publish_up(mn, raw)

    async def _relieve(self) -> None:
        """Let go of held connections once broker and intake have caught up."""
        now, options = self.time(), self.options
        self.flow.expire(now)
        if self.congested:
            if (
                self.bridge.waiting > options.unanswered_max // 2
                or self.flow.count > options.underway_max * 3 // 4
                or self.spool.full
            ):
                return
            self.congested = False
        for connection in list(self.held):
            connection.release(now)

    async def _sync(self) -> None:
        await asyncio.to_thread(self.spool.sync)

    # --- figures --------------------------------------------------------------

    def gauges(self) -> dict[str, float]:
        """Return what holds now."""
        return {
            "connections": len(self.connections),
            "routes": len(self.routes),
            "held": len(self.held),
            "half_frame_bytes": sum(c.stream.pending for c in self.connections),
            "broker_waiting": self.bridge.waiting,
            "underway": self.flow.count,
            "broker_connected": int(self.bridge.connected),
            "spool_frames": len(self.spool.entries),
            "spool_bytes": self.spool.size,
        }

    def metrics_text(self) -> str:
        """Return counters and gauges in Prometheus' text form."""
        lines = [
            f"hj212_gateway_{name}_total {value}"
            for name, value in sorted(self.counters.items())
        ]
        lines += [
            f"hj212_gateway_{name} {value}" for name, value in self.gauges().items()
        ]
        return "\n".join(lines) + "\n"

    async def _serve_metrics(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await asyncio.wait_for(reader.readline(), 2)
            body = self.metrics_text().encode()
            head = (
                "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        except (TimeoutError, ConnectionError):
            return
        finally:
            writer.close()


async def _repeat(step: Callable[[], object], pause: float) -> None:
    """Run a step again and again; one that fails is logged and runs again."""
    while True:
        await asyncio.sleep(pause)
        try:
            result = step()
            if asyncio.iscoroutine(result):
                await result
        except Exception:
            logger.exception("a step of the gateway failed")


def make_tls(options: GatewayOptions) -> ssl.SSLContext | None:
    """Return the server's TLS context, or None without a certificate."""
    if not options.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(options.tls_cert, options.tls_key or None)
    if options.tls_client_ca:
        context.load_verify_locations(options.tls_client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def spool_directory(base: Path, client_id: str) -> Path:
    """Return the spool directory of one gateway."""
    return base / "gateway" / client_id
