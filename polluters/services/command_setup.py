"""Commands that the platform sends by itself: first connection, and the time if asked."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from bozhou_eco.audit.services import record
from bozhou_eco.common.queue import after_commit
from polluters.domain.commands import NOW, setup_steps
from polluters.models import DeviceCommand, Logger

State, Origin = DeviceCommand.State, DeviceCommand.Origin
SEND_TASK = "polluters.tasks.send_commands"
SETUP_PAUSE = timedelta(minutes=10)


@transaction.atomic
def start_setup(*, logger: Logger, now: datetime) -> list[DeviceCommand]:
    """Queue the first-connection sequence (HJ 212-2017 §6.7) for a logger.

    Does nothing while one is under way or was begun in the last ten minutes, and for
    loggers that do not answer to this platform (上级下发).
    """
    Logger.objects.select_for_update().get(pk=logger.pk)
    recent = DeviceCommand.objects.filter(logger=logger, origin=Origin.SETUP).filter(
        Q(state__in=DeviceCommand.OPEN) | Q(requested_at__gt=now - SETUP_PAUSE)
    )
    if logger.access == Logger.Access.HANDED_DOWN or recent.exists():
        return []
    steps = setup_steps(
        version=logger.version,
        timeout_s=settings.HJ212_COMMANDS["TIMEOUT_S"],
        resends=settings.HJ212_COMMANDS["RESENDS"],
        real_time_s=logger.rtd_interval_s,
        minute_interval=logger.minute_interval,
    )
    commands = DeviceCommand.objects.bulk_create(
        own_command(logger, Origin.SETUP, cn, params, now) for cn, params in steps
    )
    record(
        actor=None,
        act="command.setup",
        subject=f"logger:{logger.mn}",
        detail={"steps": [command.cn for command in commands]},
        now=now,
    )
    after_commit(SEND_TASK)
    return commands


def own_command(
    logger: Logger, origin: str, cn: str, params: dict[str, str], now: datetime
) -> DeviceCommand:
    """Return an unsaved command of the platform itself, due at once."""
    return DeviceCommand(
        logger=logger,
        origin=origin,
        cn=cn,
        params=params,
        state=State.APPROVED,
        requested_at=now,
        next_at=now,
    )


def set_up_newcomers(*, now: datetime, most: int = 50) -> int:
    """Begin the sequence for loggers that have come online and never had one."""
    if not settings.HJ212_COMMANDS["SETUP"]:
        return 0
    earlier = DeviceCommand.objects.filter(logger=OuterRef("pk"), origin=Origin.SETUP)
    newcomers = Logger.objects.filter(
        ~Exists(earlier), active=True, state=Logger.State.ONLINE
    ).exclude(access=Logger.Access.HANDED_DOWN)[:most]
    return sum(bool(start_setup(logger=logger, now=now)) for logger in newcomers)


def set_clock(logger_id: int, now: datetime) -> None:
    """Queue 1012 for a logger that asked for the time, unless one is under way."""
    logger = Logger.objects.select_for_update().get(pk=logger_id)
    under_way = DeviceCommand.objects.filter(
        logger=logger, cn="1012", state__in=DeviceCommand.OPEN
    ).exclude(state=State.REQUESTED)
    if not under_way.exists():
        own_command(logger, Origin.CLOCK, "1012", {"SystemTime": NOW}, now).save()
        after_commit(SEND_TASK)
