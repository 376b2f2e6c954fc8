"""Daily masses of emitted factors, and substituted hours beside the raw ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q

from bozhou_eco.common import clock
from polluters.domain.checks.series import is_pollutant
from polluters.domain.marks import MarkView
from polluters.domain.substitution import Steps, stand_for
from polluters.domain.totals import HourOfEmission, hour_mass, total_mass
from polluters.models import ClosedPeriod, DailyMass, Mean, Period, Point, Substitute
from polluters.selectors import rulebook
from polluters.selectors.marks import effective_marks
from polluters.selectors.rates import span_bounds
from polluters.selectors.rulebook import Book

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FLOWS = ("a00000", "w00000")
BACK = 40


@dataclass(frozen=True, slots=True)
class _Day:
    """What is known of a day: hour means by point and time, marks, substitutes."""

    start: datetime
    means: Mapping[int, Mapping[datetime, Mean]]
    marks: Mapping[int, list[MarkView]]
    stands: Mapping[tuple[int, datetime], float]


def sum_due(*, now: datetime) -> int:
    """Sum the closed days that are new or whose means changed; return how many."""
    today = clock.beijing(now).date()
    done = 0
    for back in range(BACK, 0, -1):
        day = today - timedelta(days=back)
        if _is_due(day):
            sum_day(day=day, now=now)
            done += 1
    return done


def _is_due(day: date) -> bool:
    start, end = span_bounds("day", day)
    closed = ClosedPeriod.objects.filter(period=Period.DAY, time=start).exists()
    if not closed:
        return False
    summed = DailyMass.objects.filter(day=day).aggregate(at=Max("computed_at"))["at"]
    if summed is None:
        return True
    # A mark that comes or goes has the day's mean computed again, not its hours'.
    means = Mean.objects.filter(
        period__in=(Period.HOUR, Period.DAY), time__gte=start, time__lt=end
    )
    return means.filter(computed_at__gt=summed).exists()


@transaction.atomic
def sum_day(*, day: date, now: datetime) -> int:
    """Sum the masses of a Beijing day; the same means give the same rows."""
    start, end = span_bounds("day", day)
    book = rulebook.load()
    listed = list(
        Point.objects.filter(active=True, outlet__active=True).select_related(
            "pollutant", "outlet"
        )
    )
    flows = _flow_points({point.outlet_id for point in listed})
    emitted = [
        p for p in listed if is_pollutant(p.pollutant.code) and p.outlet_id in flows
    ]
    wanted = {p.pk: p for p in emitted} | {p.pk: p for p in flows.values()}
    found = _read(wanted, start, end)
    found = _with_stands(found, wanted, book, now)
    rows = [_sum(point, flows[point.outlet_id], day, found, now) for point in emitted]
    DailyMass.objects.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=["point", "day"],
        update_fields=[
            "measured", "substituted", "hours", "missing", "stopped", "computed_at",
        ],
    )  # fmt: skip
    return len(rows)


def _flow_points(outlets: Iterable[int]) -> dict[int, Point]:
    rows = Point.objects.filter(
        outlet__in=list(outlets), pollutant__code__in=FLOWS, active=True
    ).select_related("pollutant", "outlet")
    return {point.outlet_id: point for point in rows}


def _read(points: Mapping[int, Point], start: datetime, end: datetime) -> _Day:
    means: dict[int, dict[datetime, Mean]] = {}
    for mean in Mean.objects.filter(
        point__in=points, period=Period.HOUR, time__gte=start, time__lt=end
    ):
        means.setdefault(mean.point_id, {})[mean.time] = mean
    outlets = {point.outlet_id for point in points.values()}
    marks = effective_marks(outlets, begin=start, end=end)
    return _Day(start, means, marks, {})


def stopped_at(found: _Day, point: Point, moment: datetime) -> bool:
    """Return whether a point's hour is one of a stop."""
    mean = found.means.get(point.pk, {}).get(moment)
    if mean is not None and mean.flags and set(mean.flags) == {"F"}:
        return True
    return any(
        mark.stops and mark.concerns(point.pk) and mark.touches(moment, moment + HOUR)
        for mark in found.marks.get(point.outlet_id, ())
    )


