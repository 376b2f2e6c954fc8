"""Charts, the live wall and lists over 90 days of minutes, through HTTP with login.

Two databases of one server hold the same points, means and exceedances; one has 7 days of
minutes, the other 90. They are asked in turn, so that their ratio is not the machine's.
The loaded server is kept under ``var/bench`` and loaded on when time has passed. Where
InfluxDB is installed it is asked for the same month in between (`bench.influx`).
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from bench import influx
from bench.figures import Figure, figure, percentile
from bench.loggers import make_loggers
from bench.services import Bed, bed, setup_django

LOGGERS, FACTORS = 25, 12
POINTS = LOGGERS * FACTORS
SHORT_DAYS = 7
ROUNDS = 4
# The clock of the site stands here, so that loaded data stay fresh: noon in Beijing on
# the last day of a month, which then has its exceedances.
END = datetime(2026, 3, 31, 4, tzinfo=UTC)
SHORT, FULL, INFLUX = "bench_short", "bench_full", "influx"
# No write-ahead log for tables made in the same transaction; memory to sort their keys.
LOADING = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "maintenance_work_mem": "768MB",
    "max_parallel_maintenance_workers": "2",
}
# All points of a minute, then the next minute: the order in which readings come in.
FILL_SQL = """
INSERT INTO {name} (time, received_at, value, converted, low, high, total,
                     point_id, period, quality, flag)
SELECT t, t + interval '40 s', v, v * 1.1, v * 0.9, v * 1.2, NULL, p, 1, 0,
       CASE WHEN m %% 1440 = 197 THEN 'C' ELSE 'N' END
FROM (SELECT generate_series(0, %(rows)s::bigint - 1) AS n) s,
     LATERAL (SELECT (%(ids)s::bigint[])[n %% %(points)s + 1] AS p,
                     n / %(points)s AS m) a,
     LATERAL (SELECT %(start)s::timestamptz + m * interval '1 min' AS t,
                     40 + 25 * sin((%(epoch)s + m) * 0.004364 + p)
                     + (((%(epoch)s + m)::bigint * 7919 + p * 104729) %% 1000) / 100.0
                     AS v) b
"""
MEANS_SQL = """
INSERT INTO polluters_mean (point_id, period, time, reported_flag, computed,
    computed_converted, due, got, valid_count, valid, flags, state, computed_at)
SELECT p.id, %s, t, '', v, v * 1.1, 60, 60, 60, true, '{"N": 60}', 'closed', t
FROM polluters_point p,
     generate_series(%s::timestamptz, %s::timestamptz, %s::interval) t,
     LATERAL (SELECT 40 + 25 * sin(extract(epoch FROM t) / 13750 + p.id) AS v) x
ON CONFLICT DO NOTHING
"""
LATEST_SQL = """
INSERT INTO polluters_latest (point_id, period, time, value, converted, flag, quality,
                              received_at)
SELECT id, 1, %s, 42, 44, 'N', 0, %s FROM polluters_point ON CONFLICT DO NOTHING
"""
EXCEEDANCES_SQL = """
INSERT INTO polluters_exceedance (point_id, averaging, time, value, bound, multiple,
                                  state, live, explanation, found_at)
SELECT p.id, 'hour', t, 120, 100, 0.2, 'exceeded', true, '{}', t
FROM polluters_point p,
     generate_series(%s::timestamptz, %s::timestamptz, '1 hour') t
