"""Who looks at which alert: messages for the others, so that work is not done twice."""

from dataclasses import dataclass


@dataclass(slots=True)
class Presence:
    """What one open page looks at. ``name`` is shown to the others."""

    user: int
    name: str
    alert: int | None = None

    def look(self, alert: int | None) -> list[dict[str, object]]:
        """Turn to ``alert`` (None: away) and return the messages to send.

        Looking at the same alert again is said again: pages forget a viewer of whom
        they have not heard for a while.
        """
        messages = []
        if self.alert is not None and self.alert != alert:
            messages.append(self._message(self.alert, here=False))
        self.alert = alert
        if alert is not None:
            messages.append(self._message(alert, here=True))
        return messages

    def _message(self, alert: int, *, here: bool) -> dict[str, object]:
        return {
            "type": "alert.presence",
            "alert": alert,
            "user": self.user,
            "name": self.name,
            "here": here,
        }
