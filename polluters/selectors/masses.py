"""排放量与许可: masses of a year against quotas, down to the hours and the formula."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.totals import PACE_DAYS, QuotaForecast, forecast_pace
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
        .annotate(
            kg=Sum("measured"),
            extra=Sum("substituted"),
            gone=Sum("missing"),
        )
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
    groups: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for point in points:
        key = (point["outlet__enterprise_id"], point["pollutant_id"])
        groups.setdefault(key, []).append(point | sums[point["pk"]])
    quotas = _quotas(user, year)
    last = today if year == today.year else date(year, 12, 31)
    paces = _paces(user, year, last)
    rows = [
        _row(own, quotas.get(key), paces.get(key, 0.0), last)
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


def _paces(user: User | None, year: int, last: date) -> dict[tuple[int, int], float]:
    """Return the tonnes a day of the last days of data of each factor (one query)."""
    first = last - timedelta(days=PACE_DAYS)
    rows = (
        _masses(user, year)
        .filter(day__gt=first, day__lte=last)
        .values_list("point__outlet__enterprise_id", "point__pollutant_id")
        .annotate(kg=Sum("measured"), days=Count("day", distinct=True))
        .order_by()
    )
    return {(firm, factor): kg / days / 1000 for firm, factor, kg, days in rows}


def _row(
    own: Sequence[Mapping[str, Any]],
    quota: PermitQuota | None,
    pace: float,
    last: date,
) -> FactorYear:
    first, measured = own[0], sum(row["kg"] for row in own) / 1000
    forecast = None
    if quota is not None:
        forecast = forecast_pace(measured, pace, quota=quota.tonnes, today=last)
    return FactorYear(
        enterprise=first["outlet__enterprise__short_name"],
        enterprise_id=first["outlet__enterprise_id"],
        outlet=f"{len({row['outlet_id'] for row in own})} 个排放口",
        factor=first["pollutant__short"] or first["pollutant__name"],
        unit_code=first["pollutant__code"],
        measured=measured,
        substituted=sum(row["extra"] for row in own) / 1000,
        missing=sum(row["gone"] for row in own),
        points=tuple(row["point_id"] for row in own),
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
