"""Keep what could not be taken in, and settle it later."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q
from psycopg2.extras import execute_values

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from polluters.models import Logger, QuarantinedFrame, UnmappedCode

KEPT_BYTES = 64 * 1024
KEEP_SQL = """
INSERT INTO polluters_quarantinedframe
    (topic_mn, mn, logger_id, reason, detail, body, digest, seen, first_at, last_at,
     state)
VALUES %s
ON CONFLICT (digest) DO UPDATE SET
    seen = polluters_quarantinedframe.seen + excluded.seen,
    last_at = excluded.last_at
"""


@dataclass(slots=True)
class Refused:
    """Bytes that intake refused, with a reason that an officer can read."""

    topic_mn: str
    mn: str
    logger_id: int | None
    reason: str
    detail: str
    body: bytes
    at: datetime


def clean(text: str, size: int) -> str:
    """Return text that PostgreSQL stores and a page shows: no NUL, no control marks."""
    return "".join(c if c.isprintable() else "·" for c in text)[:size]


def keep(refused: Iterable[Refused]) -> None:
    """Store refused bytes once each; a repeat is counted on the first row.

    Bodies beyond 64 KiB are cut after the digest was taken; ``detail`` says so.
    """
    rows: dict[bytes, list[object]] = {}
    for one in refused:
        digest = hashlib.sha256(one.reason.encode() + b"\0" + one.body).digest()
        if digest in rows:
            rows[digest][7] = int(str(rows[digest][7])) + 1
            continue
        detail = one.detail
        if len(one.body) > KEPT_BYTES:
            detail = f"原文 {len(one.body)} 字节，保留前 {KEPT_BYTES} 字节。{detail}"
        rows[digest] = [
            clean(one.topic_mn, 64),
            clean(one.mn, 64),
            one.logger_id,
            one.reason,
            clean(detail, 300),
            one.body[:KEPT_BYTES],
            digest,
            1,
            one.at,
            one.at,
            QuarantinedFrame.State.WAITING,
        ]
    if rows:
        with connection.cursor() as cursor:
            execute_values(cursor.cursor, KEEP_SQL, list(rows.values()), page_size=500)


@transaction.atomic
def dismiss(*, frame: QuarantinedFrame, actor: User, note: str, now: datetime) -> None:
    """Set a refused frame aside for good; the bytes stay."""
    changed = QuarantinedFrame.objects.filter(
        pk=frame.pk, state=QuarantinedFrame.State.WAITING
    ).update(state=QuarantinedFrame.State.DISMISSED, settled_at=now, settled_by=actor)
    if changed:
        audit.record(
            actor=actor,
            act="quarantine.dismiss",
            subject=f"quarantine:{frame.pk}",
            detail={"note": note},
            now=now,
        )


def mark_accepted(*, frame: QuarantinedFrame, actor: User, now: datetime) -> None:
    """Note that a re-try has taken the frame in, under whatever reason it waits."""
    same = Q(pk=frame.pk) | Q(
        mn=frame.mn,
        topic_mn=frame.topic_mn,
        body=frame.body,
        state=QuarantinedFrame.State.WAITING,
    )
    QuarantinedFrame.objects.filter(same).update(
        state=QuarantinedFrame.State.ACCEPTED, settled_at=now, settled_by=actor
    )


def keep_as_one(*, frame: QuarantinedFrame, now: datetime) -> None:
    """Let a frame that a re-try refused again be the row it was, with the new reason.

    ``frame`` is as it was before the try, which counted it once more or, where the
    reason has changed, kept it as a row of its own.
    """
    known = QuarantinedFrame.objects.filter(pk=frame.pk)
    twin = QuarantinedFrame.objects.filter(
        body=frame.body, first_at=now, last_at=now, state=QuarantinedFrame.State.WAITING
    ).exclude(pk=frame.pk)
    if (made := twin.first()) is None:
        known.update(seen=frame.seen, last_at=frame.last_at)
        return
    made.delete()
    known.update(
        reason=made.reason,
        detail=made.detail,
        digest=made.digest,
        mn=made.mn,
        logger=made.logger_id,
    )


def note_unmapped(
    *,
    logger_id: int,
    code: str,
    sample: str,
    count: int,
    first: datetime,
    last: datetime,
) -> None:
    """Count a wire code that has no point; its frames stay in the raw table."""
    row, created = UnmappedCode.objects.get_or_create(
        logger_id=logger_id,
        code=clean(code, 40),
        defaults={
            "sample": clean(sample, 120),
            "seen": count,
            "first_time": first,
            "last_time": last,
        },
    )
    if created:
        return
    UnmappedCode.objects.filter(pk=row.pk).update(
        seen=F("seen") + count,
        sample=clean(sample, 120),
        first_time=min(first, row.first_time),
        last_time=max(last, row.last_time),
        resolved_at=None,
    )


def resolve_unmapped(*, logger: Logger, code: str, now: datetime) -> None:
    """Note that a wire code has a point now."""
    UnmappedCode.objects.filter(logger=logger, code=code).update(resolved_at=now)
