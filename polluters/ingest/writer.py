"""Rows into PostgreSQL by COPY: once per key, whatever is sent how often.

The common batch holds nothing stored before, so it is copied straight into the tables
inside a savepoint. When a key is met again the savepoint is undone and the batch goes
through staging tables and ``INSERT … ON CONFLICT DO NOTHING``, which tells the new rows
from the repeated ones. After such a batch the next ones take the careful way at once.
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from psycopg2.extras import execute_values

from polluters.ingest.rows import Key, Row
from polluters.models import Period, ReadingRevision
from polluters.services import partitions

READING_COLUMNS = (
    "time, received_at, value, converted, low, high, total, "
    "point_id, period, quality, flag"
)
FRAME_COLUMNS = "device_time, received_at, logger_id, cn, digest, body, notes"
CAREFUL_BATCHES = 20
LATEST_SQL = """
INSERT INTO polluters_latest
    (point_id, period, time, value, converted, flag, quality, received_at)
VALUES %s
ON CONFLICT (point_id) DO UPDATE SET
    period = excluded.period, time = excluded.time, value = excluded.value,
    converted = excluded.converted, flag = excluded.flag,
    quality = excluded.quality, received_at = excluded.received_at
WHERE polluters_latest.time <= excluded.time
"""
SEEN_SQL = """
UPDATE polluters_logger l
SET last_seen = GREATEST(l.last_seen, seen.at), state = 'online',
    clock_skew_s = COALESCE(seen.skew, l.clock_skew_s)
FROM (
    SELECT o.id, o.state, v.at, v.skew
    FROM polluters_logger o
    JOIN (VALUES %s) AS v (id, at, skew) ON v.id = o.id
    ORDER BY o.id FOR UPDATE OF o
) seen
WHERE l.id = seen.id
RETURNING l.id, seen.state
"""
STAGING_SQL = """
CREATE TEMP TABLE IF NOT EXISTS intake_reading (LIKE polluters_reading)
    ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS intake_rawframe (LIKE polluters_rawframe)
    ON COMMIT DELETE ROWS;
DELETE FROM intake_reading;
DELETE FROM intake_rawframe;
"""
FRAMES_SQL = """
INSERT INTO polluters_rawframe SELECT * FROM intake_rawframe ON CONFLICT DO NOTHING
"""
READINGS_SQL = """
INSERT INTO polluters_reading SELECT * FROM intake_reading ON CONFLICT DO NOTHING
RETURNING point_id, period, time
"""
REVISED_SQL = """
SELECT s.point_id, s.period, s.time
FROM intake_reading s
JOIN polluters_reading r
  ON (r.point_id, r.period, r.time) = (s.point_id, s.period, s.time)
WHERE (s.value, s.converted, s.low, s.high, s.total, s.flag)
      IS DISTINCT FROM (r.value, r.converted, r.low, r.high, r.total, r.flag)
