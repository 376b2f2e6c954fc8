"""Celery tasks of vehicles: a service call each."""

from celery import shared_task

from bozhou_eco.common import clock
from bozhou_eco.evidence.retention import period
from vehicles.models import Inspection
from vehicles.services import (
    canaries,
    exchange,
    findings,
    fleet,
    reviews,
    segments,
    supervision,
    upkeep,
    vendor_looks,
    watchlist,
)


@shared_task(name="vehicles.tasks.settle_reviews", expires=5)
def settle_reviews() -> int:
    """Decide captures whose latest verdict can no longer be undone."""
    return reviews.settle_reviews(now=clock.now())


@shared_task(name="vehicles.tasks.sweep_segments", expires=30)
def sweep_segments() -> int:
    """Send forgotten segments again."""
    return segments.sweep_segments(now=clock.now())


@shared_task(name="vehicles.tasks.sweep_vendor_captures", expires=240)
def sweep_vendor_captures() -> int:
    """Ask again for looks at vendors' captures that were lost."""
    return vendor_looks.sweep_vendor_captures(now=clock.now())


@shared_task(name="vehicles.tasks.send_capture_canary", expires=300)
def send_capture_canary() -> None:
    """Send the hourly canary capture."""
    canaries.send_capture_canary(now=clock.now())


@shared_task(name="vehicles.tasks.find_silent_stations", expires=240)
def find_silent_stations() -> int:
    """Warn of stations that send nothing in working hours."""
    return upkeep.find_silent_stations(now=clock.now())


@shared_task(name="vehicles.tasks.find_silent_cameras", expires=30)
def find_silent_cameras() -> int:
    """Mark streams without pictures down."""
    return upkeep.find_silent_cameras(now=clock.now())


@shared_task(name="vehicles.tasks.keep_house")
def keep_house() -> None:
    """Erase what has served its time; mark overdue notices."""
    now = clock.now()
    segments.erase_segments(now=now, keep=period("segment"))
    segments.erase_parts(now=now)
    upkeep.erase_rejected(now=now, keep=period("capture-rejected"))
    upkeep.mark_overdue_notices(now=now)


@shared_task(name="vehicles.tasks.analyse_inspection")
def analyse_inspection(pk: int) -> None:
    """Run the fraud rules over a finished test."""
    findings.analyse(inspection=Inspection.objects.get(pk=pk), now=clock.now())


@shared_task(name="vehicles.tasks.mark_smoke", expires=120)
def mark_smoke() -> int:
    """Mark tests of vehicles that smoked soon after they passed."""
    return findings.mark_smoke(now=clock.now())


@shared_task(name="vehicles.tasks.supervise")
def supervise() -> None:
    """Draw the month's video checks; judge pass rates over the year."""
    now = clock.now()
    supervision.draw_all_videos(now=now)
    findings.judge_rates(now=now)


@shared_task(name="vehicles.tasks.analyse_waiting", expires=60)
def analyse_waiting() -> int:
    """Analyse finished tests whose task was lost."""
    return findings.analyse_waiting(now=clock.now())


@shared_task(name="vehicles.tasks.recompute_watchlist")
def recompute_watchlist() -> dict[str, int]:
    """Enter and let go what the events of the day missed."""
    return watchlist.recompute(now=clock.now())


@shared_task(name="vehicles.tasks.sum_fleet", expires=300)
def sum_fleet() -> int:
    """Bring the monthly sums up to date."""
    return fleet.refresh(now=clock.now())


@shared_task(name="vehicles.tasks.run_exchange", expires=600)
def run_exchange() -> dict[str, int]:
    """Send what is due to other platforms, take receipts, compare days."""
    return exchange.run(now=clock.now())
