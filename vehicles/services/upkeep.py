"""Upkeep of captures and cameras: retention, overdue notices, silent cameras."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.evidence.retention import erase_original, held_keys
from vehicles.models import Camera, Capture, CaptureFile, RepairNotice, Station
from vehicles.selectors.gate import inspection_settings
from vehicles.services.alerts_stations import (
    clear_silence,
    silence_key,
    silences_told,
    tell_silence,
)
from vehicles.services.cameras import SILENT_AFTER, Health, report_health


@transaction.atomic
def erase_rejected(*, now: datetime, keep: timedelta | None) -> int:
    """Erase the files of captures rejected for good; their rows and digests stay.

    Confirmed captures, those with an objection, those to be re-read and those under a
    hold are never touched; a file that another record rests on stays, and the capture
    comes up again every night until all of it is gone.
    """
    if keep is None:
        return 0
    old = (
        Capture.objects.select_for_update(of=("self",))
        .filter(
            state__in=(Capture.State.REJECTED, Capture.State.UNCLEAR),
            decided_at__lt=now - keep,
            erased_at=None,
            reread=False,
            objections=None,
        )
        .exclude(pk__in=held_keys("capture"))
        .exclude(site__code__in=held_keys("site"))
    )
    count = 0
    for capture in old:
        gone = [
            erase_original(sealed=one.sealed, owner=CaptureFile, now=now)
            for one in capture.files.select_related("sealed")
        ]
        if not all(gone):
            continue  # something is kept; the rest of it goes when that may go
        capture.erased_at = now
        capture.save(update_fields=["erased_at"])
        audit.record(
            actor=None,
            act="capture.erase",
            subject=f"capture:{capture.pk}",
            detail={"state": capture.state},
            now=now,
        )
        count += 1
    return count


def mark_overdue_notices(*, now: datetime) -> int:
    """Mark notices whose last day for re-inspection has passed."""
    today = clock.beijing(now).date()
    return RepairNotice.objects.filter(
        state=RepairNotice.State.OPEN, closed_at__isnull=True, due_on__lt=today
    ).update(state=RepairNotice.State.OVERDUE)


def find_silent_cameras(*, now: datetime) -> int:
    """Mark streams down whose watcher was silent for a minute; returns how many."""
    silent = list(
        Camera.objects.filter(
            last_frame_at__lt=now - SILENT_AFTER,
            active=True,
            source=Camera.Source.STREAM,
        )
        .exclude(state=Camera.State.DOWN)
        .select_related("site__district")
    )
    for camera in silent:
        report_health(
            camera=camera,
            health=Health(state=Camera.State.DOWN, problem="一分钟内没有画面"),
            now=now,
        )
    return len(silent)


def find_silent_stations(*, now: datetime) -> int:
    """Warn of stations that sent nothing for hours while open; returns how many.

    Only hours of the day count, so nobody is asked about a night. A station that sends
    again clears its warning.
    """
    patience = timedelta(hours=settings.STATION_SILENT_HOURS)
    hours = inspection_settings()
    local = clock.beijing(now)
    if not patience or not hours.opens <= local.time() <= hours.closes:
        return 0
    opened = local.replace(
        hour=hours.opens.hour, minute=hours.opens.minute, second=0, microsecond=0
    )
    told, count = silences_told(), 0
    stations = Station.objects.filter(active=True, last_seen_at__isnull=False)
    for station in stations.select_related("district"):
        seen = station.last_seen_at or opened
        silent = now - max(seen, opened) >= patience
        known = silence_key(station) in told
        if known and not silent:
            clear_silence(station=station, now=now)
        elif silent and not known:
            tell_silence(station=station, since=seen, now=now)
            count += 1
    return count
