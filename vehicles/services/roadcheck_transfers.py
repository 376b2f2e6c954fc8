"""Violations found on the road, handed to the traffic police, and what they reply.

A violation becomes a clue with the check as its check-list and evidence; its transfer
goes through casework.
"""

import json
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import read_file
from enforcement.domain.workflow import Refused
from enforcement.models import Case
from enforcement.services.cases import move_case
from enforcement.services.transfers import receive_transfer
from vehicles.models import PoliceTransfer, RoadCheck
from vehicles.services.handovers import Matter, Piece, begin_case
from vehicles.services.roadchecks import RoadCheckRefusedError

CODE = "6063"
BASIS = "生态环境法典第一千一百二十六条"
MATTER = "驾驶排放检验不合格的机动车上道路行驶"


@transaction.atomic
def transfer_to_police(
    *, check: RoadCheck, unit: str, actor: User, now: datetime
) -> PoliceTransfer:
    """Hand a violation to the traffic police (违法代码 6063) through casework.

    A clue is opened, the check becomes its check-list and evidence, the letter is
    issued, and the case waits for the reply. Raises RoadCheckRefusedError.
    """
    check = (
        RoadCheck.objects.select_for_update(of=("self",))
        .select_related("vehicle", "campaign__district")
        .get(pk=check.pk)
    )
    if check.verdict != RoadCheck.Verdict.FAIL:
        raise RoadCheckRefusedError("合格车辆不移送")
    if PoliceTransfer.objects.filter(road_check=check).exists():
        raise RoadCheckRefusedError("该车已移送")
    if not unit.strip():
        raise RoadCheckRefusedError("请填写接收单位", {"unit": "请填写接收单位"})
    try:
        case = _case_for(check, unit.strip(), actor, now)
    except Refused as refusal:
        lacking = "；".join(refusal.missing)
        raise RoadCheckRefusedError(f"移送未完成：{lacking}") from refusal
    made = PoliceTransfer.objects.create(
        road_check=check,
        code=CODE,
        case=case,
        unit=unit.strip()[:120],
        sent_at=now,
        sent_by=actor,
    )
    audit.record(
        actor=actor,
        act="roadcheck.transfer",
        subject=check.vehicle.subject_key,
        detail={"check": str(check.pk), "case": case.number, "code": CODE},
        now=now,
    )
    return made


def _case_for(check: RoadCheck, unit: str, actor: User, now: datetime) -> Case:
    vehicle, summary = check.vehicle, describe(check)
    matter = f"{MATTER}（代码 {CODE}）"
    case = begin_case(
        Matter(
            kind="road_check",
            source="road_check",
            title=f"{vehicle.plate} 路检不合格",
            subject_key=vehicle.subject_key,
            subject_name=vehicle.plate,
            district=check.campaign.district,
            summary=summary,
            evidence_url=reverse("vehicles:roadcheck", args=[check.pk]),
            items=(
                ("reading", "现场读数", summary),
                ("code", "违法代码", CODE),
            ),
            conclusion="现场检查不合格，移送公安交管部门依法处理",
            pieces=_pieces(check, summary),
            recipient=unit,
            matter=matter,
            legal_basis=BASIS,
        ),
        actor=actor,
        now=now,
    ).case
    move_case(
        case=case,
        action="transfer_out",
        actor=actor,
        now=now,
        note="移送公安交管部门",
        data={"authority": "traffic_police", "matter": matter},
    )
    case.refresh_from_db()
    return case


def _pieces(check: RoadCheck, summary: str) -> list[Piece]:
    record = json.dumps(
        {
            "check": str(check.pk),
            "plate": check.vehicle.plate,
            "color": check.vehicle.plate_color,
            "at": check.at.isoformat(),
            "campaign": check.campaign.name,
            "place": check.campaign.place,
            "longitude": check.longitude,
            "latitude": check.latitude,
            "means": check.means,
            "k": check.smoke_k,
            "limit_k": check.limit_k,
            "obd": check.obd_fault,
            "summary": summary,
            "digest": check.digest,
        },
        ensure_ascii=False,
        indent=1,
    ).encode()
    where = (check.at, check.latitude, check.longitude, check.accuracy_m)
    return [
        Piece("路检记录", "roadcheck.json", "application/json", record, "data", *where),
        *(
            Piece(
                f"现场照片 {photo.place}",
                photo.sealed.name,
                photo.sealed.media_type,
                read_file(photo.sealed),
                "photo",
                *where,
            )
            for photo in check.photos.select_related("sealed")
        ),
    ]


def describe(check: RoadCheck) -> str:
    """Return a check in one sentence."""
    words = [
        f"{clock.beijing(check.at):%Y-%m-%d %H:%M} {check.campaign.place}",
        f"{check.get_means_display()}检查",
    ]
    if check.smoke_k is not None:
        limit = f"，限值 {check.limit_k:g} m⁻¹" if check.limit_k is not None else ""
        words.append(f"光吸收系数 {check.smoke_k:g} m⁻¹{limit}")
    if check.ringelmann is not None:
        words.append(f"林格曼 {check.ringelmann} 级")
    if check.obd_fault:
        words.append(f"OBD：{check.obd_fault}")
    if check.note:
        words.append(check.note)
    return "，".join(words) + f"，结论{check.get_verdict_display()}"


@transaction.atomic
def register_receipt(
    *,
    transfer: PoliceTransfer,
    receipt: str,
    received_on: date,
    actor: User,
    now: datetime,
) -> PoliceTransfer:
    """Register that the police took the matter (回执)."""
    transfer = PoliceTransfer.objects.select_for_update(of=("self",)).get(
        pk=transfer.pk
    )
    if transfer.receipt_at is not None:
        raise RoadCheckRefusedError("已登记回执")
    try:
        if transfer.case is not None:
            outer = transfer.case.transfers.filter(joint=False).latest("pk")
            receive_transfer(
                transfer=outer,
                receipt=receipt,
                received_on=received_on,
                actor=actor,
                now=now,
            )
    except Refused as refusal:
        raise RoadCheckRefusedError(str(refusal)) from refusal
    transfer.receipt = receipt.strip()[:60]
    transfer.receipt_at = _noon(received_on)
    transfer.save(update_fields=["receipt", "receipt_at"])
    return transfer


@transaction.atomic
def register_reply(
    *,
    transfer: PoliceTransfer,
    result: str,
    reply_number: str,
    replied_on: date,
    actor: User,
    now: datetime,
) -> PoliceTransfer:
    """Register what the police did (反馈); the case goes on to feedback."""
    transfer = PoliceTransfer.objects.select_for_update(of=("self",)).get(
        pk=transfer.pk
    )
    if transfer.replied_at is not None:
        raise RoadCheckRefusedError("已登记反馈")
    if not result.strip():
        raise RoadCheckRefusedError("请填写处理结果", {"result": "请填写处理结果"})
    try:
        if transfer.case is not None:
            move_case(
                case=transfer.case,
                action="record_reply",
                actor=actor,
                now=now,
                note="",
                data={
                    "reply_number": reply_number,
                    "replied_on": replied_on,
                    "result": result,
                },
            )
    except Refused as refusal:
        raise RoadCheckRefusedError(str(refusal)) from refusal
    transfer.reply = result.strip()[:200]
    transfer.replied_at = _noon(replied_on)
    transfer.save(update_fields=["reply", "replied_at"])
    return transfer


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=clock.BEIJING)
