"""The few numbers beside menu entries, held for some seconds per person."""

import logging
from collections.abc import Callable

from django.core.cache import cache
from redis.exceptions import RedisError

from alerts.selectors.triage import waiting_count
from bozhou_eco.accounts.models import User
from enforcement.models import Case
from polluters.selectors import explanations
from polluters.selectors.pages import quarantine
from vehicles.selectors.captures import review_queue

logger = logging.getLogger(__name__)
HOLD_S = 10
HOT = frozenset({"alerts", "captures"})
COUNTERS: dict[str, Callable[[User], int]] = {
    "alerts": waiting_count,
    "captures": lambda user: review_queue(user).count(),
    "cases": lambda user: Case.objects.visible_to(user).open().count(),
    "quarantine": lambda user: quarantine.waiting(user).count(),
}


def for_user(user: User) -> dict[str, int]:
    """Return the counters of everything ``user`` may see, at most ten seconds old.

    Without the cache they are counted anew; a page does not fail for want of Redis.
    """
    key = f"nav:{user.pk}"
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
    numbers = {name: count(user) for name, count in COUNTERS.items()}
    return numbers | explanations.beside_menu(user)
