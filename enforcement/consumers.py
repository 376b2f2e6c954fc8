"""The socket of an open case page: says that the case has moved on."""

from typing import Any

from channels.db import database_sync_to_async

from bozhou_eco.accounts.models import Organisation, User
from bozhou_eco.common.sockets import TolerantConsumer
from enforcement.models import Case

FORBIDDEN = 4403


def may_follow(user: Any, pk: int) -> bool:
    """Return whether ``user`` is of the bureau and may see the case."""
    if not isinstance(user, User) or user.organisation is None:
        return False
    if user.organisation.kind != Organisation.Kind.DEPARTMENT:
        return False
    return bool(Case.objects.visible_to(user).filter(pk=pk).exists())


class CaseConsumer(TolerantConsumer):
    """Forwards what the group of one case says."""

    group = ""

    async def connect(self) -> None:
        """Join the group of the case, or close at once."""
        pk = int(self.scope["url_route"]["kwargs"]["pk"])
        allowed = await database_sync_to_async(may_follow)(self.scope.get("user"), pk)
        await self.accept()
        if not allowed:
            await self.close(FORBIDDEN)
            return
        self.group = f"case.{pk}"
        await self.channel_layer.group_add(self.group, self.channel_name)

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **_: Any) -> None:
        """Answer a ping; nothing else is listened to."""
        if isinstance(content, dict) and content.get("type") == "ping":
            await self.send_json({"type": "pong"})

    async def case_changed(self, message: dict[str, Any]) -> None:
        """Pass a change on to the page."""
        await self.send_json(message)
