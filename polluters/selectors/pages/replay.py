"""Outlets as they stood at a past moment: the values that had come by then."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from alerts.models import Alert
from bozhou_eco.accounts.models import User
from polluters.models import Latest, Outlet, Period, Point
from polluters.selectors.pages.enterprises import OutletRow, rows_of
from polluters.selectors.pages.live import live_values

BACK = timedelta(days=7)
"""How far back a last value is looked for; older ones say no more than none."""
LAST_SQL = """
SELECT p.id, r.period, r.time, r.value, r.converted, r.flag, r.quality, r.received_at
FROM unnest(%(points)s::bigint[]) AS p(id)
CROSS JOIN LATERAL (
    SELECT * FROM (VALUES (%(real_time)s::smallint), (%(minute)s::smallint)) k(kind)
    CROSS JOIN LATERAL (
        SELECT period, time, value, converted, flag, quality, received_at
        FROM polluters_reading
        WHERE point_id = p.id AND period = k.kind
          AND time <= %(at)s AND time > %(since)s AND received_at <= %(at)s
        ORDER BY time DESC
        LIMIT 1
    ) newest
    ORDER BY time DESC
    LIMIT 1
) AS r
"""


def latest_at(points: Iterable[int], at: datetime) -> dict[int, Latest]:
    """Return the newest value of each point that had been received by ``at``."""
    values: dict[str, Any] = {
        "points": list(points),
        "real_time": int(Period.REAL_TIME),
        "minute": int(Period.MINUTE),
        "at": at,
        "since": at - BACK,
    }
    with connection.cursor() as cursor:
        cursor.execute(LAST_SQL, values)
        rows = cursor.fetchall()
    return {
        row[0]: Latest(
            point_id=row[0], period=row[1], time=row[2], value=row[3],
            converted=row[4], flag=row[5], quality=row[6], received_at=row[7],
        )
        for row in rows
    }  # fmt: skip


def outlet_rows_at(
    user: User, alerts: Mapping[str, Alert], at: datetime
) -> list[OutletRow]:
    """Return every outlet in scope as it stood, worst first (four queries).

    ``alerts`` are the worst of each subject at the time. Points, limits and scope are
    those on file now, limits by their validity on the day.
    """
    outlets = list(
        Outlet.objects.visible_to(user)
        .filter(active=True, enterprise__active=True)
        .select_related("enterprise__district")
    )
    points = list(
        Point.objects.filter(outlet__in=[one.pk for one in outlets], active=True)
        .select_related("pollutant", "logger")
        .order_by("outlet_id", "position", "id")
    )
    known = latest_at((point.pk for point in points), at)
    grouped: dict[int, list[Point]] = {}
    held = Point._meta.get_field("latest")
    for point in points:
        held.set_cached_value(point, known.get(point.pk))
        grouped.setdefault(point.outlet_id, []).append(point)
    return rows_of(outlets, live_values(grouped, now=at), alerts)
