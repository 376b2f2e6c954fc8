"""Close hours and days: means, judgement, exceedances, and their settlement.

An hour is closed some minutes after its end, so that the last values have come. Until
the enterprise's deadline for marks has passed an exceedance is called 超标预警; then it
is judged once more with the marks, and becomes 超标 or falls away with its reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from bozhou_eco.common import clock
from polluters.domain.limits import Averaging
from polluters.models import ClosedPeriod, DirtyHour, Exceedance, Mean, Period, Point
from polluters.selectors import marks, rulebook
from polluters.selectors.exceedances import beyond_hours
from polluters.services import exceedances, furnace, judging, means
from polluters.services.means import WATER_FLOW, Computed
from polluters.services.shortfalls import note_shortfalls
from polluters.services.values import DAY, HOUR, OXYGEN

LOOK_BACK = timedelta(hours=48)
DAY_GRACE = timedelta(hours=1)


def settle_time(moment: datetime, hour: float | None = None) -> datetime:
    """Return when the marks of the day of ``moment`` count as settled.

    ``hour`` is the deadline on the next day, as the rule book has it if none is given.
    """
    if hour is None:
        hour = rulebook.number("mark_deadline_hour")
    day = clock.beijing(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + DAY + timedelta(hours=hour)


def close_due(*, now: datetime) -> int:
    """Close every hour and day that is due, mend late hours, settle; return how many."""
    closed = 0
    for hour in due_hours(now):
        close_hour(hour=hour, now=now)
        closed += 1
    closed += mend_hours(now=now)
    for day in due_days(now):
        close_day(day=day, now=now)
        closed += 1
    for period, start, end in due_long(now):
        close_long(period=period, start=start, end=end, now=now)
        closed += 1
    closed += settle(now=now)
    return closed


def due_hours(now: datetime) -> list[datetime]:
    """Return the hours of the last two days that are over and not closed.

    Closing begins with the first hour after installation; what lies before is not due.
    """
    last = now - timedelta(minutes=settings.HOUR_GRACE_MINUTES)
    last = last.replace(minute=0, second=0, microsecond=0) - HOUR
    return _not_closed(Period.HOUR.value, last, HOUR, now - LOOK_BACK)


def due_days(now: datetime) -> list[datetime]:
    """Return the Beijing days of the last week that are over and not closed."""
    local = clock.beijing(now - DAY_GRACE)
    last = local.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    return _not_closed(Period.DAY.value, last, DAY, now - 7 * DAY)


def _not_closed(
    period: int, last: datetime, step: timedelta, first: datetime
) -> list[datetime]:
    oldest = (
        ClosedPeriod.objects.filter(period=period)
        .order_by("time")
        .values_list("time", flat=True)
        .first()
    )
    first = max(first, oldest) if oldest else last
    wanted = []
    while last >= first:
        wanted.append(last)
        last -= step
    known = set(
        ClosedPeriod.objects.filter(period=period, time__in=wanted).values_list(
            "time", flat=True
        )
    )
    return sorted(moment for moment in wanted if moment not in known)


@transaction.atomic
def close_hour(*, hour: datetime, now: datetime) -> int:
    """Compute and judge one hour for all points; return how many there were."""
    mark, created = ClosedPeriod.objects.get_or_create(
        period=Period.HOUR, time=hour, defaults={"points": 0, "closed_at": now}
    )
    if not created:
        return 0
    points = means.points_of()
    made = _hours(points, hour, now)
    note_shortfalls(made, now=now)
    ClosedPeriod.objects.filter(pk=mark.pk).update(points=len(points))
    DirtyHour.objects.filter(hour=hour).delete()
    timely = now - hour <= LOOK_BACK / 8
    _judge(made, timely=timely, now=now)
    return len(points)


@transaction.atomic
def close_day(*, day: datetime, now: datetime) -> int:
    """Compute and judge one day for all points; return how many there were."""
    mark, created = ClosedPeriod.objects.get_or_create(
        period=Period.DAY, time=day, defaults={"points": 0, "closed_at": now}
    )
    if not created:
        return 0
    points = means.points_of()
    made = _days(points, day, now)
    ClosedPeriod.objects.filter(pk=mark.pk).update(points=len(points))
    _judge(made, timely=True, now=now)
    _judge_furnace(furnace.furnace_points(), day, timely=True, now=now)
    return len(points)


@transaction.atomic
def mend_hours(*, now: datetime, limit: int = 5000) -> int:
    """Compute hours again that data reached late, only for their own points.

    Hours not closed yet are left to their closing. The days of mended hours follow.
    """
    rows = list(
        DirtyHour.objects.select_for_update(skip_locked=True).order_by("hour")[:limit]
    )
    by_hour: dict[datetime, list[DirtyHour]] = {}
    for row in rows:
        by_hour.setdefault(row.hour, []).append(row)
    closed = set(
        ClosedPeriod.objects.filter(period=Period.HOUR, time__in=by_hour).values_list(
            "time", flat=True
        )
    )
    old = now - LOOK_BACK
    mended: dict[datetime, set[int]] = {}
    done: list[int] = []
    for hour, dirty in by_hour.items():
        if hour not in closed and hour >= old:
            continue
        ids = {row.point_id for row in dirty}
        ids |= means.dependents(ids, OXYGEN)
        made = _hours(means.points_of(ids), hour, now)
        _judge(made, timely=False, now=now)
        day = clock.beijing(hour).replace(hour=0)
        mended.setdefault(day, set()).update(ids)
        done += [row.pk for row in dirty]
    DirtyHour.objects.filter(pk__in=done).delete()
    for day, ids in mended.items():
        mend_day(day=day, ids=ids, now=now)
    return len(done)


def mend_day(*, day: datetime, ids: Iterable[int], now: datetime) -> None:
    """Compute a closed day of points again, and the month and quarter it lies in."""
    if not ClosedPeriod.objects.filter(period=Period.DAY, time=day).exists():
        return
    ids = set(ids)
    _mend_days({day: ids | means.dependents(ids, WATER_FLOW)}, now)


def _mend_days(days: Mapping[datetime, set[int]], now: datetime) -> None:
    every = set().union(*days.values())
    points = means.points_of(every)
    furnaces = furnace.furnace_points(every)
    long: set[tuple[int, datetime, datetime]] = set()
    for day, ids in sorted(days.items()):
        own = [point for point in points if point.pk in ids]
        _judge(_days(own, day, now), timely=False, now=now)
        _judge_furnace(furnaces, day, timely=False, now=now)
        long |= {(period, *span) for period, span in long_spans(day).items()}
    for period, start, end in sorted(long):
        if ClosedPeriod.objects.filter(period=period, time=start).exists():
            _long(points, period, start, end, now)


def _judge(made: Sequence[Computed], *, timely: bool, now: datetime) -> None:
    if made:
        settled = now >= settle_time(made[0].result.start)
        judging.judge(made, settled=settled, timely=timely, now=now)


def _judge_furnace(
    points: Sequence[Point], day: datetime, *, timely: bool, now: datetime
) -> None:
    furnace.judge_days(
        points,
        day=day,
        rules=rulebook.load().validity,
        settled=now >= settle_time(day),
        timely=timely,
        now=now,
    )


def _hours(points: Sequence[Point], hour: datetime, now: datetime) -> list[Computed]:
    rules = rulebook.load().validity
    return means.compute_hours(points, hour=hour, now=now, rules=rules)


def long_spans(moment: datetime) -> dict[int, tuple[datetime, datetime]]:
    """Return begin and end of the Beijing month and quarter of ``moment``."""
    local = clock.beijing(moment)
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    quarter = month.replace(month=month.month - (month.month - 1) % 3)
    return {
        Period.MONTH.value: (month, _later(month, 1)),
        Period.QUARTER.value: (quarter, _later(quarter, 3)),
    }


def _later(month: datetime, count: int) -> datetime:
    number = month.year * 12 + month.month - 1 + count
    return month.replace(year=number // 12, month=number % 12 + 1)


def due_long(now: datetime) -> list[tuple[int, datetime, datetime]]:
    """Return the month and quarter before this one, if over and not closed.

    They wait until the marks of their last day are settled.
    """
    due = []
    for period, (start, _) in long_spans(now).items():
        last = long_spans(start - DAY)[period]
        if now >= settle_time(last[1] - DAY):
            due.append((period, *last))
    known = set(
        ClosedPeriod.objects.filter(
            period__in=[period for period, *_ in due]
        ).values_list("period", "time")
    )
    return [
        row
        for row in due
        if row[:2] not in known
        and ClosedPeriod.objects.filter(
            period=Period.DAY, time__gte=row[1], time__lt=row[2]
        ).exists()
    ]


@transaction.atomic
def close_long(*, period: int, start: datetime, end: datetime, now: datetime) -> int:
    """Compute a month or quarter of all points that have a closed day in it."""
    mark, created = ClosedPeriod.objects.get_or_create(
        period=period, time=start, defaults={"points": 0, "closed_at": now}
    )
    if not created:
        return 0
    points = means.points_of()
    _long(points, period, start, end, now)
    ClosedPeriod.objects.filter(pk=mark.pk).update(points=len(points))
    return len(points)


def _long(
    points: Sequence[Point],
    period: int,
    start: datetime,
    end: datetime,
    now: datetime,
) -> None:
    rules = rulebook.load().validity
    means.compute_long(
        points, period=period, start=start, end=end, now=now, rules=rules
    )


def _days(points: Sequence[Point], day: datetime, now: datetime) -> list[Computed]:
    marked = marks.effective_marks(
        {point.outlet_id for point in points}, begin=day, end=day + DAY
    )
    rules = rulebook.load().validity
    return means.compute_days(points, day=day, now=now, rules=rules, marked=marked)


@transaction.atomic
def settle(*, now: datetime, limit: int = 500) -> int:
    """Judge warnings again whose marks are settled; return how many were decided."""
    rows = (
        Exceedance.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=Exceedance.State.WARNING, time__lt=now - timedelta(hours=12))
        .select_related(
            "point__pollutant",
            "point__logger",
            "point__outlet__enterprise__district",
            "point__outlet__enterprise__organisation",
        )
        .order_by("time")[:limit]
    )
    decided = 0
    hour = rulebook.number("mark_deadline_hour")
    for row in rows:
        if now < settle_time(row.time, hour):
            continue
        _recompute(row.point, row, now)
        row.refresh_from_db()
        decided += row.state != Exceedance.State.WARNING
        if row.state == Exceedance.State.EXCEEDED and row.live:
            exceedances.announce(row, now=now)
    return decided


@transaction.atomic
def rejudge(*, outlet: int, begin: datetime, end: datetime, now: datetime) -> int:
    """Judge again what marks of a span may have changed; return how many records it has.

    Marks take hours out of days, so its closed days are computed again. An hour or day
    that a mark kept from being recorded is recorded once the mark is gone. Nothing is
    announced anew: the facts are as old as they were.
    """
    rows = Exceedance.objects.select_for_update(of=("self",)).filter(
        point__outlet=outlet, time__gt=begin - DAY, time__lt=end
    )
    found = list(rows)
    hours = beyond_hours(outlet=outlet, begin=begin, end=end)
    for row in found:
        if row.averaging == Averaging.HOUR and row.time > begin - HOUR:
            hours.setdefault(row.time, set()).add(row.point_id)
    for hour, ids in sorted(hours.items()):
        made = _hours(means.points_of(ids), hour, now)
        _judge(made, timely=False, now=now)
    days: dict[datetime, set[int]] = {}
    for time, point in Mean.objects.filter(
        point__outlet=outlet, period=Period.DAY, time__gt=begin - DAY, time__lt=end
    ).values_list("time", "point_id"):
        days.setdefault(time, set()).add(point)
    _mend_days(days, now)
    return len(found)


def _recompute(point: Point, row: Exceedance, now: datetime) -> None:
    if row.averaging == Averaging.MIN5:
        _judge_furnace([point], row.time, timely=row.live, now=now)
        return
    if row.averaging == Averaging.HOUR:
        made = _hours([point], row.time, now)
    else:
        made = _days([point], row.time, now)
    _judge(made, timely=row.live, now=now)


@transaction.atomic
def recompute(
    *, ids: Iterable[int], begin: datetime, end: datetime, now: datetime
) -> int:
    """Compute every closed window of points that touches a span again; return how many.

    The stored values are the only source, so the result is that of the first time. What
    is found now changes the record and raises no live alarm.
    """
    ids = set(ids)
    hours = list(
        ClosedPeriod.objects.filter(
            period=Period.HOUR, time__gt=begin - HOUR, time__lt=end
        )
        .order_by("time")
        .values_list("time", flat=True)
    )
    for hour in hours:
        points = means.points_of(ids | means.dependents(ids, OXYGEN))
        _judge(_hours(points, hour, now), timely=False, now=now)
    days = list(
        ClosedPeriod.objects.filter(
            period=Period.DAY, time__gt=begin - DAY, time__lt=end
        )
        .order_by("time")
        .values_list("time", flat=True)
    )
    for day in days:
        mend_day(day=day, ids=ids, now=now)
    return len(hours) + len(days)
