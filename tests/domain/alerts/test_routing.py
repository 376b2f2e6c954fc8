"""Who hears of what, and when."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.domain.quiet import Quiet, Season
from alerts.domain.routing import (
    Call,
    Fact,
    OfficeHours,
    Person,
    Why,
    Wish,
    call_of,
    may_hear,
    merge_calls,
    next_time,
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


@pytest.mark.parametrize(
    ("clock", "day"), [(time(12, 1), 23), (time(12), 24), (time(11, 59), 24)]
)
def test_a_digest_hour_that_has_come_is_tomorrows(clock: time, day: int) -> None:
    got = next_time(NOON, clock)
    assert got == datetime.combine(date(2026, 11, day), clock, tzinfo=BEIJING)


OPENS = Season("全年", (1, 1), (12, 31), ((time(13), time(14)),))
HOURS = OfficeHours((OPENS,), (date(2026, 11, 23),))


@pytest.mark.parametrize(("office_only", "hour"), [(True, 13), (False, 12)])
def test_only_who_asked_for_office_hours_waits_for_them(
    office_only: bool, hour: int
) -> None:
    call = call_of(wish(office_only=office_only), SMALL, local=NOON, hours=HOURS)
    assert (call.at, call.digest) == (NOON.replace(hour=hour), False)
    assert wish().office_only is False
    (same,) = subscribers(
        [wish(office_only=office_only)], SMALL, local=NOON, hours=HOURS
    )
    assert same == call


def test_a_wish_is_of_minor_ones_and_worse_unless_it_says_otherwise() -> None:
    facts = [Fact("x", severity, 1) for severity in ("info", "minor", "critical")]
    assert [wants(wish(), fact) for fact in facts] == [False, True, True]
    assert wants(wish(min_severity="info"), facts[0])


def test_a_kind_is_wanted_by_its_own_name_too() -> None:
    fact = Fact("new-thing", "major", 22)
    assert wants(wish(kinds=frozenset({"new-thing"})), fact)
    assert not wants(wish(kinds=frozenset({"other-thing"})), fact)


def test_of_equal_calls_the_first_stays_and_a_single_one_beats_a_digest() -> None:
    first = Call(1, ("a",), NOON, Why.DUTY)
    second = Call(1, ("b",), NOON, Why.SUBSCRIPTION)
    digest = Call(1, ("c",), NOON, Why.SUBSCRIPTION, digest=True)
    assert merge_calls([first], [second]) == [first]
    assert merge_calls([digest], [second, first]) == [second]
    at_noon = [wish(), Wish(ALL, ("later",))]
    assert subscribers(at_noon, EXCEEDED, local=NOON)[0].channels == ("browser", "sms")
