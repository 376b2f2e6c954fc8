"""The one place that asks what time it is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

BEIJING = ZoneInfo("Asia/Shanghai")
# Days that a page may be asked for: all of them have a year before and one after.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)


def now() -> datetime:
    """Return the present as an aware datetime in UTC."""
    return timezone.now()


def beijing(moment: datetime) -> datetime:
    """Return ``moment`` as Beijing time, the zone of every form and wire format."""
    return moment.astimezone(BEIJING)


def askable(day: date) -> bool:
    """Return whether a page may be asked for ``day``: far from the calendar's ends."""
    plain = day.date() if isinstance(day, datetime) else day
    return FIRST_DAY <= plain <= LAST_DAY
