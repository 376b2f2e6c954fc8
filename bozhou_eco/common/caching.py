"""A cache that goes on in the process's own memory while Redis is away.

Sign-in with its limits, settings and calendars need a cache, but no page may fail for want
of one. What was counted or kept meanwhile is this process's alone and is forgotten when
Redis answers again; nothing that must last is ever kept in a cache.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
PAUSE_S = 5.0
OPERATIONS = (
    *("add", "get", "set", "touch", "delete", "get_many", "has_key", "incr"),
    *("set_many", "delete_many", "clear"),
)


class Breaker:
    """Remembers for a process that Redis did not answer, and asks it seldom then."""

    def __init__(self) -> None:
        self.until = 0.0
        self.away = False
        self.lock = threading.Lock()

    def rests(self) -> bool:
        """Return whether Redis is not to be asked now."""
        return self.away and time.monotonic() < self.until

    def failed(self, error: Exception) -> bool:
        """Note a failure; return whether it is the first of an outage."""
        with self.lock:
            first, self.away = not self.away, True
            self.until = time.monotonic() + PAUSE_S
        if first:
            logger.warning("cache: Redis is away, memory takes over: %s", error)
        return first

    def answered(self) -> None:
        """Note that Redis answers."""
        if self.away:
            with self.lock:
                self.away = False
            logger.warning("cache: Redis answers again")


breaker = Breaker()


class SteadyCache(RedisCache):
    """Redis, or the memory of this process while Redis is away."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache("redis-away", {**params, "OPTIONS": {}})

    def do(self, name: str, ask: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """Ask Redis, or do the same in memory."""
        if not breaker.rests():
            try:
                answer = ask(*given, **more)
            except (RedisError, OSError) as error:
                if breaker.failed(error):
                    self.memory.clear()
            else:
                breaker.answered()
                return answer
        self.memory.key_prefix = self.key_prefix
        return getattr(self.memory, name)(*given, **more)


def _steady(name: str) -> Callable[..., Any]:
    plain = getattr(RedisCache, name)

    def operation(self: SteadyCache, *given: Any, **more: Any) -> Any:
        def ask(*given: Any, **more: Any) -> Any:
            return plain(self, *given, **more)

        return self.do(name, ask, *given, **more)

    operation.__name__, operation.__doc__ = name, plain.__doc__
    return operation


for _name in OPERATIONS:
    setattr(SteadyCache, _name, _steady(_name))
