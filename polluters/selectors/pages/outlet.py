"""Everything the page of one outlet shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.models import Alert
from alerts.selectors.kinds import kind_label
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.validity import flag_word
from polluters.models import Outlet, Point
from polluters.selectors import history
from polluters.selectors.pages.live import (
    LiveValue,
    Status,
    live_values,
    status_of,
    with_points,
)

DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
SPARK_SPAN = timedelta(hours=7)
STRIP_POINTS = 6
EVENTS = 12


@dataclass(frozen=True, slots=True)
class Strip:
    """A validity strip: 96 quarter-hours with their flags, and the share of N."""

    point: Point
    quarters: Sequence[tuple[str, str]]
    valid_share: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the time line; ``css`` is the shape of its dot."""

    start: datetime
    end: datetime | None
    css: str
    label: str
    title: str
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A line of 系统研判: whether it speaks for the data (ok) or for a breach (no)."""

    state: str
    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class OutletPage:
    """The outlet, its state, live cells, strips, alerts, judgement and time line."""

    outlet: Outlet
    status: Status
    values: Sequence[LiveValue]
    sparks: Mapping[int, Sequence[float | None]]
    strips: Sequence[Strip]
    alerts: Sequence[Alert]
    checks: Sequence[Check]
    events: Sequence[Event]
    last_seen: datetime | None

    @property
    def chart_points(self) -> list[LiveValue]:
        """The values offered above the chart: those with a limit first."""
        limited = [value for value in self.values if value.limit]
        return limited or list(self.values)

    @property
    def open_alerts(self) -> list[Alert]:
        """The alerts that still need somebody."""
        return [alert for alert in self.alerts if alert.is_open]


def outlet_page(*, outlet: Outlet, user: User, now: datetime) -> OutletPage:
    """Return the page of one outlet (six queries whatever its size)."""
    grouped = with_points([outlet])
    points = grouped.get(outlet.pk, [])
    values = _ordered(live_values(grouped, now=now).get(outlet.pk, []))
    alerts = list(
        Alert.objects.visible_to(user)
        .filter(subject_key=outlet.subject_key)
        .select_related("acknowledged_by")
        .order_by("-occurred_at")[:EVENTS]
    )
    active = [alert for alert in alerts if alert.is_open and alert.active]
    worst = max(active, key=lambda alert: alert.severity_rank, default=None)
    end = now.replace(second=0, microsecond=0)
    strips = _strips(values, end)
    return OutletPage(
        outlet=outlet,
        status=status_of(values, worst),
        values=values,
        sparks=history.binned(
            [(point.pk, point.converted) for point in points],
            start=end - SPARK_SPAN,
            end=end,
            step=QUARTER,
        ),
        strips=strips,
        alerts=alerts,
        checks=_checks(values, worst),
        events=_events(alerts, strips, end)[:EVENTS],
        last_seen=max(
            (p.logger.last_seen for p in points if p.logger.last_seen), default=None
        ),
    )


def _ordered(values: Sequence[LiveValue]) -> list[LiveValue]:
    """Put what is judged before what only describes the process."""
    return sorted(values, key=lambda value: value.limit is None)


def _strips(values: Sequence[LiveValue], end: datetime) -> list[Strip]:
    points = [value.point for value in values][:STRIP_POINTS]
    flags = history.strips(
        [point.pk for point in points], start=end - DAY, end=end, step=QUARTER
    )
    made = []
    for point in points:
        row = flags[point.pk]
        counted = [flag for flag in row if flag not in ("", "F")]
        due = sum(flag != "F" for flag in row)
        made.append(
            Strip(
                point=point,
                quarters=[
                    (flag or "0", flag_word(flag) if flag else "无数据") for flag in row
                ],
                valid_share=counted.count("N") / due if due else None,
            )
        )
    return made


def _checks(values: Sequence[LiveValue], alert: Alert | None) -> list[Check]:
    """Say what speaks for and against the values shown."""
    limited = [value for value in values if value.limit]
    checks = [_flags_check(limited), _fresh_check(values), _running_check(values)]
    over = [value for value in limited if value.over]
    for value in over:
        assert value.limit is not None
        checks.append(
            Check(
                "no",
                f"{value.name}当前值高于{value.limit.kind} {value.limit.text} {value.unit}"
                f"（{value.limit.averaging}为准）",
                strong=True,
            )
        )
    if not over and limited:
        checks.append(Check("ok", "各考核因子当前值均在限值以内"))
    if alert is not None:
        checks.append(Check("no", alert.summary, strong=not over))
    return [check for check in checks if check is not None]


def _flags_check(limited: Sequence[LiveValue]) -> Check:
    marked = [value for value in limited if value.marked]
    if not limited:
        return Check("na", "未设置可执法限值，不作判定")
    if not marked:
        return Check("ok", "数据标记均为 N，未处于校准、维护或故障")
    words = "、".join(f"{v.name} {v.flag}（{v.flag_text}）" for v in marked[:3])
    return Check("na", f"带标记的值不计入均值：{words}")


def _fresh_check(values: Sequence[LiveValue]) -> Check:
    newest = max((value.time for value in values if value.time), default=None)
    if newest is None:
        return Check("no", "尚未收到任何数据")
    if all(value.stale for value in values):
        return Check("no", f"数据停在 {clock.beijing(newest):%m-%d %H:%M}", strong=True)
    return Check("ok", f"数据连续，最新 {clock.beijing(newest):%H:%M:%S}")


def _running_check(values: Sequence[LiveValue]) -> Check | None:
    stopped = [value for value in values if value.flag == "F"]
    if stopped and len(stopped) == len(values):
        return Check("na", "全部因子标记为停运（F），停运时段不判定")
    return None


def _events(
    alerts: Sequence[Alert], strips: Sequence[Strip], end: datetime
) -> list[Event]:
    events = [_alert_event(alert) for alert in alerts]
    events += _mark_events(strips, end - DAY)
    return sorted(events, key=lambda event: event.start, reverse=True)


def _alert_event(alert: Alert) -> Event:
    css = "crit" if alert.severity == "critical" else str(alert.severity)
    closed = not alert.is_open
    return Event(
        start=alert.occurred_at,
        end=alert.returned_at or alert.closed_at,
        css="acc" if closed else css,
        label=kind_label(alert.kind),
        title=alert.summary,
        text=f"{alert.get_state_display()}"
        + (f" · {alert.acknowledged_by}" if alert.acknowledged_by else ""),
        url=alert.get_absolute_url(),
    )


def _mark_events(strips: Sequence[Strip], start: datetime) -> list[Event]:
    """Turn marked runs of the last day into entries, one for all factors that share it."""
    spans: dict[tuple[int, int, str], list[str]] = {}
    for strip in strips:
        flags = [flag for flag, _ in strip.quarters]
        for begin, stop, flag in runs(flags):
            if flag in "MCDFTB":
                name = strip.point.pollutant.short or strip.point.pollutant.name
                spans.setdefault((begin, stop, flag), []).append(name)
    return [
        Event(
            start=start + begin * QUARTER,
            end=start + stop * QUARTER,
            css="",
            label=f"{flag_word(flag)} {flag}",
            title=f"{'、'.join(names)} 标记为{flag_word(flag)}",
        )
        for (begin, stop, flag), names in spans.items()
    ]


def runs(flags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return (begin, stop, flag) of every run of equal flags; ``stop`` is outside."""
    found: list[tuple[int, int, str]] = []
    for index, flag in enumerate(flags):
        if found and found[-1][2] == flag:
            found[-1] = (found[-1][0], index + 1, flag)
        else:
            found.append((index, index + 1, flag))
    return found
