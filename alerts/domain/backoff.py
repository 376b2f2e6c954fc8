"""What to do after a message could not be sent: again, by another way, or never again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.domain.labels import Labelled

FAIL_OVER_WITHIN = timedelta(seconds=60)
"""A message that did not get through is on its next channel within this time."""

ATTEMPT_S = 10.0
"""Longest a single attempt may take; clients cut it off there."""

FIRST_DELAY_S = 4.0
LONGEST_DELAY_S = 900.0
LAST_RESORT_TRIES = 12


class Failure(Labelled):
    """Why a message was not taken."""

    PASSING = "passing", "暂时性"
    PERMANENT = "permanent", "永久性"
    GONE = "gone", "地址失效"
    KEY = "key", "密钥或授权无效"


class Step(Labelled):
    """What comes next."""

    RETRY = "retry", "重试"
    FAIL_OVER = "fail_over", "转下一渠道"
    GIVE_UP = "give_up", "放弃"


def classify(status: int) -> Failure:
    """Return the kind of failure of an HTTP status outside 2xx; 0 is no answer."""
    if status in (404, 410):
        return Failure.GONE
    if status in (401, 403):
        return Failure.KEY
    if status in (0, 408, 425, 429) or status >= 500:
        return Failure.PASSING
    return Failure.PERMANENT


def delay_s(attempt: int) -> float:
    """Return the pause in seconds after the ``attempt``-th failure, doubling."""
    return min(FIRST_DELAY_S * 2.0 ** (attempt - 1), LONGEST_DELAY_S)


@dataclass(frozen=True, slots=True)
class Next:
    """The next step and, for a retry, when."""

    step: Step
    at: datetime


def after_failure(
    failure: Failure,
    *,
    attempt: int,
    first_at: datetime,
    now: datetime,
    has_next: bool,
    asked_wait_s: float = 0.0,
) -> Next:
    """Return what to do after the ``attempt``-th try failed at ``now``.

    ``first_at`` is when the message was due, ``asked_wait_s`` what the server asked for
    (Retry-After). With another channel left, no retry is begun that could end later than
    `FAIL_OVER_WITHIN` after ``first_at``; without one, passing errors are retried
    with growing pauses, `LAST_RESORT_TRIES` in all.
    """
    if failure is not Failure.PASSING:
        return Next(Step.FAIL_OVER if has_next else Step.GIVE_UP, now)
    again = now + timedelta(seconds=max(delay_s(attempt), asked_wait_s))
    if has_next:
        ends = again + timedelta(seconds=ATTEMPT_S)
        if ends - first_at > FAIL_OVER_WITHIN:
            return Next(Step.FAIL_OVER, now)
        return Next(Step.RETRY, again)
    if attempt >= LAST_RESORT_TRIES:
        return Next(Step.GIVE_UP, now)
    return Next(Step.RETRY, again)


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a channel that keeps failing is left alone, so that others are not held up."""

    limit: int = 3
    rest: timedelta = timedelta(seconds=30)

    def rests_until(self, failures: int, now: datetime) -> datetime | None:
        """Return until when a channel with ``failures`` in a row is left alone."""
        return now + self.rest if failures >= self.limit else None
