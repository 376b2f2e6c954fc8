"""Celery tasks of the overview: a service call each."""

from celery import shared_task

from bozhou_eco.common import clock
from bozhou_eco.overview.services import canaries
from bozhou_eco.overview.services.clue_reports import draft_report
from bozhou_eco.overview.services.integrity import verify_and_warn


@shared_task(name="bozhou_eco.overview.tasks.verify_integrity")
def verify_integrity() -> int:
    """Read every original again; return how many faults there are."""
    return verify_and_warn(now=clock.now()).fault_count


@shared_task(name="bozhou_eco.overview.tasks.draft_weekly")
def draft_weekly() -> int:
    """Draft the clue report of the last week."""
    return draft_report(now=clock.now()).pk


@shared_task(name="bozhou_eco.overview.tasks.send_frame_canary")
def send_frame_canary() -> None:
    """Send the hourly canary frame."""
    canaries.send_frame_canary(now=clock.now())


@shared_task(name="bozhou_eco.overview.tasks.follow_frame_canaries")
def follow_frame_canaries() -> None:
    """Raise the alert of canary frames that are stored."""
    canaries.follow_frame_canaries(now=clock.now())
