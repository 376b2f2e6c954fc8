"""对账: our means beside the national platform's for a day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.exchange import Reconciliation, reconcile
from polluters.models import Mark, Mean, NationalMean, NationalParcel, Period, Point
from polluters.selectors.rates import span_bounds


@dataclass(frozen=True, slots=True)
class Apart:
    """A mean that differs; ``share`` relative."""

    point: Point
    period: int
    time: datetime
    ours: float
    theirs: float
    share: float


@dataclass(frozen=True, slots=True)
class DayBook:
    """The outcome for a day."""

    day: date
    hours: Reconciliation
    days: Reconciliation
    apart: tuple[Apart, ...]
    ours_only: tuple[tuple[Point, int], ...]
    theirs_only: tuple[tuple[Point, int], ...]
    marks: int

    @property
    def compared(self) -> int:
        """How many means both sides have."""
        return sum(x.same + len(x.differing) for x in (self.hours, self.days))


def day_book(
    user: User | None, *, day: date, tolerance: float, now: datetime
) -> DayBook:
    """Compare a day's hour and day means in the person's scope."""
    start, end = span_bounds("day", day)
    points = Point.objects.all() if user is None else Point.objects.visible_to(user)
    listed = {
        point.pk: point
        for point in points.filter(active=True).select_related(
            "pollutant", "outlet__enterprise", "logger"
        )
    }
    sides: dict[int, Reconciliation] = {}
    for period in (Period.HOUR.value, Period.DAY.value):
        ours = _values(Mean, period, listed, start, end)
        theirs = _values(NationalMean, period, listed, start, end)
        floor = 1e-9
        sides[period] = reconcile(ours, theirs, tolerance=tolerance, floor=floor)
    apart = tuple(
        _apart(listed, period, one.key, one.ours, one.theirs, one.share)
        for period, side in sides.items()
        for one in side.differing
        if one.share is not None
    )
    hours = sides[Period.HOUR.value]
    return DayBook(
        day, hours, sides[Period.DAY.value],
        tuple(sorted(apart, key=lambda x: -x.share)),
        _by_point(listed, hours.only_ours), _by_point(listed, hours.only_theirs),
        Mark.objects.filter(
            outlet__in={p.outlet_id for p in listed.values()}, origin="national",
            begin__lt=end, withdrawn_at=None,
        ).exclude(end__lte=start).count(),
    )  # fmt: skip


def _values(
    model: type[Mean] | type[NationalMean],
    period: int,
    points: dict[int, Point],
    start: datetime,
    end: datetime,
) -> dict[str, float | str | None]:
    name = "computed" if model is Mean else "value"
    rows = model._default_manager.filter(
        point__in=points, period=period, time__gte=start, time__lt=end,
        **{f"{name}__isnull": False},
    )  # fmt: skip
    if model is Mean:
        rows = rows.filter(valid=True)
    return {
        f"{point}|{int(time.timestamp())}": value
        for point, time, value in rows.values_list("point_id", "time", name)
    }


def _split(key: str) -> tuple[int, datetime]:
    point, stamp = key.split("|")
    return int(point), datetime.fromtimestamp(int(stamp), clock.BEIJING)


def _apart(
    points: dict[int, Point], period: int, key: str,
    ours: float | str | None, theirs: float | str | None, share: float | None,
) -> Apart:  # fmt: skip
    point, time = _split(key)
    return Apart(
        points[point], period, time, float(ours or 0), float(theirs or 0), share or 0.0
    )


def _by_point(
    points: dict[int, Point], keys: tuple[str, ...]
) -> tuple[tuple[Point, int], ...]:
    counts: dict[int, int] = {}
    for key in keys:
        point = _split(key)[0]
        counts[point] = counts.get(point, 0) + 1
    return tuple((points[pk], n) for pk, n in sorted(counts.items()))


def days_received(*, until: date, back: int = 31) -> list[tuple[date, int, int]]:
    """Return (day, parcels taken, refused) of the last days, newest first."""
    first = until - timedelta(days=back)
    rows = (
        NationalParcel.objects.filter(day__gt=first, day__lte=until)
        .values_list("day", "state")
        .annotate(count=Count("pk"))
    )
    counts: dict[date, dict[str, int]] = {}
    for day, state, count in rows:
        counts.setdefault(day, {})[state] = count
    return [
        (day, counts[day].get("taken", 0), counts[day].get("refused", 0))
        for day in sorted(counts, reverse=True)
    ]


def parcels(*, limit: int = 30) -> QuerySet[NationalParcel]:
    """Return the newest parcels with who brought them."""
    return NationalParcel.objects.select_related("received_by").order_by(
        "-received_at", "-pk"
    )[:limit]
