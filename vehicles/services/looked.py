"""Which evidence was really sent to whom, so that a verdict cannot claim to have seen more."""

from collections.abc import Sequence

from django.core.cache import cache
from redis.exceptions import RedisError

from bozhou_eco.accounts.models import User
from vehicles.models import CaptureFile

LASTS_S = 24 * 3600


def _key(capture_id: int, name: str, user: User) -> str:
    return f"capture-looked:{capture_id}:{name}:{user.pk}"


def note_look(*, one: CaptureFile, user: User) -> None:
    """Note that a file of a capture was sent to a person."""
    try:
        cache.set(_key(one.capture_id, f"{one.kind}-{one.place}", user), 1, LASTS_S)
    except RedisError:
        return


def really_opened(*, capture_id: int, user: User, names: Sequence[str]) -> list[str]:
    """Of the names somebody says to have opened, those that were sent to them.

    Without the cache the statement stands: it is the reviewer's own and is kept.
    """
    try:
        held = cache.get_many([_key(capture_id, name, user) for name in names])
    except RedisError:
        return list(names)
    return [name for name in names if _key(capture_id, name, user) in held]
