"""Failures: what kind, and what follows within sixty seconds."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain.backoff import (
    ATTEMPT_S,
    FAIL_OVER_WITHIN,
    LAST_RESORT_TRIES,
    Breaker,
    Failure,
    Step,
    after_failure,
    classify,
    delay_s,
)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (0, "passing"), (408, "passing"), (425, "passing"), (429, "passing"), (500, "passing"),
        (503, "passing"), (404, "gone"), (410, "gone"), (401, "key"), (403, "key"),
        (400, "permanent"), (413, "permanent"), (499, "permanent"), (302, "permanent"),
    ],
)  # fmt: skip
def test_classify(status: int, failure: str) -> None:
    assert classify(status) == failure


@pytest.mark.parametrize("failure", ["permanent", "gone", "key"])
def test_what_will_not_pass_goes_over_at_once(failure: str) -> None:
    for has_next, step in ((True, Step.FAIL_OVER), (False, Step.GIVE_UP)):
        got = after_failure(
            Failure(failure), attempt=1, first_at=NOW, now=NOW, has_next=has_next
        )
        assert (got.step, got.at) == (step, NOW)


@pytest.mark.parametrize("takes_s", [0.0, 1.0, 5.0, ATTEMPT_S])
@pytest.mark.parametrize("asked", [0.0, 30.0, 3600.0])
def test_the_next_channel_is_tried_within_a_minute(
    takes_s: float, asked: float
) -> None:
    now, attempt = NOW, 0
    while True:
        attempt += 1
        now += timedelta(seconds=takes_s)
        got = after_failure(
            Failure.PASSING,
            attempt=attempt,
            first_at=NOW,
            now=now,
            has_next=True,
            asked_wait_s=asked,
        )
        if got.step is Step.FAIL_OVER:
            break
        assert got.step is Step.RETRY
        assert got.at > now
        now = got.at
    assert now - NOW <= FAIL_OVER_WITHIN
    assert attempt <= 5


def test_without_another_channel_it_tries_long_and_then_stops() -> None:
    now, steps = NOW, []
    for attempt in range(1, LAST_RESORT_TRIES + 1):
        got = after_failure(
            Failure.PASSING, attempt=attempt, first_at=NOW, now=now, has_next=False
        )
        steps.append(got.step)
        now = got.at
    assert steps == [Step.RETRY] * (LAST_RESORT_TRIES - 1) + [Step.GIVE_UP]
    assert now - NOW > timedelta(hours=1)


def test_pauses_double_up_to_a_limit() -> None:
    assert [delay_s(n) for n in (1, 2, 3, 4)] == [4, 8, 16, 32]
    assert delay_s(40) == 900


def test_a_failing_channel_rests() -> None:
    breaker = Breaker(limit=3, rest=timedelta(seconds=30))
    assert breaker.rests_until(2, NOW) is None
    assert breaker.rests_until(3, NOW) == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("gone_s", "step", "at_s"),
    [
        (45, Step.RETRY, 49),
        (46, Step.RETRY, 50),
        (47, Step.FAIL_OVER, 47),
    ],
)
def test_a_retry_is_begun_if_its_ten_seconds_end_within_sixty(
    gone_s: int, step: Step, at_s: int
) -> None:
    """The pause before it is 4 s: 46 + 4 + 10 = 60."""
    got = after_failure(
        Failure.PASSING,
        attempt=1,
        first_at=NOW,
        now=NOW + timedelta(seconds=gone_s),
        has_next=True,
    )
    assert (got.step, got.at) == (step, NOW + timedelta(seconds=at_s))


@pytest.mark.parametrize(
    ("attempt", "step", "wait_s"),
    [(1, Step.RETRY, 4), (8, Step.RETRY, 512), (9, Step.RETRY, 900),
     (11, Step.RETRY, 900), (12, Step.GIVE_UP, 0), (13, Step.GIVE_UP, 0)],
)  # fmt: skip
def test_the_only_channel_is_tried_twelve_times(
    attempt: int, step: Step, wait_s: int
) -> None:
    got = after_failure(
        Failure.PASSING, attempt=attempt, first_at=NOW, now=NOW, has_next=False
    )
    assert (got.step, got.at) == (step, NOW + timedelta(seconds=wait_s))


@pytest.mark.parametrize(("asked", "wait_s"), [(3, 4), (5, 5), (3600, 3600)])
def test_a_server_that_asks_for_a_longer_pause_gets_it(
    asked: float, wait_s: int
) -> None:
    got = after_failure(
        Failure.PASSING,
        attempt=1,
        first_at=NOW,
        now=NOW,
        has_next=False,
        asked_wait_s=asked,
    )
    assert got.at == NOW + timedelta(seconds=wait_s)


def test_three_failures_in_a_row_rest_a_channel_for_half_a_minute() -> None:
    assert Breaker().rests_until(2, NOW) is None
    assert Breaker().rests_until(3, NOW) == NOW + timedelta(seconds=30)
    assert Breaker().rests_until(4, NOW) == NOW + timedelta(seconds=30)
