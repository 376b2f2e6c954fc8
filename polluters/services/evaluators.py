"""What stored rules ask of emission data; registered with `alerts.rules` by the app.

Everything is read from closed hours, so the same question has the same answer later.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from alerts.domain.backtest import Occurrence

HOUR = timedelta(hours=1)

HOURS_OVER = """
SELECT m.point_id, m.time, v.judged, l.high, p.outlet_id,
       e.short_name || ' ' || o.name, f.short, p.unit, d.code
FROM polluters_mean m
JOIN polluters_point p ON p.id = m.point_id
JOIN polluters_outlet o ON o.id = p.outlet_id
JOIN polluters_enterprise e ON e.id = o.enterprise_id
JOIN accounts_district d ON d.id = e.district_id
JOIN polluters_pollutant f ON f.id = p.pollutant_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.converted THEN m.computed_converted ELSE m.computed END AS judged
) v
JOIN LATERAL (
    SELECT min(x.high) AS high FROM polluters_limit x
    WHERE x.point_id = p.id AND x.averaging = 'hour'
      AND x.kind IN ('standard', 'permit')
      AND x.valid_from <= (m.time AT TIME ZONE 'Asia/Shanghai')::date
      AND (x.valid_to IS NULL
           OR x.valid_to >= (m.time AT TIME ZONE 'Asia/Shanghai')::date)
) l ON l.high IS NOT NULL
WHERE m.period = 2 AND m.state = 'closed' AND m.valid
  AND m.time >= %(start)s AND m.time < %(end)s
  AND v.judged > l.high * %(multiple)s
  AND (%(pollutants)s::text[] IS NULL OR f.code = ANY(%(pollutants)s))
  AND (%(districts)s::text[] IS NULL OR d.code = ANY(%(districts)s))
  AND (%(industries)s::text[] IS NULL OR e.industry = ANY(%(industries)s))
  AND (%(subjects)s::text[] IS NULL OR 'outlet:' || o.id = ANY(%(subjects)s))
ORDER BY m.point_id, m.time
"""


@dataclass(frozen=True, slots=True)
class _Hour:
    point: int
    time: datetime
    value: float
    limit: float
    outlet: int
    name: str
    factor: str
    unit: str
    district: str


def hours_over(
    *,
    params: Mapping[str, float],
    scope: Mapping[str, tuple[str, ...]],
    start: datetime,
    end: datetime,
) -> Iterator[Occurrence]:
    """Yield runs of closed valid hours whose mean exceeds ``multiple`` × the limit.

    At least ``hours`` in a row. The question reaches one hour further back, so a run that
    began before ``start`` shows its true begin or none.
    """
    arguments: dict[str, datetime | float | list[str] | None] = {
        "start": start - HOUR,
        "end": end,
        "multiple": params["multiple"],
    }
    for name in ("pollutants", "districts", "industries", "subjects"):
        arguments[name] = list(scope[name]) if scope.get(name) else None
    with connection.cursor() as cursor:
        cursor.execute(HOURS_OVER, arguments)
        rows = [_Hour(*row) for row in cursor.fetchall()]
    for run in _runs(rows):
        if len(run) >= params["hours"]:
            yield _occurrence(run)


def _runs(rows: Iterable[_Hour]) -> Iterator[list[_Hour]]:
    run: list[_Hour] = []
    for row in rows:
        if run and (row.point, row.time) != (run[-1].point, run[-1].time + HOUR):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _occurrence(run: list[_Hour]) -> Occurrence:
    worst = max(run, key=lambda row: row.value / row.limit)
    multiple = worst.value / worst.limit
    return Occurrence(
        source=f"point:{worst.point}",
        subject_key=f"outlet:{worst.outlet}",
        subject_name=worst.name,
        begin=run[0].time,
        end=run[-1].time + HOUR,
        summary=f"{worst.factor} 小时均值最高 {worst.value:.4g} {worst.unit}，"
        f"为限值 {worst.limit:g} 的 {multiple:.2f} 倍，持续 {len(run)} 小时",
        magnitude=multiple,
        district=worst.district,
    )
