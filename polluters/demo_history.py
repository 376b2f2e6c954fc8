"""Demo history: invented means of a year, minutes of a day, and what was over a limit.

Oxygen stands at its reference, so that converted and measured values agree.

All in the database, from a level per point that follows its limit, the hour of the day
and a noise that is the same each time.
"""

from datetime import datetime, timedelta

from django.db import connection

from bozhou_eco.common import clock
from polluters.models import Latest, Mean
from polluters.services import partitions

DAYS, HOURS, MINUTES = 400, 15 * 24, 26 * 60
# The level of a point: a share of its limit or of its range; some outlets run close.
LEVELS = """
CREATE TEMP TABLE demo_level ON COMMIT DROP AS
SELECT p.id, p.converted, o.enterprise_id AS firm, l.high, l.low, l.kind, l.id AS limit_id,
       CASE WHEN l.low IS NOT NULL AND l.high IS NOT NULL THEN (l.low + l.high) / 2
            WHEN l.high IS NOT NULL THEN l.high * (0.32 + (o.id * 37 % 10) * 0.045)
            WHEN l.low IS NOT NULL THEN l.low * 1.08
            WHEN f.code = 'a19001' THEN coalesce(o.reference_o2, 8.5)
            ELSE coalesce(p.range_high, 100) * 0.35 END AS level,
       CASE WHEN l.low IS NOT NULL THEN 0.02 WHEN f.code = 'a19001' THEN 0.008
            ELSE 0.16 END AS swing
FROM polluters_point p
JOIN polluters_outlet o ON o.id = p.outlet_id
JOIN polluters_pollutant f ON f.id = p.pollutant_id
LEFT JOIN LATERAL (
    SELECT * FROM polluters_limit x
    WHERE x.point_id = p.id AND x.kind IN ('standard', 'permit')
    ORDER BY x.high NULLS LAST LIMIT 1
) l ON true
WHERE p.active
"""
NOISE = "((hashint8(x.n * 7919 + p.id * 104729)::bigint & 1023) / 1023.0 - 0.5)"
VALUE = f"""p.level * (1 + p.swing * sin((x.n * %(phase)s + p.id) * 6.28318)
    + p.swing * {NOISE}
    + CASE WHEN p.high IS NOT NULL AND p.low IS NULL
             AND (hashint8(x.n / %(run)s * 31 + p.id)::bigint & 255) < 2
           THEN (p.high / p.level - 1) * (1.1 + {NOISE}) ELSE 0 END)"""
