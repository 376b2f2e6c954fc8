"""Test, repair, retest (检验—维修—复检): what begins a loop, moves it on and ends it."""

from datetime import date, datetime

from django.db import transaction

from bozhou_eco.accounts.models import District, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import add_natural_days
from vehicles.models import (
    Capture,
    Inspection,
    RepairLoop,
    RepairNotice,
    RepairRecord,
    RoadCheck,
    Station,
    Vehicle,
    WatchRule,
)

DAYS = 15
"""Days to the retest where the watch list's rule says nothing (a platform setting)."""


class LoopRefusedError(Exception):
    """An act on a loop that cannot be done; the message is for the officer."""


def _days() -> int:
    rule = WatchRule.objects.filter(trigger=WatchRule.Trigger.NOT_RETESTED).first()
    return rule.days if rule and rule.days else DAYS


@transaction.atomic
def begin(
    *,
    vehicle: Vehicle,
    origin: str,
    source: str,
    reason: str,
    failed_at: datetime,
    district: District | None,
    station: Station | None = None,
    due_on: date | None = None,
) -> RepairLoop:
    """Begin a loop; a vehicle in one stays in it, its first failure counts."""
    Vehicle.objects.select_for_update().get(pk=vehicle.pk)
    held: RepairLoop | None = RepairLoop.objects.filter(
        vehicle=vehicle, closed_at__isnull=True
    ).first()
    if held is not None:
        return held
    day = clock.beijing(failed_at).date()
    return RepairLoop.objects.create(
        vehicle=vehicle,
        origin=origin,
        source=source,
        station=station,
        district=district,
        failed_at=failed_at,
        reason=reason[:200],
        due_on=due_on or add_natural_days(day, _days()),
    )


@transaction.atomic(savepoint=False)
def follow_test(*, inspection: Inspection, now: datetime) -> RepairLoop | None:
    """A test ended: a failure begins a loop or counts as a retest, a pass ends it."""
    vehicle, at = inspection.vehicle, inspection.started_at
    held: RepairLoop | None = (
        RepairLoop.objects.select_for_update(of=("self",))
        .filter(vehicle=vehicle, closed_at__isnull=True)
        .first()
    )
    if inspection.outcome == "fail" and held is None:
        if _passed_since(vehicle, at):
            return None
        return begin(
            vehicle=vehicle,
            origin=RepairLoop.Origin.TEST,
            source=f"inspection:{inspection.pk}",
            reason="；".join(inspection.reasons),
            failed_at=at,
            district=inspection.station.district,
            station=inspection.station,
        )
    if held is None or at <= held.failed_at:
        return held
    if inspection.outcome in ("pass", "fail"):
        held.retests += 1
        held.last_retest_at = at
        if inspection.outcome == "pass":
            held.closed_at = inspection.ended_at or at
            held.closed_by = inspection.report or inspection.session
            _note_shop(held)
            _close_notices(vehicle, held, now)
        held.save()
    return held


def _passed_since(vehicle: Vehicle, at: datetime) -> bool:
    """Whether a failure that came in late was already followed by a passed test."""
    later = Inspection.objects.filter(
        vehicle=vehicle, state=Inspection.State.DONE, outcome="pass", started_at__gt=at
    )
    return later.exists()


def _note_shop(loop: RepairLoop) -> None:
    """Take over the repair that an M station reported between failure and retest."""
    record = (
        RepairRecord.objects.filter(
            vehicle_id=loop.vehicle_id, left_at__gte=loop.failed_at
        )
        .order_by("-left_at")
        .first()
    )
    if record is not None:
        loop.repaired_on = clock.beijing(record.left_at).date()
        loop.repairer = record.shop[:120]
        loop.repair_note = "、".join(str(item) for item in record.items)[:200]


def _close_notices(vehicle: Vehicle, loop: RepairLoop, now: datetime) -> None:
    RepairNotice.objects.filter(
        capture__plate_final=vehicle.plate,
        capture__color_final=vehicle.plate_color,
        capture__captured_at__lt=loop.closed_at,
        closed_at__isnull=True,
    ).update(
        state=RepairNotice.State.DONE,
        closed_at=now,
        note=f"复检合格：{loop.closed_by}",
    )


def follow_capture(*, capture: Capture, vehicle: Vehicle) -> RepairLoop:
    """A capture was confirmed: its repair notice begins a loop."""
    notice = RepairNotice.objects.filter(capture=capture).first()
    return begin(
        vehicle=vehicle,
        origin=RepairLoop.Origin.CAPTURE,
        source=f"capture:{capture.pk}",
        reason=f"黑烟抓拍林格曼 {capture.level_final} 级",
        failed_at=capture.captured_at,
        district=capture.site.district,
        due_on=notice.due_on if notice else None,
    )


def follow_road_check(*, check: RoadCheck) -> RepairLoop | None:
    """A roadside check found a violation."""
    if check.verdict != RoadCheck.Verdict.FAIL:
        return None
    if _passed_since(check.vehicle, check.at):
        return None  # it was sent late, and the vehicle was retested in the meantime
    return begin(
        vehicle=check.vehicle,
        origin=RepairLoop.Origin.ROAD_CHECK,
        source=f"road_check:{check.pk}",
        reason=check.note or "路检路查不合格",
        failed_at=check.at,
        district=check.campaign.district,
    )


@transaction.atomic
def note_repair(
    *,
    loop: RepairLoop,
    repaired_on: date,
    repairer: str,
    text: str,
    actor: User,
    now: datetime,
) -> RepairLoop:
    """Write down a repair that no M station reported."""
    loop = RepairLoop.objects.select_for_update(of=("self",)).get(pk=loop.pk)
    if loop.closed_at is not None:
        raise LoopRefusedError("该车已复检合格，不再登记维修")
    if not repairer.strip():
        raise LoopRefusedError("请填写维修单位")
    if repaired_on < clock.beijing(loop.failed_at).date():
        raise LoopRefusedError("维修日期早于不合格日期")
    if repaired_on > clock.beijing(now).date():
        raise LoopRefusedError("维修日期不能晚于今天")
    loop.repaired_on, loop.repairer = repaired_on, repairer.strip()[:120]
    loop.repair_note = text.strip()[:200]
    loop.save(update_fields=["repaired_on", "repairer", "repair_note"])
    audit.record(
        actor=actor,
        act="loop.repair",
        subject=loop.vehicle.subject_key,
        detail={"loop": loop.pk, "repaired_on": str(repaired_on)},
        now=now,
    )
    return loop
