"""Live values for open pages: one outlet, or everything in a person's scope."""

from collections.abc import Mapping
from typing import Any

from bozhou_eco.common.sockets import LiveConsumer
from polluters.models import Outlet


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
