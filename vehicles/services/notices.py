"""Notices to market regulation about a station (抄告), sent through casework.

A notice is the letter of a clue: the named one, or one that is opened for it. The clue
goes on at the bureau, market regulation gets its part as a joint matter, and receipt and
answer are those of the transfer, whichever side registers them.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from enforcement.domain.workflow import Refused
from enforcement.models import Case
from enforcement.services.transfers import (
    receive_transfer,
    record_joint_reply,
    send_joint,
)
from vehicles.domain.fraud.registry import NAMES
from vehicles.models import Finding, MarketNotice, Station
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.handovers import Begun, Matter, Piece, begin_case, prove

BASIS = "生态环境法典第 225 条、第 1230 条；检验检测机构资质认定管理办法"


def _refuse(refusal: Refused, field: str = "") -> StationRefusalError:
    words = "；".join(refusal.missing) or str(refusal)
    return StationRefusalError(words, code="not_possible", field=field)


@transaction.atomic
def send_notice(
    *,
    station: Station,
    matter: str,
    findings: Sequence[Finding],
    actor: User,
    now: datetime,
    number: str = "",
    case_number: str = "",
) -> MarketNotice:
    """Tell market regulation about a station, with the confirmed findings.

    Without ``number`` the notice has the letter's. Raises StationRefusalError.
    """
    number, matter = number.strip()[:60], matter.strip()[:240]
    if not matter:
        raise StationRefusalError("请填写事项", status=400, field="matter")
    if any(row.station_id != station.pk for row in findings):
        raise StationRefusalError("线索不属于该机构", status=400, field="findings")
    if number and MarketNotice.objects.filter(number=number).exists():
        raise StationRefusalError("文号已使用", code="number_used", field="number")
    receiver = f"{station.district.name}市场监督管理局"
    stated = _matter(station, matter, findings, receiver, now)
    try:
        begun = _begun(case_number.strip(), station, stated, actor, now)
        transfer = send_joint(
            case=begun.case,
            authority="market",
            unit_name=receiver,
            matter=matter,
            files=begun.files,
            actor=actor,
            now=now,
        )
    except Refused as refusal:
        raise _refuse(refusal) from refusal
    made = MarketNotice.objects.create(
        station=station,
        number=number or begun.letter.number[:60],
        matter=matter,
        basis=BASIS,
        findings=[row.pk for row in findings],
        case_number=begun.case.number,
        transfer=transfer,
        receiver=receiver,
        sent_at=now,
        sent_by=actor,
    )
    _record(made, "station.notice.send", {"findings": made.findings}, actor, now)
    return made


def _matter(
    station: Station,
    matter: str,
    findings: Sequence[Finding],
    receiver: str,
    now: datetime,
) -> Matter:
    lines = [f"{NAMES.get(row.rule, row.rule)}：{row.why}" for row in findings]
    summary = f"{station.name}：{matter}"
    facts = {
        "station": station.code,
        "name": station.name,
        "matter": matter,
        "findings": [
            {
                "rule": row.rule,
                "why": row.why,
                "numbers": row.numbers,
                "report": row.inspection.report if row.inspection else "",
                "verdict": row.verdict,
                "note": row.verdict_note,
            }
            for row in findings
        ],
    }
    body = json.dumps(facts, ensure_ascii=False, indent=1).encode()
    return Matter(
        kind="station",
        source="station",
        title=f"{station.name} 抄告市场监管",
        subject_key=f"station:{station.code}",
        subject_name=station.name,
        district=station.district,
        organisation=station.organisation,
        summary=summary,
        evidence_url=reverse("vehicles:supervision", args=[station.code]),
        items=(
            ("findings", "疑点报告与命中规则", "；".join(lines) or "未列线索，见事项"),
            ("matter", "抄告事项", matter),
        ),
        conclusion="涉及检验检测机构资质认定管理，抄告市场监管部门",
        pieces=[
            Piece("研判线索", "findings.json", "application/json", body, "data", now)
        ],
        recipient=receiver,
        matter=matter,
        legal_basis=BASIS,
    )


def _begun(
    number: str, station: Station, stated: Matter, actor: User, now: datetime
) -> Begun:
    """Return the clue that the notice belongs to, with a letter issued in it."""
    if not number:
        return begin_case(stated, actor=actor, now=now)
    case = Case.objects.visible_to(actor).filter(number=number).first()
    if case is None:
        raise StationRefusalError("没有该线索编号", status=400, field="case_number")
    if case.subject_key != f"station:{station.code}":
        raise StationRefusalError(
            f"该线索的对象是 {case.subject_name}，不是本机构",
            status=400,
            field="case_number",
        )
    return prove(case, stated, actor=actor, now=now)


@transaction.atomic
def answer_notice(
    *, notice: MarketNotice, receipt: str, answer: str, actor: User, now: datetime
) -> MarketNotice:
    """Register the receipt of a notice, then its answer."""
    notice = MarketNotice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
    today = clock.beijing(now).date()
    receipt, answer = receipt.strip()[:60], answer.strip()[:500]
    if notice.standing == MarketNotice.State.ANSWERED:
        raise StationRefusalError("该抄告已反馈", code="already_answered")
    if not receipt and not answer:
        raise StationRefusalError("请填写签收文号或反馈", status=400, field="receipt")
    if notice.receipt and not answer:
        raise StationRefusalError(
            f"已登记签收文号 {notice.receipt}；反馈请填写处理结果",
            code="already_received",
            field="receipt",
        )
    try:
        _pass_on(notice, receipt, answer, today, actor, now)
    except Refused as refusal:
        raise _refuse(refusal) from refusal
    if receipt and not notice.receipt:
        notice.receipt, notice.received_on = receipt, today
        notice.state = MarketNotice.State.RECEIVED
    if answer:
        notice.answer, notice.answered_on = answer, today
        notice.state = MarketNotice.State.ANSWERED
    notice.save()
    _record(notice, "station.notice.answer", {"state": notice.state}, actor, now)
    return notice


def _pass_on(
    notice: MarketNotice,
    receipt: str,
    answer: str,
    today: date,
    actor: User,
    now: datetime,
) -> None:
    transfer = notice.transfer
    if transfer is None:  # sent before notices went through casework
        return
    if receipt and transfer.state == transfer.State.SENT:
        transfer = receive_transfer(
            transfer=transfer, receipt=receipt, received_on=today, actor=actor, now=now
        )
    if answer:
        record_joint_reply(
            transfer=transfer,
            reply_number=receipt or notice.receipt,
            replied_on=today,
            result=answer,
            actor=actor,
            now=now,
        )


def _record(
    notice: MarketNotice,
    act: str,
    detail: dict[str, object],
    actor: User,
    now: datetime,
) -> None:
    audit.record(
        actor=actor,
        act=act,
        subject=f"station:{notice.station.code}",
        detail={"number": notice.number, **detail},
        now=now,
    )