WHERE (extract(epoch FROM t)::bigint / 3600 + p.id) %% 97 = 0
ON CONFLICT DO NOTHING
"""


def run(quick: bool = False) -> list[Figure]:
    """Measure with 7 days and with all days; the growth is the ratio of the slowest."""
    days, asked = (14, 40) if quick else (90, 200)
    with bed("" if quick else "history", options=LOADING, migrate=False) as running:
        _load_unless_there(running, days)
        running.variables["DATABASE_URL"] = running.stores.postgres.url(FULL)
        setup_django(running)
        with _beside(running, quick) as server:
            measured = _measure(asked, server)
        rows = _rows()
    short, full = measured[SHORT], measured[FULL]
    growth = max(full[name] / max(short[name], 1.0) for name in full)
    return [
        figure("day_minutes_p95_ms", full["day_minutes"], "ms", "<=50"),
        figure("month_hourly_p95_ms", full["month_hourly"], "ms", "<=20"),
        figure("year_daily_p95_ms", full["year_daily"], "ms", "<=30"),
        figure("latest_all_p95_ms", full["latest_all"], "ms", "<=40"),
        figure("month_exceedances_p95_ms", full["month_exceedances"], "ms", "<=60"),
        figure("growth_7_to_90_days", growth, "x", "<=1.3"),
        *(
            figure(f"growth_{name}", full[name] / max(short[name], 1.0), "x")
            for name in full
        ),
        figure("readings", rows, "rows"),
        *_compared(full, measured.get(INFLUX)),
    ]


@contextmanager
def _beside(running: Bed, quick: bool) -> Iterator[influx.Influx | None]:
    """Give InfluxDB with the last 30 days; None where it is not installed, or quick."""
    if quick or influx.program() is None:
        yield None
        return
    from polluters.models import Point  # noqa: PLC0415

    points = list(Point.objects.order_by("pk").values_list("pk", flat=True))
    url = running.stores.postgres.url(FULL)
    with influx.running(running.state / "influx", points, END, url) as server:
        yield server


def _compared(full: dict[str, float], other: dict[str, float] | None) -> list[Figure]:
    """Return InfluxDB's figures and ours as a share of them; nothing without it."""
    if other is None:
        return []
    month, latest = other["month"], other["latest"]
    return [
        figure("influx_month_hourly_p95_ms", month, "ms"),
        figure("influx_latest_p95_ms", latest, "ms"),
        figure("influx_stored_hours_p95_ms", other["stored"], "ms"),
        figure("influx_latest_of_last_hour_p95_ms", other["recent"], "ms"),
        figure("month_hourly_of_influx", full["month_hourly"] / month, "x", "<=1.0"),
        figure("latest_of_influx", full["latest_all"] / latest, "x", "<=0.3"),
    ]


def _fingerprint(days: int) -> str:
    """Return what the loaded data depend on."""
    made = (FILL_SQL, MEANS_SQL, LATEST_SQL, EXCEEDANCES_SQL, END, POINTS, days)
    return hashlib.sha256(repr(made).encode()).hexdigest()[:16]


@contextmanager
def _cursor(running: Bed, database: str) -> Iterator[Any]:
    """Open a cursor outside any transaction."""
    connection = psycopg2.connect(running.stores.postgres.url(database))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _load_unless_there(running: Bed, days: int) -> None:
    """Make both databases, or bring the schema of those loaded before up to date."""
    mark = _fingerprint(days)
    with _cursor(running, "postgres") as cursor:
        cursor.execute(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
        )
        there = dict(cursor.fetchall())
        if there.get(SHORT) == there.get(FULL) == mark:
            for name in (SHORT, FULL):
                _migrate(running, name)
            return
        for name in (SHORT, FULL):
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {FULL}")
        _migrate(running, FULL)
        running.manage("shell", "-c", "from bench import history; history.prepare()")
        cursor.execute(f"CREATE DATABASE {SHORT} TEMPLATE {FULL}")
        fill(running, SHORT, SHORT_DAYS)
        fill(running, FULL, days)
        for name in (SHORT, FULL):
            cursor.execute(f"COMMENT ON DATABASE {name} IS '{mark}'")


def _migrate(running: Bed, database: str) -> None:
    running.variables["DATABASE_URL"] = running.stores.postgres.url(database)
    running.manage("migrate", "--noinput", "-v", "0", "--skip-checks")


def prepare() -> None:
    """Make points, a person, means, latest values and exceedances: all but minutes."""
    from django.db import connection, transaction  # noqa: PLC0415

    from bozhou_eco.accounts.models import Organisation, Role, User  # noqa: PLC0415
    from polluters.services import partitions  # noqa: PLC0415

    make_loggers(LOGGERS)
    with transaction.atomic():
        partitions.ensure_ahead(now=END + timedelta(days=1))
    department = Organisation.objects.create(
        code="BENCH", kind="department", name="bench"
    )
    User.objects.create_user(
        username="bench",
        password=None,
        name="bench",
        organisation=department,
        roles=[Role.OFFICER],
    )
    quarter, year = END - timedelta(days=90), END - timedelta(days=365)
    with connection.cursor() as cursor:
        cursor.execute(MEANS_SQL, [2, quarter, END, "1 hour"])
        cursor.execute(MEANS_SQL, [3, year.replace(hour=16), END, "1 day"])
        cursor.execute(LATEST_SQL, [END, END])
        cursor.execute(EXCEEDANCES_SQL, [quarter, END])
        cursor.execute("ANALYZE")


def fill(running: Bed, database: str, days: int, end: datetime = END) -> None:
    """Load the minutes month by month, two at a time, then vacuum and analyse."""
    with ThreadPoolExecutor(2) as pool:
        months = _months(end - timedelta(days=days), end)
        list(pool.map(lambda span: _fill_month(running, database, *span), months))
    with _cursor(running, database) as cursor:
        cursor.execute("VACUUM (FREEZE, ANALYZE) polluters_reading")


