"""Median hours per stage, computed by the database."""

from datetime import datetime

from django.db import connection

QUERY = """
SELECT stage, count(*),
       percentile_cont(0.5) WITHIN GROUP (
         ORDER BY extract(epoch FROM left_at - entered_at)) / 3600
FROM enforcement_stagespan
WHERE left_at >= %s AND left_at < %s AND (%s OR district_id = ANY(%s))
GROUP BY stage
"""


def medians_by_stage(
    start: datetime, end: datetime, districts: set[int] | None
) -> dict[str, tuple[float | None, int]]:
    """Return ``{stage: (median hours, number of stays)}`` for stays that ended in time.

    ``districts`` None is the whole prefecture.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            QUERY, [start, end, districts is None, sorted(districts or set())]
        )
        return {
            stage: (round(float(hours), 1), count)
            for stage, count, hours in cursor.fetchall()
        }