def _with_stands(
    found: _Day, points: Mapping[int, Point], book: Book, now: datetime
) -> _Day:
    """Make substitutes for the hours that have none, and drop those not needed now."""
    steps = Steps(
        book["substitute_high_share"], book["substitute_mid_share"],
        int(book["substitute_high_hours"]), int(book["substitute_mid_hours"]),
    )  # fmt: skip
    stands: dict[tuple[int, datetime], float] = {}
    rows: list[Substitute] = []
    for point in points.values():
        lacking = [
            moment
            for moment in (found.start + hour * HOUR for hour in range(24))
            if not _valid(found, point, moment) and not stopped_at(found, point, moment)
        ]
        if not lacking:
            continue
        earlier, share = _history(point, found.start, steps)
        stand = stand_for(earlier, share=share, steps=steps)
        if stand is None:
            continue
        for moment in lacking:
            stands[point.pk, moment] = stand.value
            rows.append(
                Substitute(
                    point=point, hour=moment, value=stand.value, method=stand.method,
                    basis={"share": round(share, 4), "hours": stand.looked_at},
                    made_at=now,
                )
            )  # fmt: skip
    old = Substitute.objects.filter(
        point__in=points, hour__gte=found.start, hour__lt=found.start + DAY
    )
    for point_id, hour, pk in old.values_list("point_id", "hour", "pk"):
        if (point_id, hour) not in stands:
            Substitute.objects.filter(pk=pk).delete()
    Substitute.objects.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=["point", "hour"],
        update_fields=["value", "method", "basis", "made_at"],
    )  # fmt: skip
    return _Day(found.start, found.means, found.marks, stands)


def _valid(found: _Day, point: Point, moment: datetime) -> bool:
    mean = found.means.get(point.pk, {}).get(moment)
    return mean is not None and mean.valid and mean.computed is not None


def _history(point: Point, before: datetime, steps: Steps) -> tuple[list[float], float]:
    """Return earlier valid hour means, newest first, and the quarter's valid share."""
    hours = Mean.objects.filter(point=point, period=Period.HOUR, time__lt=before)
    earlier = hours.filter(valid=True, computed__isnull=False).order_by("-time")
    rows = earlier.values_list("computed", flat=True)[: steps.mid_hours]
    values = [value for value in rows if value is not None]
    first = span_bounds("quarter", clock.beijing(before).date())[0]
    counts = hours.filter(time__gte=first).aggregate(
        due=Count("pk", filter=~Q(flags__has_key="F")),
        valid=Count("pk", filter=Q(valid=True)),
    )
    share = float(counts["valid"] / counts["due"]) if counts["due"] else 0.0
    return values, share


def flow_scale(medium: str, unit: str) -> float:
    """Return what a flow is multiplied by: gas to m3/h, water to L/s."""
    text = unit.replace("³", "3").lower()
    if medium == "gas":
        return {"m3/s": 3600.0, "万m3/h": 10_000.0}.get(text, 1.0)
    return {"m3/h": 1 / 3.6, "m3/s": 1000.0, "m3/d": 1 / 86.4}.get(text, 1.0)


def _hours(
    point: Point, flow: Point, found: _Day, *, filled: bool
) -> list[HourOfEmission]:
    rows = []
    scale = flow_scale(point.outlet.medium, flow.unit)
    for hour in range(24):
        moment = found.start + hour * HOUR
        moved = _value(found, flow, moment, filled)
        stopped = stopped_at(found, point, moment) or stopped_at(found, flow, moment)
        rows.append(
            HourOfEmission(
                _value(found, point, moment, filled),
                None if moved is None else moved * scale,
                stopped,
            )
        )
    return rows


def _value(found: _Day, point: Point, moment: datetime, filled: bool) -> float | None:
    if _valid(found, point, moment):
        return found.means[point.pk][moment].computed
    return found.stands.get((point.pk, moment)) if filled else None


def _sum(point: Point, flow: Point, day: date, found: _Day, now: datetime) -> DailyMass:
    raw = _hours(point, flow, found, filled=False)
    medium = point.outlet.medium
    measured = total_mass(raw, medium=medium)
    extra = 0.0
    for one, full in zip(raw, _hours(point, flow, found, filled=True), strict=True):
        if not one.stopped and hour_mass(one, medium=medium) is None:
            extra += max(hour_mass(full, medium=medium) or 0.0, 0.0)
    return DailyMass(
        point=point, day=day, measured=measured.measured, substituted=extra,
        hours=measured.hours - measured.missing - measured.stopped,
        missing=measured.missing, stopped=measured.stopped, computed_at=now,
    )  # fmt: skip


def hours_of(*, point: Point, day: date) -> list[float | None]:
    """Return the measured kg of each hour of a day, None where it is not known."""
    flow = _flow_points([point.outlet_id]).get(point.outlet_id)
    if flow is None:
        return [None] * 24
    start, end = span_bounds("day", day)
    found = _read({point.pk: point, flow.pk: flow}, start, end)
    return [
        None if one.stopped else hour_mass(one, medium=point.outlet.medium)
        for one in _hours(point, flow, found, filled=False)
    ]