MEANS = f"""
INSERT INTO polluters_mean (point_id, period, time, reported, reported_flag, computed,
    computed_converted, low, high, due, got, valid_count, valid, flags, state, computed_at)
SELECT p.id, %(period)s, x.t, v, 'N', v, CASE WHEN p.converted THEN v END, v * 0.86,
       v * 1.15, %(due)s, %(due)s, CASE WHEN bad THEN %(due)s / 3 ELSE %(due)s END,
       NOT bad, CASE WHEN bad THEN '{{"C": 40, "N": 20}}' ELSE '{{"N": 60}}' END::jsonb,
       'closed', x.t + %(step)s::interval
FROM (SELECT n, %(start)s::timestamptz + n * %(step)s::interval AS t
      FROM generate_series(0, %(count)s - 1) n) x
CROSS JOIN demo_level p
CROSS JOIN LATERAL (SELECT {VALUE} AS v,
    (hashint8(x.n * 13 + p.id * 7)::bigint & 255) < 2 AS bad) y
ON CONFLICT DO NOTHING
"""  # noqa: S608  (constants of this module)
MINUTE_ROWS = f"""
INSERT INTO polluters_reading (time, received_at, value, converted, low, high, total,
                               point_id, period, quality, flag)
SELECT x.t, x.t + interval '70 s', v, CASE WHEN p.converted THEN v END, v * 0.95,
       v * 1.05, NULL, p.id, 1, 0,
       CASE WHEN p.firm %% 4 = 1 AND (x.n + p.firm * 41) %% 1440 < 12 THEN 'C'
            ELSE 'N' END
FROM (SELECT n, %(start)s::timestamptz + n * interval '1 min' AS t
      FROM generate_series(0, %(count)s - 1) n) x
CROSS JOIN demo_level p
CROSS JOIN LATERAL (SELECT {VALUE} AS v) y
WHERE NOT ((x.n + p.firm * 97) %% 1440 BETWEEN 600 AND 640 AND p.firm %% 4 = 0)
ON CONFLICT DO NOTHING
"""  # noqa: S608  (constants of this module)
LATEST = """
INSERT INTO polluters_latest (point_id, period, time, value, converted, flag, quality,
                              received_at)
SELECT DISTINCT ON (point_id) point_id, 1, time, value, converted, flag, 0, received_at
FROM polluters_reading WHERE period = 1 AND time >= %(start)s
ORDER BY point_id, time DESC
ON CONFLICT DO NOTHING
"""
EXCEEDANCES = """
INSERT INTO polluters_exceedance (point_id, limit_id, averaging, time, value, bound,
    multiple, state, live, explanation, found_at, settled_at)
SELECT m.point_id, l.id, l.averaging, m.time, v, l.high, v / l.high - 1,
       CASE WHEN m.time < %(settled)s THEN 'exceeded' ELSE 'warning' END, true,
       jsonb_build_object(
           'word', CASE WHEN m.time < %(settled)s THEN '超标' ELSE '超标预警' END,
           'point', coalesce(nullif(f.short, ''), f.name),
           'averaging', CASE m.period WHEN 2 THEN '小时均值' ELSE '日均值' END,
           'begin', to_char(m.time AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'),
           'end', to_char((m.time + CASE m.period WHEN 2 THEN interval '1 hour'
               ELSE interval '1 day' END) AT TIME ZONE 'Asia/Shanghai',
               'YYYY-MM-DD HH24:MI'),
           'value', v, 'unit', p.unit,
           'judged', CASE WHEN p.converted THEN '折算值' ELSE '实测值' END,
           'limit', '≤ ' || l.high,
           'kind', CASE l.kind WHEN 'permit' THEN '许可限值' ELSE '排放标准' END,
           'standard', l.standard, 'limit_source', l.source, 'article', l.article,
           'multiple', v / l.high - 1, 'formula', '均值 = 有效值之和 ÷ 有效值个数',
           'used', '[]'::jsonb, 'left_out', '[]'::jsonb, 'due', m.due, 'got', m.got,
           'valid_count', m.valid_count, 'notes', '["演示历史数据"]'::jsonb),
       m.time + interval '75 min',
       CASE WHEN m.time < %(settled)s THEN m.time + interval '36 hours' END
FROM polluters_mean m
JOIN polluters_point p ON p.id = m.point_id
JOIN polluters_pollutant f ON f.id = p.pollutant_id
JOIN polluters_limit l ON l.point_id = p.id AND l.kind IN ('standard', 'permit')
 AND l.averaging = ANY(CASE m.period WHEN 2 THEN ARRAY['hour'] ELSE ARRAY['day', '24h'] END)
CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN p.converted THEN m.computed_converted END,
                                    m.computed) AS v) y
WHERE m.period IN (2, 3) AND m.valid AND v > l.high
ON CONFLICT DO NOTHING
"""


def seed(*, now: datetime) -> None:
    """Write a year of days, three weeks of hours, a day of minutes; nothing twice."""
    if Mean.objects.exists() or Latest.objects.exists():
        return
    minute = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES + 2)
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS + 1)
    day = clock.beijing(now).replace(hour=0, minute=0, second=0, microsecond=0)
    partitions.ensure_months(
        partitions.month_of(now - timedelta(days=n)) for n in (0, 1, 2)
    )
    spans = (
        (MEANS, 3, "1 day", day - timedelta(days=DAYS), DAYS, 24, 1 / 30, 1),
        (MEANS, 2, "1 hour", hour, HOURS, 60, 1 / 24, 3),
        (MINUTE_ROWS, 1, "1 min", minute, MINUTES, 1, 1 / 1440, 90),
    )
    with connection.cursor() as cursor:
        cursor.execute(LEVELS)
        for sql, period, step, start, count, due, phase, run in spans:
            cursor.execute(
                sql,
                {
                    "period": period,
                    "step": step,
                    "start": start,
                    "count": count,
                    "due": due,
                    "phase": phase,
                    "run": run,
                },
            )
        cursor.execute(LATEST, {"start": minute})
        cursor.execute(EXCEEDANCES, {"settled": now - timedelta(hours=36)})
