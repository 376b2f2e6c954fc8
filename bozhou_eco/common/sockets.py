"""The WebSocket every live page uses: join groups, forward what they send, answer pings."""

from collections.abc import Mapping
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

FORBIDDEN = 4403
LONGEST = 2000  # characters; pages send far less, and none nests deeply


class TolerantConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """A JSON socket that what a page sends cannot end."""

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any
    ) -> None:
        """Read JSON text; anything else is dropped, it must not end the connection."""
        if text_data is None or len(text_data) > LONGEST:
            return
        try:
            content = await self.decode_json(text_data)
        except (ValueError, RecursionError):
            return
        await self.receive_json(content)


class LiveConsumer(TolerantConsumer):
    """Base of live consumers; a subclass says which groups a person may hear.

    A refused person is closed with 4403, which pages take as final. ``live.values``
    and whatever else a subclass names a handler for is passed on by `forward`.
    """

    joined: tuple[str, ...] = ()

    def groups_for(self, user: Any) -> tuple[str, ...] | None:
        """Return the groups to join, None to refuse; runs in a thread, may query."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Join the groups that the signed-in person may hear."""
        user = self.scope["user"]
        groups = None
        if user.is_authenticated:
            groups = await database_sync_to_async(self.groups_for)(user)
        if groups is None:
            await self.accept()
            await self.close(code=FORBIDDEN)
            return
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.joined = groups
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        for group in self.joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Answer a ping; pages send nothing else."""
        if isinstance(content, Mapping) and content.get("type") == "ping":
            await self.send_json({"type": "pong"})

    async def forward(self, message: Mapping[str, Any]) -> None:
        """Pass a group message on as it is."""
        await self.send_json(dict(message))
