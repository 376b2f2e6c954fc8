"""The small edge every carrier has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from alerts.domain.backoff import Failure, classify
from bozhou_eco.common.digits import whole

CONNECT_S = 3.0
READ_S = 6.0
TIMEOUT = (CONNECT_S, READ_S)
LONGEST_WAIT_S = 3600.0
"""No server's Retry-After holds a message back for longer."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way: where to, by whose settings, and what it says.

    ``extra`` carries what one carrier needs (a push subscription, template values).
    """

    address: str
    title: str
    body: str
    link: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sending went; ``failure`` None is success. ``wait_s`` is a Retry-After."""

    failure: Failure | None = None
    error: str = ""
    provider_id: str = ""
    wait_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the carrier took the message."""
        return self.failure is None


class Carrier(Protocol):
    """Sends one parcel; returns an outcome for anything the other side may do."""

    def __call__(self, parcel: Parcel) -> Outcome:
        """Send ``parcel``."""
        ...


def failed(status: int, text: str, wait: str = "") -> Outcome:
    """Return the outcome of an HTTP answer outside 2xx (0: no answer)."""
    error = f"HTTP {status} {text}" if status else text
    wait_s = min(float(whole(wait.strip()) or 0), LONGEST_WAIT_S)
    return Outcome(classify(status), error[:300], wait_s=wait_s)


def misconfigured(what: str) -> Outcome:
    """Return the outcome of a channel that lacks a setting."""
    return Outcome(Failure.KEY, f"渠道未配置：{what}")
