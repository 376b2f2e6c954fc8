"""Means of hours and days from the stored rows; the same rows give the same means."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from bozhou_eco.common import clock
from polluters.domain.longmeans import Part, long_mean
from polluters.domain.marks import MarkView
from polluters.domain.means import MeanResult, Value, hour_mean
from polluters.domain.validity import DEFAULT_RULES, ValidityRules, needed
from polluters.models import Mean, Outlet, Period, Point, Quality, Reading

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OXYGEN, WATER_FLOW = "a19001", "w00000"
OUT_OF_RANGE = Quality.OUT_OF_RANGE.value
VALUES_SQL = """
SELECT point_id, time, value, converted, total, flag, quality
FROM polluters_reading
WHERE point_id = ANY(%s) AND period = %s AND time >= %s AND time < %s
ORDER BY point_id, time
"""
UPDATED = (
    "reported",
    "reported_converted",
    "reported_flag",
    "computed",
    "computed_converted",
    "low",
    "high",
    "total",
    "due",
    "got",
    "valid_count",
    "valid",
    "flags",
    "state",
    "computed_at",
)


@dataclass(frozen=True, slots=True)
class Computed:
    """A mean just computed, with its point."""

    point: Point
    period: int
    result: MeanResult


def points_of(ids: Iterable[int] | None = None) -> list[Point]:
    """Return active points (or those of ``ids``) with all that computing needs."""
    rows = Point.objects.select_related("pollutant", "logger", "outlet__enterprise")
    if ids is not None:
        return list(rows.filter(pk__in=list(ids)))
    return list(rows.filter(active=True, logger__active=True, outlet__active=True))


def compute_hours(
    points: Sequence[Point],
    *,
    hour: datetime,
    now: datetime,
    rules: ValidityRules = DEFAULT_RULES,
) -> list[Computed]:
    """Compute and store the means of ``points`` for one hour.

    Minute values count; a point that sent none is computed from its real-time values.
    The oxygen of the same outlet converts where the point's limits ask for it.
    """
    oxygen = _oxygen_points(points)
    wanted = {point.pk for point in points} | set(oxygen.values())
    values, periods = _values(wanted, hour)
    made = [
        Computed(
            point,
            Period.HOUR.value,
            hour_mean(
                values.get(point.pk, ()),
                start=clock.beijing(hour),
                interval=_interval(point, periods.get(point.pk, Period.MINUTE.value)),
                medium=point.outlet.medium,
                rules=rules,
                reference=point.outlet.reference_o2,
                oxygen=values.get(oxygen.get(point.outlet_id, 0))
                if point.converted
                else None,
                convert=point.converted,
            ),
        )
        for point in points
    ]
    _store(made, hour, now)
    return made


def _oxygen_points(points: Sequence[Point]) -> dict[int, int]:
    outlets = {point.outlet_id for point in points if point.converted}
    return dict(
        Point.objects.filter(
            outlet_id__in=outlets, pollutant__code=OXYGEN, active=True
        ).values_list("outlet_id", "pk")
    )


def _values(
    ids: Iterable[int], hour: datetime
) -> tuple[dict[int, list[Value]], dict[int, int]]:
    values: dict[int, list[Value]] = {}
    periods: dict[int, int] = {}
    missing = set(ids)
    for period in (Period.MINUTE.value, Period.REAL_TIME.value):
        found: dict[int, list[Value]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(VALUES_SQL, [list(missing), period, hour, hour + HOUR])
            for key, time, value, converted, total, flag, quality in cursor:
                found[key].append(
                    Value(
                        time, value, flag, converted, total, not quality & OUT_OF_RANGE
                    )
                )
        values |= found
        periods |= dict.fromkeys(found, period)
        missing -= found.keys()
        if not missing:
            break
    return values, periods


def _interval(point: Point, period: int) -> timedelta:
    if period == Period.REAL_TIME.value:
        return timedelta(seconds=point.logger.rtd_interval_s)
    return timedelta(minutes=point.logger.minute_interval)


def compute_days(
    points: Sequence[Point],
    *,
    day: datetime,
    now: datetime,
    rules: ValidityRules = DEFAULT_RULES,
    marked: Mapping[int, Sequence[MarkView]] | None = None,
) -> list[Computed]:
    """Compute and store the means of ``points`` for the Beijing day that begins at ``day``.

    Flue gas: 20 valid hours; wastewater: the share of due hours in the rules, weighted
    by the flow of the same outlet where it is complete. Hours under a mark that exempts
    (``marked``, by outlet) are left out.
    """
    flow_points = dict(
        Point.objects.filter(
            outlet__in={point.outlet_id for point in points},
            pollutant__code=WATER_FLOW,
            active=True,
        ).values_list("outlet_id", "pk")
    )
    ids = {point.pk for point in points} | set(flow_points.values())
    hours: dict[int, list[Mean]] = defaultdict(list)
    for mean in Mean.objects.filter(
        point_id__in=ids,
        period=Period.HOUR,
        time__gte=day,
        time__lt=day + DAY,
        state=Mean.State.CLOSED,
    ).order_by("time"):
        hours[mean.point_id].append(mean)
    made = []
    for point in points:
        water = point.outlet.medium == "water"
        flow_id = flow_points.get(point.outlet_id)
        weigh = water and flow_id is not None and flow_id != point.pk
        made.append(
            Computed(
                point,
                Period.DAY.value,
                long_mean(
                    [
                        _part(mean, _under(mean, point, marked or {}))
                        for mean in hours[point.pk]
                    ],
                    start=clock.beijing(day),
                    length=DAY,
                    due=24,
                    bar=needed(24, rules.water_day_share)
                    if water
                    else rules.gas_day_hours,
                    flows=_flows(hours[flow_id]) if weigh and flow_id else None,
                ),
            )
        )
    _store(made, day, now)
    return made


def _under(mean: Mean, point: Point, marked: Mapping[int, Sequence[MarkView]]) -> bool:
    """Return whether an hour lies under a mark that exempts its point."""
    return any(
        mark.exempts
        and mark.concerns(point.pk)
        and mark.touches(mean.time, mean.time + HOUR)
        for mark in marked.get(point.outlet_id, ())
    )


def _part(mean: Mean, marked: bool = False) -> Part:
    stopped = bool(mean.flags) and set(mean.flags) <= DEFAULT_RULES.stopped_flags
    return Part(
        time=clock.beijing(mean.time),
        mean=mean.computed,
        converted=mean.computed_converted,
        valid=mean.valid and not marked,
        stopped=stopped,
        low=mean.low,
        high=mean.high,
        total=mean.total,
    )


def _flows(hours: Sequence[Mean]) -> Mapping[datetime, float]:
    return {
        clock.beijing(mean.time): mean.computed
        for mean in hours
        if mean.valid and mean.computed is not None
    }


def _store(made: Sequence[Computed], time: datetime, now: datetime) -> None:
    """Write means beside what the loggers reported for the same period."""
    if not made:
        return
    period = made[0].period
    reported = {
        key: (value, converted, flag)
        for key, value, converted, flag in Reading.objects.filter(
            point_id__in=[one.point.pk for one in made], period=period, time=time
        ).values_list("point_id", "value", "converted", "flag")
    }
    rows = []
    for one in made:
        told = reported.get(one.point.pk, (None, None, ""))
        result = one.result
        rows.append(
            Mean(
                point=one.point,
                period=period,
                time=time,
                reported=told[0],
                reported_converted=told[1],
                reported_flag=told[2],
                computed=result.mean,
                computed_converted=result.converted,
                low=result.low,
                high=result.high,
                total=result.total,
                due=result.due,
                got=result.got,
                valid_count=result.valid_count,
                valid=result.valid,
                flags=dict(result.flags),
                state=Mean.State.CLOSED,
                computed_at=now,
            )
        )
    Mean.objects.bulk_create(
        rows,
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["point", "period", "time"],
        update_fields=list(UPDATED),
    )


def outlets_judged_by(judging: str) -> set[int]:
    """Return the outlets that are judged in one way."""
    return set(Outlet.objects.filter(judging=judging).values_list("pk", flat=True))
