"""Exceedances of a month, and the latest value of every point."""

from datetime import date, datetime, time, timedelta

from django.db.models import Case, F, Q, QuerySet, When

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.models import Exceedance, Latest, Limit, Mean, Period, Point


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


def beyond_hours(
    *, outlet: int, begin: datetime, end: datetime
) -> dict[datetime, set[int]]:
    """Return the outlet's points by hour of a span whose mean may break an hour limit."""
    value = Case(
        When(point__converted=True, then=F("computed_converted")), default=F("computed")
    )
    high, low = (
        Q(point__limits__high__lt=F("value")),
        Q(point__limits__low__gt=F("value")),
    )
    rows = Mean.objects.alias(value=value).filter(
        high | low | ~Q(point__limits__condition={}),
        point__limits__kind__in=Limit.ENFORCEABLE,
        point__limits__averaging=Limit.Averaging.HOUR,
        point__outlet=outlet,
        period=Period.HOUR,
        time__gt=begin - timedelta(hours=1),
        time__lt=end,
        valid=True,
    )
    found: dict[datetime, set[int]] = {}
    for hour, point in rows.values_list("time", "point_id").distinct():
        found.setdefault(hour, set()).add(point)
    return found
