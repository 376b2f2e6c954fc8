"""Reads of the watch list: who is on it, who should be, what an entry still lacks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from vehicles.domain import plates
from vehicles.domain.watch import Standing
from vehicles.models import (
    Capture,
    Finding,
    Inspection,
    RepairLoop,
    RoadCheck,
    Vehicle,
    WatchEntry,
    WatchEvent,
    WatchRule,
)

LOOK_BACK = timedelta(days=400)
TERM_OPENS = timedelta(days=92)
"""A term's test may be done in the three months before it ends (机动车登记规定 art. 54,
memory): one passed then is that term's, though the list of the police comes later."""
TRIGGERING = (WatchEvent.Kind.ENTERED, WatchEvent.Kind.RENEWED)


def open_entries(plate: str, color: str) -> QuerySet[WatchEntry]:
    """Return the open entries of a plate and colour."""
    rows: QuerySet[WatchEntry] = WatchEntry.objects.filter(
        vehicle__plate=plate, vehicle__plate_color=color, left_at__isnull=True
    )
    return rows.select_related("vehicle").order_by("since")


def open_of(vehicle: Vehicle) -> QuerySet[WatchEntry]:
    """Return the open entries of a vehicle."""
    rows: QuerySet[WatchEntry] = WatchEntry.objects.filter(
        vehicle=vehicle, left_at__isnull=True
    )
    return rows.select_related("vehicle")


def all_open() -> QuerySet[WatchEntry]:
    """Return every open entry."""
    rows: QuerySet[WatchEntry] = WatchEntry.objects.filter(left_at__isnull=True)
    return rows.select_related("vehicle")


def exceedances(vehicle: Vehicle, *, around: datetime, days: int) -> int:
    """Count confirmed captures and failed roadside checks about a moment.

    The count is the largest of any ``days`` in a row that hold the moment: captures are
    reviewed in any order, and a phone without signal sends its checks late.
    """
    span = timedelta(days=days)
    between = (around - span, around + span)
    captures = Capture.objects.filter(
        state=Capture.State.CONFIRMED,
        plate_final=vehicle.plate,
        color_final=vehicle.plate_color,
        captured_at__range=between,
    ).values_list("captured_at", flat=True)
    checks = RoadCheck.objects.filter(
        vehicle=vehicle, verdict=RoadCheck.Verdict.FAIL, at__range=between
    ).values_list("at", flat=True)
    moments = [*captures, *checks]
    counts = (
        sum(begin <= at <= begin + span for at in moments)
        for begin in moments
        if begin <= around
    )
    return max(counts, default=0)


def listed_colors(plate: str) -> list[str]:
    """Return the colours under which a number is listed."""
    rows = WatchEntry.objects.filter(vehicle__plate=plate, left_at__isnull=True)
    return sorted(set(rows.values_list("vehicle__plate_color", flat=True)))


# --- facts that should have listed a vehicle -------------------------------------------
def _unknown(prefix: str, field: str = "pk") -> Any:
    """Whether no history row names the record ``prefix:field`` as its source."""
    source = Concat(
        Value(f"{prefix}:"),
        Cast(OuterRef(field), CharField()),
        output_field=CharField(),
    )
    return ~Exists(WatchEvent.objects.filter(source=source, kind__in=TRIGGERING))


def confirmed_captures(now: datetime) -> QuerySet[Capture]:
    """Return confirmed captures of the last year that listed nobody."""
    rows: QuerySet[Capture] = Capture.objects.filter(
        _unknown("capture"),
        state=Capture.State.CONFIRMED,
        captured_at__gte=now - LOOK_BACK,
    )
    return rows.select_related("site").order_by("captured_at")


def failed_checks(now: datetime) -> QuerySet[RoadCheck]:
    """Return failed roadside checks of the last year that listed nobody."""
    rows: QuerySet[RoadCheck] = RoadCheck.objects.filter(
        _unknown("road_check"),
        verdict=RoadCheck.Verdict.FAIL,
        at__gte=now - LOOK_BACK,
    )
    return rows.select_related("vehicle", "campaign").order_by("at")


