"""How many frames are on their way: forwarded, and not heard of since.

The broker takes whatever is published and keeps it until intake has time, so its own
acknowledgement says nothing of how far intake is behind. What does is the 9014, 9013 or
``committed`` that comes back for every frame. A frame of which nothing is heard for
``patience_s`` is no longer counted: the broker may have lost it, and its logger will
send it again.
"""

from collections import deque


class Flow:
    """Counts by the second; time is an argument, in seconds of any monotonic clock."""

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self.count = 0
        self._seconds: deque[list[int]] = deque()  # [second, frames], oldest first

    def sent(self, now: float) -> None:
        """Count a frame that was forwarded."""
        self.count += 1
        if self._seconds and self._seconds[-1][0] == int(now):
            self._seconds[-1][1] += 1
        else:
            self._seconds.append([int(now), 1])

    def heard(self, frames: int = 1) -> None:
        """Count frames that were answered, the oldest first."""
        while frames > 0 and self._seconds:
            oldest = self._seconds[0]
            taken = min(frames, oldest[1])
            oldest[1] -= taken
            frames -= taken
            self.count -= taken
            if not oldest[1]:
                self._seconds.popleft()

    def expire(self, now: float) -> int:
        """Give up on frames of which nothing was heard; return how many."""
        given_up = 0
        while self._seconds and now - self._seconds[0][0] > self.patience_s:
            given_up += self._seconds.popleft()[1]
        self.count -= given_up
        return given_up
