"""Celery tasks of polluters: a service call each."""

from celery import shared_task
from django.db import transaction

from bozhou_eco.common import clock
from polluters.services import (
    closing,
    commands,
    devices,
    findings,
    frames,
    partitions,
)


@shared_task(name="polluters.tasks.make_partitions")
def make_partitions() -> None:
    """Make the partitions of the months to come."""
    with transaction.atomic():
        partitions.ensure_ahead(now=clock.now())


@shared_task(name="polluters.tasks.sweep_offline", expires=15)
def sweep_offline() -> int:
    """Mark silent loggers offline."""
    return devices.sweep_offline(now=clock.now())


@shared_task(name="polluters.tasks.seal_frames", expires=3000)
def seal_frames() -> int:
    """Seal the raw frames of closed hours."""
    return frames.seal_hours(now=clock.now())


@shared_task(name="polluters.tasks.close_periods", expires=55)
def close_periods() -> int:
    """Close the hours and days that are due."""
    return closing.close_due(now=clock.now())


@shared_task(name="polluters.tasks.send_commands", expires=30)
def send_commands() -> int:
    """Send device commands that are due, and begin set-up sequences."""
    commands.set_up_newcomers(now=clock.now())
    return commands.send_due(now=clock.now())


@shared_task(name="polluters.tasks.analyse_readings", expires=3000)
def analyse_readings() -> int:
    """Look for anomalies in the readings of the last weeks."""
    return findings.analyse_all(now=clock.now())
