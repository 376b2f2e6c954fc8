"""Last lawful days as an iCalendar feed."""

from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event

from bozhou_eco.accounts.models import User
from enforcement.models import Case, Clock
from enforcement.selectors.figures import PARTY

LIMIT = 500


def calendar_text(*, user: User, now: datetime, base: str) -> bytes:
    """Return the running clocks of the cases that ``user`` handles or must decide.

    One all-day event a clock, on its last lawful day; the identifier stays the same when
    the day changes, so that calendars move the event instead of adding one. Titles hold
    the number of the case and no names.
    """
    mine = Case.objects.visible_to(user).open()
    if not user.has_role("leader"):
        mine = mine.filter(people__user=user)
    clocks = (
        Clock.objects.filter(case__in=mine, stopped_on=None, cancelled=False)
        .exclude(last_day=None)
        .exclude(rule__code__in=PARTY)
        .select_related("case", "rule")
        .order_by("last_day")[:LIMIT]
    )
    calendar = Calendar()
    calendar.add("prodid", "-//bozhou-eco//cases//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "博州智慧监管 · 办案期限")
    for clock in clocks:
        calendar.add_component(_event(clock, now, base))
    return bytes(calendar.to_ical())


def _event(clock: Clock, now: datetime, base: str) -> Event:
    assert clock.last_day is not None
    event = Event()
    event.add("uid", f"clock-{clock.pk}@bozhou-eco")
    event.add("dtstamp", now)
    event.add("dtstart", clock.last_day)
    event.add("dtend", clock.last_day + timedelta(days=1))
    event.add("summary", f"{clock.rule.name}到期 {clock.case.display_number}")
    event.add("description", clock.rule.source)
    event.add("url", f"{base}{clock.case.get_absolute_url()}")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"{clock.rule.name}将到期")
    alarm.add("trigger", timedelta(days=-1))
    event.add_component(alarm)
    return event
