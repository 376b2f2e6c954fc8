"""Who is looking at a capture right now, so that two people do not judge it at once."""

from collections.abc import Sequence

from django.core.cache import cache

from bozhou_eco.accounts.models import User

LASTS_S = 30


def _key(capture_id: int) -> str:
    return f"capture-presence:{capture_id}"


def hold(*, capture_id: int, user: User) -> str:
    """Hold a capture for half a minute; returns the name of another holder, or ``""``."""
    mine = f"{user.pk}:{user.name or user.username}"
    if cache.add(_key(capture_id), mine, LASTS_S):
        return ""
    held = str(cache.get(_key(capture_id)) or mine)
    holder, _, name = held.partition(":")
    if holder == str(user.pk):
        cache.touch(_key(capture_id), LASTS_S)
        return ""
    return name


def held_by_others(*, capture_ids: Sequence[int], user: User) -> dict[int, str]:
    """Of these captures, those that somebody else holds, with the holder's name."""
    found = cache.get_many([_key(one) for one in capture_ids])
    held = {one: str(found.get(_key(one), "")).partition(":") for one in capture_ids}
    mine = ("", str(user.pk))
    return {one: name for one, (who, _, name) in held.items() if who not in mine}


def let_go(*, capture_id: int, user: User) -> None:
    """Give a held capture free, if the user holds it."""
    held = str(cache.get(_key(capture_id)) or "")
    if held.partition(":")[0] == str(user.pk):
        cache.delete(_key(capture_id))
