"""One socket of the gateway: cut, judge, forward, slow down.

A buffered protocol over one shared read buffer, so that an idle logger costs a few
kilobytes: at most one unfinished frame waits per socket.
"""

import asyncio
from typing import Protocol

from polluters.domain.hj212 import FrameError, StreamBuffer
from polluters.domain.hj212.decode import peek_header
from polluters.domain.hj212.header import Header
from polluters.gateway.bucket import TokenBucket
from polluters.gateway.options import GatewayOptions

NOISE_PER_TOKEN = 2048
NOISE_SHOWN = 256
SPOOLED_EXTRA = frozenset({"1001", "3020"})


class Hub(Protocol):
    """What a connection needs of the server."""

    options: GatewayOptions
    read_view: memoryview
    congested: bool
    held: "set[Connection]"

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter."""

    def time(self) -> float:
        """Return the loop's clock."""

    def joined(self, connection: "Connection") -> bool:
        """Take in a connection; False if there is no room."""

    def left(self, connection: "Connection") -> None:
        """Forget a connection."""

    def bind(self, connection: "Connection", mn: str) -> bool:
        """Fix or add an MN of a connection; False if it may not speak for it."""

    def knows(self, mn: str) -> bool:
        """Whether an MN is registered."""

    def forward(self, mn: str, raw: bytes, *, spool: bool) -> None:
        """Send a frame on."""

    def forward_stranger(self, mn: str, raw: bytes) -> None:
        """Send on, for quarantine, as much as is good for everybody else."""


class Connection(asyncio.BufferedProtocol):
    """A logger's, or anybody's, connection."""

    __slots__ = (
        "address",
        "bucket",
        "errors",
        "half_since",
        "held",
        "hub",
        "last",
        "mn",
        "mns",
        "noise_told",
        "opened",
        "resume_at",
        "stream",
        "transport",
    )

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.transport: asyncio.Transport | None = None
        self.address = ""
        self.stream = StreamBuffer(max_errors=hub.options.errors_max + 1)
        self.mn = ""
        self.mns: set[str] = set()
        self.errors = 0
        self.noise_told = False
        self.opened = self.last = hub.time()
        self.half_since = 0.0
        self.resume_at = 0.0
        self.held = False
        options = hub.options
        self.bucket = TokenBucket(options.rate_per_s, options.burst, self.opened)

    @property
    def topic(self) -> str:
        """The MN frames are forwarded under; before the first one, the address."""
        return self.mn or f"source-{self.address}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket, or close it if the house is full."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        transport.set_write_buffer_limits(high=self.hub.options.write_buffer)
        if not self.hub.joined(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand on what half a frame is left, and leave."""
        for item in self.stream.close():
            self._take(item)
        self.hub.left(self)
        self.transport = None

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the shared buffer; it is emptied before anyone else reads."""
        return self.hub.read_view

    def buffer_updated(self, nbytes: int) -> None:
        """Cut what came into frames and send them on."""
        now = self.last = self.hub.time()
        skipped = self.stream.skipped
        tokens = 0.0
        data = bytes(self.hub.read_view[:nbytes])
        for item in self.stream.feed(data):
            tokens += 1
            self._take(item)
            if self.transport is None or self.transport.is_closing():
                return
        self.hub.count("bytes", nbytes)
        noise = self.stream.skipped - skipped
        if noise:
            self._noise(noise, data, alone=not tokens)
        tokens += noise / NOISE_PER_TOKEN
        if not self.stream.pending:
            self.half_since = 0.0
        elif not self.half_since or tokens >= 1:
            self.half_since = now
        wait = self.bucket.take(tokens, now)
        if wait > 0:
            self.hub.count("throttled")
            self.resume_at = now + wait
            self.hold()
        elif self.hub.congested:
            self.hold()

    def hold(self) -> None:
        """Stop reading; the sender's TCP window fills and it waits."""
        if not self.held and self.transport and not self.transport.is_closing():
            self.held = True
            self.hub.held.add(self)
            self.transport.pause_reading()

    def release(self, now: float) -> None:
        """Read again, if the device's own time has come."""
        if self.held and now >= self.resume_at and self.transport:
            self.held = False
            self.hub.held.discard(self)
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def _take(self, item: bytes | FrameError) -> None:
        if isinstance(item, FrameError):
            self._bad(item.error, item.raw)
            return
        _, header = peek_header(item)
        if not isinstance(header, Header):
            self._bad("bad_field", item)
            return
        if header.mn not in self.mns and not self.hub.bind(self, header.mn):
            self.hub.count("mn_refused")
            # Under the connection's own topic intake sees the mismatch and keeps it.
            self._bad("mn_refused", item)
            return
        self.errors = 0
        self.hub.count("frames")
        if not self.hub.knows(header.mn):
            self.hub.forward_stranger(header.mn, item)
            return
        spool = not header.needs_ack and (
            header.cn[0] == "2" or header.cn in SPOOLED_EXTRA
        )
        self.hub.forward(header.mn, item, spool=spool)

    def _noise(self, size: int, data: bytes, *, alone: bool) -> None:
        """Count bytes that belong to no frame; show the first of a connection once."""
        self.hub.count("noise_bytes", size)
        if alone and not self.noise_told:
            self.noise_told = True
            self._bad("bad_header", data[:NOISE_SHOWN])

    def _bad(self, error: str, raw: bytes) -> None:
        """Pass on for quarantine; a sender of nothing but rubbish is cut off."""
        self.hub.count(f"refused_{error}")
        self.errors += 1
        options = self.hub.options
        most = options.errors_max if self.mn else options.stranger_errors_max
        if self.errors <= most:
            self.hub.forward_stranger(self.topic, raw)
        elif self.errors == most + 1:
            self.hub.count("closed_rubbish")
            self.close()

    def end_half_frame(self) -> None:
        """Give up waiting for the rest of a frame."""
        self.half_since = 0.0
        for item in self.stream.close():
            self._take(item)

    def send(self, payload: bytes) -> None:
        """Write to the logger; one that does not read is cut off."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > self.hub.options.write_buffer:
            self.hub.count("closed_slow")
            transport.abort()
            return
        transport.write(payload)

    def close(self) -> None:
        """Close the socket."""
        if self.transport is not None:
            self.transport.close()
