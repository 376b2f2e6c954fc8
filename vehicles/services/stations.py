"""Stations keep their own lines, instruments, staff and checks; locks come and go."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from vehicles.domain.inspection.checks import Reading, agrees
from vehicles.domain.inspection.read import as_json, build
from vehicles.models import (
    DailyCheck,
    Instrument,
    Line,
    Lock,
    StaffMember,
    Station,
    Vehicle,
)
from vehicles.selectors.gate import supervision_settings
from vehicles.services.errors_stations import StationRefusalError

CHECK_RULE = "daily_check_failed"
FUTURE = timedelta(minutes=5)


def _record(
    station: Station, act: str, detail: dict[str, object], now: datetime
) -> None:
    audit.record(
        actor=None, act=act, subject=f"station:{station.code}", detail=detail, now=now
    )


@transaction.atomic
def put_line(
    *, station: Station, number: str, values: dict[str, Any], now: datetime
) -> Line:
    """Create or change a line of the station.

    Methods that are already filed change only with the bureau's consent: until then the
    wish is kept in ``asked_methods`` and the filed ones hold.
    """
    line = Line.objects.select_for_update().filter(station=station, number=number)
    held = line.first()
    asked = values.pop("methods", None)
    if held is None:
        made = Line.objects.create(
            station=station, number=number, methods=asked or [], **values
        )
        detail = {"number": number, "new": True, **values}
        _record(station, "station.line", detail, now)
        return made
    if asked is not None and sorted(asked) != sorted(held.methods):
        held.asked_methods = sorted(asked)
    elif asked is not None:
        held.asked_methods = None
    for name, value in values.items():
        setattr(held, name, value)
    held.save()
    detail = {"number": number, "new": False, "asked": held.asked_methods, **values}
    _record(station, "station.line", detail, now)
    return held


@transaction.atomic
def decide_methods(*, line: Line, granted: bool, actor: User, now: datetime) -> Line:
    """Grant or refuse the change of methods that a station asked for."""
    line = Line.objects.select_for_update(of=("self",)).get(pk=line.pk)
    if line.asked_methods is None:
        raise StationRefusalError("没有待批准的变更", code="nothing_asked")
    audit.record(
        actor=actor,
        act="station.line.decide",
        subject=f"station:{line.station.code}",
        detail={
            "number": line.number,
            "granted": granted,
            "asked": line.asked_methods,
        },
        now=now,
    )
    if granted:
        line.methods = line.asked_methods
    line.asked_methods = None
    line.save()
    return line


@transaction.atomic
def put_staff(
    *, station: Station, number: str, values: dict[str, Any], now: datetime
) -> StaffMember:
    """Create or change a person of the station; the audit names no person."""
    person, made = StaffMember.objects.update_or_create(
        station=station, number=number, defaults=values
    )
    _record(station, "station.staff", {"number": number, "new": made}, now)
    return person


@transaction.atomic
def put_instrument(
    *, station: Station, serial: str, line: str, values: dict[str, Any], now: datetime
) -> Instrument:
    """Create or change an instrument; its line must be the station's own."""
    found = Line.objects.filter(station=station, number=line).first()
    if found is None:
        raise StationRefusalError(
            f"本机构没有 {line} 线", status=400, code="unknown_line", field="line"
        )
    item, made = Instrument.objects.update_or_create(
        station=station, serial=serial, defaults={**values, "line": found}
    )
    until = values.get("verified_until")
    detail = {"serial": serial, "new": made, "verified_until": str(until or "")}
    _record(station, "station.instrument", detail, now)
    return item


