"""有效传输率 of points, outlets, enterprises and districts from the hour means."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.checks.series import is_pollutant
from polluters.domain.rates import HourState, Rate, rate_of, total
from polluters.domain.validity import DEFAULT_RULES
from polluters.models import Mean, Period, Point
from polluters.selectors.exceedances import month_bounds

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PointRate:
    """A point with its rate after backfill and the hours that lack a valid mean."""

    point: Point
    rate: Rate
    lacking: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """An outlet, enterprise or district with the rate of its points."""

    name: str
    rate: Rate
    points: tuple[PointRate, ...]


def state_of(mean: Mean) -> HourState:
    """Return an hour mean as the rate counts it."""
    stopped = bool(mean.flags) and set(mean.flags) <= DEFAULT_RULES.stopped_flags
    return HourState(got=mean.got > 0, valid=mean.valid, stopped=stopped)


def point_rates(
    user: User, *, month: date, now: datetime, outlet: int | None = None
) -> list[PointRate]:
    """Return the rates of concentrations in the person's scope for closed hours.

    Hours before a point's first mean of the month are not due: it was not connected.
    """
    start, end = month_bounds(month)
    end = min(end, now.replace(minute=0, second=0, microsecond=0) - HOUR)
    points = Point.objects.visible_to(user).filter(active=True, outlet__active=True)
    if outlet is not None:
        points = points.filter(outlet=outlet)
    listed = [
        point
        for point in points.select_related(
            "pollutant", "outlet__enterprise__district"
        ).order_by("outlet__enterprise__name", "outlet", "position", "pk")
        if is_pollutant(point.pollutant.code)
    ]
    hours: dict[int, dict[datetime, Mean]] = {}
    rows = Mean.objects.filter(
        point__in=listed, period=Period.HOUR, time__gte=start, time__lt=end
    ).only("point_id", "time", "got", "valid", "flags")
    for mean in rows:
        hours.setdefault(mean.point_id, {})[mean.time] = mean
    return [
        _point_rate(point, hours[point.pk], end)
        for point in listed
        if point.pk in hours
    ]


def _point_rate(point: Point, known: dict[datetime, Mean], end: datetime) -> PointRate:
    first = min(known)
    states: list[HourState | None] = []
    lacking: list[datetime] = []
    moment = first
    while moment < end:
        mean = known.get(moment)
        state = state_of(mean) if mean is not None else None
        states.append(state)
        if state is None or not (state.valid or state.stopped):
            lacking.append(clock.beijing(moment))
        moment += HOUR
    days = (end - first) / timedelta(days=1)
    rate = rate_of(states, code=point.pollutant.code, days=days)
    return PointRate(point, rate, tuple(lacking))


def grouped(rates: Iterable[PointRate], by: str) -> list[Group]:
    """Return rates by ``outlet``, ``enterprise`` or ``district``, the lowest first."""
    found: dict[str, list[PointRate]] = {}
    for one in rates:
        outlet = one.point.outlet
        name = {
            "outlet": str(outlet),
            "enterprise": outlet.enterprise.name,
            "district": outlet.enterprise.district.name,
        }[by]
        found.setdefault(name, []).append(one)
    groups = [
        Group(name, total(one.rate for one in own), tuple(own))
        for name, own in found.items()
    ]

    def rank(group: Group) -> tuple[bool, float, str]:
        effective = group.rate.effective
        return (effective is None, effective or 0.0, group.name)

    return sorted(groups, key=rank)
