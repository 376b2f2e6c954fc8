"""Monthly partitions of readings and raw frames, made ahead of their month."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection

TABLES = ("polluters_reading", "polluters_rawframe")
PARTITION_LOCK = 7_212_002


def month_of(moment: datetime) -> tuple[int, int]:
    """Return the UTC year and month whose partition holds ``moment``."""
    moment = moment.astimezone(UTC)
    return moment.year, moment.month


def following(month: tuple[int, int]) -> tuple[int, int]:
    """Return the month after ``month``."""
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def existing_months() -> set[tuple[int, int]]:
    """Return the months for which every table has its partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = ANY(%s)",
            [list(TABLES)],
        )
        names = {name for (name,) in cursor.fetchall()}
    months = set()
    for name in names:
        stem, year, month = name.rsplit("_", 2)
        if all(f"{table}_{year}_{month}" in names for table in TABLES):
            months.add((int(year), int(month)))
    return months


def ensure_months(months: Iterable[tuple[int, int]]) -> None:
    """Make the partitions of ``months`` where they are missing; safe side by side."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PARTITION_LOCK])
        for month in sorted(set(months)):
            low, high = (
                datetime(year, number, 1, tzinfo=UTC).isoformat()
                for year, number in (month, following(month))
            )
            for table in TABLES:
                name = f"{table}_{month[0]:04d}_{month[1]:02d}"
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} "
                    f"FOR VALUES FROM ('{low}') TO ('{high}')"
                )


def ensure_ahead(*, now: datetime, months: int = 3) -> None:
    """Make this month's partitions and those of the ``months`` after it."""
    wanted = [month_of(now)]
    for _ in range(months):
        wanted.append(following(wanted[-1]))
    ensure_months(wanted)
