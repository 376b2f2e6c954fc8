"""Who is told of an alert, by what, and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alerts.domain.kinds import base_of
from alerts.domain.labels import Labelled
from alerts.domain.quiet import Quiet, Season, held_until
from alerts.domain.severity import LOW, Severity, rank


class Why(Labelled):
    """Why a person is told."""

    SUBSCRIPTION = "subscription", "订阅"
    DUTY = "duty", "值班"
    BACKUP = "backup", "备勤"
    LEADER = "leader", "带班领导"
    PARTY = "party", "当事方"
    TEST = "test", "测试"


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient. ``districts`` None is the whole prefecture."""

    id: int
    districts: frozenset[int] | None
    party: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One subscription: of what a person wants to hear, by which channels, when.

    Empty ``kinds`` or ``districts`` mean all. ``channels`` are codes in the order of
    trying. ``digest_at`` gathers low severities into one message a day.
    """

    person: Person
    channels: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    districts: frozenset[int] = frozenset()
    min_severity: str = Severity.MINOR
    quiet: Quiet | None = None
    office_only: bool = False
    digest_at: time | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What routing needs to know of an alert."""

    kind: str
    severity: str
    district: int | None
    organisation: int | None = None
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A person to tell: channels in order, when, and as part of a digest or not."""

    person: int
    channels: tuple[str, ...]
    at: datetime
    why: Why
    digest: bool = False


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The seasons of the bureau and the working days to come."""

    seasons: tuple[Season, ...] = ()
    working_days: tuple[date, ...] = ()


NO_HOURS = OfficeHours()


def may_hear(person: Person, fact: Fact) -> bool:
    """Return whether the alert lies in the person's scope."""
    if person.party is not None:
        return fact.organisation == person.party and not fact.confidential
    if person.districts is None:
        return True
    return fact.district is not None and fact.district in person.districts


def wants(wish: Wish, fact: Fact) -> bool:
    """Return whether a subscription covers the alert."""
    if rank(fact.severity) < rank(wish.min_severity):
        return False
    if (
        wish.kinds
        and fact.kind not in wish.kinds
        and base_of(fact.kind) not in wish.kinds
    ):
        return False
    if wish.districts and fact.district not in wish.districts:
        return False
    return may_hear(wish.person, fact)


def call_of(
    wish: Wish, fact: Fact, *, local: datetime, hours: OfficeHours = NO_HOURS
) -> Call:
    """Return when and how a subscriber is told; ``local`` is local time."""
    if wish.digest_at is not None and Severity(fact.severity) in LOW:
        return Call(
            wish.person.id,
            wish.channels,
            next_time(local, wish.digest_at),
            Why.SUBSCRIPTION,
            digest=True,
        )
    until = held_until(
        fact.severity,
        local,
        quiet=wish.quiet,
        seasons=hours.seasons if wish.office_only else (),
        working_days=hours.working_days,
    )
    return Call(wish.person.id, wish.channels, until or local, Why.SUBSCRIPTION)


def next_time(local: datetime, at: time) -> datetime:
    """Return the next ``at`` o'clock after ``local``."""
    moment = datetime.combine(local.date(), at, tzinfo=local.tzinfo)
    return moment if moment > local else moment + timedelta(days=1)


def subscribers(
    wishes: Iterable[Wish],
    fact: Fact,
    *,
    local: datetime,
    hours: OfficeHours = NO_HOURS,
) -> list[Call]:
    """Return one call per person: the earliest of the subscriptions that match."""
    best: dict[int, Call] = {}
    for wish in wishes:
        if not wants(wish, fact):
            continue
        call = call_of(wish, fact, local=local, hours=hours)
        known = best.get(call.person)
        if known is None or (call.at, call.digest) < (known.at, known.digest):
            best[call.person] = call
    return [best[person] for person in sorted(best)]


def merge_calls(*groups: Sequence[Call]) -> list[Call]:
    """Return one call per person out of several lists: the earliest, then the first."""
    best: dict[int, Call] = {}
    for call in (call for group in groups for call in group):
        known = best.get(call.person)
        if known is None or (call.at, call.digest) < (known.at, known.digest):
            best[call.person] = call
    return list(best.values())
