"""Site visits: no visit without type, condition, approval; two officers with cards."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.documents import DocumentKind
from enforcement.domain.place import check_place
from enforcement.domain.workflow import Duty, Refused
from enforcement.models import Case, Document, Inspection, SiteVisit
from enforcement.selectors.settings import int_setting, setting
from enforcement.selectors.visits import visits_this_year
from enforcement.services.acts import record_act
from enforcement.services.locking import lock_open
from enforcement.services.steps import take_part

CAPPED = (SiteVisit.Kind.ROUTINE, SiteVisit.Kind.SPECIAL)


@transaction.atomic
def plan_visit(
    *,
    case: Case,
    kind: str,
    conversion: str,
    phone_check: str,
    planned_on: date,
    officers: Sequence[User],
    actor: User,
    now: datetime,
    notice_number: str = "",
    entry_code: str = "",
) -> SiteVisit:
    """Plan a visit for approval.

    Raises `Refused` without a condition for leaving the desk (非现场转现场), without the
    telephone verification that comes first, with fewer than two officers with cards,
    and when a routine or special check would exceed the party's yearly cap.
    """
    case = lock_open(case, actor, "officer")
    if kind not in SiteVisit.Kind.values:
        raise Refused("请选择检查类型：日常、专项或个案")
    _check_plan(conversion, phone_check, planned_on, officers, now)
    _check_cap(case, kind, planned_on)
    if case.visits.filter(state__in=["planned", "approved", "started"]).exists():
        raise Refused("已有一项未完成的现场核查")
    visit = SiteVisit.objects.create(
        case=case,
        kind=kind,
        state=SiteVisit.State.PLANNED,
        conversion=conversion.strip()[:240],
        phone_check=phone_check.strip(),
        notice_number=notice_number.strip(),
        entry_code=entry_code.strip(),
        planned_on=planned_on,
        created_by=actor,
        counts=kind in CAPPED,
    )
    visit.officers.set(officers)
    record_act(
        case=case,
        action="plan_visit",
        actor=actor,
        now=now,
        note=conversion,
        data={"visit": visit.pk, "kind": kind, "on": planned_on.isoformat()},
    )
    return visit


def _check_plan(
    conversion: str,
    phone_check: str,
    planned_on: date,
    officers: Sequence[User],
    now: datetime,
) -> None:
    missing = []
    if not conversion.strip():
        missing.append("未填写非现场转现场的条件")
    if not phone_check.strip():
        missing.append("未先进行电话核实")
    if planned_on < beijing(now).date():
        missing.append("计划日期早于今天")
    carded = {user.pk for user in officers if user.card_number}
    if len(carded) < 2:
        missing.append(f"持证执法人员不少于 2 人，现有 {len(carded)} 人")
    if missing:
        raise Refused(missing[0], tuple(missing))


def _check_cap(case: Case, kind: str, planned_on: date) -> None:
    if kind not in CAPPED:
        return
    cap = int_setting("visit_cap_per_year", 2)
    done = visits_this_year(case, planned_on.year)
    if done >= cap:
        raise Refused(
            f"该对象 {planned_on.year} 年已现场检查 {done} 次，达到年度频次上限 {cap} 次；"
            "线索核查请选择个案核查"
        )


@transaction.atomic
def approve_visit(
    *, visit: SiteVisit, actor: User, now: datetime, note: str = ""
) -> SiteVisit:
    """Approve a planned visit; not by one of its officers."""
    case = lock_open(visit.case, actor, "leader", "reviewer")
    visit = SiteVisit.objects.select_for_update().get(pk=visit.pk)
    if visit.state != SiteVisit.State.PLANNED:
        raise Refused("该核查计划不在待批准状态")
    if actor.pk == visit.created_by_id or visit.officers.filter(pk=actor.pk).exists():
        raise Refused("制定人或核查人员不能批准自己的计划")
    visit.state, visit.approved_by = SiteVisit.State.APPROVED, actor
    visit.save(update_fields=["state", "approved_by"])
    record_act(
        case=case,
        action="approve_visit",
        actor=actor,
        now=now,
        note=note,
        data={"visit": visit.pk},
    )
    return visit


@transaction.atomic
def start_visit(
    *,
    visit: SiteVisit,
    actor: User,
    now: datetime,
    latitude: float | None = None,
    longitude: float | None = None,
    accuracy_m: float | None = None,
    entry_code: str = "",
) -> SiteVisit:
    """Note the arrival with time and place; the officers become investigators.

    Raises `Refused` without the approval, the 检查通知书, and the code scanned at the
    gate (扫码入企) where the kind of check needs them, and for an impossible place.
    """
    check_place(latitude, longitude, accuracy_m)
    case = lock_open(visit.case, actor, "officer")
    visit = SiteVisit.objects.select_for_update().get(pk=visit.pk)
    if visit.state != SiteVisit.State.APPROVED:
        raise Refused("现场核查未经批准，不得进入现场")
    officers = list(visit.officers.all())
    if actor not in officers:
        raise Refused("只有计划中的执法人员可以登记到达")
    visit.entry_code = entry_code.strip()[:60] or visit.entry_code
    _check_gate(case, visit)
    visit.state, visit.arrived_at = SiteVisit.State.STARTED, now
    visit.latitude, visit.longitude = latitude, longitude
    visit.accuracy_m = accuracy_m
    visit.save()
    for user in officers:
        take_part(
            case=case,
            user=user,
            duty=Duty.INVESTIGATE,
            now=now,
            lead=user == actor and case.handler_id is None,
        )
    if case.handler_id is None:
        case.handler = actor
        case.save(update_fields=["handler"])
    record_act(
        case=case,
        action="start_visit",
        actor=actor,
        now=now,
        data={"visit": visit.pk, "accuracy_m": accuracy_m},
    )
    return visit


def _check_gate(case: Case, visit: SiteVisit) -> None:
    missing = []
    if visit.kind in setting("notice_kinds", "routine special case").split():
        issued = case.documents.filter(
            kind=DocumentKind.INSPECTION_NOTICE,
            state__in=[Document.State.ISSUED, Document.State.SERVED],
        )
        if not visit.notice_number and not issued.exists():
            missing.append(f"尚未制作《{DocumentKind.INSPECTION_NOTICE.label}》")
    scanned = setting("entry_code_kinds", "routine special").split()
    if visit.kind in scanned and not visit.entry_code:
        missing.append("未填写扫码入企编号")
    if missing:
        raise Refused(missing[0], tuple(missing))


@transaction.atomic
def finish_visit(
    *,
    visit: SiteVisit,
    conclusion: str,
    found: bool,
    actor: User,
    now: datetime,
    checklist: Sequence[Mapping[str, str]] = (),
    readings: Sequence[Mapping[str, str]] = (),
    statements: Sequence[Mapping[str, str]] = (),
    signatures: Sequence[Mapping[str, str]] = (),
    left_at: datetime | None = None,
) -> SiteVisit:
    """Record what was found; the visit enters the register of inspections."""
    case = lock_open(visit.case, actor, "officer")
    visit = SiteVisit.objects.select_for_update().get(pk=visit.pk)
    if visit.state != SiteVisit.State.STARTED:
        raise Refused("尚未登记到达现场")
    if not visit.officers.filter(pk=actor.pk).exists():
        raise Refused("只有计划中的执法人员可以完成核查")
    if not conclusion.strip():
        raise Refused("未填写核查情况")
    visit.state = SiteVisit.State.DONE
    visit.left_at = left_at or now
    visit.conclusion = conclusion.strip()
    visit.checklist = [dict(row) for row in checklist]
    visit.readings = [dict(row) for row in readings]
    visit.statements = [dict(row) for row in statements]
    visit.signatures = [dict(row) for row in signatures]
    visit.save()
    _register(case, visit, found, actor, now)
    record_act(
        case=case,
        action="finish_visit",
        actor=actor,
        now=now,
        note=visit.conclusion,
        data={"visit": visit.pk, "found": found, "readings": visit.readings},
    )
    return visit


def _register(
    case: Case, visit: SiteVisit, found: bool, actor: User, now: datetime
) -> None:
    Inspection.objects.create(
        mode=Inspection.Mode.ON_SITE,
        kind=visit.kind,
        done_on=beijing(now).date(),
        subject_key=case.subject_key,
        subject_name=case.subject_name,
        organisation=case.organisation,
        district=case.district,
        means="现场核查",
        found=found,
        result=visit.conclusion[:240],
        case=case,
        visit=visit,
        actor=actor,
    )


@transaction.atomic
def cancel_visit(
    *, visit: SiteVisit, reason: str, actor: User, now: datetime
) -> SiteVisit:
    """Drop a visit that has not begun."""
    case = lock_open(visit.case, actor, "officer", "leader", "reviewer")
    visit = SiteVisit.objects.select_for_update().get(pk=visit.pk)
    if visit.state not in (SiteVisit.State.PLANNED, SiteVisit.State.APPROVED):
        raise Refused("已经开始的核查不能取消")
    if not reason.strip():
        raise Refused("未填写取消原因")
    visit.state = SiteVisit.State.CANCELLED
    visit.save(update_fields=["state"])
    record_act(
        case=case,
        action="cancel_visit",
        actor=actor,
        now=now,
        note=reason,
        data={"visit": visit.pk},
    )
    return visit
