"""The socket of every page: alerts as they change, within the viewer's scope.

Server to page: ``alert`` (a row as HTML and its data), ``reload`` (too much happened to
send one by one), ``presence`` (who looks at an alert), ``notify`` (a message for this
person), ``pong``. Page to server: ``ping``, ``viewing`` with an alert id or null, and
``received``/``opened`` with a delivery token.
"""

from typing import Any

from channels.db import database_sync_to_async

from alerts.domain.presence import Presence
from alerts.models import Alert
from alerts.selectors.changes import changes_since
from alerts.services.announce import message_of
from alerts.services.receipts import note_receipt
from bozhou_eco.accounts.models import Organisation, User
from bozhou_eco.common import clock
from bozhou_eco.common.sockets import TolerantConsumer

FORBIDDEN = 4403


def groups_for(user: User) -> list[str]:
    """Return the groups a viewer joins; empty means the socket is refused."""
    organisation = user.organisation
    if organisation is None or not user.reads_facts:
        return []
    own = f"user.{user.pk}"
    if organisation.kind != Organisation.Kind.DEPARTMENT:
        return [f"org.{organisation.pk}", own]
    if organisation.district is None:
        return ["alerts.all", own]
    return [f"alerts.district.{organisation.district.code}", own]


class AlertConsumer(TolerantConsumer):
    """Forwards what the groups say; decides nothing."""

    user: User
    joined: list[str]
    presence: Presence

    async def connect(self) -> None:
        """Let in whoever may read facts, and send what was missed since ``?since=``."""
        self.joined, self.presence = [], Presence(0, "")
        user = self.scope.get("user")
        groups = await database_sync_to_async(_groups)(user)
        if not groups:
            await self.accept()
            await self.close(FORBIDDEN)
            return
        self.user = user
        self.presence = Presence(user.pk, str(user))
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.joined = groups
        await self.accept()
        since = _since(self.scope.get("query_string", b""))
        if since is not None:
            missed = await database_sync_to_async(_missed)(user, since)
            if missed is None:
                await self.alert_reload({})
            for message in missed or ():
                await self.alert_changed(message)

    async def disconnect(self, code: int) -> None:
        """Leave the groups and stop being seen."""
        if self.presence.alert is not None:
            await self._look(None)
        for group in self.joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Take what a page says; anything unknown is ignored."""
        if not isinstance(content, dict) or not self.joined:
            return
        kind = content.get("type")
        if kind == "ping":
            await self.send_json({"type": "pong"})
        elif kind == "viewing":
            await self._look(content.get("alert"))
        elif kind in ("received", "opened") and isinstance(content.get("token"), str):
            await database_sync_to_async(_receipt)(content["token"], kind, self.user)

    async def _look(self, alert: object) -> None:
        pk = alert if isinstance(alert, int) else None
        if pk is not None and not await database_sync_to_async(_visible)(self.user, pk):
            pk = None
        for message in self.presence.look(pk):
            for group in self.joined:
                if group.startswith("alerts."):
                    await self.channel_layer.group_send(group, message)

    async def alert_changed(self, message: dict[str, Any]) -> None:
        """Forward a changed alert."""
        await self.send_json(message | {"type": "alert"})

    async def alert_reload(self, message: dict[str, Any]) -> None:
        """Tell the page to fetch the list anew."""
        await self.send_json({"type": "reload"})

    async def alert_presence(self, message: dict[str, Any]) -> None:
        """Forward who looks at what."""
        await self.send_json(message | {"type": "presence"})

    async def alert_notify(self, message: dict[str, Any]) -> None:
        """Forward a message for this person."""
        await self.send_json(message | {"type": "notify"})


def _groups(user: object) -> list[str]:
    if not isinstance(user, User):
        return []
    full = User.objects.select_related("organisation__district").filter(
        pk=user.pk, is_active=True
    )
    person = full.first()
    return groups_for(person) if person else []


def _visible(user: User, pk: int) -> bool:
    return Alert.objects.visible_to(user).filter(pk=pk).exists()


def _receipt(token: str, kind: str, user: User) -> bool:
    return note_receipt(token=token, kind=kind, now=clock.now(), user=user)


def _since(query: bytes) -> int | None:
    for pair in query.decode("ascii", "ignore").split("&"):
        name, _, value = pair.partition("=")
        if name == "since" and value.isdecimal() and len(value) < 15:
            return int(value)
    return None


def _missed(user: User, since: int) -> list[dict[str, object]] | None:
    found = changes_since(user, since=since, now=clock.now())
    if found.too_many:
        return None
    return [message_of(alert) for alert in found.alerts]
