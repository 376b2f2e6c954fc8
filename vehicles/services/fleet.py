"""Monthly sums of the fleet's tests, rebuilt from the tests of the months that changed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min
from django.db.models.functions import TruncMonth

from bozhou_eco.common import clock
from vehicles.models import FleetMonth, FleetRun, Inspection
from vehicles.selectors.fleet import MEASURED

LOCK = 7_212_044
OVERLAP = timedelta(minutes=5)
_SUMS = ", ".join(
    f"'{name}', json_build_array(count(i.document->'results'->>'{name}'),"
    f" coalesce(sum((i.document->'results'->>'{name}')::float8), 0))"
    for name in MEASURED
)
_AGE = """CASE
    WHEN v.registered_on IS NULL THEN ''
    WHEN i.y - extract(year FROM v.registered_on) < 4 THEN '0-3'
    WHEN i.y - extract(year FROM v.registered_on) < 7 THEN '4-6'
    WHEN i.y - extract(year FROM v.registered_on) < 10 THEN '7-9'
    WHEN i.y - extract(year FROM v.registered_on) < 15 THEN '10-14'
    ELSE '15+' END"""
_REBUILD = f"""
INSERT INTO vehicles_fleetmonth
    (month, district_id, fuel, stage, age, method, tests, passed, failed, first,
     first_passed, sums)
SELECT %(month)s, s.district_id, v.fuel, coalesce(v.stage, -1), {_AGE}, i.method,
    count(*),
    count(*) FILTER (WHERE i.outcome = 'pass'),
    count(*) FILTER (WHERE i.outcome = 'fail'),
    count(*) FILTER (WHERE i.attempt <= 1 AND i.outcome IN ('pass', 'fail')),
    count(*) FILTER (WHERE i.attempt <= 1 AND i.outcome = 'pass'),
    json_build_object({_SUMS})
FROM (SELECT *, extract(year FROM started_at AT TIME ZONE 'Asia/Shanghai') AS y
      FROM vehicles_inspection
      WHERE started_at >= %(since)s AND started_at < %(until)s AND state = 'done') i
JOIN vehicles_vehicle v ON v.id = i.vehicle_id
JOIN vehicles_station s ON s.id = i.station_id
GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - made of constants only


def month_of(moment: datetime) -> date:
    """Return the first day of the Beijing month of a moment."""
    return clock.beijing(moment).date().replace(day=1)


def _next(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=clock.BEIJING)


@transaction.atomic
def rebuild(months: Iterable[date]) -> int:
    """Sum the tests of some months anew; returns how many rows there are for them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        made = 0
        for month in sorted(set(months)):
            FleetMonth.objects.filter(month=month).delete()
            given = {
                "month": month,
                "since": _begin(month),
                "until": _begin(_next(month)),
            }
            cursor.execute(_REBUILD, given)
            made += cursor.rowcount
    return made


@transaction.atomic
def refresh(*, now: datetime) -> int:
    """Bring the sums up to date: only months with tests changed since the last run."""
    run = FleetRun.objects.select_for_update().first()
    changed = Inspection.objects.filter(state=Inspection.State.DONE)
    if run is not None:
        changed = changed.filter(updated_at__gte=run.upto - OVERLAP)
    months = {
        clock.beijing(month).date()
        for month in changed.order_by()
        .annotate(m=TruncMonth("started_at", tzinfo=clock.BEIJING))
        .values_list("m", flat=True)
        .distinct()
    }
    made = rebuild(months)
    if run is None:
        FleetRun.objects.create(upto=now, at=now)
    else:
        FleetRun.objects.filter(pk=run.pk).update(upto=now, at=now)
    return made


def oldest_test() -> datetime | None:
    """Return when the first finished test began."""
    found = Inspection.objects.filter(state=Inspection.State.DONE)
    oldest: datetime | None = found.aggregate(at=Min("started_at"))["at"]
    return oldest
