"""What is said about a case: facts, people, comments, evidence, the check-list."""

import hashlib
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import BinaryIO

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from bozhou_eco.evidence.services import read_file, seal_stream
from enforcement.domain.kinds import CaseKind
from enforcement.domain.place import check_place
from enforcement.domain.workflow import Duty, Refused
from enforcement.models import (
    Case,
    CaseFile,
    CaseLink,
    CaseStep,
    Cause,
    SummaryRevision,
)
from enforcement.selectors.scope import in_scope
from enforcement.selectors.settings import int_setting
from enforcement.services.acts import record_act
from enforcement.services.locking import lock_open
from enforcement.services.steps import take_part

MB = 1024 * 1024


@transaction.atomic
def edit_summary(
    *, case: Case, text: str, reason: str, actor: User, now: datetime
) -> SummaryRevision:
    """Change the facts; the old text stays and the page shows the difference."""
    case = lock_open(case, actor)
    text = text.strip()
    if not text:
        raise Refused("事实摘要不能为空")
    if text == case.summary:
        raise Refused("内容没有变化")
    case.summary = text
    case.save(update_fields=["summary"])
    revision = SummaryRevision.objects.create(
        case=case, text=text, reason=reason[:240], author=actor, at=now
    )
    record_act(
        case=case,
        action="edit_summary",
        actor=actor,
        now=now,
        note=reason,
        data={"revision": revision.pk},
    )
    return revision


@transaction.atomic
def set_facts(
    *,
    case: Case,
    actor: User,
    now: datetime,
    cause: Cause | None,
    act_started_on: date | None,
    act_ended_on: date | None,
    discovered_on: date | None,
    kind: str = "",
    party_kind: str = "",
    party: dict[str, str] | None = None,
    upstream_number: str | None = None,
    external_ref: str | None = None,
) -> CaseStep:
    """Fill in the elements of a case: cause, dates of the act, the party.

    Raises `Refused` for dates out of order or in the future.
    """
    case = lock_open(case, actor)
    _check_dates(act_started_on, act_ended_on, discovered_on, beijing(now).date())
    case.cause = cause
    case.act_started_on, case.act_ended_on = act_started_on, act_ended_on
    case.discovered_on = discovered_on
    if kind:
        case.kind = CaseKind(kind).value
    if party_kind:
        case.party_kind = Case.PartyKind(party_kind).value
    if party is not None:
        case.party = {name: value.strip() for name, value in party.items() if value}
    if upstream_number is not None:
        case.upstream_number = upstream_number.strip()
    if external_ref is not None:
        case.external_ref = external_ref.strip()
    case.save()
    return record_act(
        case=case,
        action="set_facts",
        actor=actor,
        now=now,
        data={
            "cause": cause.topic if cause else "",
            "act_ended_on": str(act_ended_on or ""),
            "discovered_on": str(discovered_on or ""),
        },
    )


def _check_dates(
    started: date | None, ended: date | None, found: date | None, today: date
) -> None:
    if started and ended and ended < started:
        raise Refused("违法行为终了日期早于开始日期")
    if ended and found and found < ended:
        raise Refused("发现日期早于违法行为终了日期；行为持续的以发现日为终了日")
    if any(day and day > today for day in (started, ended, found)):
        raise Refused("日期不能晚于今天")


@transaction.atomic
def assign(
    *, case: Case, lead: User, helpers: Sequence[User], actor: User, now: datetime
) -> CaseStep:
    """Name the officers on a case: one lead and the others; all must hold cards.

    Raises `Refused` for people without a card, of another unit's scope, or who already
    fill a function that excludes investigation.
    """
    case = lock_open(case, actor)
    people = [lead, *(user for user in helpers if user != lead)]
    for user in people:
        if not user.has_role("officer"):
            raise Refused(f"{user.name}不是执法人员")
        if not user.card_number:
            raise Refused(f"{user.name}没有登记执法证号")
        if not Case.objects.visible_to(user).filter(pk=case.pk).exists():
            raise Refused(f"{user.name}不在本案管辖范围内")
    case.people.filter(duty=Duty.INVESTIGATE, lead=True).update(lead=False)
    for user in people:
        take_part(
            case=case, user=user, duty=Duty.INVESTIGATE, now=now, lead=user == lead
        )
    case.handler = lead
    case.save(update_fields=["handler"])
    return record_act(
        case=case,
        action="assign",
        actor=actor,
        now=now,
        data={"lead": lead.pk, "people": [user.pk for user in people]},
    )


@transaction.atomic
def comment(*, case: Case, text: str, actor: User, now: datetime) -> CaseStep:
    """Leave a remark on a case, open or not."""
    if not text.strip():
        raise Refused("批注不能为空")
    if not in_scope(case, actor):
        raise Refused("本案不在您的管辖范围内")
    case = Case.objects.select_for_update().get(pk=case.pk)
    return record_act(
        case=case, action="comment", actor=actor, now=now, note=text.strip()
    )


