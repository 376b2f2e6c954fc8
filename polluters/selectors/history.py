"""Series of readings and means, straight from the partitioned tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from polluters.models import Mean, Period, Point

MINUTES_SQL = """
SELECT extract(epoch FROM time), value, converted, flag
FROM polluters_reading
WHERE point_id = %s AND period = %s AND time >= %s AND time < %s
ORDER BY time
"""
# One row for all: a row each would cost more than the question.
MEANS_SQL = """
SELECT array_agg(at), array_agg(value)
FROM (
    SELECT extract(epoch FROM time)::float8 AS at,
           CASE WHEN valid THEN {judged} END AS value
    FROM polluters_mean
    WHERE point_id = %s AND period = %s AND time >= %s AND time < %s
    ORDER BY time
) m
"""
MEAN_PLAIN = "coalesce(computed, reported)"
MEAN_CONVERTED = "coalesce(computed_converted, computed, reported_converted, reported)"
BINS_SQL = """
SELECT point_id, date_bin(%(step)s::interval, time, %(start)s) AS bin,
       avg(value) FILTER (WHERE flag = 'N'),
       avg(converted) FILTER (WHERE flag = 'N')
FROM polluters_reading
WHERE point_id = ANY(%(points)s) AND period = %(period)s
  AND time >= %(start)s AND time < %(end)s
GROUP BY 1, 2
"""
FLAGS_SQL = """
SELECT point_id, date_bin(%(step)s::interval, time, %(start)s) AS bin, flag, count(*)
FROM polluters_reading
WHERE point_id = ANY(%(points)s) AND period = %(period)s
  AND time >= %(start)s AND time < %(end)s
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A stored value: epoch seconds, the value as judged (None if not N), its flag."""

    at: float
    value: float | None
    flag: str


def minutes(
    point: Point, *, start: datetime, end: datetime, period: int = Period.MINUTE
) -> list[Sample]:
    """Return the minute values of a point as judged, in order of time."""
    with connection.cursor() as cursor:
        cursor.execute(MINUTES_SQL, [point.pk, int(period), start, end])
        rows = cursor.fetchall()
    converted = point.converted
    return [
        Sample(
            at=float(at),
            value=None
            if flag != "N"
            else (zs if converted and zs is not None else value),
            flag=flag,
        )
        for at, value, zs, flag in rows
    ]


def judged_mean(mean: Mean, point: Point) -> float | None:
    """Return a mean as judged: ours first, the reported one where ours is missing."""
    own, told = mean.computed, mean.reported
    if point.converted:
        own = mean.computed_converted if mean.computed_converted is not None else own
        told = mean.reported_converted if mean.reported_converted is not None else told
    return own if own is not None else told


def means(
    point: Point, *, period: int, start: datetime, end: datetime
) -> tuple[list[float], list[float | None]]:
    """Return starts (epoch seconds) and means as judged, None where not valid."""
    judged = MEAN_CONVERTED if point.converted else MEAN_PLAIN
    with connection.cursor() as cursor:
        cursor.execute(
            MEANS_SQL.format(judged=judged), [point.pk, int(period), start, end]
        )
        times, values = cursor.fetchone()
    return times or [], values or []


def binned(
    points: Iterable[tuple[int, bool]],
    *,
    start: datetime,
    end: datetime,
    step: timedelta,
) -> dict[int, list[float | None]]:
    """Return mean values as judged per step for many points, None where none is N.

    ``points`` are (id, converted); every list has one entry for each step.
    """
    wanted = dict(points)
    count = max(int((end - start) / step), 1)
    series: dict[int, list[float | None]] = {key: [None] * count for key in wanted}
    if not wanted:
        return series
    with connection.cursor() as cursor:
        cursor.execute(
            BINS_SQL,
            {
                "step": f"{step.total_seconds():.0f} seconds",
                "start": start,
                "end": end,
                "points": list(wanted),
                "period": int(Period.MINUTE),
            },
        )
        for point_id, moment, value, zs in cursor.fetchall():
            index = int((moment - start) / step)
            if 0 <= index < count:
                judged = zs if wanted[point_id] and zs is not None else value
                series[point_id][index] = judged
    return series


def strips(
    point_ids: Sequence[int], *, start: datetime, end: datetime, step: timedelta
) -> dict[int, list[str]]:
    """Return the leading flag of every step per point; an empty string is no data.

    A step counts as N only if at least three quarters of its values are N.
    """
    count = max(int((end - start) / step), 1)
    tallies: dict[tuple[int, int], dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            FLAGS_SQL,
            {
                "step": f"{step.total_seconds():.0f} seconds",
                "start": start,
                "end": end,
                "points": list(point_ids),
                "period": int(Period.MINUTE),
            },
        )
        for point_id, moment, flag, number in cursor.fetchall():
            index = int((moment - start) / step)
            if 0 <= index < count:
                tallies.setdefault((point_id, index), {})[flag] = number
    return {
        point_id: [
            _leading(tallies.get((point_id, index), {})) for index in range(count)
        ]
        for point_id in point_ids
    }


def _leading(tally: dict[str, int]) -> str:
    if not tally:
        return ""
    total = sum(tally.values())
    if tally.get("N", 0) * 4 >= total * 3:
        return "N"
    return max((flag for flag in tally if flag != "N"), key=lambda flag: tally[flag])
