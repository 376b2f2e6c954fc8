"""A logger's stored readings as the station that the checks look at."""

from collections.abc import Iterable
from datetime import date, datetime

import numpy as np
from django.db import connection
from django.db.models import Q

from polluters.domain.checks import (
    Event,
    FrameTimes,
    PointLimit,
    Repeat,
    Series,
    Station,
)
from polluters.domain.checks.build import ahead, usual_interval
from polluters.models import (
    DeviceInfo,
    Limit,
    Logger,
    Mark,
    Period,
    Point,
    ReadingRevision,
    Upkeep,
)

COMMANDS = {
    Period.REAL_TIME.value: "2011",
    Period.MINUTE.value: "2051",
    Period.HOUR.value: "2061",
}
ROWS_SQL = """
SELECT period, extract(epoch FROM time)::bigint, value, converted, flag,
       extract(epoch FROM received_at)::bigint
FROM polluters_reading
WHERE point_id = %s AND time >= %s AND time < %s AND period <= 2
ORDER BY period, time
"""
CHANGED_REVISIONS = 5000


def points_with_limits(logger: Logger) -> list[Point]:
    """Return the active points of a logger with factors and limits."""
    return list(
        logger.points.filter(active=True)
        .select_related("pollutant", "outlet")
        .prefetch_related("limits")
        .order_by("pk")
    )


def station_of(
    logger: Logger, points: Iterable[Point], *, start: datetime, end: datetime
) -> Station:
    """Return what a logger's readings from ``start`` to ``end`` hold, as arrays.

    The time of sending is the time of receipt, which no device can set.
    """
    listed = list(points)
    day = start.date()
    series: dict[str, dict[str, Series]] = {}
    clocks: dict[str, list[np.ndarray]] = {}
    for point in listed:
        for period, rows in _rows(point, start, end).items():
            one = _series(point, COMMANDS[period], rows, day)
            series.setdefault(one.code, {})[one.period] = one
            pairs = np.stack((one.times, rows[:, 4].astype(np.int64)), axis=1)
            clocks.setdefault(one.period, []).append(pairs)
    return Station(
        mn=logger.mn,
        medium=logger.outlet.medium,
        outlet=logger.outlet.code,
        reference=logger.outlet.reference_o2,
        series=series,
        frames={period: _frames(found) for period, found in clocks.items()},
        repeats=_repeats(listed, start, end),
        events=_events(logger, start, end),
        plans=_plans(logger, start, end),
        declared=_declared(logger, start, end),
    )


def _rows(point: Point, start: datetime, end: datetime) -> dict[int, np.ndarray]:
    """Return by period: time, value, converted, flag, received as columns."""
    found: dict[int, list[tuple[float, ...]]] = {}
    none = float("nan")
    with connection.cursor() as cursor:
        cursor.execute(ROWS_SQL, [point.pk, start, end])
        for period, time, value, converted, flag, received in cursor.fetchall():
            found.setdefault(period, []).append(
                (
                    time,
                    none if value is None else value,
                    none if converted is None else converted,
                    ord(flag[:1] or "N") & 0x7F,
                    received,
                )
            )
    return {period: np.array(rows, dtype=np.float64) for period, rows in found.items()}


def _series(point: Point, cn: str, rows: np.ndarray, day: date) -> Series:
    times = rows[:, 0].astype(np.int64)
    converted = rows[:, 2] if np.isfinite(rows[:, 2]).any() else None
    return Series(
        code=point.pollutant.code,
        period=cn,
        times=times,
        values=rows[:, 1],
        flags=rows[:, 3].astype(np.uint8),
        interval=usual_interval(times, 3600 if cn == "2061" else 60),
        converted=converted,
        low=point.range_low,
        high=point.range_high,
        limits=tuple(
            PointLimit(limit.high, limit.low, point.converted, limit.kind)
            for limit in point.limits.all()
            if limit.kind in Limit.ENFORCEABLE
            and (limit.valid_to is None or limit.valid_to >= day)
        ),
        unit=point.unit,
    )


def _frames(found: list[np.ndarray]) -> FrameTimes:
    pairs = np.unique(np.concatenate(found), axis=0)
    data, sent = pairs[:, 0].copy(), pairs[:, 1].copy()
    return FrameTimes(data, sent, np.unique(data[~ahead(data, sent)]))


def _repeats(points: list[Point], start: datetime, end: datetime) -> tuple[Repeat, ...]:
    """Return revisions with the value that stands; those of flags alone are left out."""
    by_id = {point.pk: point.pollutant.code for point in points}
    revisions = ReadingRevision.objects.filter(
        point__in=points, time__gte=start, time__lt=end, period__in=COMMANDS
    ).order_by("time", "pk")[:CHANGED_REVISIONS]
    wanted = [row for row in revisions if row.value is not None]
    stored: dict[tuple[int, int, datetime], float | None] = {}
    with connection.cursor() as cursor:
        for row in wanted:
            cursor.execute(
                "SELECT value FROM polluters_reading "
                "WHERE point_id = %s AND period = %s AND time = %s",
                [row.point_id, row.period, row.time],
            )
            kept = cursor.fetchone()
            stored[row.point_id, row.period, row.time] = kept[0] if kept else None
    found = []
    for row in wanted:
        first = stored[row.point_id, row.period, row.time]
        if row.value is not None and first is not None and first != row.value:
            found.append(
                Repeat(
                    by_id[row.point_id],
                    COMMANDS[row.period],
                    int(row.time.timestamp()),
                    first,
                    row.value,
                    int(row.received_at.timestamp()),
                )
            )
    return tuple(found)


def _events(logger: Logger, start: datetime, end: datetime) -> tuple[Event, ...]:
    rows = DeviceInfo.objects.filter(
        logger=logger, cn="3020", time__gte=start, time__lt=end
    ).order_by("time", "code")
    return tuple(
        Event(int(row.time.timestamp()), row.code, str(row.values["Info"]))
        for row in rows
        if isinstance(row.values, dict) and row.values.get("Info")
    )


def _span(begin: datetime, end: datetime) -> tuple[int, int]:
    return int(begin.timestamp()), int(end.timestamp())


def _plans(
    logger: Logger, start: datetime, end: datetime
) -> tuple[tuple[int, int], ...]:
    """Return the planned calibrations on the ledger."""
    rows = Upkeep.objects.filter(
        outlet=logger.outlet_id,
        kind=Upkeep.Kind.CALIBRATION,
        planned_to__gt=start,
        planned_from__lt=end,
    ).order_by("planned_from")
    return tuple(_span(row.planned_from, row.planned_to) for row in rows)


def _declared(
    logger: Logger, start: datetime, end: datetime
) -> tuple[tuple[int, int], ...]:
    """Return the stops that were marked, by whomever but the logger itself."""
    rows = (
        Mark.objects.filter(
            Q(end__isnull=True) | Q(end__gt=start),
            outlet=logger.outlet_id,
            point=None,
            kind__stops=True,
            begin__lt=end,
            withdrawn_at=None,
        )
        .exclude(origin=Mark.Origin.LOGGER)
        .order_by("begin")
    )
    return tuple(_span(max(row.begin, start), min(row.end or end, end)) for row in rows)
