"""Exceedances of a month, and the latest value of every point."""

from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.models import Exceedance, Latest, Point


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Return the first moment of a Beijing month and of the one after it."""
    first = month.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return (
        datetime.combine(first, time.min, tzinfo=clock.BEIJING),
        datetime.combine(after, time.min, tzinfo=clock.BEIJING),
    )


def exceedances(user: User, *, month: date, state: str = "") -> QuerySet[Exceedance]:
    """Return the month's exceedances that ``user`` may see, newest first."""
    start, end = month_bounds(month)
    rows = (
        Exceedance.objects.visible_to(user)
        .filter(time__gte=start, time__lt=end)
        .select_related("point__pollutant", "point__outlet__enterprise__district")
        .order_by("-time", "point_id")
    )
    if state:
        return rows.filter(state=state)
    return rows.filter(state__in=Exceedance.STANDING)


def latest_values(user: User) -> list[dict[str, object]]:
    """Return the newest value of every point in the person's scope."""
    rows = Latest.objects.filter(
        point__in=Point.objects.visible_to(user).filter(active=True)
    ).values_list("point_id", "point__outlet_id", "time", "value", "converted", "flag")
    return [
        {
            "point": point,
            "outlet": outlet,
            "time": moment.timestamp(),
            "value": value,
            "converted": converted,
            "flag": flag,
        }
        for point, outlet, moment, value, converted, flag in rows
    ]
