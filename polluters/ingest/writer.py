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
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, connection, transaction

from polluters.domain.hj212 import Note
from polluters.ingest.rows import MINUTE, DataFrame, Key, content_digest
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
SELECT DISTINCT ON (point_id)
    point_id, period, time, value, converted, flag, quality, received_at
FROM intake_latest ORDER BY point_id, time DESC
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
    JOIN unnest(%s::bigint[], %s::timestamptz[], %s::double precision[])
        AS v (id, at, skew) ON v.id = o.id
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
CREATE TEMP TABLE IF NOT EXISTS intake_latest (LIKE polluters_reading)
    ON COMMIT DELETE ROWS;
"""
EMPTY_SQL = "DELETE FROM intake_reading; DELETE FROM intake_rawframe"
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
    """One raw frame; the field order is that of the COPY columns.

    ``received_at`` is the text that COPY takes.
    """

    device_time: datetime
    received_at: str
    logger_id: int
    cn: str
    digest: bytes
    body: bytes
    notes: Sequence[Note]


def reading_lines(frames: Iterable[DataFrame]) -> str:
    """Return the COPY text of the readings of data frames."""
    return "".join([frame.lines for frame in frames])


def frame_lines(frames: Iterable[FrameRow]) -> str:
    """Return the COPY text of raw frames."""
    return "".join(
        [
            f"{row.device_time.isoformat()}\t{row.received_at}\t"
            f"{row.logger_id}\t{row.cn}\t\\\\x{row.digest.hex()}\t"
            f"\\\\x{row.body.hex()}\t"
            f"{_notes(tuple(row.notes)) if row.notes else 'None'}\n"
            for row in frames
        ]
    )


@lru_cache(maxsize=1024)
def _notes(notes: tuple[Note, ...]) -> str:
    return _escape(json.dumps([str(note) for note in notes], ensure_ascii=False))


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
        self._days: set[int] = set()
        self._careful = 0
        self._newest: dict[tuple[int, int], datetime] = {}
        self._staged: object = None

    def prepare(self, times: Iterable[datetime]) -> None:
        """Make the partitions that rows at ``times`` need, if any is missing.

        Days are looked at as the clock of the time at hand shows them, so the days
        beside them are made ready too, whose months may begin in between.
        """
        days = set(map(datetime.toordinal, times)) - self._days
        if not days:
            return
        months = {
            (day.year, day.month)
            for number in days
            for day in map(date.fromordinal, (number - 1, number, number + 1))
        }
        self._months |= partitions.existing_months()
        if missing := months - self._months:
            partitions.ensure_months(missing)
            self._months |= missing
        self._days |= days

    def forget(self) -> None:
        """Forget what was taken for stored; a batch was rolled back."""
        self._newest.clear()
        self._days.clear()
        self._months.clear()
        self._staged = None

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
        self._stage()
        with connection.cursor() as cursor:
            cursor.execute(EMPTY_SQL)
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
        newest: dict[tuple[int, int], DataFrame] = {}
        known = self._newest
        for frame in frames:
            if frame.period > MINUTE or not frame.count:
                continue
            key = (frame.logger.id, frame.period)
            seen = known.get(key)
            if seen is None or seen <= frame.time:
                known[key] = frame.time
                newest[key] = frame
        if not newest:
            return
        self._stage()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM intake_latest")
            lines = reading_lines(newest.values())
            self._copy("intake_latest", READING_COLUMNS, lines)
            cursor.execute(LATEST_SQL)

    def _stage(self) -> None:
        """Make the temporary tables of this connection, once."""
        if self._staged is not connection.connection or connection.connection is None:
            with connection.cursor() as cursor:
                cursor.execute(STAGING_SQL)
            self._staged = connection.connection

    @staticmethod
    def _copy(table: str, columns: str, text: str) -> None:
        if text:
            data = text.encode()
            with connection.cursor() as cursor, connection.wrap_database_errors:
                # One read for all: each costs a turn at the interpreter's lock.
                cursor.copy_expert(
                    f"COPY {table} ({columns}) FROM STDIN WITH (NULL 'None')",
                    io.BytesIO(data),
                    len(data) + 1,
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
    with connection.cursor() as cursor:
        cursor.execute(
            SEEN_SQL,
            [
                list(seen),
                [at for at, _ in seen.values()],
                [skew for _, skew in seen.values()],
            ],
        )
        return dict(cursor.fetchall())


__all__ = ["FrameRow", "Writer", "frame_lines", "mark_seen", "reading_lines"]
