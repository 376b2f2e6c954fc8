"""The table of an outlet's minutes, hours or days: a row a time, a column a factor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

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


# A value as judged, its flag if not N, and whether it is valid.
Stored = tuple[float | None, str, bool]


class _Rows(Sequence[Row]):
    """Rows newest first, made when they are looked at: a page shows few of a day's."""

    def __init__(
        self, columns: Sequence[Column], cells: Mapping[datetime, Mapping[int, Stored]]
    ) -> None:
        self._columns = columns
        self._cells = cells
        self._times = sorted(cells, reverse=True)

    def __len__(self) -> int:
        return len(self._times)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self._row(moment) for moment in self._times[index]]
        return self._row(self._times[index])

    def _row(self, moment: datetime) -> Row:
        found = self._cells[moment]
        return Row(
            moment,
            [_cell(column, found.get(column.point.pk)) for column in self._columns],
        )


EMPTY = Cell("")


def _cell(column: Column, stored: Stored | None) -> Cell:
    if stored is None:
        return EMPTY
    value, flag, valid = stored
    return Cell(
        text="" if value is None else f"{value:.4g}",
        flag=flag,
        over=bool(valid and column.limit and column.limit.beyond(value)),
        valid=valid,
    )


def _from_readings(
    columns: Sequence[Column], start: datetime, end: datetime
) -> dict[datetime, dict[int, Stored]]:
    by_time: dict[datetime, dict[int, Stored]] = {}
    converted = {column.point.pk: column.point.converted for column in columns}
    rows = Reading.objects.filter(
        point_id__in=list(converted),
        period=Period.MINUTE,
        time__gte=start,
        time__lt=end,
    ).values_list("point_id", "time", "value", "converted", "flag")
    for point_id, moment, value, zs, flag in rows:
        judged = zs if converted[point_id] and zs is not None else value
        normal = flag == "N"
        by_time.setdefault(moment, {})[point_id] = (
            judged, "" if normal else flag, normal,
        )  # fmt: skip
    return by_time


def _from_means(
    columns: Sequence[Column], period: int, start: datetime, end: datetime
) -> dict[datetime, dict[int, Stored]]:
    by_time: dict[datetime, dict[int, Stored]] = {}
    points = {column.point.pk: column.point for column in columns}
    rows = Mean.objects.filter(
        point_id__in=list(points), period=period, time__gte=start, time__lt=end
    )
    for row in rows:
        by_time.setdefault(row.time, {})[row.point_id] = (
            judged_mean(row, points[row.point_id]),
            "" if row.valid else "无效",
            row.valid,
        )
    return by_time


def table(*, outlet: Outlet, period: int, start: datetime, end: datetime) -> Table:
    """Return the table of a span (three queries)."""
    columns = _columns(outlet)
    if period == Period.MINUTE:
        by_time = _from_readings(columns, start, end)
    else:
        by_time = _from_means(columns, period, start, end)
    return Table(columns, _Rows(columns, by_time))
