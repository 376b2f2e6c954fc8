"""排放量与许可: masses of a year against quotas, down to the hours and the formula."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet, Sum

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.totals import QuotaForecast, forecast_quota
from polluters.models import (
    DailyMass,
    Mean,
    Outlet,
    Period,
    PermitQuota,
    Point,
    Substitute,
)
from polluters.selectors.rates import span_bounds

FLOWS = ("a00000", "w00000")
HOUR = timedelta(hours=1)
FORMULAS = {
    "gas": "小时排放量（kg）= 实测标干浓度（mg/m³）× 标干流量（m³/h）× 10⁻⁶",
    "water": "小时排放量（kg）= 浓度（mg/L）× 流量（L/s）× 3600 s × 10⁻⁶",
}


@dataclass(frozen=True, slots=True)
class FactorYear:
    """A factor of an enterprise or outlet in a year; tonnes."""

    enterprise: str
    enterprise_id: int
    outlet: str
    factor: str
    unit_code: str
    measured: float
    substituted: float
    missing: int
    points: tuple[int, ...]
    quota: PermitQuota | None
    forecast: QuotaForecast | None


def _masses(user: User | None, year: int) -> QuerySet[DailyMass]:
    points = Point.objects.all() if user is None else Point.objects.visible_to(user)
    return DailyMass.objects.filter(
        point__in=points, day__gte=date(year, 1, 1), day__lte=date(year, 12, 31)
    )


def year_rows(user: User | None, *, year: int, today: date) -> list[FactorYear]:
    """Return every factor of every enterprise in scope, the fullest quota first."""
    sums = {
        row["point_id"]: row
        for row in _masses(user, year)
        .values("point_id")
        .annotate(kg=Sum("measured"), extra=Sum("substituted"), gone=Sum("missing"))
        .order_by()
    }
    points = (
        Point.objects.filter(pk__in=sums)
        .order_by("outlet__enterprise__short_name", "pollutant__code", "pk")
        .values(
            "pk", "outlet_id", "outlet__enterprise_id",
            "outlet__enterprise__short_name", "pollutant_id", "pollutant__code",
            "pollutant__short", "pollutant__name",
        )
    )  # fmt: skip
    groups: dict[tuple[int, int], list[Mapping[str, object]]] = {}
    for point in points:
        key = (point["outlet__enterprise_id"], point["pollutant_id"])
        groups.setdefault(key, []).append(point | sums[point["pk"]])
    quotas = _quotas(user, year)
    limited = [
        int(str(row["point_id"]))
        for key, own in groups.items()
        if key in quotas
        for row in own
    ]
    daily = _daily(limited, year)
    rows = [
        _row(own, quotas.get(key), daily, today if year == today.year else None)
        for key, own in groups.items()
    ]
    return sorted(rows, key=_rank)


def _rank(row: FactorYear) -> tuple[bool, float, str, str]:
    share = row.forecast.share if row.forecast else 0.0
    return (row.forecast is None, -share, row.enterprise, row.factor)


def _quotas(user: User | None, year: int) -> dict[tuple[int, int], PermitQuota]:
    rows = (
        PermitQuota.objects.all()
        if user is None
        else (PermitQuota.objects.visible_to(user))
    )
    return {
        (row.enterprise_id, row.pollutant_id): row
        for row in rows.filter(year=year, outlet=None)
    }


def _daily(points: Sequence[int], year: int) -> dict[int, list[tuple[date, float]]]:
    """Return the tonnes of each day of points that a quota binds."""
    found: dict[int, list[tuple[date, float]]] = {}
    rows = DailyMass.objects.filter(
        point__in=points, day__gte=date(year, 1, 1), day__lte=date(year, 12, 31)
    ).order_by("day")
    for point, day, kg in rows.values_list("point_id", "day", "measured"):
        found.setdefault(point, []).append((day, kg / 1000))
    return found


def _row(
    own: Sequence[Mapping[str, object]],
    quota: PermitQuota | None,
    daily: Mapping[int, list[tuple[date, float]]],
    today: date | None,
) -> FactorYear:
    first = own[0]
    points = tuple(int(str(row["point_id"])) for row in own)
    forecast = None
    if quota is not None:
        days: dict[date, float] = {}
        for point in points:
            for day, tonnes in daily.get(point, ()):
                days[day] = days.get(day, 0.0) + tonnes
        last = today or date(quota.year, 12, 31)
        forecast = forecast_quota(sorted(days.items()), quota=quota.tonnes, today=last)
    name = str(first["pollutant__short"] or first["pollutant__name"])
    return FactorYear(
        enterprise=str(first["outlet__enterprise__short_name"]),
        enterprise_id=int(str(first["outlet__enterprise_id"])),
        outlet=f"{len({row['outlet_id'] for row in own})} 个排放口",
        factor=name,
        unit_code=str(first["pollutant__code"]),
        measured=sum(float(str(row["kg"])) for row in own) / 1000,
        substituted=sum(float(str(row["extra"])) for row in own) / 1000,
        missing=sum(int(str(row["gone"])) for row in own),
        points=points,
        quota=quota,
        forecast=forecast,
    )


@dataclass(frozen=True, slots=True)
class HourMass:
    """An hour's mass with the two figures it came from and what stands in for them."""

    time: datetime
    concentration: Mean | None
    flow: Mean | None
    concentration_stand: Substitute | None
    flow_stand: Substitute | None
    kg: float | None
    stopped: bool


def hour_rows(
    point: Point, *, day: date, mass: "Iterable[float | None]"
) -> list[HourMass]:
    """Return the rows behind a day's mass; ``mass`` are the hours' kg in order."""
    start, end = span_bounds("day", day)
    flow = flow_point(point.outlet)
    ids = [point.pk, *([flow.pk] if flow else [])]
    means = {
        (mean.point_id, mean.time): mean
        for mean in Mean.objects.filter(
            point__in=ids, period=Period.HOUR, time__gte=start, time__lt=end
        )
    }
    stands = {
        (row.point_id, row.hour): row
        for row in Substitute.objects.filter(
            point__in=ids, hour__gte=start, hour__lt=end
        )
    }
    rows = []
    for hour, kg in enumerate(mass):
        moment = start + hour * HOUR
        own = means.get((point.pk, moment))
        moved = means.get((flow.pk, moment)) if flow else None
        flags = own.flags if own else {}
        rows.append(
            HourMass(
                clock.beijing(moment), own, moved, stands.get((point.pk, moment)),
                stands.get((flow.pk, moment)) if flow else None, kg,
                bool(flags) and set(flags) == {"F"},
            )
        )  # fmt: skip
    return rows


def flow_point(outlet: Outlet) -> Point | None:
    """Return the flow point of an outlet, None if there is none."""
    return (
        Point.objects.filter(outlet=outlet, pollutant__code__in=FLOWS, active=True)
        .select_related("pollutant", "outlet")
        .first()
    )
