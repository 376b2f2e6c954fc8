"""Reads of vehicle files: the list with near plates, and one vehicle's timeline."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from alerts.models import Alert
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from enforcement.models import Case
from vehicles.domain import plates
from vehicles.models import (
    Capture,
    Inspection,
    RepairLoop,
    RoadCheck,
    Vehicle,
    WatchEntry,
)

EACH = 60
NEAR = 1.2
NEAR_SHOWN = 12


def files_for(user: User, given: dict[str, str], today: date) -> QuerySet[Vehicle]:
    """Return files in reach, narrowed by text, kind, fuel, stage and state."""
    rows: QuerySet[Vehicle] = Vehicle.objects.visible_to(user).select_related(
        "district"
    )
    listed = WatchEntry.objects.filter(vehicle=OuterRef("pk"), left_at__isnull=True)
    rows = rows.annotate(listed=Exists(listed))
    if given.get("q"):
        rows = rows.filter(_text(given["q"]))
    for name in ("fuel", "plate_color", "use"):
        if given.get(name):
            rows = rows.filter(**{name: given[name][:14]})
    if (stage := whole(given.get("stage", ""))) is not None:
        rows = rows.filter(stage=stage)
    if (district := whole(given.get("district", ""))) is not None:
        rows = rows.filter(district_id=district)
    return _by_state(rows, given.get("state", ""), today).order_by("plate", "pk")


def _text(text: str) -> Q:
    plain = plates.normalise(text)
    found = Q(plate__contains=plain) | Q(vin=plain) | Q(user_company__contains=text)
    if len(plain) >= 5:
        found |= Q(near_key=plates.near_key(plain))
    return found


def _by_state(rows: QuerySet[Vehicle], state: str, today: date) -> QuerySet[Vehicle]:
    if state == "listed":
        return rows.filter(Q(listed=True))
    if state == "overdue":
        return rows.filter(inspection_until__lt=today)
    if state == "failed":
        loops = RepairLoop.objects.filter(vehicle=OuterRef("pk"), closed_at=None)
        return rows.filter(Exists(loops))
    if state == "remote":
        return rows.exclude(remote_obd_fault="")
    if state == "unregistered":
        return rows.filter(registered=False)
    return rows


def near_plates(user: User, text: str) -> list[tuple[Vehicle, float]]:
    """Return files whose plate looks like ``text``, nearest first, itself left out.

    O/0, 8/B and their like share a key; other slips are found among the plates that
    share the first or the last half of the serial.
    """
    plain = plates.normalise(text)
    if len(plain) < 5:
        return []
    key = plates.near_key(plain)
    half = len(key) // 2
    rows = Vehicle.objects.visible_to(user).filter(
        Q(near_key=key)
        | Q(near_key__startswith=key[:half])
        | Q(near_key__endswith=key[half:])
    )[:4000]
    scored = [(row, plates.distance(plain, row.plate)) for row in rows]
    near = [(row, far) for row, far in scored if far <= NEAR and row.plate != plain]
    return sorted(near, key=lambda pair: (pair[1], pair[0].plate))[:NEAR_SHOWN]


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a vehicle's timeline."""

    at: datetime
    kind: str
    label: str
    text: str
    url: str = ""
    tone: str = ""
    where: str = ""


KINDS = {
    "capture": "抓拍",
    "inspection": "检验",
    "road_check": "路检",
    "watch": "名单",
    "loop": "维修复检",
    "alert": "预警",
    "case": "案件",
}


def timeline(user: User, vehicle: Vehicle, kind: str = "") -> list[Moment]:
    """Return what happened to a vehicle, newest first, as far as ``user`` may see it."""
    sources: dict[str, Callable[[User, Vehicle], Iterable[Moment]]] = {
        "capture": _captures,
        "inspection": _inspections,
        "road_check": _road_checks,
        "watch": _watch,
        "loop": _loops,
        "alert": _alerts,
        "case": _cases,
    }
    chosen = [sources[kind]] if kind in sources else list(sources.values())
    found = [moment for source in chosen for moment in source(user, vehicle)]
    return sorted(found, key=lambda moment: moment.at, reverse=True)


def captures_of(user: User, vehicle: Vehicle) -> QuerySet[Capture]:
    """Return captures of a vehicle: by the plate people decided on, else the one read."""
    rows: QuerySet[Capture] = Capture.objects.visible_to(user).filter(
        Q(plate_final=vehicle.plate, color_final=vehicle.plate_color)
        | Q(plate_final="", plate=vehicle.plate, plate_color=vehicle.plate_color)
    )
    return rows.select_related("site")


