"""Live values for open pages, and live pictures of a channel."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async

from bozhou_eco.accounts.models import FACT_ROLES
from bozhou_eco.audit import services as audit
from bozhou_eco.common.sockets import FORBIDDEN, LiveConsumer, TolerantConsumer
from polluters.models import Outlet, VideoChannel
from polluters.services.relay import FullError, Mailbox, relay

FULL, ENDED, AGAIN = 4429, 4503, 4408
LONGEST_S = 900


class OutletConsumer(LiveConsumer):
    """``/ws/outlets/<id>/``: values of one outlet as they are stored."""

    def groups_for(self, user: Any) -> tuple[str, ...] | None:
        """Return the outlet's group if it lies in the person's scope."""
        outlet_id = self.scope["url_route"]["kwargs"]["outlet_id"]
        if not Outlet.objects.visible_to(user).filter(pk=outlet_id).exists():
            return None
        return (f"outlet.{outlet_id}",)

    async def live_values(self, message: Mapping[str, Any]) -> None:
        """Pass on new values."""
        await self.forward(message)


class AllOutletsConsumer(LiveConsumer):
    """``/ws/live/``: new values of all outlets that the person may see."""

    visible: frozenset[int] = frozenset()

    def groups_for(self, user: Any) -> tuple[str, ...] | None:
        """Return the common group; what is not in scope is left out on the way."""
        ids = Outlet.objects.visible_to(user).values_list("pk", flat=True)
        self.visible = frozenset(ids)
        return ("live",) if self.visible else None

    async def live_values(self, message: Mapping[str, Any]) -> None:
        """Pass on the values of outlets in scope."""
        outlets = {
            key: values
            for key, values in message["outlets"].items()
            if int(key) in self.visible
        }
        if outlets:
            await self.forward({**message, "outlets": outlets})


class VideoConsumer(TolerantConsumer):
    """``/ws/video/<id>/``: live pictures of one channel as binary messages.

    Each message is the moment (big-endian double, seconds since 1970) and a JPEG. A viewer
    is asked who it is when it comes and again after `LONGEST_S`, when the page reconnects;
    each viewing is in the audit log. Beside HTTP, since a stream would hold one of its few
    threads.
    """

    box: Mailbox | None = None
    pump: asyncio.Task[None] | None = None

    @property
    def channel_id(self) -> int:
        """The channel of the address."""
        return int(self.scope["url_route"]["kwargs"]["channel_id"])

    def find(self, user: Any) -> VideoChannel | None:
        """Return the channel if the person may see it; looking is recorded."""
        if not user.has_role(*FACT_ROLES):
            return None
        found = (
            VideoChannel.objects.visible_to(user)
            .filter(pk=self.channel_id, active=True)
            .first()
        )
        if found is not None:
            audit.record(
                actor=user, act="video.live", subject=f"channel:{found.pk}", kind="read"
            )
        return found

    async def connect(self) -> None:
        """Let in who may look, if a place is free."""
        user = self.scope["user"]
        channel = None
        if user.is_authenticated:
            channel = await database_sync_to_async(self.find)(user)
        await self.accept()
        if channel is None:
            await self.close(code=FORBIDDEN)
            return
        try:
            self.box = relay.join(channel)
        except FullError as error:
            await self.send_json({"type": "problem", "text": str(error)})
            await self.close(code=FULL)
            return
        self.pump = asyncio.create_task(self._pump(self.box))

    async def _pump(self, box: Mailbox) -> None:
        """Send the newest picture as fast as this viewer takes them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                while not (shot := await box.get()).problem:
                    await self.send(bytes_data=shot.packed())
                await self.send_json({"type": "problem", "text": shot.problem})
                await self.close(code=ENDED)
                return
        await self.close(code=AGAIN)

    async def disconnect(self, code: int) -> None:
        """Free the place."""
        if self.box is not None:
            relay.leave(self.channel_id, self.box)
        if self.pump is not None and self.pump is not asyncio.current_task():
            self.pump.cancel()

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Hear nothing: a viewer only looks."""
