"""Tasks of the vision queue; imported only by its workers."""

from celery import shared_task

from vehicles.vision import plate_photo, worker


@shared_task(acks_late=True, reject_on_worker_lost=True)
def analyse_segment(segment_id: int) -> int:
    """Analyse one segment."""
    return worker.analyse_segment(segment_id)


@shared_task
def read_plate(token: str) -> int:
    """Read the plate in a photo from an officer's phone."""
    return plate_photo.read_photo(token)
