"""What follows for a vehicle's loop and watch list when a fact about it is settled."""

from datetime import datetime

from django.db import transaction

from vehicles.models import Capture, Inspection
from vehicles.services import loops, watchlist
from vehicles.services.vehicles import file_of


@transaction.atomic
def follow_confirmed(*, capture: Capture, now: datetime) -> None:
    """A capture was confirmed: its vehicle has a file, a loop and a place on the list."""
    vehicle = file_of(plate=capture.plate_final, color=capture.color_final)
    loops.follow_capture(capture=capture, vehicle=vehicle)
    watchlist.on_capture(capture=capture, now=now)


@transaction.atomic(savepoint=False)
def follow_ended(*, inspection: Inspection, now: datetime) -> None:
    """A test ended: its loop moves on, and a pass may end entries of the list."""
    loops.follow_test(inspection=inspection, now=now)
    if inspection.outcome == "pass":
        watchlist.on_pass(vehicle=inspection.vehicle, now=now)
