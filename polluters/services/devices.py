"""Loggers coming and going, and what they say of themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.urls import reverse

from alerts.services import clear_alert, raise_alert
from bozhou_eco.common import clock
from polluters.domain.hj212 import Frame
from polluters.models import DeviceInfo, Logger
from polluters.services import commands

CLOCKS_APART = timedelta(days=2)
INFO_COMMANDS = frozenset({"2021", "2041", "2081", "3020"})


class KnownLogger(Protocol):
    """What this module needs of intake's picture of a logger."""

    id: int
    mn: str


def offline_key(logger_id: int) -> str:
    """Return the key of a logger's offline alert."""
    return f"logger-offline:{logger_id}"


def came_back(loggers: Sequence[KnownLogger], *, now: datetime) -> None:
    """Clear the offline alert of loggers that were offline until this batch."""
    for logger in loggers:
        clear_alert(key=offline_key(logger.id), now=now, reason=f"{logger.mn} 恢复通信")


@transaction.atomic
def sweep_offline(*, now: datetime) -> int:
    """Mark loggers offline whose time-out has passed and raise one alert each.

    The row lock taken here and the one intake takes order the two, so data that arrive
    at the very moment of the time-out leave no alert behind.
    """
    age = ExpressionWrapper(
        F("offline_after_s") * Value(timedelta(seconds=1)),
        output_field=DurationField(),
    )
    due = (
        Logger.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(active=True, state=Logger.State.ONLINE, last_seen__lt=now - age)
        .select_related(
            "outlet__enterprise__district", "outlet__enterprise__organisation"
        )
    )
    count = 0
    for logger in due:
        Logger.objects.filter(pk=logger.pk).update(state=Logger.State.OFFLINE)
        _raise_offline(logger, now)
        count += 1
    return count


def _raise_offline(logger: Logger, now: datetime) -> None:
    outlet, enterprise = logger.outlet, logger.outlet.enterprise
    assert logger.last_seen is not None
    minutes = (now - logger.last_seen).total_seconds() / 60
    raise_alert(
        key=offline_key(logger.pk),
        kind="offline",
        severity="minor",
        summary=f"数采仪 {logger.mn} 已 {minutes:.0f} 分钟无报文",
        explanation={
            "lines": [
                ["规则", "超过离线判定时间未收到任何报文"],
                ["最近报文", f"{clock.beijing(logger.last_seen):%Y-%m-%d %H:%M:%S}"],
                ["离线判定", f"{logger.offline_after_s} s"],
            ]
        },
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=enterprise.district,
        organisation=enterprise.organisation,
        evidence_url=reverse("polluters:outlet", args=[outlet.pk]),
        occurred_at=logger.last_seen,
        now=now,
    )


def take_events(events: Sequence[tuple[KnownLogger, Frame]], *, now: datetime) -> None:
    """Store device information and hand replies to the commands that wait for them."""
    infos = [
        info
        for logger, frame in events
        if frame.cn in INFO_COMMANDS
        for info in _infos(logger.id, frame, now)
    ]
    if infos:
        DeviceInfo.objects.bulk_create(infos, ignore_conflicts=True)
    for logger, frame in events:
        commands.take_reply(logger_id=logger.id, frame=frame, now=now)


def _infos(logger_id: int, frame: Frame, now: datetime) -> list[DeviceInfo]:
    time = frame.data_time or frame.sent_at or now
    if not clock.askable(time) or time > now + CLOCKS_APART:
        time = now  # what the device's clock tells is no time
    return [
        DeviceInfo(
            logger_id=logger_id,
            time=time,
            cn=frame.cn,
            code=item.code[:20],
            values=item.values | ({"Flag": item.flag} if item.flag else {}),
            received_at=now,
        )
        for item in frame.items
    ]
