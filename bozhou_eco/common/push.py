"""Send small messages to open pages through the Channels layer, after the commit.

A page that misses a message asks for the gap when it reconnects, so a message may be lost
but a commit may not fail and a caller may not wait: an unreachable Redis is logged and
counted, and for a second afterwards nothing is tried at all.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

from bozhou_eco.common import metrics

logger = logging.getLogger(__name__)
TIMEOUT_S = 0.5
PAUSE_S = 1.0


class Publisher:
    """Publishes to groups from synchronous code over one kept connection pool.

    The pub/sub layer's own ``group_send`` needs an event loop and opens a connection in
    each loop; publishing the same bytes from here costs one round trip.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: redis.Redis[bytes] | None = None
        self._resting_until = 0.0

    def publish(self, group: str, message: dict[str, object]) -> bool:
        """Send ``message`` to ``group``; return whether Redis took it."""
        if time.monotonic() < self._resting_until:
            metrics.count("push_lost_total")
            return False
        try:
            self._send(group, message)
        except (RedisError, OSError, RuntimeError) as error:
            self._resting_until = time.monotonic() + PAUSE_S
            logger.warning(
                "push to %s lost, pages will fetch the gap: %s", group, error
            )
            metrics.count("push_lost_total")
            return False
        metrics.count("push_sent_total")
        return True

    def _send(self, group: str, message: dict[str, object]) -> None:
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("CHANNEL_LAYERS has no default layer")
        if not isinstance(layer, RedisPubSubChannelLayer):
            async_to_sync(layer.group_send)(group, message)
            return
        channel = f"{_prefix()}{GROUP_INFIX}{group}"
        self._connection().publish(channel, layer.serialize(message))

    def _connection(self) -> "redis.Redis[bytes]":
        with self._lock:
            if self._client is None:
                self._client = redis.Redis.from_url(
                    settings.REDIS_URL,
                    socket_timeout=TIMEOUT_S,
                    socket_connect_timeout=TIMEOUT_S,
                )
            return self._client


def _prefix() -> str:
    options: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    return str(options.get("CONFIG", {}).get("prefix", "asgi"))


GROUP_INFIX = "__group__"
publisher = Publisher()


def push_after_commit(group: str, message: dict[str, object]) -> None:
    """Send ``message`` (with its ``type``) to ``group`` once the transaction commits."""
    safely_after_commit(publisher.publish, group, message)


def safely_after_commit(act: Callable[..., object], *args: object) -> None:
    """Call ``act`` after the commit; an error is logged and never reaches the caller.

    Django names a failed robust callback by its ``__qualname__``, which a bare partial
    does not have.
    """
    transaction.on_commit(update_wrapper(partial(act, *args), act), robust=True)
