"""有效传输率 of points, outlets, enterprises and districts from the hour means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.checks.series import is_pollutant
from polluters.domain.marks import MarkView
from polluters.domain.rates import Rate, rate_from, total
from polluters.domain.validity import flag_word
from polluters.models import Mean, NationalRate, Period, Point, Shortfall
from polluters.selectors.exceedances import month_bounds
from polluters.selectors.marks import effective_marks

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIGNS = {
    "-": "", "N": "·", "0": "缺", "F": "停", "C": "校", "M": "维", "T": "超", "B": "讯",
}  # fmt: skip
LEVELS = {"outlet": "排放口", "enterprise": "企业", "district": "行政区"}
SPANS = {
    "day": ("日", Period.DAY),
    "month": ("月", Period.MONTH),
    "quarter": ("季", Period.QUARTER),
}
# Hours under a stop mark and hours flagged F throughout are out of the period. OFFSET 0
# keeps the planner from working ``stopped`` out anew for each of the six counts; a point
# without marks does not walk through those of the others.
COUNTS_SQL = """
SELECT point_id, min(time),
       count(*) FILTER (WHERE stopped),
       count(*) FILTER (WHERE NOT stopped AND got > 0),
       count(*) FILTER (WHERE NOT stopped AND got > 0 AND valid),
       count(*) FILTER (WHERE NOT stopped AND got > 0 AND short_got = 0),
       count(*) FILTER (WHERE NOT stopped AND valid AND short_got IS NOT NULL)
FROM (
    SELECT m.point_id, m.time, m.got, m.valid, s.got AS short_got,
           (m.flags ? 'F' AND m.flags - 'F' = '{}'::jsonb)
           OR m.point_id = ANY(%(points)s) AND EXISTS (
               SELECT 1 FROM unnest(%(points)s::bigint[], %(begins)s::timestamptz[],
                                    %(ends)s::timestamptz[]) AS k(point, b, e)
               WHERE k.point = m.point_id AND k.b < m.time + interval '1 hour'
                 AND m.time < k.e
           ) AS stopped
    FROM polluters_mean m
    LEFT JOIN polluters_shortfall s ON s.point_id = m.point_id AND s.hour = m.time
    WHERE m.point_id = ANY(%(ids)s) AND m.period = 2
      AND m.time >= %(start)s AND m.time < %(end)s
    OFFSET 0
) h
GROUP BY point_id
"""


@dataclass(frozen=True, slots=True)
class PointRate:
    """A point with its rates: after backfill, as it stood when closed, the nation's."""

    point: Point
    rate: Rate
    before: Rate
    national: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """An outlet, enterprise or district with the rates of its points."""

    name: str
    key: int
    rate: Rate
    before: Rate
    national: float | None
    points: tuple[PointRate, ...]

    @property
    def lacking(self) -> int:
        """Due hours without a valid mean."""
        return self.rate.due - self.rate.valid


@dataclass(frozen=True, slots=True)
class HourCell:
    """An hour of a point: its letter on the strip and why it does not count."""

    time: datetime
    mark: str
    word: str
    due: int = 0
    got: int = 0
    valid_count: int = 0
    late: bool = False

    @property
    def sign(self) -> str:
        """The one character of the strip."""
        return "补" if self.mark == "N" and self.late else SIGNS.get(self.mark, "无")

    @property
    def title(self) -> str:
        """What the strip says of the hour."""
        return f"{self.time:%m-%d %H:%M} {self.word}，实收 {self.got}/{self.due}"


def span_bounds(span: str, day: date) -> tuple[datetime, datetime]:
    """Return the bounds of the day, month or quarter of a Beijing date."""
    if span == "day":
        start = datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)
        return start, start + DAY
    if span == "month":
        return month_bounds(day)
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    last = first.replace(month=first.month + 2)
    return month_bounds(first)[0], month_bounds(last)[1]


def closed_until(end: datetime, now: datetime) -> datetime:
    """Return until when hours of a span are over and closed."""
    return min(end, now.replace(minute=0, second=0, microsecond=0) - HOUR)


def point_rates(
    user: User | None,
    *,
    span: str,
    day: date,
    now: datetime,
    outlet: int | None = None,
) -> list[PointRate]:
    """Return the rates of concentrations in the person's scope for closed hours.

    ``user`` None is the platform itself. Hours before a point's first mean of the span
    are not due: it was not connected.
    """
    start, end = span_bounds(span, day)
    until = closed_until(end, now)
    points = Point.objects.all() if user is None else Point.objects.visible_to(user)
    points = points.filter(active=True, outlet__active=True)
    if outlet is not None:
        points = points.filter(outlet=outlet)
    listed = [
        point
        for point in points.select_related(
            "pollutant", "logger", "outlet__enterprise__district"
        ).order_by("outlet__enterprise__name", "outlet", "position", "pk")
        if is_pollutant(point.pollutant.code)
    ]
    counts = _counts(listed, start, until)
    nation = _national(listed, span, start)
    return [
        _point_rate(point, counts[point.pk], until, nation.get(point.pk))
        for point in listed
        if point.pk in counts
    ]


