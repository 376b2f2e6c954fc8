"""The one place that asks what time it is."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the present as an aware datetime in UTC."""
    return timezone.now()


def beijing(moment: datetime) -> datetime:
    """Return ``moment`` as Beijing time, the zone of every form and wire format."""
    return moment.astimezone(BEIJING)
