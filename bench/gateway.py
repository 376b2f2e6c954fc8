"""The TCP gateway with 10,000 idle connections, slow and hostile clients among them.

Memory is the gateway process' own; the live device shares the gateway with all of them.
Run by ``python -m bench.runner gateway`` or ``python -m bench.gateway``.
"""

import asyncio
import queue
import resource
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.figures import Figure, figure, percentile
from bench.loggers import make_loggers
from bench.services import Bed, bed, setup_django
from polluters.domain.hj212 import BEIJING, Item, encode_frame

LIVE = "652701" + "F" * 18
START = datetime(2026, 3, 1, 8, tzinfo=BEIJING)
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def make_frame(mn: str, number: int) -> bytes:
    """Return a short real-time frame."""
    moment = START + timedelta(seconds=number)
    return encode_frame(
        st="31",
        cn="2011",
        mn=mn,
        qn=moment,
        needs_ack=True,
        params={"DataTime": moment},
        items=[Item("a34013", {"Rtd": f"{number % 50}.5"}, "N")],
    )


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Clients:
    """Every client socket of the run, in one event loop."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pairs: list[Pair] = []

    async def open(self, count: int) -> None:
        """Connect ``count`` more, a few hundred at a time."""
        gate = asyncio.Semaphore(300)

        async def one() -> Pair:
            async with gate:
                return await asyncio.open_connection("127.0.0.1", self.port)

        self.pairs += await asyncio.gather(*(one() for _ in range(count)))

    async def alive(self) -> int:
        """Return how many are still open."""
        await asyncio.sleep(0.2)
        return sum(not reader.at_eof() for reader, _ in self.pairs)

    async def write(self, first: int, last: int, payload: bytes) -> None:
        """Write the same bytes to a range of clients, ignoring the closed."""
        for _, writer in self.pairs[first:last]:
            if not writer.is_closing():
                writer.write(payload)
        await asyncio.sleep(0.5)


class Broker:
    """Waits for the live device's frames at the broker."""

    def __init__(self, url: str) -> None:
        self.seen: queue.SimpleQueue[float] = queue.SimpleQueue()
        parts = urlsplit(url)
        subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda *_: self.seen.put(time.perf_counter())
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
        self.client.loop_start()
        self.client.subscribe(f"hj212/v1/{LIVE}/up", 1)
        subscribed.wait(5)


async def latencies(port: int, broker: Broker, count: int) -> list[float]:
    """Return milliseconds from a device's write to the broker's delivery."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    found = []
    for number in range(count):
        begin = time.perf_counter()
        writer.write(make_frame(LIVE, number))
        arrived = await asyncio.to_thread(broker.seen.get, True, 10)
        found.append((arrived - begin) * 1000)
        await asyncio.sleep(0.06)
    writer.close()
    return found


async def measure(port: int, pid: int, broker: Broker, count: int) -> list[Figure]:
    """Fill the gateway, then let slow and hostile clients loose."""
    clients = Clients(port)
    empty = rss_mb(pid)
    begin = time.perf_counter()
    await clients.open(count)
    seconds = time.perf_counter() - begin
    open_now = await clients.alive()
    idle = rss_mb(pid)
    live = await latencies(port, broker, 60)
    part = count // 10
    await clients.write(0, part, b"##9999" + b"Q" * 9_000)  # frames that never end
    await clients.write(part, 2 * part, b"\x00\xff##" * 1_500)  # noise
    await clients.write(2 * part, 3 * part, make_frame(LIVE[:-1] + "0", 1)[:60])
    await clients.write(3 * part, 4 * part, make_frame("9" * 24, 1) * 20)  # unknown MN
    hostile = await latencies(port, broker, 60)
    peak = rss_mb(pid)
    rest = await clients.alive()
    for _, writer in clients.pairs:
        writer.close()
    return [
        figure("idle_connections", open_now, "", f"={count}"),
        figure("connect_per_s", count / seconds, "1/s"),
        figure("rss_empty_mb", empty, "MB"),
        figure("rss_idle_mb", idle, "MB", "<=250"),
        figure("kb_per_idle_connection", (idle - empty) * 1000 / count, "kB"),
        figure("live_p95_ms", percentile(live, 95), "ms", "<=100"),
        figure("rss_hostile_mb", peak, "MB", "<=350"),
        figure("live_under_attack_p95_ms", percentile(hostile, 95), "ms", "<=250"),
        figure("kept_connections", rest, "", f">={int(count * 0.85)}"),
    ]


def start_gateway(running: Bed, port: int, count: int, *more: str) -> int:
    """Start the gateway; return its process id once it listens."""
    process = running.spawn_command(
        *("gateway_hj212", "--port", str(port)),
        *("--max-connections", str(count + 100), *more),
    )
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with_socket = asyncio.run(_answers(port))
        if with_socket:
            return process.pid
        time.sleep(0.2)
    raise RuntimeError("the gateway did not start")


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    """Return a port nobody listens on."""

    async def find() -> int:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        server.close()
        return port

    return asyncio.run(find())


def _register(running: Bed) -> None:
    """Make the live device known, so that the others are strangers."""
    setup_django(running)
    make_loggers(1)
    from polluters.models import Logger  # noqa: PLC0415  (Django is set up just now)

    Logger.objects.update(mn=LIVE)


def run(quick: bool) -> list[Figure]:
    """Return memory and latency with 10,000 (quick: 2,000) connections."""
    count = 2_000 if quick else 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 500:
        wanted = count + 500
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    with bed() as running:
        _register(running)
        running.variables["HJ212_GATEWAY_MAX_PER_ADDRESS"] = "0"
        running.variables["HJ212_GATEWAY_STATE"] = str(running.state)
        port = free_port()
        pid = start_gateway(running, port, count)
        broker = Broker(running.variables["MQTT_URL"])
        return asyncio.run(measure(port, pid, broker, count))


if __name__ == "__main__":
    for line in run(quick="--quick" in sys.argv):
        print(line)
