"""Take items of an iterator a little ahead of their use, in a thread.

Decoding a video and looking at its pictures both leave the interpreter, so one runs
while the other does.
"""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

DEPTH = 2
# How often a waiting thread looks whether it is still wanted, in seconds.
GLANCE = 0.2


class _End:
    """The end of the items, with what ended them."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Taker:
    """Takes the items and puts them where they are waited for."""

    def __init__(self, items: Iterable[Any], depth: int) -> None:
        self.items = items
        self.ready: queue.Queue[Any] = queue.Queue(depth)
        self.unwanted = threading.Event()

    def run(self) -> None:
        """Take all items, then say how they ended."""
        iterator = iter(self.items)
        end = _End()
        try:
            for item in iterator:
                if not self._put(item):
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised where it is used
            end = _End(error)
        finally:
            if hasattr(iterator, "close"):
                iterator.close()
        self._put(end)

    def _put(self, item: object) -> bool:
        while not self.unwanted.is_set():
            try:
                self.ready.put(item, timeout=GLANCE)
            except queue.Full:
                continue
            return True
        return False


def ahead(items: Iterable[T], *, depth: int = DEPTH) -> Iterator[T]:
    """The same items in the same order, at most ``depth`` of them taken in advance.

    What the iterator raises is raised here, after the items before it. Where the caller
    stops early the thread stops too and the iterator is closed in it.
    """
    taker = _Taker(items, depth)
    thread = threading.Thread(target=taker.run, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := taker.ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        taker.unwanted.set()
        thread.join()
