"""异议反馈: a driver states a case in public, the bureau answers (行政处罚法 art. 41)."""

from datetime import datetime

from django.db import transaction

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.chain import digest_of
from bozhou_eco.common.push import push_after_commit
from bozhou_eco.evidence.services import seal_digest
from vehicles.domain import plates
from vehicles.models import Capture, Objection, RepairNotice
from vehicles.services.following import follow_withdrawn

MOST_OPEN = 3


class ObjectionRefusedError(Exception):
    """An objection that cannot be taken; the message is for the driver."""


def find_notice(*, plate: str, number: str) -> Capture | None:
    """The confirmed capture of a notice, if plate and notice number both fit."""
    wanted = number.strip().replace("(", "〔").replace(")", "〕").replace(" ", "")
    return (
        Capture.objects.filter(
            state=Capture.State.CONFIRMED,
            notice_number=wanted,
            plate_final=plates.normalise(plate),
        )
        .select_related("site", "camera")
        .first()
    )


@transaction.atomic
def raise_objection(
    *, capture: Capture, name: str, phone: str, statement: str, now: datetime
) -> Objection:
    """Store a driver's statement; at most three may wait for one capture."""
    held = Capture.objects.select_for_update().get(pk=capture.pk)
    if held.state != Capture.State.CONFIRMED:
        raise ObjectionRefusedError("该抓拍已不再作为证据，无需提出异议")
    waiting = held.objections.filter(state=Objection.State.WAITING).count()
    if waiting >= MOST_OPEN:
        raise ObjectionRefusedError("此前提交的异议正在处理，请等待答复")
    objection = Objection.objects.create(
        capture=held, name=name, phone=phone, statement=statement, at=now
    )
    audit.record(
        actor=None,
        act="objection.raise",
        subject=f"capture:{held.pk}",
        detail={"objection": objection.pk},
        now=now,
    )
    seal_digest(
        chain=held.site.chain,
        subject=f"objection:{objection.pk}",
        digest=digest_of({"capture": held.key, "statement": statement, "at": now}),
        now=now,
    )
    push_after_commit("live", {"kind": "objection", "id": objection.pk})
    return objection


@transaction.atomic
def answer_objection(
    *, objection: Objection, upheld: bool, answer: str, actor: User, now: datetime
) -> Objection:
    """Answer an objection; one that is upheld withdraws the capture as evidence."""
    if not actor.has_role(Role.LEGAL, Role.LEADER):
        raise ObjectionRefusedError("异议由法制审核或领导答复")
    if not answer.strip():
        raise ObjectionRefusedError("请写明答复理由")
    held = Objection.objects.select_for_update().get(pk=objection.pk)
    if held.state != Objection.State.WAITING:
        raise ObjectionRefusedError("该异议已答复")
    held.state = Objection.State.UPHELD if upheld else Objection.State.DISMISSED
    held.answer, held.answered_by, held.answered_at = answer.strip(), actor, now
    held.save()
    if upheld:
        _withdraw(held, actor, now)
    audit.record(
        actor=actor,
        act="objection.answer",
        subject=f"capture:{held.capture_id}",
        detail={"objection": held.pk, "upheld": upheld},
        now=now,
    )
    return held


def _withdraw(objection: Objection, actor: User, now: datetime) -> None:
    """Take a capture back as evidence, with its notice and its place on the list."""
    capture = Capture.objects.select_for_update().get(pk=objection.capture_id)
    capture.state, capture.decided_at = Capture.State.REJECTED, now
    capture.save(update_fields=["state", "decided_at"])
    RepairNotice.objects.filter(capture=capture, closed_at__isnull=True).update(
        closed_at=now, note="异议成立，本通知不再执行"
    )
    source = f"capture:{capture.pk}"
    why = "异议成立，抓拍不再作为证据"
    follow_withdrawn(source=source, why=why, actor=actor, now=now)
