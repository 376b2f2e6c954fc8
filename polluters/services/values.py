"""Values of an hour as means are made of them.

The everyday hour of a point (each minute once, normal, in range) comes from the database
as one row with its values; only the others are fetched value by value. Both ways give the
same figures, because sums are exact.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from bozhou_eco.common import clock
from polluters.domain.means import PlainHour, Value, Values, plain_slots, slot_means
from polluters.domain.validity import ValidityRules
from polluters.models import Period, Point, Quality

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OXYGEN = "a19001"
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


class HourSource:
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
                {
                    "points": points,
                    "period": Period.MINUTE.value,
                    "start": self._hour,
                    "end": self._hour + HOUR,
                    "beyond": OUT_OF_RANGE,
                },
            )
            return {
                key: PlainHour(values, minutes, totals or ())
                for key, fit, values, minutes, totals in cursor
                if fit
            }

    def _fetch(self, points: Collection[int], period: int) -> None:
        if points:
            end = self._hour + HOUR
            found = values_between(points, period=period, start=self._hour, end=end)
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


def values_between(
    points: Iterable[int], *, period: int, start: datetime, end: datetime
) -> dict[int, list[Value]]:
    """Return the stored values of points in a span, in order of time."""
    found: dict[int, list[Value]] = defaultdict(list)
    question: dict[str, Any] = {
        "points": list(points),
        "period": period,
        "start": start,
        "end": end,
    }
    with connection.cursor() as cursor:
        cursor.execute(VALUES_SQL, question)
        for key, time, value, converted, total, flag, quality in cursor:
            usable = not quality & OUT_OF_RANGE
            found[key].append(Value(time, value, flag, converted, total, usable))
    return dict(found)


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
