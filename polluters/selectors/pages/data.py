"""The table of an outlet's minutes, hours or days: a row a time, a column a factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bozhou_eco.common import clock
from polluters.models import Mean, Outlet, Period, Point, Reading
from polluters.selectors.history import judged_mean
from polluters.selectors.limits import InForce, in_force


@dataclass(frozen=True, slots=True)
class Column:
    """A factor, its unit and its limit."""

    point: Point
    title: str
    limit: InForce | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as judged, its flag if not N, and whether it lies beyond the limit.

    ``valid`` is False for a mean with too few valid values.
    """

    text: str
    flag: str = ""
    over: bool = False
    valid: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """All factors at one time."""

    time: datetime
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows, newest first."""

    columns: Sequence[Column]
    rows: Sequence[Row]


def _columns(outlet: Outlet) -> list[Column]:
    points = list(
        Point.objects.filter(outlet=outlet, active=True).select_related("pollutant")
    )
    limits = in_force([p.pk for p in points], on=clock.beijing(clock.now()).date())
    columns = [
        Column(
            point=point,
            title=f"{point.pollutant.short or point.pollutant.name}"
            f"{' 折算' if point.converted else ''}（{point.unit}）",
            limit=limits.get(point.pk),
        )
        for point in points
    ]
    return sorted(columns, key=lambda column: column.limit is None)


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _from_readings(
    columns: Sequence[Column], start: datetime, end: datetime
) -> dict[datetime, dict[int, Cell]]:
    by_time: dict[datetime, dict[int, Cell]] = {}
    wanted = {column.point.pk: column for column in columns}
    rows = Reading.objects.filter(
        point_id__in=list(wanted), period=Period.MINUTE, time__gte=start, time__lt=end
    ).values_list("point_id", "time", "value", "converted", "flag")
    for point_id, moment, value, zs, flag in rows:
        column = wanted[point_id]
        judged = zs if column.point.converted and zs is not None else value
        by_time.setdefault(moment, {})[point_id] = Cell(
            text=_text(judged),
            flag="" if flag == "N" else flag,
            over=bool(flag == "N" and column.limit and column.limit.beyond(judged)),
            valid=flag == "N",
        )
    return by_time


def _from_means(
    columns: Sequence[Column], period: int, start: datetime, end: datetime
) -> dict[datetime, dict[int, Cell]]:
    by_time: dict[datetime, dict[int, Cell]] = {}
    wanted = {column.point.pk: column for column in columns}
    rows = Mean.objects.filter(
        point_id__in=list(wanted), period=period, time__gte=start, time__lt=end
    )
    for row in rows:
        column = wanted[row.point_id]
        value = judged_mean(row, column.point)
        by_time.setdefault(row.time, {})[row.point_id] = Cell(
            text=_text(value),
            flag="" if row.valid else "无效",
            over=bool(row.valid and column.limit and column.limit.beyond(value)),
            valid=row.valid,
        )
    return by_time


def table(*, outlet: Outlet, period: int, start: datetime, end: datetime) -> Table:
    """Return the table of a span (three queries)."""
    columns = _columns(outlet)
    if period == Period.MINUTE:
        by_time = _from_readings(columns, start, end)
    else:
        by_time = _from_means(columns, period, start, end)
    empty = Cell("")
    rows = [
        Row(moment, [cells.get(column.point.pk, empty) for column in columns])
        for moment, cells in sorted(by_time.items(), reverse=True)
    ]
    return Table(columns, rows)