"""


@dataclass(slots=True)
class FrameRow:
    """One raw frame; the field order is that of the COPY columns."""

    device_time: datetime
    received_at: datetime
    logger_id: int
    cn: str
    digest: bytes
    body: bytes
    notes: Sequence[str]


def reading_lines(rows: Iterable[Row]) -> str:
    """Return the COPY text of readings; absent numbers read ``None``."""
    text: list[str] = []
    times: dict[tuple[datetime, datetime], str] = {}
    for row in rows:
        moments = (row.time, row.received_at)
        head = times.get(moments)
        if head is None:
            head = f"{row.time.isoformat()}\t{row.received_at.isoformat()}"
            times[moments] = head
        flag = row.flag if row.flag.isalnum() else _escape(row.flag)
        text.append(
            f"{head}\t{row.value!r}\t{row.converted!r}\t{row.low!r}\t{row.high!r}\t"
            f"{row.total!r}\t{row.point_id}\t{row.period}\t{row.quality}\t{flag}\n"
        )
    return "".join(text)


def frame_lines(frames: Iterable[FrameRow]) -> str:
    """Return the COPY text of raw frames."""
    return "".join(
        f"{row.device_time.isoformat()}\t{row.received_at.isoformat()}\t"
        f"{row.logger_id}\t{row.cn}\t\\\\x{row.digest.hex()}\t\\\\x{row.body.hex()}\t"
        f"{_notes(row.notes)}\n"
        for row in frames
    )


def _notes(notes: Sequence[str]) -> str:
    return _escape(json.dumps(list(notes), ensure_ascii=False)) if notes else "None"


def _escape(text: str) -> str:
    return (
        text.replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
    )


class Writer:
    """Writes batches; remembers known partitions and whether repeats are about."""

    def __init__(self) -> None:
        self._months: set[tuple[int, int]] = set()
        self._careful = 0
        self._newest: dict[int, datetime] = {}

    def prepare(self, times: Iterable[datetime]) -> None:
        """Make the partitions that rows at ``times`` need, if any is missing."""
        months = {partitions.month_of(time) for time in times}
        if months <= self._months:
            return
        self._months |= partitions.existing_months()
        if missing := months - self._months:
            partitions.ensure_months(missing)
            self._months |= missing

    def write(
        self, readings: dict[Key, Row], frames: Sequence[FrameRow]
    ) -> tuple[set[Key] | None, list[Row]]:
        """Write a batch in the caller's transaction.

        Returns the keys that are new (None: all of them) and the rows whose key was
        stored before with another content.
        """
        readings_text, frames_text = (
            reading_lines(readings.values()),
            frame_lines(frames),
        )
        if self._careful == 0:
            try:
                with transaction.atomic():
                    self._copy("polluters_rawframe", FRAME_COLUMNS, frames_text)
                    self._copy("polluters_reading", READING_COLUMNS, readings_text)
            except IntegrityError:
                self._careful = CAREFUL_BATCHES
            else:
                return None, []
        self._careful -= 1
        return self._write_carefully(readings, readings_text, frames_text)

    def _write_carefully(
        self, readings: dict[Key, Row], readings_text: str, frames_text: str
    ) -> tuple[set[Key], list[Row]]:
        with connection.cursor() as cursor:
            cursor.execute(STAGING_SQL)
            self._copy("intake_rawframe", FRAME_COLUMNS, frames_text)
            self._copy("intake_reading", READING_COLUMNS, readings_text)
            cursor.execute(FRAMES_SQL)
            cursor.execute(READINGS_SQL)
            fresh = set(cursor.fetchall())
            if len(fresh) == len(readings):
                return fresh, []
            cursor.execute(REVISED_SQL)
            revised = [readings[key] for key in cursor.fetchall()]
        return fresh, revised

    def update_latest(self, rows: Iterable[Row]) -> None:
        """Bring ``Latest`` up to the newest row of each point; order avoids deadlocks.

        What this process has seen newer values for is not tried again, which spares
        the database a write per point while a backlog drains.
        """
        newest: dict[int, Row] = {}
        known = self._newest
        for row in rows:
            if row.period > Period.MINUTE:
                continue
            seen = known.get(row.point_id)
            if seen is None or seen <= row.time:
                known[row.point_id] = row.time
                newest[row.point_id] = row
        if not newest:
            return
        values = [
            (
                row.point_id,
                row.period,
                row.time,
                row.value,
                row.converted,
                row.flag,
                row.quality,
                row.received_at,
            )
            for _, row in sorted(newest.items())
        ]
        with connection.cursor() as cursor:
            execute_values(cursor.cursor, LATEST_SQL, values, page_size=1000)

    @staticmethod
    def _copy(table: str, columns: str, text: str) -> None:
        if text:
            with connection.cursor() as cursor, connection.wrap_database_errors:
                cursor.copy_expert(
                    f"COPY {table} ({columns}) FROM STDIN WITH (NULL 'None')",
                    io.StringIO(text),
                )


def keep_revisions(rows: Iterable[Row]) -> None:
    """Store repeats that differ from what is stored; the same one only once."""
    ReadingRevision.objects.bulk_create(
        [
            ReadingRevision(
                point_id=row.point_id,
                period=row.period,
                time=row.time,
                value=row.value,
                converted=row.converted,
                total=row.total,
                flag=row.flag,
                received_at=row.received_at,
                digest=row.digest(),
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )


def mark_seen(
    seen: dict[int, tuple[datetime, float | None]],
) -> dict[int, str]:
    """Mark loggers online; return the state each had before, by id."""
    if not seen:
        return {}
    values = [(key, at, skew) for key, (at, skew) in sorted(seen.items())]
    with connection.cursor() as cursor:
        rows = execute_values(
            cursor.cursor,
            SEEN_SQL,
            values,
            template="(%s::bigint, %s::timestamptz, %s::double precision)",
            page_size=10_000,
            fetch=True,
        )
    return dict(rows)
