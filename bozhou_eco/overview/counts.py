"""The few numbers beside menu entries, held for some seconds per scope."""

import logging
from collections.abc import Callable

from django.core.cache import cache
from redis.exceptions import RedisError

from bozhou_eco.accounts.models import User
from polluters.models import Enterprise
from polluters.selectors.pages import quarantine

logger = logging.getLogger(__name__)
HOLD_S = 10
HOT = frozenset({"alerts", "captures"})


COUNTERS: dict[str, Callable[[User], int]] = {
    "enterprises": lambda user: Enterprise.objects.visible_to(user).count(),
    "quarantine": lambda user: quarantine.waiting(user).count(),
}


def scope_key(user: User) -> str:
    """Return what decides which rows a person sees, as a cache key."""
    roles = "-".join(sorted(user.roles))
    return f"nav:{user.organisation_id}:{roles}"


def for_user(user: User) -> dict[str, int]:
    """Return the counters of everything ``user`` may see, at most ten seconds old.

    Without the cache they are counted anew; a page does not fail for want of Redis.
    """
    key = scope_key(user)
    try:
        held: dict[str, int] | None = cache.get(key)
        if held is None:
            held = _count(user)
            cache.set(key, held, HOLD_S)
    except RedisError as error:
        logger.warning("menu counters are not held: %s", error)
        return _count(user)
    return held


def _count(user: User) -> dict[str, int]:
    return {name: count(user) for name, count in COUNTERS.items()}
