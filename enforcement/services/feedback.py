"""Rectification with proof, replies, return visits, and the off-site register."""

from datetime import date, datetime

from django.db import transaction

from bozhou_eco.accounts.models import District, Organisation, Role, User
from bozhou_eco.common.clock import beijing
from enforcement.domain.workflow import Refused
from enforcement.models import (
    Case,
    CaseFile,
    Inspection,
    LenientTest,
    Rectification,
    Reply,
)
from enforcement.selectors.scope import in_scope
from enforcement.services.acts import record_act
from enforcement.services.clocks import stop_clocks
from enforcement.services.locking import lock_open


@transaction.atomic
def demand_rectification(
    *, case: Case, demand: str, due_on: date, actor: User, now: datetime
) -> Rectification:
    """Ask the party to put something right by a day."""
    case = lock_open(case, actor, "officer")
    if not demand.strip():
        raise Refused("未填写整改要求")
    if due_on < beijing(now).date():
        raise Refused("整改期限早于今天")
    row = Rectification.objects.create(
        case=case,
        demand=demand.strip(),
        due_on=due_on,
        state=Rectification.State.OPEN,
    )
    record_act(
        case=case,
        action="demand_rectification",
        actor=actor,
        now=now,
        note=demand,
        data={"rectification": row.pk, "due_on": due_on.isoformat()},
    )
    return row


@transaction.atomic
def report_rectification(
    *, row: Rectification, report: str, actor: User, now: datetime
) -> Rectification:
    """Take the party's report on what it has put right; the party may hand it in."""
    roles = (Role.OFFICER, Role.ENTERPRISE, Role.STATION)
    case = lock_open(row.case, actor, *roles)
    row = Rectification.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.state == Rectification.State.ACCEPTED:
        raise Refused("该项整改已验收通过")
    if not report.strip():
        raise Refused("未填写整改情况")
    row.report, row.reported_on = report.strip(), beijing(now).date()
    row.state = Rectification.State.REPORTED
    row.save()
    record_act(
        case=case,
        action="report_rectification",
        actor=actor,
        now=now,
        note=report,
        data={"rectification": row.pk},
    )
    return row


@transaction.atomic
def inspect_rectification(
    *, row: Rectification, accepted: bool, finding: str, actor: User, now: datetime
) -> Rectification:
    """Re-inspect; acceptance needs evidence from before and after.

    Raises `Refused` when either is missing.
    """
    case = lock_open(row.case, actor, "officer")
    row = Rectification.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.state == Rectification.State.ACCEPTED:
        raise Refused("该项整改已验收通过")
    if not finding.strip():
        raise Refused("未填写复查结论")
    if accepted:
        _check_proof(case)
    row.inspected_on, row.inspected_by = beijing(now).date(), actor
    row.finding = finding.strip()
    row.state = Rectification.State.ACCEPTED if accepted else Rectification.State.FAILED
    row.save()
    record_act(
        case=case,
        action="inspect_rectification",
        actor=actor,
        now=now,
        note=finding,
        data={"rectification": row.pk, "accepted": accepted},
    )
    return row


def _check_proof(case: Case) -> None:
    kinds = set(case.files.values_list("kind", flat=True))
    names = {CaseFile.Kind.BEFORE: "整改前", CaseFile.Kind.AFTER: "整改后"}
    missing = tuple(
        f"缺少{name}证据" for kind, name in names.items() if kind not in kinds
    )
    if missing:
        raise Refused(missing[0], missing)


@transaction.atomic
def send_reply(
    *,
    case: Case,
    to: str,
    content: str,
    sent_on: date,
    receipt: str,
    actor: User,
    now: datetime,
    file: CaseFile | None = None,
) -> Reply:
    """Tell the reporter, a department or the level above what came of it.

    ``file`` is the reply as it was sent, one of the case's files.
    """
    case = lock_open(case, actor)
    if not to.strip() or not content.strip():
        raise Refused("请填写回复对象和内容")
    if sent_on > beijing(now).date():
        raise Refused("回复日期不能晚于今天")
    if file is not None and file.case_id != case.pk:
        raise Refused("回复文件不属于本案")
    row = Reply.objects.create(
        case=case,
        to=to.strip(),
        content=content.strip(),
        sent_on=sent_on,
        receipt=receipt.strip(),
        file=file,
        actor=actor,
        at=now,
    )
    if case.upstream_number:
        stop_clocks(case=case, codes=["upstream"], day=sent_on)
    record_act(
        case=case,
        action="send_reply",
        actor=actor,
        now=now,
        note=content,
        data={"reply": row.pk, "to": to},
    )
    return row


@transaction.atomic
def register_reply_receipt(
    *,
    reply: Reply,
    receipt: str,
    actor: User,
    now: datetime,
    file: CaseFile | None = None,
) -> Reply:
    """Register that a reply arrived: the number of the 回执, and its file."""
    case = lock_open(reply.case, actor)
    reply = Reply.objects.select_for_update(of=("self",)).get(pk=reply.pk)
    if not receipt.strip():
        raise Refused("未填写回执")
    if reply.receipt:
        raise Refused(f"该回复已登记回执 {reply.receipt}")
    if file is not None and file.case_id != case.pk:
        raise Refused("回执文件不属于本案")
    reply.receipt, reply.receipt_file = receipt.strip()[:120], file
    reply.save(update_fields=["receipt", "receipt_file"])
    record_act(
        case=case,
        action="reply_receipt",
        actor=actor,
        now=now,
        note=receipt,
        data={"reply": reply.pk},
    )
    return reply


@transaction.atomic
def revisit(*, case: Case, on: date, finding: str, actor: User, now: datetime) -> Case:
    """Record the return visit after leniency or rectification, also after closing."""
    if not actor.has_role("officer", "reviewer"):
        raise Refused("当前角色不能办理此事项")
    if not finding.strip():
        raise Refused("未填写回访情况")
    if on > beijing(now).date():
        raise Refused("回访日期不能晚于今天")
    if not in_scope(case, actor):
        raise Refused("本案不在您的管辖范围内")
    case = Case.objects.select_for_update().get(pk=case.pk)
    LenientTest.objects.filter(case=case).update(revisited_on=on)
    record_act(
        case=case,
        action="revisit",
        actor=actor,
        now=now,
        note=finding,
        data={"on": on.isoformat()},
    )
    return case


@transaction.atomic
def register_inspection(
    *,
    mode: str,
    kind: str,
    done_on: date,
    subject_key: str,
    subject_name: str,
    means: str,
    found: bool,
    result: str,
    actor: User | None,
    now: datetime,
    case: Case | None = None,
    district: District | None = None,
    organisation: Organisation | None = None,
) -> Inspection:
    """Enter a check in the 执法检查 register, made here or in another system.

    Place and party come from the case where there is one.
    """
    if mode not in Inspection.Mode.values:
        raise Refused("请选择检查方式")
    if done_on > beijing(now).date():
        raise Refused("检查日期不能晚于今天")
    if not means.strip():
        raise Refused("未填写检查手段")
    return Inspection.objects.create(
        mode=mode,
        kind=kind,
        done_on=done_on,
        subject_key=subject_key,
        subject_name=subject_name,
        organisation=case.organisation if case else organisation,
        district=case.district if case else district,
        means=means[:80],
        found=found,
        result=result[:240],
        case=case,
        actor=actor,
    )
