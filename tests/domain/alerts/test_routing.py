"""Who hears of what, when, and climbing the ladder until somebody answers."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.domain.escalation import Climb, Ladder, Rung, Target, climb, targets_of
from alerts.domain.quiet import Quiet
from alerts.domain.routing import (
    Call,
    Fact,
    Person,
    Why,
    Wish,
    may_hear,
    merge_calls,
    subscribers,
    wants,
)

BEIJING = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, tzinfo=BEIJING)
NIGHT = datetime(2026, 11, 23, 23, tzinfo=BEIJING)
ALL = Person(1, None)
JINGHE = Person(2, frozenset({22}))
PLANT = Person(3, frozenset(), party=7)
EXCEEDED = Fact("exceedance-hour", "major", 22, organisation=7)
FRAUD = Fact("fraud", "critical", 22, organisation=7, confidential=True)
SMALL = Fact("offline", "minor", 22)


def wish(person: Person = ALL, **given: object) -> Wish:
    return Wish(person, ("browser", "sms"), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("person", "fact", "hears"),
    [
        (ALL, EXCEEDED, True),
        (ALL, Fact("x", "info", None), True),
        (JINGHE, EXCEEDED, True),
        (JINGHE, Fact("x", "info", 23), False),
        (JINGHE, Fact("x", "critical", None), False),
        (PLANT, EXCEEDED, True),
        (PLANT, FRAUD, False),
        (PLANT, Fact("exceedance", "major", 22, organisation=8), False),
    ],
)
def test_nobody_hears_beyond_the_own_scope(
    person: Person, fact: Fact, hears: bool
) -> None:
    assert may_hear(person, fact) is hears
    assert wants(wish(person), fact) is (hears and fact.severity != "info")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, True),
        ({"kinds": frozenset({"exceedance"})}, True),
        ({"kinds": frozenset({"offline"})}, False),
        ({"districts": frozenset({22})}, True),
        ({"districts": frozenset({23})}, False),
        ({"min_severity": "critical"}, False),
        ({"min_severity": "major"}, True),
    ],
)
def test_subscriptions_narrow(given: dict[str, object], wanted: bool) -> None:
    assert wants(wish(**given), EXCEEDED) is wanted


def test_one_call_a_person_and_the_earliest_wins() -> None:
    quiet = Quiet(time(22), time(9))
    wishes = [
        wish(digest_at=time(9, 30)),
        wish(quiet=quiet),
        wish(JINGHE, quiet=quiet),
    ]
    calls = subscribers(wishes, SMALL, local=NIGHT)
    morning = NIGHT.replace(hour=9) + timedelta(days=1)
    assert calls == [
        Call(1, ("browser", "sms"), morning, Why.SUBSCRIPTION),
        Call(2, ("browser", "sms"), morning, Why.SUBSCRIPTION),
    ]
    assert subscribers(wishes, EXCEEDED, local=NIGHT)[0].at == NIGHT


def test_a_digest_takes_only_low_ones() -> None:
    wishes = [wish(digest_at=time(9, 30))]
    (low,) = subscribers(wishes, SMALL, local=NOON)
    assert (low.digest, low.at.hour, low.at.day) == (True, 9, 24)
    (high,) = subscribers(wishes, EXCEEDED, local=NOON)
    assert (high.digest, high.at) == (False, NOON)


def test_duty_and_subscription_make_one_message() -> None:
    late = Call(1, ("sms",), NOON + timedelta(hours=1), Why.SUBSCRIPTION)
    duty = Call(1, ("browser",), NOON, Why.DUTY)
    other = Call(2, ("sms",), NOON, Why.DUTY)
    assert merge_calls([late], [duty, other]) == [duty, other]


MINUTES = timedelta(minutes=1)
LADDER = Ladder(
    (
        Rung(0 * MINUTES, frozenset({Target.SUBSCRIBERS, Target.DUTY})),
        Rung(10 * MINUTES, frozenset({Target.DUTY, Target.BACKUP}), ("sms",)),
        Rung(20 * MINUTES, frozenset({Target.LEADER}), ("sms",)),
    ),
    repeat_every=30 * MINUTES,
    repeats=2,
)


def test_the_ladder_is_climbed_then_its_last_rung_repeated() -> None:
    climbs: list[Climb] = []
    step, now = 0, NOON
    while (found := climb(LADDER, step, now)) is not None:
        climbs.append(found)
        if found.again_at is None:
            break
        step, now = step + 1, found.again_at
    waits = [0, 10, 30, 60, 90]
    assert len(climbs) == 5
    assert [c.rung for c in climbs] == [*LADDER.rungs, LADDER.rungs[2], LADDER.rungs[2]]
    assert [(c.again_at - NOON) // MINUTES for c in climbs if c.again_at] == waits[1:]
    assert climbs[-1].again_at is None
    assert climb(LADDER, 5, NOON) is None
    assert climb(Ladder(()), 0, NOON) is None


def test_everyone_called_so_far() -> None:
    assert targets_of(LADDER.rungs, 0) == {Target.SUBSCRIBERS, Target.DUTY}
    assert targets_of(LADDER.rungs, 2) == set(Target)
