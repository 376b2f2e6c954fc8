"""Celery task of the sealer."""

from celery import shared_task

from bozhou_eco.audit.services import seal_pending
from bozhou_eco.common import clock


@shared_task(name="bozhou_eco.audit.tasks.seal", expires=10)
def seal() -> int:
    """Seal what is waiting."""
    return seal_pending(now=clock.now())