def _captures(user: User, vehicle: Vehicle) -> Iterable[Moment]:
    for row in captures_of(user, vehicle)[:EACH]:
        level = row.level_final if row.level_final is not None else row.level
        grade = "未定级" if level is None else f"林格曼 {level} 级"
        yield Moment(
            row.captured_at,
            "capture",
            f"黑烟抓拍 · {row.state_words}",
            grade,
            reverse("vehicles:capture", args=[row.pk]),
            "bad" if row.state == Capture.State.CONFIRMED else "",
            row.site.name,
        )


def _inspections(user: User, vehicle: Vehicle) -> Iterable[Moment]:
    rows = Inspection.objects.visible_to(user).filter(vehicle=vehicle)
    for row in rows.select_related("station").defer("document", "digests")[:EACH]:
        word = row.get_outcome_display() if row.outcome else row.get_state_display()
        yield Moment(
            row.started_at,
            "inspection",
            f"{row.get_category_display()} · {word}",
            f"{row.get_method_display()}，第 {row.attempt} 次"
            + (f"：{'；'.join(row.reasons)}" if row.reasons else ""),
            reverse("vehicles:inspection", args=[row.pk]),
            "bad" if row.outcome == "fail" else "ok" if row.outcome == "pass" else "",
            row.station.name,
        )


def _road_checks(user: User, vehicle: Vehicle) -> Iterable[Moment]:
    rows = RoadCheck.objects.visible_to(user).filter(vehicle=vehicle)
    for row in rows.select_related("campaign")[:EACH]:
        reading = (
            f"k = {row.smoke_k:g} m⁻¹" if row.smoke_k is not None else row.obd_fault
        )
        yield Moment(
            row.at,
            "road_check",
            f"路检路查 · {row.get_verdict_display()}",
            reading or row.note,
            reverse("vehicles:roadcheck", args=[row.pk]),
            "bad" if row.verdict == RoadCheck.Verdict.FAIL else "ok",
            row.campaign.place,
        )


def _watch(user: User, vehicle: Vehicle) -> Iterable[Moment]:
    rows = WatchEntry.objects.visible_to(user).filter(vehicle=vehicle)
    for row in rows[:EACH]:
        url = reverse("vehicles:watch_entry", args=[row.pk])
        label = row.get_trigger_display()
        yield Moment(row.since, "watch", f"列入名单 · {label}", row.reason, url, "bad")
        if row.left_at is not None:
            yield Moment(
                row.left_at, "watch", f"移出名单 · {label}", row.left_reason, url, "ok"
            )


def _loops(user: User, vehicle: Vehicle) -> Iterable[Moment]:
    rows = RepairLoop.objects.visible_to(user).filter(vehicle=vehicle)
    for row in rows[:EACH]:
        url = reverse("vehicles:loop", args=[row.pk])
        if row.repaired_on is not None:
            begin = datetime(
                *(row.repaired_on.year, row.repaired_on.month, row.repaired_on.day),
                *(12, 0),
                tzinfo=clock.BEIJING,
            )
            yield Moment(begin, "loop", "维修", row.repair_note, url, "", row.repairer)
        if row.closed_at is not None and row.closed_by:
            yield Moment(
                row.closed_at, "loop", "复检合格", f"报告 {row.closed_by}", url, "ok"
            )
        elif row.closed_at is not None:
            yield Moment(row.closed_at, "loop", "不再要求复检", row.reason, url)


def _alerts(user: User, vehicle: Vehicle) -> Iterable[Moment]:
    rows = Alert.objects.visible_to(user).filter(subject_key=vehicle.subject_key)
    for row in rows.order_by("-occurred_at")[:EACH]:
        yield Moment(
            row.occurred_at,
            "alert",
            f"预警 · {row.get_severity_display()}",
            row.summary,
            reverse("alerts:detail", args=[row.pk]),
        )


def _cases(user: User, vehicle: Vehicle) -> Iterable[Moment]:
    rows = Case.objects.visible_to(user).filter(subject_key=vehicle.subject_key)
    for row in rows.order_by("-opened_at")[:EACH]:
        yield Moment(
            row.opened_at,
            "case",
            f"线索 {row.number}",
            row.title,
            reverse("enforcement:case", args=[row.pk]),
        )


def totals(user: User, vehicle: Vehicle) -> dict[str, Any]:
    """Return the figures at the head of a file."""
    tests = Inspection.objects.visible_to(user).filter(vehicle=vehicle, state="done")
    last = tests.only("outcome", "started_at").order_by("-started_at").first()
    return {
        "captures": captures_of(user, vehicle)
        .filter(state=Capture.State.CONFIRMED)
        .count(),
        "tests": tests.count(),
        "last": last,
        "road_checks": RoadCheck.objects.visible_to(user)
        .filter(vehicle=vehicle)
        .count(),
        "entries": list(
            WatchEntry.objects.visible_to(user).filter(vehicle=vehicle, left_at=None)
        ),
        "loop": RepairLoop.objects.filter(vehicle=vehicle, closed_at=None).first(),
    }
