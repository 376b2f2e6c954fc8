"""Tasks of the vision queue; imported only by its workers."""

from celery import shared_task

from alerts.services.heartbeats import Pulse
from vehicles.vision import canary, plate_photo, vendor_look, worker

# Given from the queue itself, so that a worker that hangs falls silent; a long segment
# may stand before it.
pulse = Pulse("vision", "图像识别进程", timeout_s=600)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def analyse_segment(segment_id: int) -> int:
    """Analyse one segment."""
    return worker.analyse_segment(segment_id)


@shared_task
def read_plate(token: str) -> int:
    """Read the plate in a photo from an officer's phone."""
    return plate_photo.read_photo(token)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def look_at_vendor_capture(capture_id: int) -> bool:
    """Look at what a vendor's device sent."""
    return vendor_look.look_at_vendor_capture(capture_id)


@shared_task
def look_at_canary(code: str) -> bool:
    """Look at the clip of an hourly self-check."""
    return canary.look_at_canary(code)


@shared_task(expires=60)
def give_pulse() -> bool:
    """Say that this queue is being worked on."""
    return pulse.give()
