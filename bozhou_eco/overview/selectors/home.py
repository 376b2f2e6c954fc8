"""What the overview page shows: figures, rail, trend, outlets nearest their limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncDate

from alerts.domain.life import WAITING
from alerts.domain.severity import Severity
from alerts.models import Alert
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from enforcement.models import Case, Clock
from polluters.models import Limit, Mean, Outlet, Period, Point
from polluters.selectors.pages.enterprises import OutletRow
from vehicles.models import Capture

RAIL = 14
NEAREST = 5
SOON = timedelta(days=3)
EXCEEDING = ("exceedance", "exceed", "water-exceedance")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of the strip: value, unit, one qualifier, and where it leads."""

    title: str
    value: str
    unit: str = ""
    note: str = ""
    bad: bool = False
    url: str = ""


def midnight(day: date) -> datetime:
    """Return the first moment of a day in Beijing."""
    return datetime.combine(day, time.min, tzinfo=clock.BEIJING)


def transmission(user: User, day: date) -> float | None:
    """Return a day's 有效传输率 in scope: valid hour means over hour means due.

    Due are 24 hours of every point with an enforceable limit, less hours in which the
    unit stood still (flag F throughout). None if nothing was due.
    """
    limited = Limit.objects.filter(point=OuterRef("pk"), kind__in=Limit.ENFORCEABLE)
    points = Point.objects.visible_to(user).filter(Exists(limited), active=True)
    ids = list(points.values_list("pk", flat=True))
    begin = midnight(day)
    hours = Mean.objects.filter(
        point__in=ids, period=Period.HOUR, time__gte=begin, time__lt=begin + ONE_DAY
    ).aggregate(
        valid=Count("pk", filter=Q(valid=True)),
        stopped=Count("pk", filter=Q(valid_count=0, flags__has_key="F")),
    )
    due = len(ids) * 24 - hours["stopped"]
    return hours["valid"] / due if due > 0 else None


def _alerts_kpi(user: User) -> Kpi:
    counts = (
        Alert.objects.visible_to(user)
        .waiting()
        .aggregate(
            all=Count("pk"),
            worst=Count("pk", filter=Q(severity=Severity.CRITICAL)),
            late=Count("pk", filter=Q(escalation_step__gt=0)),
        )
    )
    parts = [f"严重 {counts['worst']}"] if counts["worst"] else []
    parts += [f"已升级 {counts['late']}"] if counts["late"] else []
    return Kpi(
        title="待处理预警",
        value=str(counts["all"]),
        note=" · ".join(parts) or "没有严重预警",
        bad=bool(parts),
        url="/alerts/?tab=waiting",
    )


def _transmission_kpi(user: User, today: date) -> Kpi:
    share = transmission(user, today - ONE_DAY)
    target = settings.TRANSMISSION_TARGET
    return Kpi(
        title="昨日有效传输率",
        value="—" if share is None else f"{share * 100:.1f}",
        unit="" if share is None else "%",
        note="昨日没有应传数据" if share is None else f"考核线 {target * 100:g}%",
        bad=share is not None and share < target,
        url="/polluters/",
    )


def _exceeding_kpi(user: User, today: date) -> Kpi:
    """Count outlets with an open exceedance now, beside those at the same time before."""
    rows = Alert.objects.visible_to(user).filter(kind__in=EXCEEDING)
    now = rows.open().filter(returned_at=None).values("subject_key").distinct().count()
    moment = clock.now() - ONE_DAY
    before = (
        rows.filter(occurred_at__lte=moment)
        .filter(Q(returned_at=None) | Q(returned_at__gt=moment))
        .filter(Q(closed_at=None) | Q(closed_at__gt=moment))
        .values("subject_key")
        .distinct()
        .count()
    )
    total = Outlet.objects.visible_to(user).filter(active=True).count()
    change = now - before
    words = f"较昨日同时 {change:+d}".replace("-", "−") if change else "与昨日同时持平"
    return Kpi(
        title="当前超标预警排口",
        value=str(now),
        unit=f"/ {total}",
        note=words,
        bad=change > 0,
        url="/polluters/?status=alert",
    )


