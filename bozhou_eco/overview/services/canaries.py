"""The hourly canary frame: sent to the broker as a logger would, followed to the phone.

It speaks as the logger ``CANARY_MN``, which is registered for nothing else. Once its frame
is stored the canary's alert is raised, and from there on it is told like any other.
"""

from datetime import datetime, timedelta

from django.conf import settings

from alerts.models import CanaryRun
from alerts.services.canary import LIMIT, note_stage, raise_canary, start_canary
from polluters.clients import publish_up
from polluters.domain.hj212 import encode_frame
from polluters.models import Logger, RawFrame

KIND = "frame"


def canary_logger() -> Logger | None:
    """Return the logger that canaries speak as; None while there is none."""
    if not settings.CANARY_MN:
        return None
    return Logger.objects.filter(mn=settings.CANARY_MN, active=True).first()


def frame_of(device: Logger, at: datetime) -> bytes:
    """Return a real-time frame without factors, as of ``at``."""
    return encode_frame(
        st="31", cn="2011", mn=device.mn, pw=device.password, qn=at,
        params={"DataTime": at},
    )  # fmt: skip


def send_frame_canary(*, now: datetime) -> CanaryRun | None:
    """Start a run and publish its frame; None without a canary logger.

    A broker that cannot be reached leaves the run open: it fails, and cries, in time.
    """
    device = canary_logger()
    if device is None:
        return None
    at = now.replace(microsecond=0)
    run = start_canary(kind=KIND, now=at)
    publish_up(device.mn, frame_of(device, at))
    return run


def follow_frame_canaries(*, now: datetime) -> int:
    """Raise the alert of every run whose frame is stored; returns how many."""
    runs = CanaryRun.objects.filter(
        kind=KIND, finished_at__isnull=True, failed=False, started_at__gt=now - LIMIT
    )
    waiting = [run for run in runs if "stored" not in run.stages]
    device = canary_logger() if waiting else None
    if device is None:
        return 0
    count = 0
    for run in waiting:
        frame = RawFrame.objects.filter(
            logger=device,
            device_time=run.started_at,
            received_at__gte=run.started_at - timedelta(minutes=1),
        ).first()
        if frame is None:
            continue
        note_stage(code=run.code, stage="stored", now=frame.received_at)
        run.refresh_from_db()
        raise_canary(run=run, now=now)
        count += 1
    return count
