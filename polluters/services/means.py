"""Means of hours and days from the stored rows; the same rows give the same means.

Values come through ``services.values``; sums are exact, so their order is of no matter.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from bozhou_eco.common import clock
from polluters.domain.longmeans import Part, long_mean, month_mean
from polluters.domain.marks import MarkView
from polluters.domain.means import MeanResult, hour_mean
from polluters.domain.validity import DEFAULT_RULES, ValidityRules, needed
from polluters.models import Logger, Mean, Outlet, Period, Point, Pollutant
from polluters.services.values import DAY, HOUR, OXYGEN, HourSource

WATER_FLOW = "w00000"
STORE_SQL = """
INSERT INTO polluters_mean (
    point_id, period, time, reported, reported_converted, reported_flag, computed,
    computed_converted, low, high, total, due, got, valid_count, valid, flags, state,
    computed_at)
SELECT m.p, %(period)s, %(time)s, r.value, r.converted, coalesce(r.flag, ''), m.m, m.c,
       m.l, m.h, m.t, m.d, m.g, m.n, m.v, m.f, 'closed', %(now)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS m (
    p bigint, m float8, c float8, l float8, h float8, t float8, d int, g int, n int,
    v bool, f jsonb)
LEFT JOIN polluters_reading r
    ON r.point_id = m.p AND r.period = %(period)s AND r.time = %(time)s
ON CONFLICT (point_id, period, time) DO UPDATE SET
    reported = excluded.reported, reported_converted = excluded.reported_converted,
    reported_flag = excluded.reported_flag, computed = excluded.computed,
    computed_converted = excluded.computed_converted, low = excluded.low,
    high = excluded.high, total = excluded.total, due = excluded.due,
    got = excluded.got, valid_count = excluded.valid_count, valid = excluded.valid,
    flags = excluded.flags, state = excluded.state, computed_at = excluded.computed_at
"""


@dataclass(frozen=True, slots=True)
class Computed:
    """A mean just computed, with its point."""

    point: Point
    period: int
    result: MeanResult


def points_of(ids: Iterable[int] | None = None) -> list[Point]:
    """Return active points (or those of ``ids``) with all that computing needs.

    Loggers, outlets and pollutants are shared by many points: each is read once.
    """
    rows = Point.objects.order_by("pk")
    if ids is None:
        rows = rows.filter(active=True, logger__active=True, outlet__active=True)
    else:
        rows = rows.filter(pk__in=list(ids))
    points = list(rows)
    outlets = Outlet.objects.select_related("enterprise").in_bulk(
        {point.outlet_id for point in points}
    )
    loggers = Logger.objects.in_bulk({point.logger_id for point in points})
    pollutants = Pollutant.objects.in_bulk({point.pollutant_id for point in points})
    for point in points:
        point.outlet = outlets[point.outlet_id]
        point.logger = loggers[point.logger_id]
        point.pollutant = pollutants[point.pollutant_id]
    return points


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
    source = HourSource(points, hour, rules)
    made = [
        Computed(
            point,
            Period.HOUR.value,
            hour_mean(
                source.values(point),
                start=source.start,
                interval=source.interval(point),
                medium=point.outlet.medium,
                rules=rules,
                reference=point.outlet.reference_o2,
                oxygen=source.oxygen(point) if point.converted else None,
                convert=point.converted,
            ),
        )
        for point in points
    ]
    _store(made, hour, now)
    return made


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
    rows = [
        {
            "p": one.point.pk,
            "m": one.result.mean,
            "c": one.result.converted,
            "l": one.result.low,
            "h": one.result.high,
            "t": one.result.total,
            "d": one.result.due,
            "g": one.result.got,
            "n": one.result.valid_count,
            "v": one.result.valid,
            "f": one.result.flags,
        }
        for one in made
    ]
    values: dict[str, Any] = {"period": made[0].period, "time": time, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(STORE_SQL, values | {"rows": json.dumps(rows)})


def compute_long(
    points: Sequence[Point],
    *,
    period: int,
    start: datetime,
    end: datetime,
    now: datetime,
    rules: ValidityRules = DEFAULT_RULES,
) -> list[Computed]:
    """Compute and store the means of a month or quarter from its closed days."""
    days: dict[int, list[Part]] = defaultdict(list)
    for mean in Mean.objects.filter(
        point__in=points,
        period=Period.DAY,
        time__gte=start,
        time__lt=end,
        state=Mean.State.CLOSED,
    ).order_by("time"):
        days[mean.point_id].append(_part(mean))
    made = [
        Computed(
            point,
            period,
            month_mean(
                days[point.pk],
                start=clock.beijing(start),
                end=clock.beijing(end),
                rules=rules,
            ),
        )
        for point in points
    ]
    _store(made, start, now)
    return made


def dependents(ids: Iterable[int], code: str) -> set[int]:
    """Return the points whose means rest on those of ``ids`` that measure ``code``.

    Oxygen converts the hours of its outlet, the flow of water weighs its days.
    """
    outlets = Point.objects.filter(pk__in=list(ids), pollutant__code=code)
    rows = Point.objects.filter(
        outlet__in=outlets.values("outlet"), active=True
    ).exclude(pollutant__code=code)
    if code == OXYGEN:
        rows = rows.filter(converted=True)
    return set(rows.values_list("pk", flat=True))