def stop_marks(
    points: Sequence[Point], start: datetime, end: datetime
) -> list[tuple[int, MarkView]]:
    """Return (point, mark) of marks that take hours out of the period."""
    marks = effective_marks({p.outlet_id for p in points}, begin=start, end=end)
    return [
        (point.pk, mark)
        for point in points
        for mark in marks.get(point.outlet_id, ())
        if mark.stops and mark.concerns(point.pk)
    ]


def _counts(
    points: Sequence[Point], start: datetime, end: datetime
) -> dict[int, tuple[datetime, int, int, int, int, int]]:
    stops = stop_marks(points, start, end)
    arguments: dict[str, Any] = {
        "ids": [point.pk for point in points],
        "start": start,
        "end": end,
        "points": [point for point, _ in stops],
        "begins": [mark.begin for _, mark in stops],
        "ends": [min(mark.end, end) for _, mark in stops],
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTS_SQL, arguments)
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _national(points: Sequence[Point], span: str, start: datetime) -> dict[int, float]:
    rows = NationalRate.objects.filter(
        point__in=points, period=SPANS[span][1], time=start, backfilled=True
    )
    return {row.point_id: row.effective for row in rows if row.effective is not None}


def _point_rate(
    point: Point,
    counts: tuple[datetime, int, int, int, int, int],
    end: datetime,
    national: float | None,
) -> PointRate:
    first, stopped, got, valid, late_got, late_valid = counts
    due = int((end - first) / HOUR) - stopped
    code, days = point.pollutant.code, (end - first) / DAY
    after = rate_from(
        due=due, got=got, valid=valid, stopped=stopped, code=code, days=days
    )
    before = rate_from(
        due=due, got=got - late_got, valid=valid - late_valid, stopped=stopped,
        code=code, days=days,
    )  # fmt: skip
    return PointRate(point, after, before, national)


def grouped(rates: Iterable[PointRate], by: str) -> list[Group]:
    """Return rates by ``outlet``, ``enterprise`` or ``district``, the lowest first."""
    found: dict[tuple[int, str], list[PointRate]] = {}
    for one in rates:
        outlet = one.point.outlet
        key = {
            "outlet": (outlet.pk, str(outlet)),
            "enterprise": (outlet.enterprise_id, outlet.enterprise.name),
            "district": (
                outlet.enterprise.district_id,
                outlet.enterprise.district.name,
            ),
        }[by]
        found.setdefault(key, []).append(one)
    groups = [
        Group(
            name,
            key,
            total(one.rate for one in own),
            total(one.before for one in own),
            _mean_of([one.national for one in own]),
            tuple(own),
        )
        for (key, name), own in found.items()
    ]

    def rank(group: Group) -> tuple[bool, float, str]:
        effective = group.rate.effective
        return (effective is None, effective or 0.0, group.name)

    return sorted(groups, key=rank)


def _mean_of(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None


def hour_cells(
    point: Point, *, start: datetime, end: datetime, now: datetime
) -> list[HourCell]:
    """Return every hour of a span with its state, down to the missing one."""
    until = closed_until(end, now)
    means = {
        mean.time: mean
        for mean in Mean.objects.filter(
            point=point, period=Period.HOUR, time__gte=start, time__lt=until
        )
    }
    short = set(
        Shortfall.objects.filter(
            point=point, hour__gte=start, hour__lt=until
        ).values_list("hour", flat=True)
    )
    stops = [mark for _, mark in stop_marks([point], start, end)]
    first = min(means, default=until)
    cells = []
    moment = start
    while moment < until:
        cells.append(
            _cell(moment, means, short, stops)
            if moment >= first
            else HourCell(clock.beijing(moment), "-", "尚未接入，不计")
        )
        moment += HOUR
    return cells


def _cell(
    moment: datetime,
    means: Mapping[datetime, Mean],
    short: set[datetime],
    stops: Sequence[MarkView],
) -> HourCell:
    time = clock.beijing(moment)
    if any(mark.touches(moment, moment + HOUR) for mark in stops):
        return HourCell(time, "F", "标记停运，不计")
    mean = means.get(moment)
    if mean is None or not mean.got:
        return HourCell(time, "0", "缺失", mean.due if mean else 0)
    counts = (mean.due, mean.got, mean.valid_count)
    if set(mean.flags) == {"F"}:
        return HourCell(time, "F", "停运，不计", *counts)
    late = moment in short
    if mean.valid:
        return HourCell(time, "N", "补传后有效" if late else "有效", *counts, late)
    flag = max(mean.flags, key=lambda key: (mean.flags[key], key), default="N")
    word = flag_word(flag) if flag != "N" else "有效值不足"
    letter = flag if flag in "CMDTB" else "D"
    return HourCell(time, letter, f"无效：{word}", *counts, late)