def add_file(
    *,
    case: Case,
    source: BinaryIO,
    name: str,
    media_type: str,
    size: int,
    kind: str,
    title: str,
    actor: User,
    now: datetime,
    taken_at: datetime | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    accuracy_m: float | None = None,
    provider: str = "",
    device: str = "",
    ends_at: datetime | None = None,
    stated_sha256: str = "",
) -> CaseFile:
    """Seal a file and add it to the case's evidence.

    The bytes are durable before the row is written. Raises `Refused` for empty files,
    files over the limit, unknown kinds, positions outside the globe and times to come.
    A video of a body camera (执法记录仪) names its device and when it was made;
    ``stated_sha256`` is what the docking station says of the file, and must fit.
    """
    limit = int_setting("max_file_mb", 200)
    if size <= 0:
        raise Refused("文件是空的")
    if size > limit * MB:
        raise Refused(
            f"文件 {size // MB} MB，超过单个附件上限 {limit} MB；"
            "请分段后分别提交，或请管理员调高“单个附件上限”"
        )
    if kind not in CaseFile.Kind.values:
        raise Refused("没有这种证据类别")
    check_place(latitude, longitude, accuracy_m)
    if taken_at and taken_at > now:
        raise Refused("取得时间晚于现在，请核对设备时钟")
    _check_recording(kind, device.strip(), taken_at, ends_at, now)
    _check_hash(source, stated_sha256.strip().lower())
    sealed = seal_stream(
        source=source,
        name=name,
        media_type=media_type,
        chain=case.chain,
        actor=actor,
        now=now,
        meta={"case": case.pk, "kind": kind},
    )
    with transaction.atomic():
        locked = lock_open(case, actor)
        row = CaseFile.objects.create(
            case=locked,
            kind=kind,
            title=(title or name)[:120],
            sealed=sealed,
            taken_at=taken_at,
            latitude=latitude,
            longitude=longitude,
            accuracy_m=accuracy_m,
            provider=provider[:60],
            device=device.strip()[:60],
            ends_at=ends_at,
            added_by=actor,
            added_at=now,
            checked_at=now,
        )
        record_act(
            case=locked,
            action="add_file",
            actor=actor,
            now=now,
            data={
                "file": row.pk,
                "kind": kind,
                "name": sealed.name,
                "size": sealed.size,
                "sha256": sealed.sha256,
            },
        )
    return row


def _check_recording(
    kind: str,
    device: str,
    taken_at: datetime | None,
    ends_at: datetime | None,
    now: datetime,
) -> None:
    if kind == CaseFile.Kind.RECORDER:
        missing = [] if device else ["未填写执法记录仪编号"]
        missing += [] if taken_at else ["未填写录制开始时间"]
        if missing:
            raise Refused(missing[0], tuple(missing))
    if ends_at is None:
        return
    if taken_at is None or ends_at < taken_at:
        raise Refused("录制结束时间早于开始时间")
    if ends_at > now:
        raise Refused("录制结束时间晚于现在，请核对设备时钟")


def _check_hash(source: BinaryIO, stated: str) -> None:
    """Compare the file with the hash that its maker states, before anything is kept."""
    if not stated:
        return
    if not re.fullmatch(r"[0-9a-f]{64}", stated):
        raise Refused("采集站 SHA-256 应为 64 位十六进制")
    found = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
    source.seek(0)
    if found != stated:
        raise Refused("文件与采集站登记的 SHA-256 不一致，可能被改动或传输损坏")


def check_file(*, file: CaseFile, now: datetime) -> bool:
    """Read a file back and compare it with its seal; keeps and returns the finding."""
    try:
        content = read_file(file.sealed)
    except FileNotFoundError:
        file.intact = False
    else:
        digest = hashlib.sha256(content).hexdigest()
        file.intact = digest == file.sealed.sha256
    file.checked_at = now
    file.save(update_fields=["intact", "checked_at"])
    return file.intact


@transaction.atomic
def fill_checklist(
    *,
    case: Case,
    items: Sequence[dict[str, str]],
    conclusion: str,
    actor: User,
    now: datetime,
) -> CaseStep:
    """Record the answers to the online check-list and what they come to."""
    case = lock_open(case, actor, "officer", "reviewer")
    open_items = [item["text"] for item in items if not item.get("answer", "").strip()]
    if open_items:
        raise Refused(
            f"还有 {len(open_items)} 项未填写",
            tuple(f"未填写：{text}" for text in open_items),
        )
    if not conclusion.strip():
        raise Refused("未填写排查结论")
    return record_act(
        case=case,
        action="fill_checklist",
        actor=actor,
        now=now,
        note=conclusion,
        data={"items": list(items)},
    )


@transaction.atomic
def link_cases(
    *, case: Case, other: Case, kind: str, note: str, actor: User, now: datetime
) -> CaseLink:
    """Tie two cases together: joint work, or merely related."""
    case = lock_open(case, actor)
    if case.pk == other.pk:
        raise Refused("不能关联自身")
    link, created = CaseLink.objects.get_or_create(
        case=case,
        other=other,
        kind=CaseLink.Kind(kind),
        defaults={"note": note[:240], "at": now},
    )
    if not created:
        raise Refused("两案已经关联")
    record_act(
        case=case,
        action="link",
        actor=actor,
        now=now,
        note=note,
        data={"other": other.number, "kind": kind},
    )
    return link