def held_findings(now: datetime) -> QuerySet[Finding]:
    """Return findings held to be true that listed nobody."""
    rows: QuerySet[Finding] = Finding.objects.filter(
        _unknown("finding"),
        verdict=Finding.Verdict.CONFIRMED,
        inspection__isnull=False,
        occurred_at__gte=now - LOOK_BACK,
    )
    return rows.select_related("inspection__vehicle").order_by("occurred_at")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vehicle that time or a state has made a case for the list."""

    vehicle: Vehicle
    trigger: str
    reason: str
    source: str
    at: datetime


def timed_candidates(now: datetime) -> Iterator[Candidate]:
    """Yield vehicles that failed and were not retested, are overdue, or report faults."""
    rules = {rule.trigger: rule for rule in WatchRule.objects.filter(enabled=True)}
    yield from _not_retested(rules, now)
    yield from _overdue(rules, now)
    yield from _remote(rules)


def _listed(trigger: str) -> Exists:
    return Exists(
        WatchEntry.objects.filter(
            vehicle=OuterRef("pk"), trigger=trigger, left_at__isnull=True
        )
    )


def _not_retested(rules: dict[str, WatchRule], now: datetime) -> Iterator[Candidate]:
    trigger = WatchRule.Trigger.NOT_RETESTED
    if trigger not in rules:
        return
    loops = RepairLoop.objects.filter(
        _unknown("loop"), closed_at__isnull=True, due_on__lt=clock.beijing(now).date()
    ).select_related("vehicle")
    for loop in loops.iterator(chunk_size=500):
        yield Candidate(
            loop.vehicle,
            trigger,
            f"{clock.beijing(loop.failed_at):%Y-%m-%d} {loop.get_origin_display()}"
            f"不合格，期限 {loop.due_on:%Y-%m-%d} 前未复检合格",
            f"loop:{loop.pk}",
            now,
        )


def _overdue(rules: dict[str, WatchRule], now: datetime) -> Iterator[Candidate]:
    rule = rules.get(WatchRule.Trigger.OVERDUE)
    if rule is None:
        return
    today = clock.beijing(now).date()
    last = today - timedelta(days=rule.days)
    tested = Inspection.objects.filter(
        vehicle=OuterRef("pk"),
        outcome="pass",
        started_at__date__gt=ExpressionWrapper(
            OuterRef("inspection_until") - Value(TERM_OPENS), output_field=DateField()
        ),
    )
    rows = Vehicle.objects.filter(
        ~_listed(rule.trigger), ~Exists(tested), inspection_until__lt=last
    )
    for vehicle in rows.iterator(chunk_size=500):
        yield Candidate(
            vehicle,
            rule.trigger,
            f"检验有效期至 {vehicle.inspection_until:%Y-%m-%d}，"
            f"已逾期 {(today - vehicle.inspection_until).days} 天",
            f"overdue:{vehicle.inspection_until:%Y%m%d}",
            now,
        )


def _remote(rules: dict[str, WatchRule]) -> Iterator[Candidate]:
    trigger = WatchRule.Trigger.REMOTE_OBD
    if trigger not in rules:
        return
    rows = Vehicle.objects.filter(
        ~_listed(trigger), ~Q(remote_obd_fault=""), remote_obd_at__isnull=False
    )
    for vehicle in rows.iterator(chunk_size=500):
        yield Candidate(
            vehicle,
            trigger,
            f"远程 OBD 故障：{vehicle.remote_obd_fault}",
            f"remote_obd:{clock.beijing(vehicle.remote_obd_at):%Y%m%d%H%M}",
            vehicle.remote_obd_at,
        )


# --- leaving ----------------------------------------------------------------------------
def standings(entries: Sequence[WatchEntry]) -> Iterable[tuple[WatchEntry, Standing]]:
    """Return each entry with what decides on its exit, by two queries for all."""
    last = dict(
        WatchEvent.objects.filter(entry__in=entries, kind__in=TRIGGERING)
        .order_by()
        .values_list("entry_id")
        .annotate(at=Max("at"))
    )
    passed = dict(
        Inspection.objects.filter(
            vehicle__in={entry.vehicle_id for entry in entries},
            state=Inspection.State.DONE,
            outcome="pass",
        )
        .order_by()
        .values_list("vehicle_id")
        .annotate(at=Max("started_at"))
    )
    return [
        (
            entry,
            Standing(
                trigger=entry.trigger,
                needs_retest=entry.needs_retest,
                clean_months=entry.clean_months,
                last_trigger_at=last.get(entry.pk, entry.since),
                passed_at=passed.get(entry.vehicle_id),
                inspection_until=entry.vehicle.inspection_until,
            ),
        )
        for entry in entries
    ]


# --- pages ------------------------------------------------------------------------------
def entries_for(user: User, given: dict[str, str]) -> QuerySet[WatchEntry]:
    """Return entries in reach, narrowed by state, reason, plate, district and owner."""
    rows: QuerySet[WatchEntry] = WatchEntry.objects.visible_to(user).select_related(
        "vehicle__district", "owner"
    )
    state = given.get("state", "open")
    if state == "left":
        rows = rows.filter(left_at__isnull=False)
    elif state != "all":
        rows = rows.filter(left_at__isnull=True)
    if given.get("trigger") in WatchRule.Trigger.values:
        rows = rows.filter(trigger=given["trigger"])
    if given.get("q"):
        text = plates.normalise(given["q"])
        rows = rows.filter(
            Q(vehicle__plate__contains=text)
            | Q(vehicle__near_key=plates.near_key(text))
            | Q(vehicle__vin=text)
        )
    if (district := whole(given.get("district", ""))) is not None:
        rows = rows.filter(vehicle__district_id=district)
    if given.get("owner") == "me":
        rows = rows.filter(owner=user)
    return rows.order_by("-since", "-pk")


def counts_by_trigger(user: User) -> list[dict[str, Any]]:
    """Return how many open entries each reason has."""
    rows = (
        WatchEntry.objects.visible_to(user)
        .filter(left_at__isnull=True)
        .order_by()
        .values("trigger")
        .annotate(n=Count("pk"))
    )
    found = {row["trigger"]: row["n"] for row in rows}
    return [
        {"trigger": value, "label": label, "n": found.get(value, 0)}
        for value, label in WatchRule.Trigger.choices
    ]
