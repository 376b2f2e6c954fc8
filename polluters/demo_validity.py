"""Demo rows of marks, the ledger, quotas and national data. All firms are invented."""

import csv
import io
from datetime import date, datetime, timedelta
from itertools import cycle

from django.db import connection, transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.exchange import make_parcel
from polluters.domain.checks.series import is_pollutant
from polluters.models import (
    Analyser,
    Consumable,
    Enterprise,
    Installation,
    Maintainer,
    MaintainerStaff,
    MarkKind,
    Mean,
    NationalParcel,
    Outlet,
    ParameterChange,
    Period,
    PermitQuota,
    Point,
    Service,
    Upkeep,
)
from polluters.selectors import masses as mass_rows
from polluters.selectors import rates
from polluters.services import marks, masses, national
from polluters.services.watching import figures, ledger
from polluters.services.watching import marks as mark_watch

DAY = timedelta(days=1)
FIRMS = (
    ("博州蓝盾环境监测服务有限公司", "赵立群"),
    ("新疆清测运维技术有限公司", "马晓燕"),
    ("精河启明自动监控运维站", "周建"),
)
# Masses of earlier days of the year: day mean × day mean of the flow.
EARLIER = """
INSERT INTO polluters_dailymass (point_id, day, measured, substituted, hours, missing,
                                 stopped, computed_at)
SELECT p.id, (m.time AT TIME ZONE 'Asia/Shanghai')::date,
       CASE WHEN o.medium = 'gas'
            THEN m.computed * w.computed
                 * CASE WHEN f.unit IN ('m3/s', 'm³/s') THEN 3600 ELSE 1 END * 24 / 1e6
            ELSE m.computed * w.computed * 3600 * 24 / 1e6 END,
       0, 24, 0, 0, %(now)s
FROM polluters_point p
JOIN polluters_outlet o ON o.id = p.outlet_id
JOIN polluters_point f ON f.outlet_id = o.id
JOIN polluters_pollutant ff ON ff.id = f.pollutant_id AND ff.code IN ('a00000', 'w00000')
JOIN polluters_mean m ON m.point_id = p.id AND m.period = 3
JOIN polluters_mean w ON w.point_id = f.id AND w.period = 3 AND w.time = m.time
WHERE p.id = ANY(%(points)s) AND m.time >= %(start)s AND m.time < %(end)s
  AND m.computed IS NOT NULL AND w.computed IS NOT NULL
ON CONFLICT DO NOTHING
"""


def seed(*, now: datetime, scale: int = 1) -> None:
    """Make the rows once."""
    officer = User.objects.filter(roles__contains=["officer"]).order_by("pk").first()
    if officer is None or Maintainer.objects.exists():
        return
    today = clock.beijing(now).date()
    with transaction.atomic():
        firms = _firms(today)
        for number, outlet in enumerate(_outlets()):
            _ledger(outlet, firms[number % len(firms)], number, now)
        _masses(now)
        _quotas(today)
    _marks(officer, now)
    _national(now)
    for watch in (mark_watch, ledger, figures):
        watch.look(now=now)


def _outlets() -> list[Outlet]:
    return list(Outlet.objects.filter(active=True).order_by("pk"))


def _firms(today: date) -> list[Maintainer]:
    firms = []
    for number, (name, person) in enumerate(FIRMS):
        firm = Maintainer.objects.create(
            name=name, contact=person, phone=f"0909-22{number:05d}"
        )
        for at, worker in enumerate((person, "艾力", "王敏")):
            MaintainerStaff.objects.create(
                maintainer=firm, name=worker, certificate=f"YW-2024-{number}{at:03d}",
                certificate_until=today + (at * 200 - 20 * (number == 2)) * DAY
                if at == 0
                else today + 300 * DAY,
            )  # fmt: skip
        firms.append(firm)
    return firms


