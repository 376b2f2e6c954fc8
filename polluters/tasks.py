"""Celery tasks of polluters: a service call each."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction

from bozhou_eco.common import clock
from polluters.services import (
    air,
    closing,
    commands,
    devices,
    findings,
    frames,
    masses,
    national,
    partitions,
    video,
)
from polluters.services import marks as mark_acts
from polluters.services.watching import figures, forecasts, ledger, marks


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


@shared_task(name="polluters.tasks.take_flags", expires=3000)
def take_flags() -> int:
    """Make marks of the hours that loggers flagged in the last two days."""
    now = clock.now()
    return mark_acts.take_flags(begin=now - timedelta(days=2), end=now, now=now)


@shared_task(name="polluters.tasks.take_national", expires=280)
def take_national() -> int:
    """Take parcels of the national platform that wait in the exchange folder."""
    return national.take_folder(now=clock.now())


@shared_task(name="polluters.tasks.fetch_national", expires=3000)
def fetch_national() -> int:
    """Fetch yesterday's parcels of the national platform by REST."""
    now = clock.now()
    day = clock.beijing(now - timedelta(days=1)).date()
    return national.fetch_day(day=day.isoformat(), now=now)


@shared_task(name="polluters.tasks.sum_masses", expires=3000)
def sum_masses() -> int:
    """Sum the masses of closed days."""
    return masses.sum_due(now=clock.now())


@shared_task(name="polluters.tasks.analyse_supervision", expires=3000)
def analyse_supervision() -> int:
    """Look at marks, the ledger, rates, quotas and national data."""
    now = clock.now()
    return sum(watch.look(now=now) for watch in (marks, ledger, figures))


@shared_task(name="polluters.tasks.analyse_ahead", expires=800)
def analyse_ahead() -> int:
    """Say which limits will be reached."""
    return forecasts.look_ahead(now=clock.now())


@shared_task(name="polluters.tasks.analyse_levels", expires=3000)
def analyse_levels() -> int:
    """Compare the last hour with its usual level."""
    return forecasts.look_at_levels(now=clock.now())


@shared_task(name="polluters.tasks.analyse_states", expires=3000)
def analyse_states() -> int:
    """Look for odd combinations of factors."""
    return forecasts.look_at_states(now=clock.now())


@shared_task(name="polluters.tasks.snap_exceedances", expires=50)
def snap_exceedances() -> int:
    """Take pictures for fresh exceedances."""
    return video.snap_exceedances(now=clock.now())


@shared_task(name="polluters.tasks.compute_air", expires=3000)
def compute_air() -> int:
    """Compute yesterday's air, and the day before once more for late data."""
    now = clock.now()
    today = clock.beijing(now).date()
    days = (today - timedelta(days=n) for n in (2, 1))
    return sum(air.compute_day(day=day, now=now) for day in days)
