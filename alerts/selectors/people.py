"""Who there is to tell: subscriptions, duty, fallbacks, addresses, office hours."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from alerts.domain.escalation import Ladder, Rung, Target
from alerts.domain.quiet import Quiet, Season
from alerts.domain.roster import Level, Shift, on_duty
from alerts.domain.routing import OfficeHours, Person, Wish
from alerts.models import (
    Channel,
    ContactAddress,
    DutyShift,
    EscalationLadder,
    OfficeSeason,
    PushSubscription,
    Subscription,
)
from bozhou_eco.accounts.models import FACT_ROLES, Organisation, Role, User
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import UnknownYearError, national

AHEAD_DAYS = 14
DEFAULT_CAP = 10


def person_of(user: User) -> Person | None:
    """Return a user as a recipient; None for somebody who may read no alerts."""
    organisation = user.organisation
    if organisation is None or not user.reads_facts:
        return None
    if organisation.kind != Organisation.Kind.DEPARTMENT:
        return Person(user.pk, frozenset(), party=organisation.pk)
    if not user.has_role(*FACT_ROLES):
        return None
    districts = user.district_ids()
    return Person(user.pk, None if districts is None else frozenset(districts))


@dataclass(slots=True)
class Book:
    """Everything routing asks about people, read once for a batch of alerts."""

    wishes: list[Wish] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    chains: dict[int, tuple[str, ...]] = field(default_factory=dict)
    caps: dict[int, int] = field(default_factory=dict)
    shifts: list[Shift] = field(default_factory=list)
    leaders: list[int] = field(default_factory=list)
    parties: dict[int, list[int]] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    addresses: dict[tuple[int, str], str] = field(default_factory=dict)
    ladders: dict[str, Ladder] = field(default_factory=dict)
    hours: OfficeHours = field(default_factory=OfficeHours)

    def chain_of(self, person: int, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return the channels by which a person can really be reached, in order.

        ``wanted`` narrows and orders; if none of it works, all that works is tried.
        """
        working = tuple(
            code for code in self.channels if (person, code) in self.addresses
        )
        chosen = tuple(code for code in wanted if code in working)
        return chosen or working

    def on_duty(self, level: Level, now: datetime, district: int | None) -> list[int]:
        """Return who is on duty for a district."""
        return on_duty(self.shifts, now, level=level, district=district)


def read_book(now: datetime) -> Book:
    """Read the book of people as of ``now``."""
    book = Book()
    users = {
        user.pk: user
        for user in User.objects.filter(is_active=True).select_related("organisation")
    }
    for user in users.values():
        person = person_of(user)
        if person is None:
            continue
        book.people[user.pk] = person
        if person.party is not None:
            book.parties.setdefault(person.party, []).append(user.pk)
        elif user.has_role(Role.LEADER):
            book.leaders.append(user.pk)
    _read_channels(book, users)
    _read_wishes(book)
    book.shifts = [
        Shift(s.user_id, s.starts_at, s.ends_at, Level(s.level), s.district_id, s.pk)
        for s in DutyShift.objects.filter(starts_at__lte=now, ends_at__gt=now)
    ]
    book.ladders = read_ladders()
    book.hours = office_hours(now)
    return book


def _read_channels(book: Book, users: dict[int, User]) -> None:
    rows = Channel.objects.filter(enabled=True)
    book.channels = {row.code: row for row in rows}
    kinds = {code: row.kind for code, row in book.channels.items()}
    personal = [c for c in book.channels.values() if c.scope == Channel.Scope.PERSON]
    pushes = set(
        PushSubscription.objects.filter(gone_at=None).values_list("user_id", flat=True)
    )
    for pk in book.people:
        for channel in personal:
            if kinds[channel.code] == Channel.Kind.BROWSER:
                book.addresses[pk, channel.code] = "browser"
            elif kinds[channel.code] == Channel.Kind.WEBPUSH and pk in pushes:
                book.addresses[pk, channel.code] = "webpush"
            elif kinds[channel.code].startswith("sms") and users[pk].phone:
                book.addresses[pk, channel.code] = users[pk].phone
    given = ContactAddress.objects.filter(channel__enabled=True, user__in=book.people)
    for user_id, code, address in given.values_list(
        "user_id", "channel__code", "address"
    ):
        book.addresses[user_id, code] = address


def _read_wishes(book: Book) -> None:
    rows = Subscription.objects.filter(active=True, user__in=book.people)
    for row in rows.prefetch_related("districts").order_by("pk"):
        chain = book.chain_of(row.user_id, row.channels)
        book.chains.setdefault(row.user_id, chain)
        book.caps[row.user_id] = min(row.cap, book.caps.get(row.user_id, row.cap))
        if not chain:
            continue
        quiet = None
        if row.quiet_from is not None and row.quiet_to is not None:
            quiet = Quiet(row.quiet_from, row.quiet_to)
        book.wishes.append(
            Wish(
                person=book.people[row.user_id],
                channels=chain,
                kinds=frozenset(row.kinds),
                districts=frozenset(d.pk for d in row.districts.all()),
                min_severity=row.min_severity,
                quiet=quiet,
                office_only=row.office_only,
                digest_at=row.digest_at,
            )
        )


def read_ladders() -> dict[str, Ladder]:
    """Return the escalation ladder of each severity."""
    ladders = {}
    for row in EscalationLadder.objects.prefetch_related("rungs"):
        rungs = tuple(
            Rung(
                timedelta(minutes=rung.after_minutes),
                frozenset(Target(target) for target in rung.targets),
                tuple(rung.channels),
            )
            for rung in sorted(row.rungs.all(), key=lambda r: r.step)
        )
        ladders[row.severity] = Ladder(
            rungs, timedelta(minutes=row.repeat_minutes), row.repeats
        )
    return ladders


def office_hours(now: datetime) -> OfficeHours:
    """Return the seasons and the working days of the next fortnight.

    Days of a year whose holiday table is missing are left out, so nothing is held back
    on a guess.
    """
    seasons = tuple(
        Season(
            row.name,
            (row.first_month, row.first_day),
            (row.last_month, row.last_day),
            (
                (row.morning_from, row.morning_to),
                (row.afternoon_from, row.afternoon_to),
            ),
        )
        for row in OfficeSeason.objects.all()
    )
    if not seasons:
        return OfficeHours()
    today, calendar = clock.beijing(now).date(), national()
    days = []
    for offset in range(AHEAD_DAYS):
        day = today + timedelta(days=offset)
        try:
            if calendar.is_working_day(day):
                days.append(day)
        except UnknownYearError:
            break
    return OfficeHours(seasons, tuple(days))


def group_channels(
    book: Book, severity_rank: int, district: int | None
) -> list[Channel]:
    """Return the group robots that hear of an alert."""
    found = []
    for channel in book.channels.values():
        if channel.scope != Channel.Scope.GROUP:
            continue
        if channel.district_id is not None and channel.district_id != district:
            continue
        if RANK[channel.min_severity] <= severity_rank:
            found.append(channel)
    return found


RANK = {"critical": 3, "major": 2, "minor": 1, "info": 0}


def active_subscriptions(user: User) -> list[Subscription]:
    """Return a person's own subscriptions."""
    return list(Subscription.objects.filter(Q(user=user)).prefetch_related("districts"))
