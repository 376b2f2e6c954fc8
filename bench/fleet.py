"""Loggers that behave as HJ 212 asks: send, wait for the 9014, send again without it."""

import random
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.loggers import GAS, PASSWORD, mn_of
from polluters.domain.hj212 import crc16, format_qn, format_time

BEIJING = ZoneInfo("Asia/Shanghai")
_fleets = count()
ANSWER = re.compile(rb"QN=(\d{17});ST=91;CN=9014;.*?MN=([^;]+);")


def present() -> datetime:
    """Return the full second of now, in Beijing time."""
    return datetime.fromtimestamp(int(time.time()), BEIJING)


def gas_frame(
    number: int,
    moment: datetime,
    rng: random.Random,
    *,
    cn: str = "2011",
    over: bool = False,
) -> bytes:
    """Return a frame of 12 factors; ``over`` puts the first two above their limit."""
    kind = "Rtd" if cn == "2011" else "Avg"
    items = []
    for place, (code, low, high) in enumerate(GAS):
        value = rng.uniform(620, 900) if over and place < 2 else rng.uniform(low, high)
        items.append(
            f"{code}-{kind}={value:.3f},{code}-Zs{kind}={value:.3f},{code}-Flag=N"
        )
    segment = (
        f"QN={format_qn(moment)};ST=31;CN={cn};PW={PASSWORD};MN={mn_of(number)};Flag=5;"
        f"CP=&&DataTime={format_time(moment)};{';'.join(items)}&&"
    ).encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


@dataclass
class Sent:
    """A frame on its way: what it was, when it went out first and last."""

    frame: bytes
    data_time: datetime
    first: float
    last: float
    live: bool


@dataclass
class Tally:
    """What the fleet knows at the end."""

    acknowledged: set[tuple[str, datetime]] = field(default_factory=set)
    resent: int = 0
    live_lag: list[float] = field(default_factory=list)


class Fleet:
    """``loggers`` loggers with a backlog each; the first ``over`` also report live.

    The live ones send one over-limit frame a second with the present time. Everything is
    sent again when no 9014 came within ``patience_s``, as often as it takes.
    """

    def __init__(
        self,
        url: str,
        *,
        loggers: int,
        backlog: int,
        over: int = 0,
        window: int = 20,
        patience_s: float = 3.0,
        rate: float = 0.0,
        spread: timedelta = timedelta(seconds=1),
        cn: str = "2011",
        start: datetime | None = None,
        seed: int = 1,
    ) -> None:
        self.rng = random.Random(seed)
        self.loggers, self.over, self.cn = loggers, over, cn
        self.patience_s, self.rate = patience_s, rate
        self.tally = Tally()
        self.window = window * loggers
        # A day of its own: what a restored broker still held of another fleet is no
        # second version of one of ours.
        day = timedelta(days=next(_fleets), hours=1)
        self.start = start or present() - day - backlog * spread
        self._spread, self._backlog = spread, backlog
        self._waiting: dict[tuple[str, str], Sent] = {}
        self._order: deque[tuple[str, str]] = deque()
        self._lock = threading.Lock()
        self._live_until = 0.0
        self._last_live: datetime | None = None
        self._client = self._connect(url)

    def _connect(self, url: str) -> paho.Client:
        parts = urlsplit(url)
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="fleet")
        client.on_message = self._on_answer
        client.on_connect = lambda c, *_: c.subscribe("hj212/v1/+/down", qos=1)
        client.reconnect_delay_set(0.2, 1.0)  # type: ignore[arg-type]
        client.max_inflight_messages_set(1000)
        client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
        client.loop_start()
        return client

    def _on_answer(self, _client: object, _data: object, message: object) -> None:
        found = ANSWER.search(message.payload)  # type: ignore[attr-defined]
        if found is None:
            return
        mn, qn = found[2].decode(), found[1].decode()
        with self._lock:
            sent = self._waiting.pop((mn, qn), None)
            if sent is None:
                return
            self.tally.acknowledged.add((mn, sent.data_time))
            if sent.live:
                self.tally.live_lag.append(time.monotonic() - sent.first)

    def _old(self) -> Iterator[tuple[int, datetime]]:
        for index in range(self._backlog):
            moment = self.start + index * self._spread
            for number in range(self.loggers):
                yield number, moment

    def run(self, *, live_s: float = 0.0, give_up_s: float = 600.0) -> Tally:
        """Send all of the backlog and ``live_s`` of live frames; wait for every 9014."""
        began = time.monotonic()
        self._live_until = began + live_s
        source: Iterator[tuple[int, datetime]] | None = self._old()
        next_live, sent = began, 0
        while True:
            now = time.monotonic()
            if now > began + give_up_s:
                break
            if now >= next_live and now < self._live_until:
                self._send_live()
                next_live += 1.0
            if source is not None and self._may_send(sent, now - began):
                step = next(source, None)
                if step is None:
                    source = None
                else:
                    self._send(*step, live=False)
                    sent += 1
                continue
            self._send_again(now)
            if source is None and now >= self._live_until and not self.outstanding:
                break
            time.sleep(0.005)
        return self.tally

    @property
    def outstanding(self) -> int:
        """Frames without their 9014."""
        with self._lock:
            return len(self._waiting)

    @property
    def done(self) -> int:
        """Frames with their 9014."""
        with self._lock:
            return len(self.tally.acknowledged)

    def _may_send(self, sent: int, elapsed: float) -> bool:
        return self.outstanding < self.window and (
            not self.rate or sent < self.rate * elapsed
        )

    def _send_live(self) -> None:
        moment = present()
        if moment == self._last_live:
            return
        self._last_live = moment
        for number in range(self.over):
            self._send(number, moment, live=True)

    def _send(self, number: int, moment: datetime, *, live: bool) -> None:
        cn = "2011" if live else self.cn
        body = gas_frame(number, moment, self.rng, cn=cn, over=live)
        key = (mn_of(number), format_qn(moment))
        now = time.monotonic()
        with self._lock:
            if key in self._waiting:
                return
            self._waiting[key] = Sent(body, moment, now, now, live)
            self._order.append(key)
        self._publish(key[0], body)

    def _publish(self, mn: str, body: bytes) -> None:
        if self._client.is_connected():
            self._client.publish(f"hj212/v1/{mn}/up", body, qos=1)

    def _send_again(self, now: float) -> None:
        while self._order:
            key = self._order[0]
            with self._lock:
                sent = self._waiting.get(key)
                if sent is not None and now - sent.last < self.patience_s:
                    return
                self._order.popleft()
                if sent is None:
                    continue
                sent.last = now
                self._order.append(key)
                self.tally.resent += 1
            self._publish(key[0], sent.frame)

    def close(self) -> None:
        """Leave the broker."""
        self._client.loop_stop()
        self._client.disconnect()
