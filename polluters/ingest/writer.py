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
from typing import Any

from django.db import IntegrityError, connection, transaction
from psycopg2.extras import execute_values

from polluters.ingest.rows import MINUTE, DataFrame, Key, Row, content_digest
from polluters.models import ReadingRevision
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
SELECT s.point_id, s.period, s.time, s.received_at,
       s.value, s.converted, s.low, s.high, s.total, s.flag
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


def reading_lines(frames: Iterable[DataFrame]) -> str:
    """Return the COPY text of the readings of data frames."""
    return "".join([line for frame in frames for line in frame.lines])


def frame_lines(frames: Iterable[FrameRow]) -> str:
    """Return the COPY text of raw frames."""
    return "".join(
        [
            f"{row.device_time.isoformat()}\t{row.received_at.isoformat()}\t"
            f"{row.logger_id}\t{_escape(row.cn)}\t\\\\x{row.digest.hex()}\t"
            f"\\\\x{row.body.hex()}\t{_notes(row.notes)}\n"
            for row in frames
        ]
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

    def write(self, frames_text: str, readings_text: str) -> set[Key] | None:
        """Write a batch in the caller's transaction.

        Returns the keys that are new, None if all of them are. Rows whose key was
        stored before with another content are kept as revisions.
        """
        if self._careful == 0:
            try:
                with transaction.atomic():
                    self._copy("polluters_rawframe", FRAME_COLUMNS, frames_text)
                    self._copy("polluters_reading", READING_COLUMNS, readings_text)
            except IntegrityError:
                self._careful = CAREFUL_BATCHES
            else:
                return None
        self._careful -= 1
        return self.write_carefully(frames_text, readings_text)

    def write_carefully(self, frames_text: str, readings_text: str) -> set[Key]:
        """Write through staging tables; return the keys that are new."""
        with connection.cursor() as cursor:
            cursor.execute(STAGING_SQL)
            self._copy("intake_rawframe", FRAME_COLUMNS, frames_text)
            self._copy("intake_reading", READING_COLUMNS, readings_text)
            cursor.execute(FRAMES_SQL)
            cursor.execute(READINGS_SQL)
            fresh = set(cursor.fetchall())
            if len(fresh) < readings_text.count("\n"):
                cursor.execute(REVISED_SQL)
                _keep_revisions(cursor.fetchall())
        return fresh

    def update_latest(self, frames: Iterable[DataFrame]) -> None:
        """Bring ``Latest`` up to the newest row of each point; order avoids deadlocks.

        What this process has seen newer values for is not tried again, which spares
        the database a write per point while a backlog drains.
        """
        newest: dict[int, DataFrame] = {}
        known = self._newest
        for frame in frames:
            if frame.period > MINUTE:
                continue
            logger_id = frame.logger.id
            seen = known.get(logger_id)
            if seen is None or seen <= frame.time:
                known[logger_id] = frame.time
                newest[logger_id] = frame
        values = sorted(
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
            for frame in newest.values()
            for row in frame.rows()
        )
        if values:
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


def _keep_revisions(rows: Iterable[tuple[Any, ...]]) -> None:
    """Store repeats that differ from what is stored; the same one only once."""
    ReadingRevision.objects.bulk_create(
        [
            ReadingRevision(
                point_id=row[0],
                period=row[1],
                time=row[2],
                received_at=row[3],
                value=row[4],
                converted=row[5],
                total=row[8],
                flag=row[9],
                digest=content_digest(row[4:]),
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


__all__ = ["FrameRow", "Row", "Writer", "frame_lines", "mark_seen", "reading_lines"]
