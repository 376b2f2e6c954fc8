"""The watch list: enter, leave, match, and the nightly recomputation.

Every change adds a row to the entry's history. Acts are idempotent by their source
record, so the nightly run and the events may both see the same fact.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.urls import reverse

from alerts.services import raise_alert
from bozhou_eco.accounts.models import District, User
from bozhou_eco.audit import services as audit
from vehicles.domain import plates
from vehicles.domain.fraud import calid, obd_vin
from vehicles.domain.watch import exit_words, lacks, severity_of
from vehicles.models import (
    Capture,
    Finding,
    Inspection,
    RoadCheck,
    Vehicle,
    WatchEntry,
    WatchEvent,
    WatchRule,
)
from vehicles.selectors import watch as reads
from vehicles.services.vehicles import file_of

TAMPER_RULES = frozenset({calid.CODE, obd_vin.CODE})


class WatchRefusedError(Exception):
    """An act on the watch list that cannot be done; the message is for the officer."""


@transaction.atomic
def enter(
    *,
    vehicle: Vehicle,
    trigger: str,
    reason: str,
    source: str,
    at: datetime,
    now: datetime,
    actor: User | None = None,
    owner: User | None = None,
) -> WatchEntry | None:
    """List a vehicle for one reason; None where the rule is off or the fact is known.

    A vehicle already listed for the reason stays in its entry, which notes the new
    fact; its clean months then count from there.
    """
    rule = WatchRule.objects.filter(trigger=trigger).first()
    if rule is None or not rule.enabled:
        return None
    Vehicle.objects.select_for_update().get(pk=vehicle.pk)
    kinds = (*reads.TRIGGERING, WatchEvent.Kind.NOTE)
    known = WatchEvent.objects.filter(
        entry__vehicle=vehicle, entry__trigger=trigger, kind__in=kinds, source=source
    )
    last = known.order_by("pk").last()
    if source and last and last.kind != WatchEvent.Kind.NOTE:
        return None  # known, and not withdrawn since
    entry = WatchEntry.objects.filter(
        vehicle=vehicle, trigger=trigger, left_at__isnull=True
    ).first()
    kind = WatchEvent.Kind.RENEWED if entry else WatchEvent.Kind.ENTERED
    if entry is None:
        entry = WatchEntry.objects.create(
            vehicle=vehicle,
            trigger=trigger,
            reason=reason[:300],
            source=source[:80],
            since=now,
            owner=owner,
            clean_months=rule.clean_months,
            needs_retest=rule.needs_retest,
        )
    _note(entry, kind, reason, at, actor, source)
    audit.record(
        actor=actor,
        act="watch.enter" if kind == WatchEvent.Kind.ENTERED else "watch.renew",
        subject=vehicle.subject_key,
        detail={"entry": entry.pk, "trigger": trigger, "source": source},
        now=now,
    )
    return entry


def _note(
    entry: WatchEntry,
    kind: str,
    text: str,
    at: datetime,
    actor: User | None,
    source: str = "",
) -> None:
    WatchEvent.objects.create(
        entry=entry, kind=kind, at=at, actor=actor, text=text[:300], source=source[:80]
    )


def enter_by_hand(
    *, plate: str, color: str, reason: str, owner: User | None, actor: User,
    now: datetime,
) -> WatchEntry:  # fmt: skip
    """List a vehicle by an officer's decision, with the reason."""
    if len(reason.strip()) < 4:
        raise WatchRefusedError("请写明列入原因（至少 4 个字）")
    try:
        parsed = plates.parse(plate, color or None)
    except (plates.PlateError, ValueError) as error:
        raise WatchRefusedError(f"号牌不可用：{error}") from error
    with transaction.atomic():
        vehicle = file_of(plate=parsed.text, color=parsed.color.value)
        entry = enter(
            vehicle=vehicle,
            trigger=WatchRule.Trigger.MANUAL,
            reason=reason.strip(),
            source=f"manual:{actor.pk}:{now:%Y%m%d%H%M%S}",
            at=now,
            now=now,
            actor=actor,
            owner=owner or actor,
        )
    if entry is None:
        raise WatchRefusedError("“人工列入”规则已停用，请先在后台启用")
    return entry


