"""Curves of any points over any span, thinned in the database without losing peaks.

Each step of the grid carries the lowest, highest and mean value of what lies in it, the
flag that most of its values bear, and nothing where nothing came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from polluters.models import Period, Point

MOST_STEPS = 1200
STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
LENGTH = {Period.MINUTE: 60, Period.HOUR: 3600, Period.DAY: 86_400}
# A flag holds a step where less than three quarters of its values are normal.
MINUTES_SQL = """
SELECT (extract(epoch FROM time - %(start)s)::bigint / %(step)s) AS bin,
       min(v), max(v), avg(v), count(*), count(*) FILTER (WHERE flag = 'N'),
       mode() WITHIN GROUP (ORDER BY flag) FILTER (WHERE flag <> 'N')
FROM (
    SELECT time, flag, CASE WHEN flag = 'N' THEN {value} END AS v
    FROM polluters_reading
    WHERE point_id = %(point)s AND period = 1
      AND time >= %(start)s AND time < %(end)s
) r GROUP BY 1 ORDER BY 1
"""
MEANS_SQL = """
SELECT (extract(epoch FROM time - %(start)s)::bigint / %(step)s) AS bin,
       min({low}) FILTER (WHERE valid), max({high}) FILTER (WHERE valid),
       avg({value}) FILTER (WHERE valid), count(*), count(*) FILTER (WHERE valid),
       min((SELECT key FROM jsonb_each_text(flags) WHERE key <> 'N'
            ORDER BY value::int DESC, key LIMIT 1)) FILTER (WHERE NOT valid)
FROM polluters_mean
WHERE point_id = %(point)s AND period = %(period)s
  AND time >= %(start)s AND time < %(end)s
GROUP BY 1 ORDER BY 1
"""
READING_ROWS = """
SELECT time, point_id, CASE WHEN c THEN coalesce(converted, value) ELSE value END, flag
FROM polluters_reading r
JOIN unnest(%(points)s::bigint[], %(converted)s::bool[]) AS p (id, c)
  ON p.id = r.point_id
WHERE r.point_id = ANY(%(points)s) AND period = 1
  AND time >= %(start)s AND time < %(end)s
ORDER BY time {order}, point_id {limit}
"""
MEAN_ROWS = """
SELECT time, point_id,
       CASE WHEN c THEN coalesce(computed_converted, computed, reported_converted)
            ELSE coalesce(computed, reported) END,
       CASE WHEN valid THEN 'N' ELSE '' END
FROM polluters_mean m
JOIN unnest(%(points)s::bigint[], %(converted)s::bool[]) AS p (id, c)
  ON p.id = m.point_id
WHERE m.point_id = ANY(%(points)s) AND period = %(period)s
  AND time >= %(start)s AND time < %(end)s
ORDER BY time {order}, point_id {limit}
"""
COUNT = {
    Period.MINUTE: "SELECT count(*) FROM polluters_reading WHERE period = 1 AND ",
    Period.HOUR: "SELECT count(*) FROM polluters_mean WHERE period = 2 AND ",
    Period.DAY: "SELECT count(*) FROM polluters_mean WHERE period = 3 AND ",
}
WITHIN = "point_id = ANY(%(points)s) AND time >= %(start)s AND time < %(end)s"


@dataclass(frozen=True, slots=True)
class Curve:
    """A point's values on a grid: equal lists of lowest, highest and mean, by step.

    ``flags`` are runs of steps that bear another flag than N.
    """

    point: Point
    low: Sequence[float | None]
    high: Sequence[float | None]
    mean: Sequence[float | None]
    flags: Sequence[tuple[int, int, str]]
    got: int


@dataclass(frozen=True, slots=True)
class Grid:
    """A span cut into equal steps of ``step`` seconds."""

    start: datetime
    end: datetime
    step: int

    @property
    def count(self) -> int:
        """How many steps there are."""
        return max(-(-int((self.end - self.start).total_seconds()) // self.step), 1)


def default_period(length: timedelta) -> Period:
    """Return which rows suit a span: minutes to a week, hours to a quarter, then days."""
    if length <= timedelta(days=7):
        return Period.MINUTE
    return Period.HOUR if length <= timedelta(days=93) else Period.DAY


def grid(start: datetime, end: datetime, period: Period) -> Grid:
    """Return the finest grid that a screen can show."""
    seconds = (end - start).total_seconds()
    fit = [s for s in STEPS if s >= LENGTH[period] and seconds / s <= MOST_STEPS]
    return Grid(start, end, fit[0] if fit else STEPS[-1])


def curve(point: Point, *, period: Period, on: Grid) -> Curve:
    """Return a point's values on a grid (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _sql(point, period),
            {
                "point": point.pk,
                "period": int(period),
                "start": on.start,
                "end": on.end,
                "step": on.step,
            },
        )
        rows = cursor.fetchall()
    low: list[float | None] = [None] * on.count
    high, mean = low.copy(), low.copy()
    flags: list[tuple[int, int, str]] = []
    got = 0
    for index, least, most, average, count, normal, flag in rows:
        low[index], high[index], mean[index] = least, most, average
        got += count
        if flag and normal * 4 < count * 3:
            if flags and flags[-1][1] == index and flags[-1][2] == flag:
                flags[-1] = (flags[-1][0], index + 1, flag)
            else:
                flags.append((index, index + 1, flag))
    return Curve(point, low, high, mean, flags, got)


def _sql(point: Point, period: Period) -> str:
    if period == Period.MINUTE:
        value = "coalesce(converted, value)" if point.converted else "value"
        return MINUTES_SQL.format(value=value)
    if point.converted:
        value = "coalesce(computed_converted, computed, reported_converted)"
        return MEANS_SQL.format(value=value, low=value, high=value)
    value = "coalesce(computed, reported)"
    low, high = f"coalesce(low, {value})", f"coalesce(high, {value})"
    return MEANS_SQL.format(value=value, low=low, high=high)


def count_rows(points: Sequence[Point], *, period: Period, on: Grid) -> int:
    """Return how many values there are in all."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT[period] + WITHIN, _question(points, period, on))
        return int(cursor.fetchone()[0])


def _question(points: Sequence[Point], period: Period, on: Grid) -> dict[str, Any]:
    return {
        "points": [point.pk for point in points],
        "converted": [point.converted for point in points],
        "period": int(period),
        "start": on.start,
        "end": on.end,
    }


@dataclass(frozen=True, slots=True)
class Row:
    """All chosen points at one time: (value, flag), None where none came."""

    time: datetime
    cells: Sequence[tuple[float | None, str] | None]


def rows(
    points: Sequence[Point],
    *,
    period: Period,
    on: Grid,
    newest: int | None = None,
) -> Iterator[Row]:
    """Yield the values by time, oldest first; only the ``newest`` times if asked.

    Read in pieces from a cursor of the server, so that a year needs no more memory
    than a day.
    """
    sql = READING_ROWS if period == Period.MINUTE else MEAN_ROWS
    limit = f"LIMIT {newest * len(points)}" if newest else ""
    sql = sql.format(order="DESC" if newest else "", limit=limit)
    place = {point.pk: index for index, point in enumerate(points)}
    time: datetime | None = None
    cells: list[tuple[float | None, str] | None] = []
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, _question(points, period, on))
        for moment, key, value, flag in cursor:
            if moment != time:
                if time is not None:
                    yield Row(time, cells)
                time, cells = moment, [None] * len(points)
            cells[place[key]] = (value, flag)
    if time is not None:
        yield Row(time, cells)
