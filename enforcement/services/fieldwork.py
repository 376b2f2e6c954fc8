"""A visit as it is written on the phone: sent again and again, merged, finished once."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from bozhou_eco.accounts.models import User
from enforcement.domain import fieldwork as rules
from enforcement.domain.fieldwork import Change, Item
from enforcement.domain.place import check_place
from enforcement.domain.workflow import Refused
from enforcement.models import SiteVisit, VisitDraft, VisitPhoto, VisitSync
from enforcement.selectors.fieldwork import items_of, template_for
from enforcement.services import visits
from enforcement.services.content import add_file

MOST_BYTES = 16 * 2**20
PIECE = 2 * 2**20
HEADS = {
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
}


@dataclass(frozen=True, slots=True)
class Sending:
    """What a phone sends: its changes, its clock, where it is, whether it is done."""

    id: UUID
    sent_at: datetime
    changes: Sequence[Change] = ()
    arrived_at: datetime | None = None
    place: Mapping[str, float] = field(default_factory=dict)
    finish: bool = False
    entry_code: str = ""


@transaction.atomic
def sync_visit(
    *, visit: SiteVisit, sending: Sending, actor: User, now: datetime
) -> dict[str, Any]:
    """Merge a sending and return ``{"state", "fields", "conflicts", "missing", …}``.

    The same sending again returns the same answer and changes nothing. Raises `Refused`
    for somebody who is not an officer of the visit, for a field that cannot be read, and
    for a visit that is not approved.
    """
    before = VisitSync.objects.filter(pk=sending.id).first()
    if before is not None:
        if before.visit_id != visit.pk or before.user_id != actor.pk:
            raise Refused("该同步编号已被其他记录使用，请刷新页面")
        return dict(before.answer)
    visit = SiteVisit.objects.select_for_update().get(pk=visit.pk)
    _check_officer(visit, actor)
    if visit.state == SiteVisit.State.DONE:
        raise Refused("本次核查已完成，不再接收修改")
    draft = draft_of(visit, now=now)
    items = items_of(draft)
    _check_changes(sending.changes, items)
    visit = _arrive(visit, sending, actor, now)
    draft.fields, conflicts = rules.merge(
        draft.fields, _timed(sending, now), by=str(actor)
    )
    draft.updated_at = now
    draft.save(update_fields=["fields", "updated_at"])
    missing: list[str] = []
    if sending.finish and not conflicts:
        missing = rules.obstacles(items, draft.fields, _photographed(visit))
        if not missing:
            visit = _finish(visit, draft, items, actor, now)
    answer = {
        "state": visit.state,
        "fields": draft.fields,
        "conflicts": [asdict(conflict) for conflict in conflicts],
        "missing": missing,
        "clock_offset_s": round(
            rules.clock_offset(sending.sent_at, now).total_seconds()
        ),
    }
    VisitSync.objects.create(
        pk=sending.id,
        visit=visit,
        user=actor,
        at=now,
        clock_offset_s=answer["clock_offset_s"],
        answer=answer,
    )
    return answer


def draft_of(visit: SiteVisit, *, now: datetime) -> VisitDraft:
    """Return the draft of a visit, made with the present check-list the first time."""
    template = template_for(visit.case.kind)
    draft, _ = VisitDraft.objects.get_or_create(
        visit=visit,
        defaults={
            "template": template,
            "items": template.items if template else [],
            "updated_at": now,
        },
    )
    return draft


def _check_officer(visit: SiteVisit, actor: User) -> None:
    if not visit.officers.filter(pk=actor.pk).exists():
        raise Refused("只有计划中的执法人员可以填写现场核查")


def _check_changes(changes: Sequence[Change], items: Sequence[Item]) -> None:
    if len(changes) > rules.MOST_FIELDS:
        raise Refused(f"一次最多同步 {rules.MOST_FIELDS} 项")
    codes = {item.code for item in items}
    wrong = [
        text
        for change in changes
        if (text := rules.wrong_value(change.field, change.value, codes))
    ]
    if wrong:
        raise Refused(wrong[0], tuple(wrong))


def _timed(sending: Sending, now: datetime) -> list[Change]:
    return [
        Change(
            change.field,
            change.value,
            change.base,
            rules.true_time(change.at, sending.sent_at, now),
        )
        for change in sending.changes
    ]


def _arrive(
    visit: SiteVisit, sending: Sending, actor: User, now: datetime
) -> SiteVisit:
    """Register the arrival with the first sending after it."""
    if visit.state == SiteVisit.State.PLANNED:
        raise Refused("核查计划尚未批准，不得进入现场")
    if visit.state != SiteVisit.State.APPROVED or sending.arrived_at is None:
        return visit
    visit = visits.start_visit(
        visit=visit,
        actor=actor,
        now=now,
        latitude=sending.place.get("latitude"),
        longitude=sending.place.get("longitude"),
        accuracy_m=sending.place.get("accuracy_m"),
        entry_code=sending.entry_code,
    )
    visit.arrived_at = rules.true_time(sending.arrived_at, sending.sent_at, now)
    visit.save(update_fields=["arrived_at"])
    return visit


def _photographed(visit: SiteVisit) -> set[str]:
    whole = visit.photos.filter(file__isnull=False)
    return set(whole.values_list("code", flat=True))


def _finish(
    visit: SiteVisit,
    draft: VisitDraft,
    items: Sequence[Item],
    actor: User,
    now: datetime,
) -> SiteVisit:
    fields = draft.fields
    checklist, readings = [], []
    for item in items:
        given = rules.value_of(fields, f"a:{item.code}") or {}
        row = {"code": item.code, "text": item.text, "group": item.group}
        if item.kind == "reading":
            readings.append(
                {
                    "factor": item.text,
                    "site": str(given.get("site", "")),
                    "platform": str(given.get("platform", "")),
                    "data_time": str(given.get("data_time", "")),
                    "unit": item.unit,
                }
            )
        else:
            answer = rules.ANSWERS.get(given.get("answer", ""), "")
            checklist.append(row | {"answer": answer, "note": given.get("note", "")})
    signed = [
        {"role": label, **(rules.value_of(fields, f"sign:{role}") or {})}
        for role, label in rules.SIGNERS.items()
    ]
    statement = rules.value_of(fields, "statement")
    return visits.finish_visit(
        visit=visit,
        conclusion=str(rules.value_of(fields, "conclusion")),
        found=bool(rules.value_of(fields, "found")),
        actor=actor,
        now=now,
        checklist=checklist,
        readings=readings,
        statements=[{"text": statement}] if statement else [],
        signatures=signed,
    )


def register_photo(
    *,
    visit: SiteVisit,
    photo: UUID,
    code: str,
    sha256: str,
    size: int,
    taken_at: datetime,
    sent_at: datetime,
    place: Mapping[str, float],
    actor: User,
    now: datetime,
) -> VisitPhoto:
    """Announce a photo; the same id again returns the row with what has been received."""
    _check_officer(visit, actor)
    if not 0 < size <= MOST_BYTES:
        raise Refused(f"照片应为 1 字节至 {MOST_BYTES // 2**20} MB")
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise Refused("照片摘要应为 64 位十六进制")
    check_place(place.get("latitude"), place.get("longitude"), place.get("accuracy_m"))
    row, _ = VisitPhoto.objects.get_or_create(
        pk=photo,
        defaults={
            "visit": visit,
            "user": actor,
            "code": code[:40],
            "sha256": sha256,
            "size": size,
            "taken_at": rules.true_time(taken_at, sent_at, now),
            "latitude": place.get("latitude"),
            "longitude": place.get("longitude"),
            "accuracy_m": place.get("accuracy_m"),
        },
    )
    if (row.visit_id, row.sha256, row.size) != (visit.pk, sha256, size):
        raise Refused("该照片编号已被其他照片使用")
    return row


def pieces_of(row: VisitPhoto) -> Path:
    """Return where the pieces lie while a photo is not whole."""
    return Path(settings.MEDIA_ROOT) / "visits" / f"{row.pk}.part"


def add_piece(
    *, photo: VisitPhoto, start: int, data: bytes, actor: User, now: datetime
) -> VisitPhoto:
    """Add a piece at ``start``; the last one seals the photo into the case's evidence.

    A piece that was received before may come again. Raises `Refused` for a gap, for more
    bytes than were announced, and for bytes that do not have the announced digest: the
    pieces are thrown away then, so that the phone sends them again.
    """
    with transaction.atomic():
        row = VisitPhoto.objects.select_for_update().get(pk=photo.pk)
        _check_officer(row.visit, actor)
        if row.file_id is not None:
            return row
        if start > row.received:
            raise Refused(f"已收到 {row.received} 字节，应从此处续传")
        if start + len(data) > row.size or len(data) > PIECE:
            raise Refused("字节数超过登记的大小")
        place = pieces_of(row)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("r+b" if place.exists() else "wb") as out:
            out.seek(start)
            out.write(data)
            out.truncate()
        row.received = start + len(data)
        row.save(update_fields=["received"])
    if row.received == row.size:
        _seal(row, actor, now)
    return row


def _seal(row: VisitPhoto, actor: User, now: datetime) -> None:
    place = pieces_of(row)
    content = place.read_bytes() if place.exists() else b""
    media, suffix = next(
        (kind for head, kind in HEADS.items() if content.startswith(head)), ("", "")
    )
    if hashlib.sha256(content).hexdigest() != row.sha256 or not media:
        place.unlink(missing_ok=True)
        row.received = 0
        row.save(update_fields=["received"])
        raise Refused(
            "照片须为 JPEG 或 PNG" if not media else "照片内容与摘要不符，请重新上传"
        )
    signature = row.code.startswith("sign:")
    row.file = add_file(
        case=row.visit.case,
        source=io.BytesIO(content),
        name=f"{row.pk}.{suffix}",
        media_type=media,
        size=row.size,
        kind="statement" if signature else "photo",
        title=("签名 " if signature else "现场照片 ") + row.code,
        actor=actor,
        now=now,
        taken_at=row.taken_at,
        latitude=row.latitude,
        longitude=row.longitude,
        accuracy_m=row.accuracy_m,
    )
    row.save(update_fields=["file"])
    place.unlink(missing_ok=True)
