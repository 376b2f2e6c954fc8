"""Gateway and intake under a crowd of loggers on TCP, and what to watch of them."""

import asyncio
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from bench.crowd import Crowd
from bench.gateway import free_port, start_gateway
from bench.loggers import GAS
from bench.services import Bed, bed, setup_django

LOGGERS = 200
RATED = 200.0  # frames a second that the platform is rated for
FRAMES = (
    "SELECT count(*), count(DISTINCT (logger_id, device_time)) FROM polluters_rawframe"
)
READINGS = "SELECT count(*) FROM polluters_reading"


@dataclass
class Pipeline:
    """Running processes, and samples of their memory in MB by seconds."""

    bed: Bed
    port: int
    metrics_port: int
    processes: dict[str, psutil.Process]
    rss: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)

    async def watch(self, every_s: float) -> None:
        """Take samples until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            for name, process in self.processes.items():
                mb = process.memory_info().rss / 1e6
                self.rss.setdefault(name, []).append((now, mb))
                self.peaks[f"{name}_rss_mb"] = max(
                    self.peaks.get(f"{name}_rss_mb", 0.0), mb
                )
            for name, value in (await asyncio.to_thread(self.gauges)).items():
                self.peaks[name] = max(self.peaks.get(name, 0.0), value)
            await asyncio.sleep(every_s)

    def gauges(self) -> dict[str, float]:
        """Return what the gateway says of itself."""
        url = f"http://127.0.0.1:{self.metrics_port}/"
        with urllib.request.urlopen(url, timeout=10) as answer:  # loopback only
            lines = answer.read().decode().splitlines()
        pairs = (line.removeprefix("hj212_gateway_").split() for line in lines)
        return {name: float(value) for name, value in pairs}

    def missing(self, crowd: Crowd) -> tuple[int, int, int]:
        """Return frames lost, frames stored twice, and readings too few or too many."""
        postgres = self.bed.stores.postgres
        stored, distinct = (int(str(n)) for n in postgres.execute(FRAMES, "bozhou")[0])
        (readings,) = postgres.execute(READINGS, "bozhou")[0]
        wrong = abs(int(str(readings)) - distinct * len(GAS))
        return max(0, crowd.made - distinct), stored - distinct, wrong


@contextmanager
def pipeline() -> Iterator[Pipeline]:
    """Start stores, gateway and one intake."""
    with bed() as running:
        setup_django(running)
        from bench.loggers import make_loggers  # noqa: PLC0415

        make_loggers(LOGGERS)
        running.variables["HJ212_GATEWAY_MAX_PER_ADDRESS"] = "0"
        running.variables["HJ212_GATEWAY_STATE"] = str(running.state)
        ingest = running.spawn_command("ingest_mqtt", "--id", "ingest-1")
        port, metrics_port = free_port(), free_port()
        pid = start_gateway(
            running, port, LOGGERS + 50, "--metrics-port", str(metrics_port)
        )
        yield Pipeline(
            running,
            port,
            metrics_port,
            {"gateway": psutil.Process(pid), "ingest": psutil.Process(ingest.pid)},
        )


async def until_normal(crowd: Crowd, seconds: float, lag_s: float = 2.0) -> float:
    """Wait until nothing old waits and answers come at once; return how long it took.

    That is: for two seconds every answer came within ``lag_s``, and no more frames wait
    than such a lag explains.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    calm = None
    while loop.time() < began + seconds:
        await asyncio.sleep(0.2)
        now = loop.time()
        if crowd.waiting > max(crowd.rate * lag_s, 50) or crowd.lag(1.0) > lag_s:
            calm = None
        elif calm is None:
            calm = now
        elif now - calm >= 2:
            return calm - began
    return float("inf")


async def all_answered(crowd: Crowd, seconds: float) -> None:
    """Let no more be made and wait for the answers that are still to come."""
    crowd.rate = 0.0
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while crowd.waiting and loop.time() < end:
        await asyncio.sleep(0.2)
