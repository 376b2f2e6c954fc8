"""Letters to other authorities beside the main line: receipts, joint cases."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import AUTHORITIES, Refused
from enforcement.models import Case, CaseFile, Document, Transfer
from enforcement.services.acts import record_act
from enforcement.services.exchange.outbox import queue_transfer
from enforcement.services.locking import lock_open


@transaction.atomic
def send_joint(
    *,
    case: Case,
    authority: str,
    unit_name: str,
    matter: str,
    actor: User,
    now: datetime,
    reply_by: date | None = None,
    files: Sequence[CaseFile] = (),
) -> Transfer:
    """Bring another authority into a case that goes on here (联合办理).

    ``files`` are the pieces of evidence that it gets to see: its part of the case.
    """
    case = lock_open(case, actor, "officer", "reviewer", "leader")
    if authority not in dict(AUTHORITIES):
        raise Refused("请选择接收部门")
    if not matter.strip():
        raise Refused("未填写移送事项")
    letter = (
        case.documents.filter(
            kind=DocumentKind.TRANSFER_LETTER,
            state__in=[Document.State.ISSUED, Document.State.SERVED],
        )
        .order_by("-id")
        .first()
    )
    if letter is None:
        raise Refused(f"尚未制作《{DocumentKind.TRANSFER_LETTER.label}》")
    transfer = Transfer.objects.create(
        case=case,
        authority=authority,
        unit_name=unit_name.strip(),
        matter=matter.strip(),
        letter=letter,
        joint=True,
        state=Transfer.State.SENT,
        sent_on=beijing(now).date(),
        reply_by=reply_by,
    )
    if any(file.case_id != case.pk for file in files):
        raise Refused("所选证据不属于本案")
    transfer.files.set(files)
    queue_transfer(transfer=transfer, now=now)
    record_act(
        case=case,
        action="joint_transfer",
        actor=actor,
        now=now,
        note=matter,
        data={
            "transfer": transfer.pk,
            "authority": authority,
            "files": [file.pk for file in files],
        },
    )
    return transfer


@transaction.atomic
def receive_transfer(
    *, transfer: Transfer, receipt: str, received_on: date, actor: User, now: datetime
) -> Transfer:
    """Register the receipt (回执) of a transfer."""
    case = lock_open(transfer.case, actor, "officer", "reviewer")
    transfer = Transfer.objects.select_for_update(of=("self",)).get(pk=transfer.pk)
    if transfer.state != Transfer.State.SENT:
        raise Refused("该移送已签收或已办结")
    if not receipt.strip():
        raise Refused("未填写回执")
    _check_day(received_on, transfer.sent_on, now, "签收日期")
    transfer.state = Transfer.State.RECEIVED
    transfer.receipt, transfer.received_on = receipt.strip(), received_on
    transfer.save(update_fields=["state", "receipt", "received_on"])
    record_act(
        case=case,
        action="receive_transfer",
        actor=actor,
        now=now,
        note=receipt,
        data={"transfer": transfer.pk},
    )
    return transfer


@transaction.atomic
def record_joint_reply(
    *,
    transfer: Transfer,
    reply_number: str,
    replied_on: date,
    result: str,
    actor: User,
    now: datetime,
) -> Transfer:
    """Register what a joint authority did about its part."""
    case = lock_open(transfer.case, actor, "officer", "reviewer")
    transfer = Transfer.objects.select_for_update(of=("self",)).get(pk=transfer.pk)
    if not transfer.joint or transfer.state not in (
        Transfer.State.SENT,
        Transfer.State.RECEIVED,
    ):
        raise Refused("该移送不在等待回函状态")
    if not result.strip():
        raise Refused("未填写处理结果")
    _check_day(replied_on, transfer.sent_on, now, "回函日期")
    transfer.state = Transfer.State.REPLIED
    transfer.reply_number, transfer.replied_on = reply_number.strip(), replied_on
    transfer.result = result.strip()
    transfer.save()
    record_act(
        case=case,
        action="joint_reply",
        actor=actor,
        now=now,
        note=result,
        data={"transfer": transfer.pk, "reply_number": reply_number},
    )
    return transfer


def _check_day(day: date, earliest: date, now: datetime, name: str) -> None:
    if day < earliest:
        raise Refused(f"{name}早于移送日期 {earliest}")
    if day > beijing(now).date():
        raise Refused(f"{name}不能晚于今天")
