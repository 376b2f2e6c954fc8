"""Daily air figures: imported with a dry run, or computed from a station's hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from polluters.domain import aqi
from polluters.domain.airtable import AirRow, RowError, read_table
from polluters.models import AirDay, AirStation, AqiBreakpoint, Mean, Period

CITY = "CITY"
# Factor codes of HJ 212-2017 App. B by the field they fill, with what a value of mg/m3
# is multiplied by to be in the unit of the field.
CODES = {
    "a21026": "so2", "a21004": "no2", "a34002": "pm10", "a34004": "pm25",
    "a21005": "co", "a05024": "o3",
}  # fmt: skip
TO_FIELD = {"ug/m3": 1.0, "mg/m3": 1000.0}
DAY_HOURS, EIGHT_HOURS, EIGHT = 20, 6, 8  # HJ 663, from memory: to be confirmed


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did or would do."""

    new: int
    changed: int
    same: int
    errors: Sequence[RowError]
    stored: bool


def import_days(
    *, text: str, name: str, store: bool, user: User, now: datetime
) -> Import:
    """Take a table of days; without ``store`` only say what would happen.

    Good rows are stored even where others have errors: these are told line by line.
    """
    stations = {row.name: row for row in AirStation.objects.filter(active=True)}
    rows, errors = read_table(text, stations=stations, today=clock.beijing(now).date())
    known = {
        (row.station_id, row.day, row.origin): row
        for row in AirDay.objects.filter(day__in={row.day for row in rows})
    }
    counts = {"new": 0, "changed": 0, "same": 0}
    with transaction.atomic():
        for row in rows:
            station = stations[row.station]
            held = known.get((station.pk, row.day, row.origin))
            wanted: dict[str, object] = {
                **row.values,
                "official_aqi": row.aqi,
                "dust": row.dust,
            }
            state = _state(held, wanted)
            counts[state] += 1
            if store and state != "same":
                _keep(station, row, wanted, name, now)
        if store and rows:
            audit.record(
                actor=user,
                act="air.import",
                subject=name[:120],
                detail={**counts, "errors": len(errors)},
                now=now,
            )
    return Import(**counts, errors=errors, stored=store)


def _state(held: AirDay | None, wanted: dict[str, object]) -> str:
    if held is None:
        return "new"
    same = all(getattr(held, field) == value for field, value in wanted.items())
    return "same" if same else "changed"


def _keep(
    station: AirStation,
    row: AirRow,
    wanted: dict[str, object],
    name: str,
    now: datetime,
) -> None:
    AirDay.objects.update_or_create(
        station=station,
        day=row.day,
        origin=row.origin,
        defaults=wanted | {"came_by": f"导入 {name}"[:80], "stored_at": now},
    )


@transaction.atomic
def compute_day(*, day: date, now: datetime) -> int:
    """Compute the first figures of a day for stations that send HJ 212; return how many.

    Oxygen-free means of 24 h with enough valid hours; O3 is the highest mean of eight
    hours that end within the day.
    """
    start = datetime.combine(day, time.min, tzinfo=clock.BEIJING)
    stored = 0
    for station in AirStation.objects.filter(active=True, logger__isnull=False):
        hours: dict[str, dict[int, float]] = {}
        for mean in Mean.objects.filter(
            point__logger=station.logger_id,
            point__pollutant__code__in=CODES,
            period=Period.HOUR,
            time__gte=start,
            time__lt=start + timedelta(days=1),
            valid=True,
        ).select_related("point__pollutant"):
            if mean.computed is not None:
                field = CODES[mean.point.pollutant.code]
                factor = TO_FIELD.get(mean.point.unit, 1.0)
                value = mean.computed * (factor / 1000 if field == "co" else factor)
                hour = clock.beijing(mean.time).hour
                hours.setdefault(field, {})[hour] = value
        values = {field: _day_value(field, known) for field, known in hours.items()}
        if any(value is not None for value in values.values()):
            AirDay.objects.update_or_create(
                station=station,
                day=day,
                origin=AirDay.Origin.FIRST,
                defaults=values | {"came_by": "HJ 212 小时均值", "stored_at": now},
            )
            stored += 1
    return stored


def _day_value(field: str, hours: dict[int, float]) -> float | None:
    if field == "o3":
        return highest_eight(hours)
    if len(hours) < DAY_HOURS:
        return None
    return sum(hours.values()) / len(hours)


def highest_eight(hours: dict[int, float]) -> float | None:
    """Return the highest mean of eight hours on end that have six valid ones."""
    means = []
    for last in range(EIGHT - 1, 24):
        window = [hours[h] for h in range(last - EIGHT + 1, last + 1) if h in hours]
        if len(window) >= EIGHT_HOURS:
            means.append(sum(window) / len(window))
    return max(means, default=None)


def seed_breakpoints() -> int:
    """Make the rows of the project's table that are not there yet."""
    rows = [
        AqiBreakpoint(
            version=one.version,
            valid_from=one.valid_from,
            item=one.pollutant,
            iaqi=one.iaqi,
            concentration=one.concentration,
            source=f"{one.source}：待与标准原文核对"
            if one.source == "memory"
            else one.source,
        )
        for one in aqi.TABLE
    ]
    return len(AqiBreakpoint.objects.bulk_create(rows, ignore_conflicts=True))