def _months(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the part of each UTC month between two moments."""
    spans = []
    while start < end:
        first = start.replace(day=1, hour=0)
        after = min((first + timedelta(days=32)).replace(day=1), end)
        spans.append((start, after))
        start = after
    return spans


def _fill_month(running: Bed, database: str, start: datetime, end: datetime) -> None:
    """Fill a table without log or key, give it its key, make it the partition."""
    name = f"polluters_reading_{start:%Y_%m}"
    first = start.replace(day=1, hour=0)
    after = (first + timedelta(days=32)).replace(day=1)
    with (
        psycopg2.connect(running.stores.postgres.url(database)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM polluters_point")
        (ids,) = cursor.fetchone() or ([],)
        minutes = (end - start) // timedelta(minutes=1)
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TABLE {name} (LIKE polluters_reading)")
        cursor.execute(
            FILL_SQL.format(name=name),
            {
                "ids": ids,
                "points": len(ids),
                "rows": minutes * len(ids),
                "start": start,
                "epoch": int(start.timestamp()) // 60,
            },
        )
        cursor.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (point_id, period, time)")
        cursor.execute(
            f"ALTER TABLE polluters_reading ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{first.isoformat()}') TO ('{after.isoformat()}')"
        )
    connection.close()


def _rows() -> int:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM polluters_reading")
        return int(cursor.fetchone()[0])


def _measure(
    asked: int, server: influx.Influx | None = None
) -> dict[str, dict[str, float]]:
    """Return by database the p95 in ms of each request, asked one by one in turn."""
    from bozhou_eco.common import clock  # noqa: PLC0415
    from polluters.models import Point  # noqa: PLC0415

    clock.now = lambda: END
    points = list(Point.objects.order_by("pk").values_list("pk", flat=True))

    def curve(span: str) -> Callable[[int], str]:
        return lambda n: (
            f"/polluters/points/{points[n * 7 % len(points)]}/history/?span={span}"
        )

    urls: dict[str, Callable[[int], str]] = {
        "day_minutes": curve("24h"),
        "month_hourly": curve("30d"),
        "year_daily": curve("365d"),
        "latest_all": lambda n: "/polluters/latest.json",
        "month_exceedances": lambda n: "/polluters/exceedances/",
    }
    times: dict[str, dict[str, list[float]]] = {
        database: {name: [] for name in urls} for database in (SHORT, FULL)
    }
    clients = {database: _client(database) for database in times}
    if server is not None:
        times[INFLUX] = {name: [] for name in server.questions()}
    each = asked // ROUNDS
    for turn in range(ROUNDS):
        for database in (SHORT, FULL):
            _switch(database)
            for name, url in urls.items():
                numbers = range(turn * each, (turn + 1) * each)
                paths = [url(number) for number in numbers]
                times[database][name] += _times(clients[database], name, paths)
        if server is not None:
            numbers = range(turn * each, (turn + 1) * each)
            for name in times[INFLUX]:
                times[INFLUX][name] += server.times(name, numbers)
    return {
        database: {name: percentile(taken, 95) for name, taken in by_name.items()}
        for database, by_name in times.items()
    }


def _switch(database: str) -> None:
    """Let this process speak to another database of the same server."""
    from django.db import connection  # noqa: PLC0415

    connection.close()
    connection.settings_dict["NAME"] = database
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_user")


def _client(database: str) -> Any:
    from django.test import Client  # noqa: PLC0415

    from bozhou_eco.accounts.models import User  # noqa: PLC0415

    _switch(database)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="bench"))
    return client


def _times(client: Any, name: str, paths: list[str]) -> list[float]:
    """Return how many ms each request took; the first ones warm up and do not count."""
    for path in paths[:5]:
        client.get(path)
    taken = []
    for path in paths:
        began = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        _holds_data(name, answer)
    return taken


def _holds_data(name: str, answer: Any) -> None:
    """Refuse to time an empty answer."""
    if name == "month_exceedances":
        if b"data-item" not in answer.content:
            raise RuntimeError("the list of exceedances is empty")
        return
    body = json.loads(answer.content)
    rows = {
        "day_minutes": lambda: body["minutes"]["times"],
        "month_hourly": lambda: body["hours"]["times"],
        "year_daily": lambda: body["days"]["times"],
        "latest_all": lambda: body["values"],
    }[name]()
    if len(rows) < {"day_minutes": 1000, "month_hourly": 300}.get(name, 200):
        raise RuntimeError(f"{name}: only {len(rows)} rows")
