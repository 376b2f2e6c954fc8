"""Charts, the live wall and lists over 90 days of minutes, through HTTP with login."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bench.figures import Figure, figure, percentile
from bench.loggers import make_loggers
from bench.services import Bed, bed, setup_django

LOGGERS, FACTORS = 25, 12
POINTS = LOGGERS * FACTORS
MONTH_SQL = """
INSERT INTO polluters_reading (time, received_at, value, converted, low, high, total,
                               point_id, period, quality, flag)
SELECT t, t + interval '40 s', v, v * 1.1, v * 0.9, v * 1.2, NULL, p.id, 1, 0,
       CASE WHEN extract(minute FROM t) = 17 AND extract(hour FROM t) = 3
            THEN 'C' ELSE 'N' END
FROM polluters_point p,
     generate_series(%s::timestamptz, %s::timestamptz - interval '1 min', '1 min') t,
     LATERAL (SELECT 40 + 25 * sin(extract(epoch FROM t) / 13750 + p.id)
                     + 10 * ((extract(epoch FROM t)::bigint * 7919 + p.id * 104729)
                             %% 1000) / 1000.0 AS v) x
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
    with bed("" if quick else "history") as running:
        setup_django(running)
        from bozhou_eco.common import clock  # noqa: PLC0415

        now = clock.now().replace(minute=0, second=0, microsecond=0)
        _prepare(now)
        _fill(now - timedelta(days=7), now)
        short = _measure(running, asked)
        _fill(now - timedelta(days=days), now - timedelta(days=7))
        full = _measure(running, asked)
        rows = _rows()
    growth = max(full[name] / max(short[name], 1.0) for name in full)
    return [
        figure("day_minutes_p95_ms", full["day_minutes"], "ms", "<=50"),
        figure("month_hourly_p95_ms", full["month_hourly"], "ms", "<=20"),
        figure("year_daily_p95_ms", full["year_daily"], "ms", "<=30"),
        figure("latest_all_p95_ms", full["latest_all"], "ms", "<=40"),
        figure("month_exceedances_p95_ms", full["month_exceedances"], "ms", "<=60"),
        figure("growth_7_to_90_days", growth, "x", "<=1.3"),
        figure("readings", rows, "rows"),
    ]


def _execute(sql: str, parameters: list[Any]) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _prepare(now: datetime) -> None:
    from bozhou_eco.accounts.models import Organisation, Role, User  # noqa: PLC0415
    from polluters.models import Point  # noqa: PLC0415
    from polluters.services import partitions  # noqa: PLC0415

    if not Point.objects.exists():
        make_loggers(LOGGERS)
    months = {partitions.month_of(now - timedelta(days=n)) for n in range(0, 400, 20)}
    partitions.ensure_months(months)
    department, _ = Organisation.objects.get_or_create(
        code="BENCH", defaults={"kind": "department", "name": "bench"}
    )
    if not User.objects.filter(username="bench").exists():
        User.objects.create_user(
            username="bench",
            password=None,
            name="bench",
            organisation=department,
            roles=[Role.OFFICER],
        )
    year = now - timedelta(days=365)
    _execute(MEANS_SQL, [2, now - timedelta(days=90), now, "1 hour"])
    _execute(MEANS_SQL, [3, year.replace(hour=16), now, "1 day"])
    _execute(LATEST_SQL, [now, now])
    _execute(EXCEEDANCES_SQL, [now - timedelta(days=90), now])


def _fill(start: datetime, end: datetime) -> None:
    """Add minutes day by day, those that are not there yet, then analyse."""
    from polluters.models import Reading  # noqa: PLC0415

    while start < end:
        after = min(start + timedelta(days=10), end)
        if not Reading.objects.filter(
            period=1, time__gte=start, time__lt=start + timedelta(hours=1)
        ).exists():
            _execute(MONTH_SQL, [start, after])
        start = after
    _execute("VACUUM ANALYZE polluters_reading", [])
    _execute("ANALYZE polluters_mean", [])


def _rows() -> int:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM polluters_reading")
        return int(cursor.fetchone()[0])


def _measure(running: Bed, asked: int) -> dict[str, float]:
    """Return the p95 in ms of each request, over ``asked`` requests one by one."""
    from django.test import Client  # noqa: PLC0415

    from bozhou_eco.accounts.models import User  # noqa: PLC0415
    from polluters.models import Point  # noqa: PLC0415

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="bench"))
    points = list(Point.objects.order_by("pk").values_list("pk", flat=True))

    def curve(span: str) -> Callable[[int], str]:
        return lambda n: (
            f"/polluters/points/{points[n % len(points)]}/history/?span={span}"
        )

    urls: dict[str, Callable[[int], str]] = {
        "day_minutes": curve("24h"),
        "month_hourly": curve("30d"),
        "year_daily": curve("365d"),
        "latest_all": lambda n: "/polluters/latest.json",
        "month_exceedances": lambda n: "/polluters/exceedances/",
    }
    result = {}
    for name, url in urls.items():
        times = []
        for number in range(asked + 5):
            path = url(number * 7)
            began = time.perf_counter()
            answer = client.get(path)
            took = (time.perf_counter() - began) * 1000
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")
            _holds_data(name, answer)
            times.append(took)
        result[name] = percentile(times[5:], 95)
    return result


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
