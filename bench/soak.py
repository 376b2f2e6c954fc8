"""Twice the rated load for 45 minutes: memory stays where it is, and nothing is lost.

The slope of a process' resident memory is the median of the slopes between all pairs
of samples (Theil–Sen) after a warm-up of a fifth of the time, in which modules load and
bounded caches fill. A growth of less than 1 MB in the whole run counts as none, since the
allocator takes memory in pieces; so the quick run finds a leak of 120 MB/h and the full
one of 2 MB/h. The figure is that of the worst process.
"""

import asyncio
from collections.abc import Sequence

from bench.crowd import Crowd
from bench.figures import Figure, figure, median, percentile
from bench.pipeline import (
    LOGGERS,
    RATED,
    Pipeline,
    all_answered,
    pipeline,
    until_normal,
)

TIMES = 2
SAMPLES = 240
WARM_UP = 0.2
LEAST_MB = 1.0


def run(quick: bool = False) -> list[Figure]:
    """Let the crowd report and watch memory."""
    seconds = 35.0 if quick else 45 * 60.0
    with pipeline() as running:
        return asyncio.run(_soak(running, seconds))


async def _soak(running: Pipeline, seconds: float) -> list[Figure]:
    crowd = Crowd(running.port, LOGGERS)
    await crowd.start()
    crowd.rate = RATED * TIMES
    await until_normal(crowd, 30)
    await asyncio.sleep(seconds * WARM_UP)
    watcher = asyncio.create_task(running.watch(seconds / SAMPLES))
    await asyncio.sleep(seconds * (1 - WARM_UP))
    watcher.cancel()
    lags = [lag for _, lag in crowd.lags]
    began = asyncio.get_running_loop().time()
    await all_answered(crowd, 60)
    recovery = asyncio.get_running_loop().time() - began
    lost, doubled, wrong = running.missing(crowd)
    await crowd.stop()
    slopes = {name: slope_per_h(samples) for name, samples in running.rss.items()}
    return [
        figure("rss_slope_mb_per_h", max(slopes.values()), "MB/h", "<=5"),
        *(
            figure(f"{name}_rss_slope_mb_per_h", slope, "MB/h")
            for name, slope in slopes.items()
        ),
        figure("gateway_rss_mb", running.peaks["gateway_rss_mb"], "MB"),
        figure("ingest_rss_mb", running.peaks["ingest_rss_mb"], "MB"),
        figure("recovery_s", recovery, "s", "<=60"),
        figure("lost", lost, "frames", "=0"),
        figure("duplicated", doubled, "frames", "=0"),
        figure("readings_wrong", wrong, "readings", "=0"),
        figure("answer_p95_ms", percentile(lags, 95) * 1000, "ms"),
        figure("frames", crowd.made, "frames"),
        figure("seconds", seconds, "s"),
    ]


def slope_per_h(samples: Sequence[tuple[float, float]]) -> float:
    """Return the median slope between pairs of (seconds, MB), in MB an hour."""
    slopes = [
        (later - earlier) / (end - start)
        for place, (start, earlier) in enumerate(samples)
        for end, later in samples[place + 1 :]
        if end > start
    ]
    if not slopes:
        return 0.0
    slope = median(slopes)
    growth = slope * (samples[-1][0] - samples[0][0])
    return 0.0 if abs(growth) < LEAST_MB else slope * 3600
