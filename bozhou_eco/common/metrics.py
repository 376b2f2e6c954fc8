"""Counters and gauges of all processes, gathered in Redis for ``/metrics``.

Counting is in memory; ``flush`` adds the sums to one Redis hash. While Redis is away the
sums wait, so no count is lost and nothing that counts can fail.
"""

import logging
import threading
from collections import defaultdict

import redis
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
COUNTERS, GAUGES = "bozhou:counters", "bozhou:gauges"

_lock = threading.Lock()
_counts: dict[str, float] = defaultdict(float)
_gauges: dict[str, float] = {}


def series(name: str, **labels: str) -> str:
    """Return the series name in Prometheus form: ``name{label="value"}``."""
    if not labels:
        return name
    pairs = (
        f'{key}="{value.translate(ESCAPES)}"' for key, value in sorted(labels.items())
    )
    return f"{name}{{{','.join(pairs)}}}"


ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add ``amount`` to a counter."""
    if amount:
        with _lock:
            _counts[series(name, **labels)] += amount


def gauge(name: str, value: float, **labels: str) -> None:
    """Set a gauge."""
    with _lock:
        _gauges[series(name, **labels)] = value


def client() -> "redis.Redis[bytes]":
    """Return a Redis client with short time-outs."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1
    )


def flush() -> bool:
    """Add what was counted to Redis; return whether it worked."""
    with _lock:
        counts, gauges = dict(_counts), dict(_gauges)
        _counts.clear()
    if not counts and not gauges:
        return True
    try:
        with client() as connection, connection.pipeline(transaction=True) as pipe:
            for key, amount in counts.items():
                pipe.hincrbyfloat(COUNTERS, key, amount)
            if gauges:
                pipe.hset(GAUGES, mapping={key: str(v) for key, v in gauges.items()})
            pipe.execute()
    except RedisError as error:
        logger.warning("metrics wait for Redis: %s", error)
        with _lock:
            for key, amount in counts.items():
                _counts[key] += amount
        return False
    return True


def read() -> tuple[dict[str, float], dict[str, float]]:
    """Return all counters and gauges by series."""
    with client() as connection:
        counters, gauges = connection.hgetall(COUNTERS), connection.hgetall(GAUGES)
    return (
        {key.decode(): float(value) for key, value in counters.items()},
        {key.decode(): float(value) for key, value in gauges.items()},
    )