@transaction.atomic
def leave(
    *, entry: WatchEntry, reason: str, actor: User | None, now: datetime
) -> WatchEntry:
    """Take a vehicle off the list for one reason; the row and its history stay."""
    entry = WatchEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.left_at is not None:
        raise WatchRefusedError("该条名单已移出")
    if len(reason.strip()) < 4:
        raise WatchRefusedError("请写明移出原因（至少 4 个字）")
    entry.left_at, entry.left_reason = now, reason.strip()[:200]
    entry.save(update_fields=["left_at", "left_reason"])
    _note(entry, WatchEvent.Kind.LEFT, reason.strip(), now, actor)
    audit.record(
        actor=actor,
        act="watch.leave",
        subject=entry.vehicle.subject_key,
        detail={"entry": entry.pk, "reason": reason.strip()[:200]},
        now=now,
    )
    return entry


@transaction.atomic
def assign(
    *, entry: WatchEntry, owner: User | None, actor: User, now: datetime
) -> WatchEntry:
    """Name the person who looks after an entry."""
    entry = WatchEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.owner_id == (owner.pk if owner else None):
        return entry
    entry.owner = owner
    entry.save(update_fields=["owner"])
    _note(entry, WatchEvent.Kind.OWNER, f"责任人：{owner or '无'}", now, actor)
    audit.record(
        actor=actor,
        act="watch.assign",
        subject=entry.vehicle.subject_key,
        detail={"entry": entry.pk, "owner": owner.pk if owner else None},
        now=now,
    )
    return entry


@transaction.atomic
def note(*, entry: WatchEntry, text: str, actor: User, now: datetime) -> None:
    """Add a remark to the history of an entry."""
    if not text.strip():
        raise WatchRefusedError("请填写备注")
    _note(entry, WatchEvent.Kind.NOTE, text.strip(), now, actor)
    audit.record(
        actor=actor,
        act="watch.note",
        subject=entry.vehicle.subject_key,
        detail={"entry": entry.pk},
        now=now,
    )


# --- a listed vehicle is seen -----------------------------------------------------------
@transaction.atomic(savepoint=False)
def match(
    *,
    plate: str,
    color: str,
    where: str,
    source: str,
    evidence_url: str,
    district: District | None,
    at: datetime,
    now: datetime,
    certain: bool = True,
) -> int:
    """Tell that a listed vehicle was seen; returns how many entries it matched.

    The same sighting is told once. A plate without its colour's entry is not told: the
    same number in another colour is another vehicle.
    """
    if not plate:
        return 0
    found = list(reads.open_entries(plate, color))
    if not found:
        return 0
    known = WatchEvent.objects.filter(
        entry__in=found, kind=WatchEvent.Kind.MATCHED, source=source
    )
    if known.exists():
        return 0
    WatchEvent.objects.bulk_create(
        WatchEvent(
            entry=entry,
            kind=WatchEvent.Kind.MATCHED,
            at=at,
            text=where[:300],
            source=source,
        )
        for entry in found
    )
    WatchEntry.objects.filter(pk__in=[entry.pk for entry in found]).update(
        matches=F("matches") + 1, matched_at=at
    )
    vehicle = found[0].vehicle
    reasons = "、".join(entry.get_trigger_display() for entry in found)
    raise_alert(
        key=f"watch:{vehicle.subject_key}:{source}"[:200],
        kind="watch",
        severity=severity_of([entry.trigger for entry in found]),
        summary=f"监管名单车辆 {vehicle.plate} {where}（{reasons}）",
        explanation={
            "列入情形": reasons,
            "列入原因": [entry.reason for entry in found],
            "列入时间": [entry.since.isoformat() for entry in found],
            "发现": where,
            "号牌识别": "已核对" if certain else "待核对",
        },
        subject_key=vehicle.subject_key,
        subject_name=vehicle.plate,
        district=district,
        organisation=None,
        evidence_url=evidence_url,
        occurred_at=at,
        now=now,
        legal_article="生态环境法典第二百二十三条",
    )
    return len(found)


def match_capture(*, capture: Capture, now: datetime) -> int:
    """Tell at once when a plate a camera read is listed; without colour, in any."""
    plate = plates.normalise(capture.plate_final or capture.plate)
    color = capture.color_final or capture.plate_color
    known = color != plates.Color.OTHER
    sure = known and (bool(capture.plate_final) or not capture.plate_problem)
    return sum(
        match(
            plate=plate, color=one, where=f"经过 {capture.site.name}",
            source=f"capture:{capture.pk}",
            evidence_url=reverse("vehicles:capture_evidence", args=[capture.pk]),
            district=capture.site.district, at=capture.captured_at, now=now,
            certain=sure,
        )
        for one in ([color] if known else reads.listed_colors(plate))
    )  # fmt: skip


