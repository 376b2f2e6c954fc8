"""How long data are kept, what must not go, and the only way an original is erased.

The periods are rows (`RetentionClass`); a class whose row says nothing is kept. A hold on
a capture, a file, a segment or a whole chain stops every erasing of it, and so does any
other record that rests on the same original, whatever app it belongs to.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.evidence.models import LegalHold, RetentionClass, SealedFile
from bozhou_eco.evidence.store import store

HOLDERS = (Role.LEGAL, Role.LEADER)
SUBJECT = re.compile(r"(?:(?:capture|file|segment):[1-9][0-9]{0,17}|site:[\w.-]{1,60})")


class HoldRefusedError(ValueError):
    """A hold that cannot be placed or released; the text says why, in Chinese."""


def period(code: str) -> timedelta | None:
    """Return how long a class is kept; None is for good."""
    row = RetentionClass.objects.filter(code=code).first()
    if row is None or row.days is None:
        return None
    return timedelta(days=max(row.days, row.least_days))


def held(subjects: Iterable[str]) -> frozenset[str]:
    """Return those of the subjects on which a hold lies."""
    rows = LegalHold.objects.filter(subject__in=set(subjects), released_at=None)
    return frozenset(rows.values_list("subject", flat=True))


def held_keys(kind: str) -> list[str]:
    """Return the ids or codes of one kind on which a hold lies."""
    rows = LegalHold.objects.filter(subject__startswith=f"{kind}:", released_at=None)
    return [
        subject.partition(":")[2] for subject in rows.values_list("subject", flat=True)
    ]


@transaction.atomic
def place_hold(*, subject: str, reason: str, actor: User, now: datetime) -> LegalHold:
    """Keep something from being erased; raises `HoldRefusedError`."""
    _may(actor)
    subject, reason = subject.strip(), reason.strip()
    if not SUBJECT.fullmatch(subject):
        raise HoldRefusedError(
            "对象应写成“类别:编号”，如 capture:17（抓拍）、file:9（封存文件）、"
            "segment:3（视频分段）、site:S001（点位整条证据链）"
        )
    if len(reason) < 2:
        raise HoldRefusedError("请填写保全事由")
    try:
        with transaction.atomic():
            made = LegalHold.objects.create(
                subject=subject, reason=reason[:300], placed_at=now, placed_by=actor
            )
    except IntegrityError as error:
        raise HoldRefusedError(f"{subject} 已在保全中") from error
    audit.record(
        actor=actor,
        act="hold.place",
        subject=subject,
        detail={"hold": made.pk, "reason": made.reason},
        now=now,
    )
    return made


@transaction.atomic
def release_hold(
    *, hold: LegalHold, reason: str, actor: User, now: datetime
) -> LegalHold:
    """Let a hold go, by another person than the one who placed it."""
    _may(actor)
    reason = reason.strip()
    locked = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if locked.released_at is not None:
        raise HoldRefusedError("保全已经解除")
    if locked.placed_by_id == actor.pk:
        raise HoldRefusedError("不能由保全人本人解除，请由另一位法制审核员或领导解除")
    if len(reason) < 2:
        raise HoldRefusedError("请填写解除事由")
    locked.released_at, locked.released_by = now, actor
    locked.release_reason = reason[:300]
    locked.save()
    audit.record(
        actor=actor,
        act="hold.release",
        subject=locked.subject,
        detail={"hold": locked.pk, "reason": locked.release_reason},
        now=now,
    )
    return locked


def _may(actor: User) -> None:
    if not actor.has_role(*HOLDERS):
        raise HoldRefusedError("只有法制审核员和领导可以办理保全")


def rests_on(sealed: SealedFile, *, but: type[models.Model]) -> bool:
    """Return whether a record of another kind than ``but`` rests on an original."""
    for field in SealedFile._meta.get_fields(include_hidden=True):
        if isinstance(field, models.ManyToOneRel | models.ManyToManyRel):
            model = field.related_model
            if model is not but and isinstance(model, type):
                name = field.field.name
                if model._default_manager.filter(**{name: sealed}).exists():
                    return True
    return False


@transaction.atomic
def erase_original(
    *, sealed: SealedFile, owner: type[models.Model], now: datetime
) -> bool:
    """Erase an original's bytes unless something keeps it; return whether it is gone.

    The row and its digest stay, so the chain goes on proving what was there.
    """
    locked = SealedFile.objects.select_for_update().get(pk=sealed.pk)
    if locked.erased_at is not None:
        return True
    if held({f"file:{locked.pk}", locked.chain}) or rests_on(locked, but=owner):
        return False
    SealedFile.objects.filter(pk=locked.pk).update(erased_at=now)
    others = SealedFile.objects.filter(sha256=locked.sha256, erased_at=None)
    if not others.exists():
        store().erase(locked.sha256)
    return True