@transaction.atomic
def record_check(
    *, station: Station, serial: str, values: dict[str, Any], now: datetime
) -> tuple[DailyCheck, bool]:
    """Keep a check; a failed one locks the instrument until one of its kind is passed.

    Returns the check and whether it is new. A repeat with another result is refused.
    What comes late counts by its own time: a failed leak check that arrives after a
    passed gas check still locks, and no other kind of check makes up for it.
    """
    item = (
        Instrument.objects.select_for_update()
        .filter(station=station, serial=serial)
        .first()
    )
    if item is None:
        raise StationRefusalError(
            f"本机构没有仪器 {serial}",
            status=400,
            code="unknown_instrument",
            field="serial",
        )
    if values["at"] > now + FUTURE:
        raise StationRefusalError(
            "检查时间在将来", status=400, code="future", field="at"
        )
    readings = [build(Reading, row) for row in values.get("readings") or ()]
    known = supervision_settings().check_tolerances
    check, made = DailyCheck.objects.get_or_create(
        instrument=item,
        kind=values["kind"],
        at=values["at"],
        defaults={
            "passed": values["passed"],
            "values": {
                "readings": as_json(readings),
                "operator": values.get("operator") or "",
                "bottle": values.get("bottle") or "",
            },
            "agrees": agrees(values["kind"], values["passed"], readings, known),
            "received_at": now,
        },
    )
    if not made:
        if check.passed != values["passed"]:
            raise StationRefusalError(
                "同一时间的检查结果与已上传的不同",
                code="content_differs",
                field="passed",
            )
        return check, False
    if item.checked_at is None or check.at >= item.checked_at:
        item.checked_at, item.check_kind = check.at, check.kind
    failed = _failed_check(item)
    item.check_passed = failed is None
    item.save()
    _follow_check(item, failed, now)
    return check, True


def _failed_check(item: Instrument) -> DailyCheck | None:
    """The newest check that failed with no later one of its kind, if there is any."""
    newest = item.checks.order_by("kind", "-at").distinct("kind")
    failed = [row for row in newest if not row.passed or row.agrees is False]
    return max(failed, key=lambda row: row.at, default=None)


def _follow_check(item: Instrument, failed: DailyCheck | None, now: datetime) -> None:
    held = Lock.objects.filter(
        instrument=item, by_rule=CHECK_RULE, lifted_at__isnull=True
    )
    if failed is None:
        for lock in held:
            lift_lock(lock=lock, actor=None, now=now, reason="检查合格，自动解除")
    elif not held.exists():
        why = "数值与“合格”的结论不符" if failed.passed else "不合格"
        set_lock(
            station=item.station,
            line=item.line,
            instrument=item,
            reason=f"{item} {failed.get_kind_display()}{why}",
            by_rule=CHECK_RULE,
            actor=None,
            now=now,
        )


@transaction.atomic
def set_lock(
    *,
    reason: str,
    actor: User | None,
    now: datetime,
    station: Station | None = None,
    line: Line | None = None,
    instrument: Instrument | None = None,
    vehicle: Vehicle | None = None,
    by_rule: str = "",
) -> Lock:
    """Lock a station, line, instrument or vehicle; it binds only in mode 控制."""
    lock = Lock.objects.create(
        station=station,
        line=line,
        instrument=instrument,
        vehicle=vehicle,
        reason=reason[:200],
        by_rule=by_rule,
        since=now,
        set_by=actor,
    )
    subject = f"station:{station.code}" if station else f"vehicle:{vehicle}"
    detail: dict[str, object] = {"lock": lock.pk, "reason": reason, "rule": by_rule}
    audit.record(
        actor=actor, act="station.lock", subject=subject, detail=detail, now=now
    )
    return lock


@transaction.atomic
def lift_lock(*, lock: Lock, actor: User | None, now: datetime, reason: str) -> Lock:
    """Lift a lock; lifting twice is refused."""
    lock = Lock.objects.select_for_update().get(pk=lock.pk)
    if lock.lifted_at is not None:
        raise StationRefusalError("该锁定已解除", code="already_lifted")
    lock.lifted_at, lock.lifted_by, lock.lift_reason = now, actor, reason[:200]
    lock.save()
    subject = (
        f"station:{lock.station.code}" if lock.station else f"vehicle:{lock.vehicle}"
    )
    detail: dict[str, object] = {"lock": lock.pk, "reason": reason}
    audit.record(
        actor=actor, act="station.unlock", subject=subject, detail=detail, now=now
    )
    return lock
