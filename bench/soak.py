"""Twice the rated load for 45 minutes: memory stays where it is, and nothing is lost.

The slope of a process' resident memory is the median of the slopes between all pairs
of samples after the first fifth of the time (Theil–Sen), so that one step of the
allocator is not taken for a leak; the figure is that of the worst process.
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


def run(quick: bool = False) -> list[Figure]:
    """Let the crowd report and watch memory."""
    seconds = 30.0 if quick else 45 * 60.0
    with pipeline() as running:
        return asyncio.run(_soak(running, seconds))


async def _soak(running: Pipeline, seconds: float) -> list[Figure]:
    crowd = Crowd(running.port, LOGGERS)
    await crowd.start()
    crowd.rate = RATED * TIMES
    await until_normal(crowd, 30)
    watcher = asyncio.create_task(running.watch(seconds / SAMPLES))
    await asyncio.sleep(seconds)
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
    steady = samples[len(samples) // 5 :]
    slopes = [
        (later - earlier) / (end - start) * 3600
        for place, (start, earlier) in enumerate(steady)
        for end, later in steady[place + 1 :]
        if end > start
    ]
    return median(slopes) if slopes else 0.0
