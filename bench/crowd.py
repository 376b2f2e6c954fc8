"""Loggers on TCP: each sends at its pace, keeps what got no 9014, and sends it again.

As a real logger does, it goes on measuring while its socket takes nothing: frames wait
in its own memory and leave in order once the gateway reads again.
"""

import asyncio
import random
import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.fleet import gas_frame, present
from polluters.domain.hj212 import format_qn

ANSWER = re.compile(rb"QN=(\d{17});ST=91;CN=9014;")
WRITE_BUFFER = 16 * 1024
PATIENCE_S = 60.0


@dataclass(slots=True)
class Made:
    """A frame and when it was made and last sent, by the loop's clock."""

    frame: bytes
    made: float
    sent: float = 0.0


@dataclass
class Logger:
    """One logger: what waits for its socket, and what for its 9014."""

    number: int
    moment: datetime
    queue: deque[str] = field(default_factory=deque)
    kept: dict[str, Made] = field(default_factory=dict)
    writer: asyncio.StreamWriter | None = None


class Crowd:
    """``count`` loggers that together make ``rate`` frames a second; ``rate`` may change.

    Every frame has a second of its own in its logger's time, so none is like another.
    """

    def __init__(self, port: int, count: int, *, seed: int = 3) -> None:
        self.port, self.count = port, count
        self.rate = 0.0
        self.rng = random.Random(seed)
        start = present() - timedelta(days=6)
        self.loggers = [Logger(number, start) for number in range(count)]
        self.made = self.answered = self.resent = 0
        self.lags: deque[tuple[float, float]] = deque(maxlen=200_000)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect all and begin to send."""
        gate = asyncio.Semaphore(50)
        for logger in self.loggers:
            self._tasks.append(asyncio.create_task(self._live(logger, gate)))
        self._tasks.append(asyncio.create_task(self._measure()))
        self._tasks.append(asyncio.create_task(self._send()))

    async def stop(self) -> None:
        """Disconnect."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def waiting(self) -> int:
        """Frames that have no 9014."""
        return self.made - self.answered

    def lag(self, since: float) -> float:
        """Return the longest wait for a 9014 among the answers since then."""
        now = asyncio.get_running_loop().time()
        heard = [lag for at, lag in self.lags if at >= now - since]
        return max(heard, default=float("inf") if self.waiting else 0.0)

    async def _live(self, logger: Logger, gate: asyncio.Semaphore) -> None:
        """Keep a connection and read its answers; after a loss, connect again."""
        while True:
            try:
                async with gate:
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", self.port
                    )
                writer.transport.set_write_buffer_limits(high=WRITE_BUFFER)
                logger.writer = writer
                logger.queue = deque(logger.kept)  # what got no answer goes again
                await self._listen(logger, reader)
            except OSError:
                pass
            logger.writer = None
            await asyncio.sleep(1)

    async def _listen(self, logger: Logger, reader: asyncio.StreamReader) -> None:
        rest = b""
        while data := await reader.read(16_384):
            lines = (rest + data).split(b"\r\n")
            rest = lines.pop()
            now = asyncio.get_running_loop().time()
            for line in lines:
                found = ANSWER.search(line)
                kept = logger.kept.pop(found[1].decode(), None) if found else None
                if kept is not None:
                    self.answered += 1
                    self.lags.append((now, now - kept.made))

    async def _measure(self) -> None:
        """Make frames at the rate, in turn for every logger."""
        loop = asyncio.get_running_loop()
        due, before, turn = 0.0, loop.time(), 0
        while True:
            await asyncio.sleep(0.02)
            now = loop.time()
            due += (now - before) * self.rate
            before = now
            while due >= 1:
                due -= 1
                self._make(self.loggers[turn % self.count], now)
                turn += 1

    def _make(self, logger: Logger, now: float) -> None:
        logger.moment += timedelta(seconds=1)
        qn = format_qn(logger.moment)
        body = gas_frame(logger.number, logger.moment, self.rng)
        logger.kept[qn] = Made(body, now)
        logger.queue.append(qn)
        self.made += 1

    async def _send(self) -> None:
        """Write what the sockets take; what got no 9014 in time goes again."""
        loop = asyncio.get_running_loop()
        swept = loop.time()
        while True:
            await asyncio.sleep(0.01)
            now = loop.time()
            for logger in self.loggers:
                if logger.queue and logger.writer is not None:
                    self._write(logger, logger.writer, now)
            if now - swept > 5:
                swept = now
                self._again(now)

    @staticmethod
    def _write(logger: Logger, writer: asyncio.StreamWriter, now: float) -> None:
        while logger.queue and not writer.is_closing():
            if writer.transport.get_write_buffer_size() > WRITE_BUFFER // 2:
                return
            kept = logger.kept.get(logger.queue.popleft())
            if kept is not None:
                kept.sent = now
                writer.write(kept.frame)

    def _again(self, now: float) -> None:
        for logger in self.loggers:
            for qn, kept in logger.kept.items():
                if kept.sent and now - kept.sent > PATIENCE_S:
                    kept.sent = 0.0
                    logger.queue.append(qn)
                    self.resent += 1
