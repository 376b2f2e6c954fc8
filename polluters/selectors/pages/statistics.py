"""What the page 统计分析 shows of one month, with the year before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain import compliance
from polluters.domain.compliance import Month, Over, Rank
from polluters.models import Exceedance, Mark, Mean, Period, Point
from polluters.selectors.exceedances import month_bounds

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@dataclass(frozen=True, slots=True)
class Statistics:
    """A month in figures, beside the month before and the same month a year before."""

    first: date
    now: Month
    before: Month
    year_before: Month
    trend: Sequence[Month]
    districts: Sequence[Rank]
    industries: Sequence[Rank]
    enterprises: Sequence[Rank]
    heat: Sequence[tuple[str, Sequence[int]]]
    hottest: int
    marked_in_time: float | None
    marks: int
    valid_share: float | None

    @property
    def month_change(self) -> float | None:
        """Exceedances against the month before."""
        return compliance.change(
            self.now.hours + self.now.days, self.before.hours + self.before.days
        )

    @property
    def year_change(self) -> float | None:
        """Exceedances against the same month of the year before."""
        return compliance.change(
            self.now.hours + self.now.days,
            self.year_before.hours + self.year_before.days,
        )


def statistics(*, user: User, month: date) -> Statistics:
    """Return the figures of a month in scope (three queries)."""
    first = month.replace(day=1)
    wanted = [compliance.later(first, -n) for n in range(12, -1, -1)]
    rows = _rows(user, wanted[0], first)
    figures = compliance.months(rows, wanted)
    heat = compliance.heat(rows, first)
    marks, in_time = _marks(user, first)
    return Statistics(
        first=first,
        now=figures[-1],
        before=figures[-2],
        year_before=figures[0],
        trend=figures[1:],
        districts=compliance.ranks(rows, "district", first),
        industries=compliance.ranks(rows, "industry", first),
        enterprises=compliance.ranks(rows, "enterprise", first),
        heat=list(zip(WEEKDAYS, heat, strict=True)),
        hottest=max(max(line) for line in heat),
        marked_in_time=in_time / marks if marks else None,
        marks=marks,
        valid_share=_valid_share(user, first),
    )


def _rows(user: User, since: date, first: date) -> list[Over]:
    # A month more, so that repeats at the beginning are known as such.
    start = month_bounds(compliance.later(since, -1))[0]
    found = (
        Exceedance.objects.visible_to(user)
        .filter(
            time__gte=start,
            time__lt=month_bounds(first)[1],
            state__in=Exceedance.STANDING,
        )
        .values_list(
            "point_id",
            "point__outlet_id",
            "point__outlet__enterprise__short_name",
            "point__outlet__enterprise__district__name",
            "point__outlet__enterprise__industry",
            "averaging",
            "time",
            "multiple",
        )
    )
    return [
        Over(
            point, outlet, firm, district, industry,
            averaging == "hour", clock.beijing(time), multiple or 0.0,
        )
        for point, outlet, firm, district, industry, averaging, time, multiple in found
    ]  # fmt: skip


def _marks(user: User, first: date) -> tuple[int, int]:
    """Return how many marks people made, and how many of them in time (自行标记)."""
    start, end = month_bounds(first)
    counted = (
        Mark.objects.visible_to(user)
        .filter(begin__gte=start, begin__lt=end, withdrawn_at=None)
        .exclude(origin=Mark.Origin.LOGGER)
        .aggregate(
            all=Count("pk"), in_time=Count("pk", filter=Q(made_at__lte=F("deadline")))
        )
    )
    return counted["all"], counted["in_time"]


def _valid_share(user: User, first: date) -> float | None:
    """Return the share of valid days among those computed, of points with a limit."""
    start, end = month_bounds(first)
    counted = Mean.objects.filter(
        point__in=Point.objects.visible_to(user).filter(active=True),
        period=Period.DAY,
        time__gte=start,
        time__lt=end,
    ).aggregate(all=Count("pk"), good=Count("pk", filter=Q(valid=True)))
    return counted["good"] / counted["all"] if counted["all"] else None
