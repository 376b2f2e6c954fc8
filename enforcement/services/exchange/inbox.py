"""Parcels from other systems: each taken once, every row answered for."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from bozhou_eco.accounts.models import District
from bozhou_eco.common import exchange
from bozhou_eco.common.clock import beijing
from bozhou_eco.common.exchange import folder
from enforcement.domain.exchange import INWARD, Content, Direction, Row, Way, read_rows
from enforcement.domain.workflow import Refused
from enforcement.models import (
    Case,
    Cause,
    Counterpart,
    ExchangeParcel,
    Inspection,
    PastPenalty,
    Transfer,
)
from enforcement.services.acts import record_act
from enforcement.services.feedback import register_inspection

ROWS = "rows.json"


def receive_folders(*, now: datetime) -> dict[str, int]:
    """Take what lies in the shared folders of every active system; counts by outcome."""
    told = {"taken": 0, "refused": 0}
    systems = Counterpart.objects.filter(active=True, way=Way.FOLDER.value)
    for system in systems.order_by("code"):
        inbox = Path(system.address) / "in"
        for number in folder.waiting(inbox):
            try:
                parcel = folder.take(inbox, number)
                receipt = receive(system=system, parcel=parcel, now=now)
            except exchange.RefusedError as error:
                receipt = exchange.refusal(number, now=now, problems=error.problems)
            folder.answer(inbox, receipt)
            told["taken" if receipt.accepted else "refused"] += 1
    return told


def receive(
    *, system: Counterpart, parcel: exchange.Parcel, now: datetime
) -> exchange.Receipt:
    """Take a parcel in one transaction and return its receipt.

    A parcel that was taken before gets the same receipt again. Rows that cannot be used
    are refused with their reason; the others count.
    """
    content = _content(system, parcel)
    with transaction.atomic():
        row, new = ExchangeParcel.objects.select_for_update().get_or_create(
            counterpart=system,
            direction=Direction.IN.value,
            number=parcel.number,
            defaults={
                "content": content.value,
                "state": ExchangeParcel.State.ACCEPTED,
                "digest": parcel.digest,
                "made_at": parcel.manifest.made_at,
                "settled_at": now,
            },
        )
        if not new and row.digest != parcel.digest:
            raise exchange.RefusedError([f"批次 {parcel.number} 已接收过不同的内容"])
        if new:
            good, problems = _rows(content, parcel, beijing(now).date())
            problems += [
                why for one in good if (why := _take(system, content, one, now))
            ]
            listed = len(good) + len(problems)
            row.refused = len(problems)
            row.taken = _count(parcel) - row.refused if listed else 0
            row.problems = problems[:200]
            row.save(update_fields=["taken", "refused", "problems"])
    return exchange.receipt_of(
        parcel,
        now=row.settled_at or now,
        taken=row.taken,
        refused=row.refused,
        problems=row.problems,
    )


def _content(system: Counterpart, parcel: exchange.Parcel) -> Content:
    name = parcel.manifest.kind.removeprefix("case-")
    known = {content.value: content for content in INWARD}
    if name not in known or name not in system.contents:
        raise exchange.RefusedError([f"不接收内容 {parcel.manifest.kind[:40]}"])
    if ROWS not in parcel.files:
        raise exchange.RefusedError([f"批次中没有 {ROWS}"])
    return known[name]


def _listed(parcel: exchange.Parcel) -> list[object]:
    try:
        rows = json.loads(parcel.files[ROWS])
    except (ValueError, RecursionError) as error:
        raise exchange.RefusedError([f"{ROWS} 不是 JSON：{error}"]) from error
    if not isinstance(rows, list) or len(rows) > 5000:
        raise exchange.RefusedError([f"{ROWS} 应为不超过 5000 行的列表"])
    return rows


def _count(parcel: exchange.Parcel) -> int:
    return len(_listed(parcel))


def _rows(
    content: Content, parcel: exchange.Parcel, today: date
) -> tuple[list[Row], list[str]]:
    return read_rows(content, _listed(parcel), today)


def _take(system: Counterpart, content: Content, row: Row, now: datetime) -> str:
    """Act on one row; return why it could not be used, '' when it was."""
    act: Callable[[Counterpart, Row, datetime], str] = {
        Content.REPLY: _reply,
        Content.PENALTY: _penalty,
        Content.CHECK: _check,
    }[content]
    try:
        with transaction.atomic():
            why = act(system, row, now)
    except Refused as refusal:
        why = refusal.reason
    return f"第 {row['place']} 行：{why}" if why else ""


def _text(row: Row, name: str) -> str:
    return str(row.get(name) or "")


def _day(row: Row) -> date:
    day = row["on"]
    assert isinstance(day, date)
    return day


def _case(number: str) -> Case | None:
    rows = Case.objects.select_for_update(of=("self",)).filter(
        Q(number=number) | Q(case_number=number)
    )
    return rows.first()


def _reply(system: Counterpart, row: Row, now: datetime) -> str:
    """A receipt or an answer to a transfer of ours."""
    case = _case(_text(row, "number"))
    if case is None:
        return f"没有编号为 {_text(row, 'number')[:60]} 的线索或案件"
    waiting = case.transfers.filter(
        authority=system.authority, state__in=["sent", "received"]
    )
    if letter := _text(row, "letter"):
        waiting = waiting.filter(letter__number=letter)
    transfer = waiting.order_by("pk").first()
    if transfer is None:
        return "没有等待本部门签收或回函的移送"
    if _day(row) < transfer.sent_on:
        return f"日期早于移送日期 {transfer.sent_on}"
    receipt = row["act"] == "receipt"
    if receipt and transfer.state != Transfer.State.SENT:
        return "该移送已签收"
    if receipt:
        transfer.state = Transfer.State.RECEIVED
        transfer.received_on = _day(row)
        transfer.receipt = f"{_text(row, 'text')} {_text(row, 'reference')}".strip()[
            :120
        ]
    else:
        _answer(transfer, row)
    transfer.save()
    record_act(
        case=case,
        action="receive_transfer" if receipt else "partner_reply",
        actor=None,
        now=now,
        note=f"{system}：{_text(row, 'text')}",
        data={"transfer": transfer.pk, "reference": _text(row, "reference")},
    )
    return ""


def _answer(transfer: Transfer, row: Row) -> None:
    transfer.state = (
        Transfer.State.REPLIED if transfer.joint else Transfer.State.RECEIVED
    )
    transfer.reply_number = _text(row, "reference")[:60]
    transfer.replied_on = _day(row)
    transfer.result = _text(row, "text")


def _penalty(system: Counterpart, row: Row, now: datetime) -> str:
    """What the penalty system did in a case that is kept there; noted, not typed again."""
    case = _case(_text(row, "number"))
    if case is None:
        return f"没有编号为 {_text(row, 'number')[:60]} 的线索或案件"
    if case.external_ref and case.external_ref != _text(row, "external_ref"):
        return f"案件已对应外部编号 {case.external_ref}"
    amount = row.get("amount")
    if row["event"] == "decided":
        if not isinstance(amount, Decimal) or not _text(row, "reference"):
            return "decided 须有 amount 和 reference"
        if case.cause is None:
            return "案件尚未填写案由，不能登记处罚结果"
        _past(system, case, case.cause, row, amount)
    case.external_ref, case.system_of_record = (
        _text(row, "external_ref"),
        system.name[:40],
    )
    case.save(update_fields=["external_ref", "system_of_record"])
    record_act(
        case=case,
        action=f"external_{row['event']}",
        actor=None,
        now=now,
        note=_text(row, "text"),
        data={
            "system": system.code,
            "on": _day(row).isoformat(),
            "amount": "" if amount is None else str(amount),
            "reference": _text(row, "reference"),
        },
    )
    return ""


def _past(
    system: Counterpart, case: Case, cause: Cause, row: Row, amount: Decimal
) -> None:
    """Keep the penalty where the search for earlier acts finds it."""
    PastPenalty.objects.update_or_create(
        reference=_text(row, "reference")[:60],
        defaults={
            "organisation": case.organisation,
            "district": case.district,
            "subject_key": case.subject_key,
            "party_name": case.subject_name,
            "uscc": (case.party or {}).get("code", "")[:18],
            "cause": cause,
            "found_on": case.discovered_on or _day(row),
            "decided_on": _day(row),
            "amount": amount,
            "source": system.name,
        },
    )


def _check(system: Counterpart, row: Row, now: datetime) -> str:
    """A check that officers entered in the mobile system: into the register, once."""
    key = f"{system.code}:{_text(row, 'external_ref')}"[:120]
    if Inspection.objects.filter(subject_key=key).exists():
        return ""
    number = _text(row, "number")
    case = _case(number) if number else None
    if number and case is None:
        return f"没有编号为 {number[:60]} 的线索或案件"
    code = _text(row, "district")
    district = District.objects.filter(code=code).first() if code else None
    if code and district is None:
        return f"没有行政区划代码 {code[:12]}"
    register_inspection(
        mode=_text(row, "mode"),
        kind=_text(row, "kind"),
        done_on=_day(row),
        subject_key=key,
        subject_name=_text(row, "subject_name")[:120],
        means=f"{system.name}：{_text(row, 'means')}",
        found=row["found"] is True,
        result=_text(row, "result"),
        actor=None,
        now=now,
        case=case,
        district=district,
    )
    return ""
