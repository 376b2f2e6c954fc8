"""Celery tasks of polluters: a service call each."""

from celery import shared_task
from django.db import transaction

from bozhou_eco.common import clock
from polluters.services import partitions


@shared_task(name="polluters.tasks.make_partitions")
def make_partitions() -> None:
    """Make the partitions of the months to come."""
    with transaction.atomic():
        partitions.ensure_ahead(now=clock.now())
