"""A token bucket: how fast one device may send."""


class TokenBucket:
    """Refills at ``rate`` tokens a second up to ``burst``; may go into debt.

    Time is an argument, in seconds of any monotonic clock.
    """

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = burst
        self._at = now

    def take(self, count: float, now: float) -> float:
        """Take tokens; return how many seconds to wait before taking more."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        self._tokens -= count
        return 0.0 if self._tokens >= 0 else -self._tokens / self.rate

    def try_take(self, now: float) -> bool:
        """Take one token if there is one."""
        self.take(0, now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