def _ledger(outlet: Outlet, firm: Maintainer, number: int, now: datetime) -> None:
    today = clock.beijing(now).date()
    lapsed = number == 7
    Service.objects.create(
        outlet=outlet, maintainer=firm, valid_from=today - 500 * DAY,
        valid_to=today - 12 * DAY if lapsed else today + 230 * DAY,
    )  # fmt: skip
    analyser = Analyser.objects.filter(outlet=outlet).first()
    worker = firm.staff.first()
    for week, kind in enumerate(("calibration", "verification", "comparison", "round")):
        begin = now.replace(minute=0, second=0, microsecond=0) - (week * 7 + 2) * DAY
        late = number % 9 == 4 and kind == "calibration"
        Upkeep.objects.create(
            outlet=outlet, analyser=analyser, kind=kind, planned_from=begin,
            planned_to=begin + DAY, done_at=None if late else begin + DAY / 3,
            result="" if late else ("failed" if number == 11 and week == 2 else "passed"),
            standard_value=None if late else 50.0,
            measured_value=None if late else 50.0 + (number % 5) * 0.6 + 6 * (number == 11),
            allowed_error=5.0, staff=worker,
        )  # fmt: skip
    ahead = now.replace(minute=0, second=0, microsecond=0) + 5 * DAY
    Upkeep.objects.create(
        outlet=outlet, analyser=analyser, kind="calibration", planned_from=ahead,
        planned_to=ahead + DAY, staff=worker,
    )  # fmt: skip
    gas = outlet.medium == "gas"
    Consumable.objects.create(
        outlet=outlet, analyser=analyser, kind="gas" if gas else "reagent",
        name="NO/N₂ 标准气体" if gas else "重铬酸钾试剂",
        concentration="102 mg/m³" if gas else "0.25 mol/L", batch=f"BZ{number:05d}",
        opened_on=today - 60 * DAY,
        expires_on=today - 6 * DAY if number % 10 == 3 else today + 150 * DAY,
    )  # fmt: skip
    points = outlet.points.filter(active=True).select_related("pollutant")
    for point in points:
        if not is_pollutant(point.pollutant.code):
            continue
        done = today - 700 * DAY
        waiting = number == 15
        Installation.objects.create(
            outlet=outlet, pollutant=point.pollutant, required_by=today - 30 * DAY,
            installed_on=done, accepted_on=None if waiting else done + 40 * DAY,
            connected_on=None if waiting else done + 60 * DAY,
            source="重点排污单位名录（演示）",
        )  # fmt: skip
    if number % 8 == 1:
        ParameterChange.objects.create(
            outlet=outlet, analyser=analyser, parameter="量程上限", before="500",
            after="300", changed_at=now - 9 * DAY, reason="许可限值降低，按要求更换量程",
            origin="declared", recorded_at=now - 9 * DAY,
        )  # fmt: skip


def _masses(now: datetime) -> None:
    today = clock.beijing(now).date()
    points = [
        point.pk
        for point in Point.objects.filter(active=True).select_related("pollutant")
        if is_pollutant(point.pollutant.code)
    ]
    first = rates.span_bounds("day", date(today.year, 1, 1))[0]
    last = rates.span_bounds("day", today - 3 * DAY)[0]
    with connection.cursor() as cursor:
        # Just filled: without statistics the join below may take minutes.
        cursor.execute("ANALYZE polluters_mean, polluters_point, polluters_outlet")
        cursor.execute(
            EARLIER, {"now": now, "points": points, "start": first, "end": last}
        )
    for back in (3, 2, 1):
        masses.sum_day(day=today - back * DAY, now=now)


def _quotas(today: date) -> None:
    """Give each factor a quota; one in seven is tight."""
    tight = cycle((1.45, 1.6, 1.5, 1.02, 1.7, 1.4, 1.55))
    passed = max((today - date(today.year, 1, 1)).days, 1) / 365
    for row in mass_rows.year_rows(None, year=today.year, today=today):
        if row.measured <= 0:
            continue
        point = Point.objects.select_related("pollutant").get(pk=row.points[0])
        PermitQuota.objects.get_or_create(
            enterprise=Enterprise.objects.get(pk=row.enterprise_id), outlet=None,
            pollutant=point.pollutant, year=today.year,
            defaults={
                "tonnes": round(row.measured / passed * next(tight) * 0.95, 2),
                "source": "排污许可证（演示）",
            },
        )  # fmt: skip


