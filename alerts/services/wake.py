"""Ask the push workers to look at the outbox, at most a few times a second."""

import threading
import time

from bozhou_eco.common import queue

TASK = "alerts.tasks.deliver_due"
PAUSE_S = 0.5


class Router:
    """Sends the delivery task; a flood of alerts sends it once per `PAUSE_S`.

    A wake that is left out is made good by the beat's sweep a second or two later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def wake(self) -> None:
        """Send the task unless it was sent a moment ago."""
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + PAUSE_S
        queue.send(TASK)

    def forget(self) -> None:
        """Let the next wake through."""
        with self._lock:
            self._next = 0.0


router = Router()
