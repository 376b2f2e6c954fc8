"""The hourly canary capture: a known clip through the vision queue to the test phone.

It takes the way of a real segment through broker, worker and models, and from the finding
on the way of any alert; but it makes no capture, so nothing has to be taken out of
reviews and figures again.
"""

import logging
from datetime import datetime

from alerts.models import CanaryRun
from alerts.services.canary import note_stage, raise_canary, start_canary
from bozhou_eco.common import queue
from vehicles.models import Camera

logger = logging.getLogger(__name__)
KIND = "capture"
TASK = "vehicles.vision.tasks.look_at_canary"


def send_capture_canary(*, now: datetime) -> CanaryRun | None:
    """Start a run and hand its clip to the vision queue; None while no camera watches.

    A broker that cannot be reached leaves the run open: it fails, and cries, in time.
    """
    if not Camera.objects.filter(active=True).exists():
        return None
    run = start_canary(kind=KIND, now=now)
    queue.send(TASK, run.code)
    return run


def note_canary_seen(*, code: str, seen: bool, now: datetime) -> bool:
    """Note whether the models found the clip's truck; that raises the alert of the run.

    A clip in which nothing is found leaves the run open, so that it fails: a platform
    whose models have gone blind must not look healthy.
    """
    run = CanaryRun.objects.filter(code=code, kind=KIND).first()
    if run is None:
        return False
    if not seen:
        logger.error("canary capture %s: no smoke found in the known clip", code)
        note_stage(code=code, stage="blind", now=now)
        return False
    if not note_stage(code=code, stage="seen", now=now):
        return False
    run.refresh_from_db()
    raise_canary(run=run, now=now)
    return True