def _captures_kpi(user: User, today: date) -> Kpi:
    counts = Capture.objects.visible_to(user).aggregate(
        today=Count("pk", filter=Q(captured_at__gte=midnight(today))),
        waiting=Count("pk", filter=Q(state__in=Capture.REVIEWING)),
    )
    return Kpi(
        title="今日黑烟抓拍",
        value=str(counts["today"]),
        note=f"待复核 {counts['waiting']}",
        url="/vehicles/review/",
    )


def _cases_kpi(user: User, today: date) -> Kpi:
    cases = Case.objects.visible_to(user).open()
    due = (
        Clock.objects.filter(
            case__in=cases,
            stopped_on=None,
            cancelled=False,
            last_day__lte=today + SOON,
        )
        .values("case")
        .distinct()
        .count()
    )
    return Kpi(
        title="在办案件",
        value=str(cases.count()),
        note=f"3 日内到期 {due}" if due else "3 日内无到期",
        bad=due > 0,
        url="/cases/?scope=near" if due else "/cases/",
    )


def kpis(user: User, now: datetime) -> list[Kpi]:
    """Return the five figures of the strip (nine queries)."""
    today = clock.beijing(now).date()
    return [
        _alerts_kpi(user),
        _transmission_kpi(user, today),
        _exceeding_kpi(user, today),
        _captures_kpi(user, today),
        _cases_kpi(user, today),
    ]


def rail(user: User) -> list[Alert]:
    """Return the newest open alerts, those that wait for an answer first."""
    rows = (
        Alert.objects.visible_to(user)
        .open()
        .select_related("district", "acknowledged_by")
    )
    waiting = [state.value for state in WAITING]
    first = list(
        rows.filter(state__in=waiting).order_by("-severity_rank", "-last_at")[:RAIL]
    )
    rest = rows.exclude(state__in=waiting).order_by("-last_at")[: RAIL - len(first)]
    return first + list(rest)


@dataclass(frozen=True, slots=True)
class Day:
    """Alerts of a day by severity, and each as a share of the chart's height."""

    day: date
    counts: dict[str, int]
    heights: Sequence[tuple[str, str, int]]

    @property
    def total(self) -> int:
        """All alerts of the day."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Trend:
    """Days in order, and the top of the axis."""

    days: Sequence[Day]
    top: int

    @property
    def ticks(self) -> list[int]:
        """The axis from the top down."""
        return [self.top, self.top * 2 // 3, self.top // 3, 0]


STACK = (("critical", "crit"), ("major", "major"), ("minor", "minor"), ("info", "info"))


def _top(highest: int) -> int:
    """Return a round axis end of at least ``highest`` that three ticks divide."""
    step = 1
    while step * 3 < highest:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return step * 3


def trend(user: User, *, days: int, now: datetime) -> Trend:
    """Return the alerts of the last ``days`` days by severity (one query)."""
    today = clock.beijing(now).date()
    first = today - timedelta(days=days - 1)
    rows = (
        Alert.objects.visible_to(user)
        .filter(occurred_at__gte=midnight(first), occurred_at__lte=now)
        .annotate(day=TruncDate("occurred_at", tzinfo=clock.BEIJING))
        .values("day", "peak_severity")
        .annotate(number=Count("pk"))
        .order_by()
    )
    counts: dict[date, dict[str, int]] = {
        first + timedelta(days=offset): dict.fromkeys((key for key, _ in STACK), 0)
        for offset in range(days)
    }
    for row in rows:
        if row["day"] in counts:
            counts[row["day"]][row["peak_severity"]] = row["number"]
    top = _top(max((sum(day.values()) for day in counts.values()), default=0))
    return Trend(
        days=[
            Day(
                day,
                numbers,
                [
                    (css, f"{numbers[key] / top * 100:.2f}%", numbers[key])
                    for key, css in STACK
                    if numbers[key]
                ],
            )
            for day, numbers in counts.items()
        ],
        top=top,
    )


def nearest(rows: Sequence[OutletRow]) -> list[OutletRow]:
    """Return the outlets nearest to or beyond their limit, judged by live values."""
    live = [
        row
        for row in rows
        if row.lead and row.lead.share is not None and not row.lead.stale
    ]
    return sorted(live, key=lambda row: -(row.lead.share or 0.0) if row.lead else 0.0)[
        :NEAREST
    ]
