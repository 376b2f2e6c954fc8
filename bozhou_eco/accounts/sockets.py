"""Sockets follow the rules of pages: an ended, idle or half-made sign-in hears nothing.

A page that stays open asks nothing anew, so who listens is asked again while it listens:
after a logout, a new password, a withdrawn role or the end of the session the socket is
closed with `ENDED`. What a page sends (its pings) is the moment to ask, so that a message
to a thousand pages waits for none of it; whoever sends nothing is asked when it hears.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from importlib import import_module
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, InterfaceError

from bozhou_eco.accounts.middleware import (
    MFA_KEY,
    has_second_factor,
    is_idle,
    needs_second_factor,
)
from bozhou_eco.accounts.models import User

logger = logging.getLogger(__name__)
ENDED = 4401
ASKED_S, LATEST_S = 60.0, 150.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def standing(user: object) -> tuple[object, ...]:
    """Return what decides what a person may hear."""
    if not isinstance(user, User) or not user.is_active:
        return ()
    return (user.pk, tuple(sorted(user.roles)), user.organisation_id)


def may_listen(session: Mapping[str, Any], user: object) -> bool:
    """Return whether a session may open a socket, by the rules of pages."""
    if not isinstance(user, User) or is_idle(session, time.time()):
        return False
    return (
        not needs_second_factor(user)
        or bool(session.get(MFA_KEY))
        or has_second_factor(user)
    )


class SocketRules:
    """Put between Channels' authentication and the consumers."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Let the consumer see nobody where pages would, and watch over the rest."""
        if not await database_sync_to_async(may_listen)(
            scope["session"], scope["user"]
        ):
            await self.inner({**scope, "user": AnonymousUser()}, receive, send)
            return
        line = _Line(scope, receive, send)
        await self.inner(scope, line.receive, line.send)


class _Line:
    """One open socket; ends it when the person's standing is no longer the same."""

    def __init__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        self.key: str | None = scope["session"].session_key
        self.first = standing(scope["user"])
        self.asked = time.monotonic()
        self.ended = False
        self._receive, self._send = receive, send

    async def receive(self) -> Message:
        """Hand on what the page sends, or that it is gone."""
        message = await self._receive()
        if message["type"] == "websocket.receive" and not await self._holds(ASKED_S):
            return {"type": "websocket.disconnect", "code": ENDED}
        return message

    async def send(self, message: Message) -> None:
        """Send to the page; nothing more once it is ended."""
        if message["type"] == "websocket.send":
            await self._holds(LATEST_S)
        if not self.ended:
            await self._send(message)

    async def _holds(self, after: float) -> bool:
        """Ask again if that was longer than ``after`` ago; close the socket on a no."""
        now = time.monotonic()
        if self.ended or now - self.asked < after:
            return not self.ended
        self.asked = now
        store = import_module(settings.SESSION_ENGINE).SessionStore(self.key)
        try:
            now_standing = standing(await get_user({"session": store}))
        except (
            DatabaseError,
            InterfaceError,
        ) as error:  # a database that is away ends no socket
            logger.warning("who listens could not be asked: %s", error)
            return True
        if now_standing != self.first:
            self.ended = True
            await self._send({"type": "websocket.close", "code": ENDED})
        return not self.ended
