"""What follows for a vehicle's loop and watch list when a fact about it is settled."""

from datetime import datetime

from django.db import transaction

from bozhou_eco.accounts.models import User
from vehicles.models import (
    Capture,
    Inspection,
    RepairLoop,
    RoadCheck,
    WatchEntry,
    WatchEvent,
    WatchRule,
)
from vehicles.selectors.watch import TRIGGERING, exceedances
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


@transaction.atomic
def follow_withdrawn(*, source: str, why: str, actor: User, now: datetime) -> int:
    """A fact proved wrong: entries of the list that rest on nothing else leave.

    The others note it, so that they leave when the last of their facts is withdrawn. A
    loop that it began ends without a retest. Returns how many entries left.
    """
    _withdraw_loop(source, why, now)
    entries = WatchEntry.objects.filter(
        pk__in=WatchEvent.objects.filter(source=source, kind__in=TRIGGERING).values(
            "entry"
        ),
        left_at__isnull=True,
    )
    left, vehicles = 0, set()
    for entry in entries.select_for_update(of=("self",)).select_related("vehicle"):
        WatchEvent.objects.create(
            entry=entry, kind=WatchEvent.Kind.NOTE, at=now, actor=actor, text=why[:300],
            source=source,
        )  # fmt: skip
        vehicles.add(entry.vehicle_id)
        if not _rests_on(entry):
            watchlist.leave(entry=entry, reason=why, actor=actor, now=now)
            left += 1
    return left + _no_longer_repeated(vehicles, why, actor, now)


def _no_longer_repeated(
    vehicles: set[int], why: str, actor: User, now: datetime
) -> int:
    """End entries for repeated exceedances that fewer than the rule's number bear out."""
    rule = WatchRule.objects.filter(trigger=WatchRule.Trigger.REPEATED).first()
    if rule is None:
        return 0
    entries = WatchEntry.objects.filter(
        vehicle__in=vehicles, trigger=rule.trigger, left_at__isnull=True
    )
    left = 0
    for entry in entries.select_related("vehicle"):
        facts = entry.events.filter(kind__in=TRIGGERING, source__in=_rests_on(entry))
        most = max(
            exceedances(entry.vehicle, around=at, days=rule.days)
            for at in facts.values_list("at", flat=True)
        )
        if most < rule.count:
            words = f"{why}；{rule.days} 天内尚有 {most} 次"
            watchlist.leave(entry=entry, reason=words, actor=actor, now=now)
            left += 1
    return left


def _rests_on(entry: WatchEntry) -> set[str]:
    """The facts that an entry still rests on: those that no later note withdraws."""
    standing: set[str] = set()
    for kind, source in entry.events.order_by("pk").values_list("kind", "source"):
        if kind in TRIGGERING:
            standing.add(source)
        elif kind == WatchEvent.Kind.NOTE and source:
            standing.discard(source)
    return standing


def _withdraw_loop(source: str, why: str, now: datetime) -> None:
    """End a loop that no failed retest bears out; later facts begin one of their own."""
    loop = (
        RepairLoop.objects.select_for_update(of=("self",))
        .select_related("vehicle")
        .filter(source=source, closed_at__isnull=True, retests=0)
        .first()
    )
    if loop is None:
        return
    loop.closed_at, loop.reason = now, f"{loop.reason}（{why}）"[:200]
    loop.save(update_fields=["closed_at", "reason"])
    vehicle = loop.vehicle
    seen = Capture.objects.filter(
        state=Capture.State.CONFIRMED,
        plate_final=vehicle.plate,
        color_final=vehicle.plate_color,
        captured_at__gte=loop.failed_at,
    )
    for capture in seen.select_related("site__district").order_by("captured_at"):
        loops.follow_capture(capture=capture, vehicle=vehicle)
    checks = RoadCheck.objects.filter(vehicle=vehicle, at__gte=loop.failed_at)
    for check in checks.select_related("campaign__district").order_by("at"):
        loops.follow_road_check(check=check)
