"""A WebSocket client that speaks ASGI to an application in the same process.

``channels.testing`` has one too, but importing it needs the daphne server.
"""

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator


class Socket:
    """One WebSocket; ``scope`` takes the user as the auth middleware would set it."""

    def __init__(self, application: Any, path: str, user: Any = None) -> None:
        path, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [],
            "subprotocols": [],
            "user": user,
        }
        self.talk = ApplicationCommunicator(application, scope)

    async def connect(self) -> bool:
        await self.talk.send_input({"type": "websocket.connect"})
        answer = await self.talk.receive_output(5)
        return bool(answer["type"] == "websocket.accept")

    async def send(self, content: Any) -> None:
        await self.talk.send_input(
            {"type": "websocket.receive", "text": json.dumps(content)}
        )

    async def send_raw(self, message: dict[str, Any]) -> None:
        """Send an ASGI message as it is."""
        await self.talk.send_input(message)

    async def heard(self, wait: float = 3) -> dict[str, Any]:
        output = await self.talk.receive_output(wait)
        assert output["type"] == "websocket.send", output
        message: dict[str, Any] = json.loads(output["text"])
        return message

    async def closed(self, wait: float = 3) -> int:
        output = await self.talk.receive_output(wait)
        assert output["type"] == "websocket.close", output
        return int(output["code"])

    async def silent(self, wait: float = 0.2) -> bool:
        return bool(await self.talk.receive_nothing(wait))

    async def disconnect(self) -> None:
        await self.talk.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.talk.wait(5)
