"""What the beat asks for every second or two: route, send, escalate, wake, follow up."""

import time
from datetime import datetime

from alerts.services.canary import follow_canaries
from alerts.services.clearing import settle_flapping
from alerts.services.heartbeats import Pulse, sweep_heartbeats
from alerts.services.holding import follow_breaks, follow_parents, wake_shelved
from alerts.services.results import follow_unconfirmed
from alerts.services.routing import escalate_due, route_pending
from alerts.services.self_checks import note_overdue
from alerts.services.sending import send_due
from alerts.services.webhooks import queue_calls, send_calls
from bozhou_eco.common import clock

LONGEST_S = 20.0
# After a start of the whole platform every process gets time for its first beat.
GRACE_S = 90.0
STARTED = time.monotonic()
pulse = Pulse("worker", "任务进程与定时器")


def deliver(*, longest_s: float = LONGEST_S) -> int:
    """Route and send until nothing is due or the time is up; returns what was sent.

    Routing comes first in each turn, so a 严重 alert never waits behind old messages.
    """
    until, total = time.monotonic() + longest_s, 0
    while time.monotonic() < until:
        now = clock.now()
        routed = route_pending(now=now)
        sent = send_due(now=now)
        total += sent
        if not routed and not sent:
            break
    return total


def sweep(*, now: datetime) -> dict[str, int]:
    """Climb ladders, follow unconfirmed messages, wake and release; returns counts."""
    pulse.give()
    return {
        "escalated": escalate_due(now=now),
        "unconfirmed": follow_unconfirmed(now=now),
        "woken": wake_shelved(now=now),
        "settled": settle_flapping(now=now),
        "breaks": follow_breaks(now=now),
        "parents": follow_parents(now=now),
        "overdue": note_overdue(now=now),
        "canaries": follow_canaries(now=now),
        "lost": sum(sweep_heartbeats(now=now)) if _settled() else 0,
    }


def _settled() -> bool:
    return time.monotonic() - STARTED > GRACE_S


def call_webhooks(*, now: datetime) -> int:
    """Queue and send webhook calls."""
    queue_calls(now=now)
    return send_calls(now=now)