def match_arrival(*, inspection: Inspection, now: datetime) -> int:
    """Tell at once when a listed vehicle opens a test at a station."""
    vehicle = inspection.vehicle
    return match(
        plate=vehicle.plate,
        color=vehicle.plate_color,
        where=f"到达 {inspection.station.name} {inspection.line.number} 线",
        source=f"inspection:{inspection.pk}",
        evidence_url=reverse("vehicles:inspection", args=[inspection.pk]),
        district=inspection.station.district,
        at=inspection.started_at,
        now=now,
    )


# --- what makes a vehicle enter ---------------------------------------------------------
def on_capture(*, capture: Capture, now: datetime) -> None:
    """A capture was confirmed."""
    vehicle = file_of(plate=capture.plate_final, color=capture.color_final)
    enter(
        vehicle=vehicle,
        trigger=WatchRule.Trigger.CAPTURED,
        reason=f"{capture.site.name} 抓拍，林格曼 {capture.level_final} 级",
        source=f"capture:{capture.pk}",
        at=capture.captured_at,
        now=now,
    )
    _repeated(vehicle, f"capture:{capture.pk}", capture.captured_at, now)


def on_road_check(*, check: RoadCheck, now: datetime) -> None:
    """A roadside check found a violation."""
    if check.verdict != RoadCheck.Verdict.FAIL:
        return
    enter(
        vehicle=check.vehicle,
        trigger=WatchRule.Trigger.ROAD_CHECK,
        reason=f"{check.campaign.name} 检查不合格",
        source=f"road_check:{check.pk}",
        at=check.at,
        now=now,
    )
    _repeated(check.vehicle, f"road_check:{check.pk}", check.at, now)


def _repeated(vehicle: Vehicle, source: str, at: datetime, now: datetime) -> None:
    rule = WatchRule.objects.filter(trigger=WatchRule.Trigger.REPEATED).first()
    if rule is None:
        return
    count = reads.exceedances(vehicle, around=at, days=rule.days)
    if count >= rule.count:
        enter(
            vehicle=vehicle,
            trigger=WatchRule.Trigger.REPEATED,
            reason=f"{rule.days} 天内抓拍或路检超标 {count} 次",
            source=source,
            at=at,
            now=now,
        )


def on_finding(*, finding: Finding, now: datetime) -> None:
    """A finding about a vehicle's test was held to be true."""
    inspection = finding.inspection
    if inspection is None or finding.verdict != Finding.Verdict.CONFIRMED:
        return
    tamper = finding.rule in TAMPER_RULES
    trigger = WatchRule.Trigger.OBD_TAMPER if tamper else WatchRule.Trigger.FINDING
    enter(
        vehicle=inspection.vehicle,
        trigger=trigger,
        reason=f"检验研判属实：{finding.why}",
        source=f"finding:{finding.pk}",
        at=finding.occurred_at,
        now=now,
    )


def on_pass(*, vehicle: Vehicle, now: datetime) -> int:
    """A test was passed: entries whose exit rule holds now leave."""
    return _let_go(reads.open_of(vehicle), now)


# --- nightly ----------------------------------------------------------------------------
def recompute(*, now: datetime) -> dict[str, int]:
    """Enter what events missed or time brought about, and let go what may leave."""
    entered = 0
    for capture in reads.confirmed_captures(now):
        on_capture(capture=capture, now=now)
    for check in reads.failed_checks(now):
        on_road_check(check=check, now=now)
    for finding in reads.held_findings(now):
        on_finding(finding=finding, now=now)
    for candidate in reads.timed_candidates(now):
        entered += (
            enter(
                vehicle=candidate.vehicle,
                trigger=candidate.trigger,
                reason=candidate.reason,
                source=candidate.source,
                at=candidate.at,
                now=now,
            )
            is not None
        )
    left = _let_go(reads.all_open(), now)
    return {"entered": entered, "left": left}


def _let_go(entries: Iterable[WatchEntry], now: datetime) -> int:
    rows = list(entries)
    left = 0
    for entry, standing in reads.standings(rows):
        if entry.trigger == WatchRule.Trigger.MANUAL or lacks(standing, now=now):
            continue
        leave(
            entry=entry, reason=f"按规则移出：{exit_words(standing)}", actor=None,
            now=now,
        )  # fmt: skip
        left += 1
    return left
