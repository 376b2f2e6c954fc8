"""What people of other departments do with the part of a case that was sent to them."""

from datetime import date, datetime

from django.db import transaction

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common.clock import beijing
from enforcement.domain.workflow import Refused
from enforcement.models import Case, Transfer
from enforcement.selectors.parts import parts_for
from enforcement.services.acts import record_act


def _take(transfer: Transfer, actor: User) -> tuple[Case, Transfer]:
    """Lock the transfer's case for somebody of the department that it went to."""
    visible = actor.has_role(Role.PARTNER) and parts_for(actor).filter(pk=transfer.pk)
    if not visible or not visible.exists():
        raise Refused("该移送不是发给本部门的")
    case = Case.objects.select_for_update().get(pk=transfer.case_id)
    if not case.is_open:
        raise Refused("案件已办结，不能再签收或回函")
    locked = Transfer.objects.select_for_update(of=("self",)).get(pk=transfer.pk)
    return case, locked


@transaction.atomic
def sign_part(*, transfer: Transfer, actor: User, now: datetime) -> Transfer:
    """Sign for a transfer; the name and the time are the receipt."""
    case, transfer = _take(transfer, actor)
    if transfer.state != Transfer.State.SENT:
        raise Refused("该移送已签收")
    transfer.state = Transfer.State.RECEIVED
    transfer.received_on, transfer.received_by = beijing(now).date(), actor
    transfer.receipt = (
        f"{actor.organisation} {actor.name} {beijing(now):%Y-%m-%d %H:%M} 签收"[:120]
    )
    transfer.save()
    record_act(
        case=case,
        action="receive_transfer",
        actor=actor,
        now=now,
        note=transfer.receipt,
        data={"transfer": transfer.pk},
    )
    return transfer


@transaction.atomic
def answer_part(
    *,
    transfer: Transfer,
    number: str,
    replied_on: date,
    result: str,
    actor: User,
    now: datetime,
) -> Transfer:
    """Answer a transfer with its result.

    The answer to a joint part settles it. The answer to a matter handed over whole
    waits for an officer, who registers it and so moves the case on.
    """
    case, transfer = _take(transfer, actor)
    if transfer.state != Transfer.State.RECEIVED:
        raise Refused("请先签收再回函" if transfer.state == "sent" else "该移送已回函")
    if not result.strip():
        raise Refused("未填写处理结果")
    if not transfer.sent_on <= replied_on <= beijing(now).date():
        raise Refused(f"回函日期应在移送日期 {transfer.sent_on} 与今天之间")
    transfer.reply_number, transfer.replied_on = number.strip()[:60], replied_on
    transfer.result, transfer.replied_by = result.strip(), actor
    if transfer.joint:
        transfer.state = Transfer.State.REPLIED
    transfer.save()
    record_act(
        case=case,
        action="joint_reply" if transfer.joint else "partner_reply",
        actor=actor,
        now=now,
        note=result,
        data={"transfer": transfer.pk, "reply_number": transfer.reply_number},
    )
    return transfer
