"""Tasks of the vision queue; imported only by its workers."""

from celery import shared_task

from vehicles.vision import plate_photo, vendor_look, worker


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
