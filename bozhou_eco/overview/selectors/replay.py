"""回放: what the overview showed at a past minute, from the rows that keep it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from alerts.models import Alert
from alerts.selectors.replay import alerts_at, waiting, worst_by_subject
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.overview.geometry import Map
from bozhou_eco.overview.selectors import home, markers
from enforcement.models import Case
from polluters.selectors.pages import enterprises
from polluters.selectors.pages.replay import outlet_rows_at
from vehicles.models import Capture

OLDEST = timedelta(days=366)
STEPS = ((-1440, "前一日"), (-60, "前一小时"), (-10, "前 10 分钟"),
         (10, "后 10 分钟"), (60, "后一小时"))  # fmt: skip


class BadMomentError(ValueError):
    """A moment that cannot be replayed; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """A link to another moment."""

    label: str
    value: str


def moment_of(text: str, now: datetime) -> datetime:
    """Return the minute asked for; Beijing time, as the clocks of the bureau show it."""
    try:
        asked = datetime.fromisoformat(text)
        if asked.tzinfo is None:
            asked = asked.replace(tzinfo=clock.BEIJING)
        asked = clock.beijing(asked).replace(second=0, microsecond=0)
    except (ValueError, OverflowError):
        raise BadMomentError(
            "回放时刻（at）应为“年-月-日T时:分”，例如 2026-11-23T10:31，请重新选择。"
        ) from None
    if asked > now:
        raise BadMomentError("回放时刻（at）不能晚于现在，请选择过去的时刻。")
    if now - asked > OLDEST:
        raise BadMomentError("只能回放一年以内的时刻，请选择较近的时刻。")
    return asked


def written(moment: datetime) -> str:
    """Return a moment as the address carries it."""
    return f"{clock.beijing(moment):%Y-%m-%dT%H:%M}"


def steps(at: datetime, now: datetime) -> list[Step]:
    """Return the ways back and forth that stay in the past."""
    moments = [(label, at + timedelta(minutes=minutes)) for minutes, label in STEPS]
    return [
        Step(label, written(moment))
        for label, moment in moments
        if moment <= now and now - moment <= OLDEST
    ]


def context(user: User, at: datetime, drawing: Map) -> dict[str, Any]:
    """Return what the parts of the page show of ``at``."""
    alerts = alerts_at(user, at)
    rows = outlet_rows_at(user, worst_by_subject(alerts), at)
    places = markers.outlet_places(rows, drawing.projection)
    places += markers.station_places(user, drawing.projection)
    return {
        "markers": markers.crowd(places),
        "legend": markers.legend(places),
        "kpis": _kpis(user, alerts, rows, at),
        "rail": alerts[: home.RAIL],
        "open": len(alerts),
        "nearest": enterprises.with_sparks(home.nearest(rows), now=at),
        "outlets": len(rows),
    }


def _kpis(
    user: User,
    alerts: Sequence[Alert],
    rows: Sequence[enterprises.OutletRow],
    at: datetime,
) -> list[home.Kpi]:
    unanswered = waiting(alerts)
    worst = sum(alert.severity == "critical" for alert in unanswered)
    exceeding = {
        alert.subject_key
        for alert in alerts
        if alert.active and alert.kind in home.EXCEEDING
    }
    silent = sum(row.status.key == "off" for row in rows)
    today = home.midnight(clock.beijing(at).date())
    captures = Capture.objects.visible_to(user).filter(
        captured_at__gte=today, captured_at__lte=at
    )
    cases = Case.objects.visible_to(user).filter(opened_at__lte=at)
    running = cases.filter(Q(ended_at=None) | Q(ended_at__gt=at))
    return [
        home.Kpi(
            "待处理预警", str(len(unanswered)),
            note=f"严重 {worst}" if worst else "没有严重预警", bad=worst > 0,
        ),
        home.Kpi("未关闭预警", str(len(alerts)), note="含已确认、已搁置"),
        home.Kpi(
            "超标预警排口", str(len(exceeding)), f"/ {len(rows)}",
            note=f"离线 {silent}", bad=bool(exceeding),
        ),
        home.Kpi("当日黑烟抓拍", str(captures.count()), note="零时至该时刻"),
        home.Kpi("在办案件", str(running.count()), note="已立线索、未办结"),
    ]  # fmt: skip
