"""异议反馈: a driver states a case in public, the bureau answers (行政处罚法 art. 41)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from alerts.models import Alert
from alerts.services import clear_alert, comment, raise_alert, record_outcome
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.chain import digest_of
from bozhou_eco.common.push import push_after_commit
from bozhou_eco.evidence.services import seal_digest
from vehicles.domain import plates
from vehicles.models import Capture, Objection, RepairNotice
from vehicles.services.following import follow_withdrawn
from vehicles.services.reviews import REPEAT_COUNT, repeats

MOST_OPEN = 3
WITHDRAWN = "异议成立，抓拍不再作为证据"


class ObjectionRefusedError(Exception):
    """An objection that cannot be taken; the message is for the driver."""


def find_notice(*, plate: str, number: str) -> Capture | None:
    """The capture of a notice, if plate and notice number both fit.

    One that was withdrawn is found as well: the driver reads there how it ended.
    """
    wanted = number.strip().replace("(", "〔").replace(")", "〕").replace(" ", "")
    return (
        Capture.objects.filter(
            notice_number=wanted, plate_final=plates.normalise(plate)
        )
        .exclude(notice_number="")
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
    _announce(held, waiting + 1, now)
    push_after_commit("live", {"kind": "objection", "id": objection.pk})
    return objection


def _key(capture: Capture) -> str:
    return f"objection:capture:{capture.pk}"


def _announce(capture: Capture, waiting: int, now: datetime) -> None:
    """Bring an objection before those who review and those who answer."""
    raise_alert(
        key=_key(capture),
        kind="objection",
        severity="minor",
        summary=f"{capture.plate_final} 对黑烟抓拍提出异议（{capture.notice_number}）",
        explanation={"notice": capture.notice_number, "waiting": waiting},
        subject_key=capture.subject_key,
        subject_name=capture.plate_final,
        district=capture.site.district,
        organisation=None,
        evidence_url=f"/vehicles/captures/{capture.pk}/",
        occurred_at=now,
        now=now,
        legal_article="行政处罚法第四十一条",
    )


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
    capture = held.capture
    if not capture.objections.filter(state=Objection.State.WAITING).exists():
        clear_alert(key=_key(capture), now=now, reason="异议已答复")
    audit.record(
        actor=actor,
        act="objection.answer",
        subject=f"capture:{held.capture_id}",
        detail={"objection": held.pk, "upheld": upheld},
        now=now,
    )
    return held


def _withdraw(objection: Objection, actor: User, now: datetime) -> None:
    """Take a capture back as evidence, with all that rests on it alone."""
    capture = Capture.objects.select_for_update().get(pk=objection.capture_id)
    capture.state, capture.decided_at = Capture.State.REJECTED, now
    capture.save(update_fields=["state", "decided_at"])
    RepairNotice.objects.filter(capture=capture, closed_at__isnull=True).update(
        closed_at=now, note="异议成立，本通知不再执行"
    )
    source = f"capture:{capture.pk}"
    follow_withdrawn(source=source, why=WITHDRAWN, actor=actor, now=now)
    _withdraw_alert(capture, actor, now)
    _no_longer_repeated(capture, now)


def _withdraw_alert(capture: Capture, actor: User, now: datetime) -> None:
    """End the vehicle's open alert; where more rests on it, it is told there."""
    key = f"smoke:{capture.subject_key}"
    alert = Alert.objects.filter(open_key=key).exclude(state="closed").first()
    if alert is None:
        return
    others = _confirmed_of(capture).filter(decided_at__gte=alert.created_at)
    if others.exists() or alert.case_links.exists():
        text = f"{WITHDRAWN}（{capture.notice_number or capture.key}）"
        comment(alert=alert, text=text, actor=actor, now=now)
    else:
        record_outcome(
            alert=alert, outcome="withdrawn", note=WITHDRAWN, actor=actor, now=now
        )


def _no_longer_repeated(capture: Capture, now: datetime) -> None:
    """Later captures go to the police only while two stand; what went is not recalled."""
    later = _confirmed_of(capture).filter(destination="police", transfer=None)
    for one in later.select_for_update(of=("self",)):
        if repeats(one) >= REPEAT_COUNT:
            continue
        one.destination = "repair"
        one.save(update_fields=["destination"])
        audit.record(
            actor=None,
            act="capture.destination",
            subject=f"capture:{one.pk}",
            detail={"destination": "repair", "withdrawn": capture.pk},
            now=now,
        )


def _confirmed_of(capture: Capture) -> QuerySet[Capture]:
    """Confirmed captures of the same vehicle."""
    return Capture.objects.filter(
        state=Capture.State.CONFIRMED,
        plate_final=capture.plate_final,
        color_final=capture.color_final,
    )
