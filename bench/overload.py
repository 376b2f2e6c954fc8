"""Ten times the rated load on TCP, with intake stopped for a while: back-pressure, no loss.

Loggers offer 2,000 frames/s for 15 minutes where 200 are rated. In the middle intake is
halted (SIGSTOP) as a database that hangs would halt it, so that the queue fills on any
machine; the gateway must stop reading, the loggers keep their frames, and nobody's
memory may grow without bound. ``recovery_s`` counts from the end of the overload until
frames at the rated load are answered within 2 s again and nothing old waits.
"""

import asyncio
import signal

from bench.crowd import Crowd
from bench.figures import Figure, figure
from bench.pipeline import (
    LOGGERS,
    RATED,
    Pipeline,
    all_answered,
    pipeline,
    until_normal,
)

TIMES = 10
HALT_S, QUICK_HALT_S = 30.0, 12.0


def run(quick: bool = False) -> list[Figure]:
    """Offer too much, then the rated load, and see what was stored."""
    seconds = 18.0 if quick else 15 * 60.0
    halt = QUICK_HALT_S if quick else HALT_S
    with pipeline() as running:
        figures = asyncio.run(_overload(running, seconds, halt))
    return figures


async def _overload(running: Pipeline, seconds: float, halt: float) -> list[Figure]:
    crowd = Crowd(running.port, LOGGERS)
    await crowd.start()
    watcher = asyncio.create_task(running.watch(0.5))
    crowd.rate = RATED
    await until_normal(crowd, 30)
    before = crowd.made
    crowd.rate = RATED * TIMES
    ingest = running.processes["ingest"]
    await asyncio.sleep((seconds - halt) / 2)
    ingest.send_signal(signal.SIGSTOP)
    await asyncio.sleep(halt)
    ingest.send_signal(signal.SIGCONT)
    await asyncio.sleep((seconds - halt) / 2)
    offered = (crowd.made - before) / seconds
    answered, left = crowd.answered, crowd.waiting
    crowd.rate = RATED
    recovery = await until_normal(crowd, 300)
    await all_answered(crowd, 60)
    watcher.cancel()
    lost, doubled, wrong = running.missing(crowd)
    await crowd.stop()
    peaks = running.peaks
    return [
        figure("offered_per_s", offered, "frames/s"),
        figure("answered_by_the_end", answered, "frames"),
        figure("waiting_at_the_end", left, "frames"),
        figure("recovery_s", recovery, "s", "<=60"),
        figure("lost", lost, "frames", "=0"),
        figure("duplicated", doubled, "frames", "=0"),
        figure("readings_wrong", wrong, "readings", "=0"),
        figure("reading_stopped", peaks.get("congested_total", 0), "times", ">=1"),
        figure("underway_peak", peaks.get("underway", 0), "frames", "<=30000"),
        figure("gateway_rss_mb", peaks["gateway_rss_mb"], "MB", "<=300"),
        figure("ingest_rss_mb", peaks["ingest_rss_mb"], "MB", "<=300"),
        figure("resent", crowd.resent, "frames"),
    ]
