"""Count how often something happened in the present stretch of time, in one round trip.

Stretches are fixed (each minute, each hour), shared by all processes through Redis.
"""

import logging
import time
from functools import cache

import redis
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
TIMEOUT_S = 1.0


@cache
def _client(url: str) -> "redis.Redis[bytes]":
    """Return the one client of this process; its pool of connections is thread-safe."""
    return redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )


def count(key: str, seconds: int, *, at: float | None = None) -> tuple[int, float]:
    """Count one more; return the number in this stretch and the seconds until its end.

    Without Redis nothing is counted and 0 is returned: a limit protects against too much
    work, and must not stop all of it.
    """
    now = time.time() if at is None else at
    stretch = int(now // seconds)
    name = f"bozhou:count:{key}:{stretch}"
    rest = (stretch + 1) * seconds - now
    try:
        with _client(settings.REDIS_URL).pipeline(transaction=False) as pipe:
            pipe.incr(name)
            pipe.expire(name, 2 * seconds)
            number = int(pipe.execute()[0])
    except RedisError as error:
        logger.warning("not counted, Redis does not answer: %s", error)
        return 0, rest
    return number, rest
