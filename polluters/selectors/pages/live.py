"""Live values beside their limits, and the one word that sums an outlet up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.models import Alert
from alerts.selectors.kinds import kind_label
from bozhou_eco.common import clock
from polluters.domain.validity import flag_word
from polluters.models import Latest, Outlet, Period, Point
from polluters.selectors.limits import InForce, in_force

SLACK = timedelta(seconds=30)
RANK = {"critical": 0, "major": 1, "minor": 2, "info": 3, "off": 4, "mark": 5, "ok": 6}
STOPPED = frozenset("MFCD")


@dataclass(frozen=True, slots=True)
class LiveValue:
    """The newest value of a point with everything a cell shows.

    ``value`` is what is judged: the converted value where the limit asks for it.
    ``share`` is value over limit (1 = at the limit). ``stale`` means that no value has
    come for two cycles.
    """

    point: Point
    name: str
    code_name: str
    basis: str
    unit: str
    value: float | None
    flag: str
    time: datetime | None
    stale: bool
    limit: InForce | None
    share: float | None
    over: bool

    @property
    def marked(self) -> bool:
        """Whether the value carries another flag than N."""
        return self.flag not in ("", "N")

    @property
    def flag_text(self) -> str:
        """The flag in words."""
        return flag_word(self.flag)


@dataclass(frozen=True, slots=True)
class Status:
    """An outlet in one word: CSS class of the severity, word, and since when."""

    key: str
    css: str
    word: str
    since: datetime | None = None

    @property
    def rank(self) -> int:
        """Worst first."""
        return RANK[self.key]


def names_of(point: Point) -> tuple[str, str]:
    """Return what people call a factor and its symbol: (氮氧化物, NOx), (颗粒物, "")."""
    name, short = point.pollutant.name, point.pollutant.short
    if any("一" <= letter <= "鿿" for letter in short):
        return short, ""
    return name, short


def judged(point: Point, latest: Latest | None) -> float | None:
    """Return the value that is judged, None without one."""
    if latest is None:
        return None
    if point.converted and latest.converted is not None:
        return latest.converted
    return latest.value


def is_stale(point: Point, latest: Latest | None, now: datetime) -> bool:
    """Return whether two cycles have passed without a value."""
    if latest is None:
        return True
    cycle = (
        timedelta(seconds=point.logger.rtd_interval_s)
        if latest.period == Period.REAL_TIME
        else timedelta(minutes=point.logger.minute_interval)
    )
    return now - latest.received_at > 2 * cycle + SLACK


def live_value(point: Point, limit: InForce | None, now: datetime) -> LiveValue:
    """Return the cell of one point; ``latest`` and ``logger`` must be loaded."""
    latest: Latest | None = getattr(point, "latest", None)
    value = judged(point, latest)
    basis = "折算" if point.converted else ""
    name, symbol = names_of(point)
    return LiveValue(
        point=point,
        name=name,
        code_name=symbol,
        basis=basis,
        unit=point.unit,
        value=value,
        flag=latest.flag if latest else "",
        time=latest.time if latest else None,
        stale=is_stale(point, latest, now),
        limit=limit,
        share=limit.share(value) if limit and latest and latest.flag == "N" else None,
        over=bool(limit and latest and latest.flag == "N" and limit.beyond(value)),
    )


def with_points(outlets: Iterable[Outlet]) -> dict[int, list[Point]]:
    """Return the active points of outlets with latest values (one query)."""
    points = (
        Point.objects.filter(outlet__in=[outlet.pk for outlet in outlets], active=True)
        .select_related("pollutant", "logger", "latest")
        .order_by("outlet_id", "position", "id")
    )
    grouped: dict[int, list[Point]] = {}
    for point in points:
        grouped.setdefault(point.outlet_id, []).append(point)
    return grouped


def open_alerts(outlets: Iterable[Outlet]) -> dict[str, Alert]:
    """Return the worst open alert of each outlet by subject key (one query)."""
    keys = [outlet.subject_key for outlet in outlets]
    worst = (
        Alert.objects.open()
        .filter(subject_key__in=keys, returned_at=None)
        .order_by("subject_key", "-severity_rank", "occurred_at")
        .distinct("subject_key")
        .values("pk")  # sorting narrow rows: thousands may be open
    )
    return {row.subject_key: row for row in Alert.objects.filter(pk__in=worst)}


def live_values(
    grouped: Mapping[int, Sequence[Point]], *, now: datetime
) -> dict[int, list[LiveValue]]:
    """Return the live cells of each outlet (one query for limits)."""
    ids = [point.pk for points in grouped.values() for point in points]
    limits = in_force(ids, on=clock.beijing(now).date())
    return {
        outlet_id: [live_value(point, limits.get(point.pk), now) for point in points]
        for outlet_id, points in grouped.items()
    }


def status_of(values: Sequence[LiveValue], alert: Alert | None) -> Status:
    """Sum an outlet up: the worst alert, else silence, else marks, else normal."""
    if alert is not None and alert.kind != "offline":
        css = "crit" if alert.severity == "critical" else alert.severity
        return Status(
            str(alert.severity), css, kind_label(alert.kind), alert.occurred_at
        )
    if all(value.stale for value in values):
        newest = max((v.time for v in values if v.time), default=None)
        return Status("off", "off", "离线" if newest else "未上线", newest)
    limited = [value for value in values if value.limit]
    if any(value.over and not value.stale for value in limited):
        return Status("info", "info", "当前值高于限值")
    marks = {value.flag for value in limited if value.flag in STOPPED}
    if limited and marks and all(value.marked for value in limited):
        return Status("mark", "info", flag_word(sorted(marks)[0]))
    return Status("ok", "ok", "正常")


def leading(values: Sequence[LiveValue]) -> LiveValue | None:
    """Return the value nearest to or furthest beyond its limit."""
    known = [value for value in values if value.share is not None]
    if known:
        return max(known, key=lambda value: (not value.stale, value.share or 0.0))
    return next((value for value in values if value.limit), None)