def _marks(officer: User, now: datetime) -> None:
    """Make marks of enterprises; a few come late."""
    kinds = {kind.code: kind for kind in MarkKind.objects.all()}
    hour = now.replace(minute=0, second=0, microsecond=0)
    plan = (("maintenance", 30, 3), ("stopped", 52, 9), ("device_fault", 20, 2))
    for number, outlet in enumerate(_outlets()[::4]):
        code, back, length = plan[number % len(plan)]
        begin = hour - timedelta(hours=back)
        if code not in kinds:
            continue
        marks.make_mark(
            draft=marks.Draft(
                outlet=outlet, kind=kinds[code], begin=begin,
                end=begin + timedelta(hours=length), reason="演示：按计划进行",
            ),
            actor=officer, now=now if number % 5 == 2 else begin + timedelta(hours=length),
        )  # fmt: skip


def _table(head: str, rows: list[list[object]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head.split(","))
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _national(now: datetime) -> None:
    """Take parcels of yesterday as the national platform would send them."""
    day = clock.beijing(now).date() - DAY
    if NationalParcel.objects.exists():
        return
    start, end = rates.span_bounds("day", day)
    means = Mean.objects.filter(
        period=Period.HOUR, time__gte=start, time__lt=end, valid=True
    ).select_related("point__outlet__enterprise", "point__pollutant")
    rows: list[list[object]] = []
    for number, mean in enumerate(means.order_by("point_id", "time")):
        if number % 211 == 17 or mean.computed is None:
            continue
        apart = 1.06 if number % 3001 == 5 else 1.0
        point = mean.point
        rows.append(
            [
                point.outlet.enterprise.source_code, point.outlet.code,
                point.pollutant.code, f"{clock.beijing(mean.time):%Y-%m-%d %H:%M}",
                round(mean.computed * apart, 4), "N", 1,
            ]
        )  # fmt: skip
    head = "source_code,outlet,factor,time,value,flag,valid"
    _take("hour", day, _table(head, rows), now)
    _take("marks", day, _national_marks(start), now)
    _take("rates", day, _national_rates(day, now), now)


def _take(kind: str, day: date, body: bytes, now: datetime) -> None:
    parcel = make_parcel(
        number=f"DEMO-{kind.upper()}-{day:%Y%m%d}", kind=kind, sender="国家平台（演示）",
        receiver="bozhou", day=day, files={f"{kind}.csv": body}, now=now,
    )  # fmt: skip
    national.take_parcel(parcel, way="upload", now=now)


def _national_marks(start: datetime) -> bytes:
    rows: list[list[object]] = []
    for number, outlet in enumerate(
        Outlet.objects.filter(active=True).select_related("enterprise").order_by("pk")
    ):
        if number % 3:
            continue
        late = number % 4 == 0
        begin = start + timedelta(hours=6 + number % 12) - 2 * late * DAY
        filled = begin + timedelta(hours=50 if late else 3)
        rows.append(
            [
                f"GJ{start:%Y%m%d}{number:04d}", outlet.enterprise.source_code,
                outlet.code, "", "calibration" if number % 2 else "maintenance",
                f"{begin:%Y-%m-%d %H:%M}", f"{begin + timedelta(hours=1):%Y-%m-%d %H:%M}",
                "例行维护", "企业填报员", f"{filled:%Y-%m-%d %H:%M}",
            ]
        )  # fmt: skip
    head = "id,source_code,outlet,factor,kind,begin,end,reason,filler,filled_at"
    return _table(head, rows)


def _national_rates(day: date, now: datetime) -> bytes:
    rows: list[list[object]] = []
    for one in rates.point_rates(None, span="day", day=day, now=now):
        outlet = one.point.outlet
        effective = one.rate.effective
        if effective is not None:
            rows.append(
                [
                    outlet.enterprise.source_code, outlet.code, one.point.pollutant.code,
                    "day", f"{day}", 1, round(one.rate.transmission or 0, 4),
                    round(effective, 4),
                ]
            )  # fmt: skip
    head = "source_code,outlet,factor,period,time,backfilled,transmission,effective"
    return _table(head, rows)
