"""The loop of a daemon: run a step until SIGTERM, rest when it found no work."""

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

logger = logging.getLogger(__name__)


class Stopper:
    """A flag that SIGTERM and SIGINT raise."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def install(self) -> "Stopper":
        """Listen for the signals; main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._raise)
        return self

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        self.event.set()

    @property
    def stopping(self) -> bool:
        """Whether the process has been asked to end."""
        return self.event.is_set()

    def rest(self, seconds: float) -> None:
        """Sleep, but wake at once when asked to stop."""
        self.event.wait(seconds)


def run_until_stopped(
    step: Callable[[], bool], *, idle_s: float = 1.0, stopper: Stopper | None = None
) -> None:
    """Call ``step`` until SIGTERM; it returns whether it found work.

    A lost database is waited for, with the connection dropped, and never ends the loop.
    """
    stopper = stopper or Stopper().install()
    pause = idle_s
    while not stopper.stopping:
        try:
            close_old_connections()
            found = step()
            pause = idle_s
        except DatabaseError as error:
            logger.warning("database not usable, trying again: %s", error)
            connection.close()
            found, pause = False, min(max(pause * 2, 1.0), 10.0)
        if not found:
            stopper.rest(pause)
