"""Means of hours and days from the stored rows; the same rows give the same means.

The everyday hour of a point (each minute once, normal, in range) comes from the database
as one row with its values; only the others are fetched value by value. Both ways give the
same figures, because sums are exact.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from bozhou_eco.common import clock
from polluters.domain.longmeans import Part, long_mean
from polluters.domain.marks import MarkView
from polluters.domain.means import (
    MeanResult,
    PlainHour,
    Value,
    Values,
    hour_mean,
    plain_slots,
    slot_means,
)
from polluters.domain.validity import DEFAULT_RULES, ValidityRules, needed
from polluters.models import (
    Logger,
    Mean,
    Outlet,
    Period,
    Point,
    Pollutant,
    Quality,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OXYGEN, WATER_FLOW = "a19001", "w00000"
OUT_OF_RANGE = Quality.OUT_OF_RANGE.value
# One row a point: whether every value is fit for the short way, the values in order, and
# the minutes they stand at unless there are sixty.
PLAIN_SQL = """
SELECT p, x.fit, x.values, x.minutes, x.totals
FROM unnest(%(points)s::bigint[]) p
CROSS JOIN LATERAL (
    SELECT bool_and(flag = 'N' AND quality & %(beyond)s = 0 AND value > '-Infinity'
                    AND value < 'Infinity' AND date_trunc('minute', time) = time) AS fit,
           array_agg(value) AS values,
           array_agg(extract(minute FROM time)::int) FILTER (WHERE number < 60)
               AS minutes,
           array_agg(total) FILTER (WHERE total IS NOT NULL) AS totals
    FROM (
        SELECT *, count(*) OVER () AS number FROM polluters_reading
        WHERE point_id = p AND period = %(period)s
          AND time >= %(start)s AND time < %(end)s
        ORDER BY time
    ) r
) x WHERE x.values IS NOT NULL
"""
VALUES_SQL = """
SELECT r.point_id, r.time, r.value, r.converted, r.total, r.flag, r.quality
FROM unnest(%(points)s::bigint[]) p
CROSS JOIN LATERAL (
    SELECT * FROM polluters_reading
    WHERE point_id = p AND period = %(period)s AND time >= %(start)s AND time < %(end)s
) r
ORDER BY r.point_id, r.time
"""
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
    source = _Source(points, hour, rules)
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


class _Source:
    """The values of one hour: plain hours as such, the others value by value."""

    def __init__(
        self, points: Sequence[Point], hour: datetime, rules: ValidityRules
    ) -> None:
        self._hour, self._rules = hour, rules
        self.start = clock.beijing(hour)
        self._oxygen_points = _oxygen_points(points)
        self._oxygen: dict[tuple[int, timedelta], dict[datetime, float] | None] = {}
        self._values: dict[int, Values] = {}
        self._real_time: set[int] = set()
        self._load({point.pk: point for point in points})

    def _load(self, points: Mapping[int, Point]) -> None:
        others = {point.pk: point for point in self._oxygen_points.values()}
        wanted = others | dict(points)
        plain = self._plain(list(wanted))
        self._values.update(
            (key, hour)
            for key, hour in plain.items()
            if hour.fits(_interval(wanted[key], Period.MINUTE.value), self._rules)
        )
        self._fetch(wanted.keys() - self._values.keys(), Period.MINUTE.value)
        self._fetch(wanted.keys() - self._values.keys(), Period.REAL_TIME.value)
        # Where oxygen is not known for a slot the logger's converted value is asked for.
        self._fetch(
            {p.pk for p in points.values() if p.converted and self._lacks_oxygen(p)},
            Period.MINUTE.value,
        )

    def _plain(self, points: list[int]) -> dict[int, PlainHour]:
        with connection.cursor() as cursor:
            cursor.execute(
                PLAIN_SQL,
                self._question(points, Period.MINUTE.value) | {"beyond": OUT_OF_RANGE},
            )
            return {
                key: PlainHour(values, minutes, totals or ())
                for key, fit, values, minutes, totals in cursor
                if fit
            }

    def _question(self, points: Iterable[int], period: int) -> dict[str, Any]:
        start, end = self._hour, self._hour + HOUR
        return {"points": list(points), "period": period, "start": start, "end": end}

    def _fetch(self, points: Collection[int], period: int) -> None:
        if not points:
            return
        found: dict[int, list[Value]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(VALUES_SQL, self._question(points, period))
            for key, time, value, converted, total, flag, quality in cursor:
                usable = not quality & OUT_OF_RANGE
                found[key].append(Value(time, value, flag, converted, total, usable))
        self._values.update(found)
        if period == Period.REAL_TIME:
            self._real_time.update(found)

    def values(self, point: Point) -> Values:
        """Return the values of a point."""
        return self._values.get(point.pk, ())

    def interval(self, point: Point) -> timedelta:
        """Return how far apart the values of a point are due."""
        real_time = point.pk in self._real_time
        period = Period.REAL_TIME if real_time else Period.MINUTE
        return _interval(point, period.value)

    def oxygen(self, point: Point) -> dict[datetime, float] | None:
        """Return the oxygen of the point's outlet by slot, None where none came."""
        interval = self.interval(point)
        key = (point.outlet_id, interval)
        if key not in self._oxygen:
            self._oxygen[key] = self._oxygen_slots(point.outlet_id, interval)
        return self._oxygen[key]

    def _oxygen_slots(
        self, outlet: int, interval: timedelta
    ) -> dict[datetime, float] | None:
        found = self._oxygen_points.get(outlet)
        values = self._values.get(found.pk) if found else None
        if values is None:
            return None
        if isinstance(values, PlainHour) and not values.fits(interval, self._rules):
            values = values.listed(self.start)
        return slot_means(
            values, start=self.start, length=HOUR, interval=interval, rules=self._rules
        )

    def _lacks_oxygen(self, point: Point) -> bool:
        values = self._values.get(point.pk)
        if not isinstance(values, PlainHour):
            return False
        own = plain_slots(values, start=self.start, interval=self.interval(point))
        return not own.keys() <= (self.oxygen(point) or {}).keys()


def _oxygen_points(points: Sequence[Point]) -> dict[int, Point]:
    outlets = {point.outlet_id for point in points if point.converted}
    rows = Point.objects.filter(
        outlet_id__in=outlets, pollutant__code=OXYGEN, active=True
    ).select_related("logger")
    return {point.outlet_id: point for point in rows.order_by("-pk")}


def _interval(point: Point, period: int) -> timedelta:
    if period == Period.REAL_TIME:
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
    values = {"period": made[0].period, "time": time, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(STORE_SQL, values | {"rows": json.dumps(rows)})


def outlets_judged_by(judging: str) -> set[int]:
    """Return the outlets that are judged in one way."""
    return set(Outlet.objects.filter(judging=judging).values_list("pk", flat=True))
