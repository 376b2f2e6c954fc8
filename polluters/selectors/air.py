"""Days of the city's air: which figure leads, its index, and the share of good days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from polluters.domain import aqi
from polluters.domain.aqi import Aqi, Breakpoint, Edition
from polluters.models import AirDay, AqiBreakpoint

FIELDS = {
    "SO2": "so2", "NO2": "no2", "PM10": "pm10", "PM2.5": "pm25", "CO": "co", "O3": "o3",
}  # fmt: skip
CITY = "CITY"


@dataclass(frozen=True, slots=True)
class CityDay:
    """A day of the city: the leading index, what it rests on, and what was computed.

    ``value`` is the official index where one was imported, else the computed one.
    """

    day: date
    value: int | None
    level: str
    primary: Sequence[str]
    official: bool
    computed: Aqi | None
    means: dict[str, float]
    reviewed: bool
    dust: bool
    stations: int

    @property
    def good(self) -> bool:
        """Whether it counts as 优良."""
        return self.value is not None and self.value <= aqi.GOOD

    @property
    def differs(self) -> bool:
        """Whether the official index is not the one computed here."""
        return bool(
            self.official and self.computed and self.computed.value != self.value
        )


def table() -> list[Breakpoint]:
    """Return the index table as stored, the project's own while none is."""
    rows = [
        Breakpoint(
            row.version,
            row.valid_from,
            row.item,
            row.iaqi,
            row.concentration,
            "" if row.confirmed else row.source,
        )
        for row in AqiBreakpoint.objects.all()
    ]
    return rows or aqi.TABLE


def level_of(value: int) -> str:
    """Return the level of an index in words."""
    return next((word for bound, word in aqi.LEVELS if value <= bound), "严重污染")


def leading(rows: Sequence[AirDay]) -> dict[tuple[int, date], AirDay]:
    """Return by station and day the row that leads: the reviewed one."""
    chosen: dict[tuple[int, date], AirDay] = {}
    for row in rows:
        key = (row.station_id, row.day)
        held = chosen.get(key)
        if held is None or row.origin == AirDay.Origin.REVIEWED:
            chosen[key] = row
    return chosen


def city_days(*, start: date, end: date) -> list[CityDay]:
    """Return the days of the city from ``start`` to ``end`` (included), newest first."""
    rows = leading(
        list(
            AirDay.objects.filter(
                day__gte=start, day__lte=end, station__active=True
            ).select_related("station")
        )
    )
    by_day: dict[date, list[AirDay]] = {}
    for (_, day), row in rows.items():
        by_day.setdefault(day, []).append(row)
    editions = _editions(table())
    return [
        _city(day, by_day[day], _edition(editions, day))
        for day in sorted(by_day, reverse=True)
    ]


def _editions(corners: Sequence[Breakpoint]) -> list[Edition]:
    """Return every version of the table, the newest first."""
    starts = sorted({row.valid_from for row in corners}, reverse=True)
    found = (aqi.edition_on(start, corners) for start in starts)
    return [edition for edition in found if edition]


def _edition(editions: Sequence[Edition], day: date) -> Edition | None:
    return next((one for one in editions if one.valid_from <= day), None)


def _city(day: date, rows: Sequence[AirDay], edition: Edition | None) -> CityDay:
    city = next((row for row in rows if row.station.code == CITY), None)
    stations = [row for row in rows if row.station.assessed and row is not city]
    means = _means(stations) or (_means([city]) if city else {})
    computed = edition.index(means, day=day) if means and edition else None
    official = city.official_aqi if city else None
    if official is None and len(stations) == 1:
        official = stations[0].official_aqi
    value = official if official is not None else computed.value if computed else None
    used = [city] if city and official is not None else stations
    return CityDay(
        day=day,
        value=value,
        level=level_of(value) if value is not None else "",
        primary=computed.primary if computed else (),
        official=official is not None,
        computed=computed,
        means=means,
        reviewed=bool(used) and all(r.origin == AirDay.Origin.REVIEWED for r in used),
        dust=any(row.dust for row in rows),
        stations=len(stations),
    )


def _means(rows: Sequence[AirDay]) -> dict[str, float]:
    means = {}
    for name, field in FIELDS.items():
        known = [v for v in (getattr(row, field) for row in rows) if v is not None]
        if known:
            means[name] = sum(known) / len(known)
    return means


@dataclass(frozen=True, slots=True)
class GoodShare:
    """How many days were good, of how many with an index."""

    good: int
    days: int

    @property
    def share(self) -> float | None:
        """优良天数比例; None without a day."""
        return self.good / self.days if self.days else None


def good_share(days: Sequence[CityDay], *, without_dust: bool = False) -> GoodShare:
    """Count good days; days under dust are taken out if asked."""
    known = [
        day for day in days if day.value is not None and not (without_dust and day.dust)
    ]
    return GoodShare(sum(day.good for day in known), len(known))
