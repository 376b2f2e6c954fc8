"""How bad an alert is: 严重 > 较重 > 一般 > 提示.

A severity rises at once. It falls only after it has been lower for `FALL_AFTER`, so that
a value swinging around a threshold does not make a stream of changes.
"""

from datetime import datetime, timedelta

from alerts.domain.labels import Labelled

FALL_AFTER = timedelta(minutes=5)


class Severity(Labelled):
    """Severity of an alert, worst first."""

    CRITICAL = "critical", "严重"
    MAJOR = "major", "较重"
    MINOR = "minor", "一般"
    INFO = "info", "提示"

    @property
    def rank(self) -> int:
        """3 for critical … 0 for info; sorts and compares."""
        return RANKS[self]

    @property
    def css(self) -> str:
        """The class that gives colour and shape."""
        return "crit" if self is Severity.CRITICAL else self.value


RANKS = {
    Severity.CRITICAL: 3,
    Severity.MAJOR: 2,
    Severity.MINOR: 1,
    Severity.INFO: 0,
}
LOW = frozenset({Severity.MINOR, Severity.INFO})
"""Severities that quiet hours, digests and the flood cap may hold back."""


def rank(severity: str) -> int:
    """Return the rank of a severity value; raises ``ValueError`` for another word."""
    return Severity(severity).rank


def worst(*severities: str) -> Severity:
    """Return the worst of ``severities``; at least one is needed."""
    return max((Severity(value) for value in severities), key=lambda s: s.rank)


def settle(*, old: str, new: str, old_since: datetime, now: datetime) -> Severity:
    """Return the severity an open alert has after a new observation.

    ``old_since`` is when the old severity was last observed or set.
    """
    if rank(new) >= rank(old) or now - old_since >= FALL_AFTER:
        return Severity(new)
    return Severity(old)
