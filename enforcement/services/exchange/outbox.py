"""Parcels to other systems: put in the queue with the act, sent afterwards, receipted."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from alerts.services import raise_alert
from bozhou_eco.common import exchange
from bozhou_eco.common.clock import beijing
from bozhou_eco.common.exchange import folder, rest
from bozhou_eco.evidence.services import read_file, seal_bytes
from enforcement.domain.exchange import Content, Direction, Way
from enforcement.models import Case, Counterpart, ExchangeParcel, Transfer
from enforcement.selectors.exchange import case_message, counterparts, transfer_message
from enforcement.services.acts import record_act
from enforcement.services.documents import ensure_pdf

SENDER = "bozhou-eco"
ASK_AGAIN = timedelta(minutes=15)
MOST_ATTACHED = 64 * 1024 * 1024
BATCH = 50


def queue_transfer(*, transfer: Transfer, now: datetime) -> int:
    """Put a transfer in the queue of every system of its department; counts them."""
    made = 0
    for row in counterparts(Content.TRANSFER):
        if row.authority != transfer.authority:
            continue
        parcel = ExchangeParcel.objects.create(
            counterpart=row,
            direction=Direction.OUT.value,
            number=f"{SENDER}-transfer-{transfer.pk}",
            content=Content.TRANSFER.value,
            state=ExchangeParcel.State.WAITING,
            case=transfer.case,
            transfer=transfer,
            made_at=now,
            next_at=now,
        )
        if not transfer.exchange_id:
            transfer.exchange_id = parcel.number
            transfer.save(update_fields=["exchange_id"])
        made += 1
    return made


def queue_case(*, case: Case, step: int, now: datetime) -> int:
    """Put what has become of a case in the queue of every system that follows cases."""
    made = 0
    for row in counterparts(Content.CASE):
        ExchangeParcel.objects.create(
            counterpart=row,
            direction=Direction.OUT.value,
            number=f"{SENDER}-case-{case.pk}-{step}",
            content=Content.CASE.value,
            state=ExchangeParcel.State.WAITING,
            case=case,
            made_at=now,
            next_at=now,
        )
        made += 1
    return made


def send_due(*, now: datetime) -> dict[str, int]:
    """Send what waits and fetch the receipts of what was sent; counts by outcome."""
    told = {"sent": 0, "accepted": 0, "refused": 0, "failed": 0}
    due = ExchangeParcel.objects.filter(
        direction=Direction.OUT.value, state__in=["waiting", "sent"], next_at__lte=now
    ).order_by("next_at", "pk")
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        outcome = _send_one(pk, now)
        if outcome:
            told[outcome] += 1
    return told


def retry(*, parcel: ExchangeParcel, now: datetime) -> ExchangeParcel:
    """Send a refused or waiting parcel again at the next turn."""
    with transaction.atomic():
        row = ExchangeParcel.objects.select_for_update().get(pk=parcel.pk)
        if row.state == ExchangeParcel.State.ACCEPTED:
            return row
        row.state, row.next_at = ExchangeParcel.State.WAITING, now
        row.settled_at, row.problems = None, []
        row.save(update_fields=["state", "next_at", "settled_at", "problems"])
    return row


def _send_one(pk: int, now: datetime) -> str:
    parcel = _built(pk, now)
    with transaction.atomic():
        row = (
            ExchangeParcel.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("counterpart", "body", "case", "transfer")
            .filter(pk=pk, state__in=["waiting", "sent"])
            .first()
        )
        if row is None or row.body is None:
            return ""
        try:
            receipt = _pass_on(row.counterpart, parcel)
        except (rest.NotSentError, exchange.RefusedError, OSError) as error:
            return _failed(row, str(error), now)
        if receipt is None:
            return _await(row, now)
        return _settle(row, receipt, now)


def _pass_on(system: Counterpart, parcel: exchange.Parcel) -> exchange.Receipt | None:
    if system.way == Way.REST.value:
        secret = os.environ.get(system.secret_name, "") if system.secret_name else ""
        return rest.send(system.address, parcel, secret=secret)
    outbox = Path(system.address) / "out"
    folder.put(outbox, parcel)
    return folder.receipt(outbox, parcel.number)


def _built(pk: int, now: datetime) -> exchange.Parcel:
    """Return the parcel as it was first made; what was sent once does not change."""
    row = ExchangeParcel.objects.select_related(
        "counterpart", "body", "case", "transfer__letter"
    ).get(pk=pk)
    if row.body is not None:
        return exchange.unpack(read_file(row.body))
    files = _files(row, now)
    parcel = exchange.make_parcel(
        number=row.number,
        kind=f"case-{row.content}",
        sender=SENDER,
        receiver=row.counterpart.code,
        day=beijing(row.made_at).date(),
        files=files,
        now=now,
    )
    assert row.case is not None
    row.body = seal_bytes(
        content=exchange.pack(parcel),
        name=f"{row.number}.zip",
        media_type="application/zip",
        chain=row.case.chain,
        actor=None,
        now=now,
        meta={"parcel": row.number},
    )
    row.digest = parcel.digest
    row.save(update_fields=["body", "digest"])
    return parcel


def _files(row: ExchangeParcel, now: datetime) -> dict[str, bytes]:
    assert row.case is not None
    if row.transfer is None:
        return {"case.json": _json(case_message(row.case))}
    files = {"transfer.json": _json(transfer_message(row.transfer))}
    letter = row.transfer.letter
    if letter is not None:
        files["letter.pdf"] = read_file(ensure_pdf(document=letter, now=now))
    size = 0
    for file in row.transfer.files.select_related("sealed").order_by("pk"):
        size += file.sealed.size
        if size <= MOST_ATTACHED:
            suffix = Path(file.sealed.name).suffix[:8]
            files[f"evidence-{file.pk}{suffix}"] = read_file(file.sealed)
    return files


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def _failed(row: ExchangeParcel, why: str, now: datetime) -> str:
    row.attempts += 1
    row.error, row.next_at = why[:300], exchange.next_attempt(row.attempts, now)
    row.save(update_fields=["attempts", "error", "next_at"])
    return "failed"


def _await(row: ExchangeParcel, now: datetime) -> str:
    first = row.state == ExchangeParcel.State.WAITING
    row.state, row.error = ExchangeParcel.State.SENT, ""
    row.attempts += 1
    row.next_at = now + ASK_AGAIN
    row.save(update_fields=["state", "error", "attempts", "next_at"])
    return "sent" if first else ""


def _settle(row: ExchangeParcel, receipt: exchange.Receipt, now: datetime) -> str:
    row.settled_at, row.next_at, row.error = receipt.received_at, None, ""
    row.taken, row.refused = receipt.taken, receipt.refused
    row.problems = list(receipt.problems)
    row.attempts += 1
    row.state = (
        ExchangeParcel.State.ACCEPTED
        if receipt.accepted
        else ExchangeParcel.State.REFUSED
    )
    row.save()
    _tell(row, now)
    return "accepted" if receipt.accepted else "refused"


def _tell(row: ExchangeParcel, now: datetime) -> None:
    """Note the receipt in the case; a refusal becomes an alert besides."""
    assert row.case is not None
    case = Case.objects.select_for_update().get(pk=row.case_id)
    accepted = row.state == ExchangeParcel.State.ACCEPTED
    transfer = row.transfer
    if accepted and transfer is not None and transfer.state == Transfer.State.SENT:
        transfer.state = Transfer.State.RECEIVED
        transfer.receipt = f"{row.counterpart} 系统回执 {row.number}"[:120]
        transfer.received_on = beijing(row.settled_at or now).date()
        transfer.save(update_fields=["state", "receipt", "received_on"])
    words = "已接收" if accepted else "拒收：" + "；".join(row.problems)
    record_act(
        case=case,
        action="exchange_receipt",
        actor=None,
        now=now,
        note=f"{row.counterpart}{words}"[:500],
        data={"parcel": row.number, "accepted": accepted},
    )
    if accepted:
        return
    raise_alert(
        key=f"exchange:{row.pk}",
        kind="case",
        severity="major",
        summary=f"{case.display_number} 发往{row.counterpart}的{row.get_content_display()}被拒收",
        explanation={"批次": row.number, "原因": "；".join(row.problems)[:500]},
        subject_key=f"case:{case.pk}",
        subject_name=case.display_number,
        district=case.district,
        organisation=None,
        evidence_url=case.get_absolute_url(),
        occurred_at=now,
        now=now,
    )
