"""Write to the audit log, seal chains, and verify them."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction

from bozhou_eco.audit.chain import ZERO, digest_of, next_hash
from bozhou_eco.audit.models import AuditEntry, Link, Seal
from bozhou_eco.common import clock
from bozhou_eco.common.logs import request_id

AUDIT_CHAIN = "audit"
SEALER_LOCK = 7_212_001


def entry_digest(entry: AuditEntry) -> bytes:
    """Return the digest that an audit entry's stored fields must have."""
    return digest_of(
        {
            "at": entry.at.astimezone(clock.BEIJING).isoformat(),
            "actor": entry.actor_id,
            "kind": entry.kind,
            "act": entry.act,
            "subject": entry.subject,
            "detail": entry.detail,
            "request_id": entry.request_id,
        }
    )


@transaction.atomic(savepoint=False)
def record(
    *,
    actor: Any,
    act: str,
    subject: str,
    detail: dict[str, object] | None = None,
    kind: str = AuditEntry.Kind.WRITE,
    now: datetime | None = None,
) -> AuditEntry:
    """Add one entry in the caller's transaction; ``actor`` None is the system itself.

    ``detail`` must be JSON-able and must not hold personal data beyond identifiers.
    """
    entry = AuditEntry(
        at=now or clock.now(),
        actor=cast(Any, actor) if isinstance(actor, _user_model()) else None,
        kind=kind,
        act=act[:80],
        subject=subject[:160],
        detail=detail or {},
        request_id=request_id.get(),
    )
    entry.digest = entry_digest(entry)
    _insert(entry)
    return entry


# An entry and its link go in with one statement: every act of the platform pays for it.
INSERT = """
WITH made AS (
    INSERT INTO audit_auditentry
        (at, actor_id, kind, act, subject, detail, request_id, digest)
    VALUES (%(at)s, %(actor)s, %(kind)s, %(act)s, %(subject)s, %(detail)s::jsonb,
        %(request)s, %(digest)s)
    RETURNING id
), linked AS (
    INSERT INTO audit_link (chain, subject, digest, at, sealed)
    SELECT %(chain)s, 'entry:' || id, %(digest)s, %(at)s, false FROM made
)
SELECT id FROM made
"""


def _insert(entry: AuditEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "at": entry.at,
                "actor": entry.actor_id,
                "kind": entry.kind,
                "act": entry.act,
                "subject": entry.subject,
                "detail": json.dumps(entry.detail),
                "request": entry.request_id,
                "digest": bytes(entry.digest),
                "chain": AUDIT_CHAIN,
            },
        )
        entry.pk = cursor.fetchone()[0]
    entry._state.adding = False
    entry._state.db = connection.alias


def _user_model() -> type:
    field = AuditEntry._meta.get_field("actor")
    model = field.related_model
    if not isinstance(model, type):
        raise TypeError(f"{settings.AUTH_USER_MODEL} is not loaded yet")
    return model


def add_link(*, chain: str, subject: str, digest: bytes, now: datetime) -> Link:
    """Queue a digest for sealing into ``chain``."""
    return Link.objects.create(
        chain=chain[:80], subject=subject[:160], digest=digest, at=now
    )


@transaction.atomic
def seal_pending(*, now: datetime, limit: int = 5000, wait: bool = False) -> int:
    """Give waiting links their place; one sealer at a time, others return 0 at once.

    With ``wait`` the other is waited for, so that 0 means that nothing is left to seal.
    """
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])
        else:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
            if not cursor.fetchone()[0]:
                return 0
    links = list(Link.objects.filter(sealed=False).order_by("id")[:limit])
    by_chain: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        by_chain[link.chain].append(link)
    seals: list[Seal] = []
    for chain, members in by_chain.items():
        last = Seal.objects.filter(chain=chain).order_by("-seq").first()
        prev, seq = (bytes(last.hash), last.seq) if last else (ZERO, 0)
        for link in members:
            seq += 1
            digest = next_hash(prev, seq, bytes(link.digest))
            seals.append(
                Seal(chain=chain, seq=seq, link=link, prev=prev, hash=digest, at=now)
            )
            prev = digest
    Seal.objects.bulk_create(seals, batch_size=1000)
    Link.objects.filter(pk__in=[link.pk for link in links]).update(sealed=True)
    return len(seals)


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where stored rows and chain disagree."""

    chain: str
    place: str
    reason: str


def verify_chain(chain: str) -> Iterator[Fault]:
    """Yield every fault of ``chain``: gaps, wrong hashes, changed links."""
    prev, expected = ZERO, 1
    rows = Seal.objects.filter(chain=chain).select_related("link").order_by("seq")
    for seal in rows.iterator(chunk_size=2000):
        place = f"{chain}#{seal.seq}"
        if seal.seq != expected:
            yield Fault(chain, place, f"expected place {expected}: a seal is missing")
        if bytes(seal.prev) != prev:
            yield Fault(chain, place, "does not follow the seal before it")
        if seal.link.chain != chain:
            yield Fault(chain, place, f"its link says chain {seal.link.chain}")
        if next_hash(bytes(seal.prev), seal.seq, bytes(seal.link.digest)) != bytes(
            seal.hash
        ):
            yield Fault(chain, place, "link or seal was changed")
        prev, expected = bytes(seal.hash), seal.seq + 1


def verify_entries() -> Iterator[Fault]:
    """Yield audit entries that were changed, removed or never linked."""
    links = {
        subject: bytes(digest)
        for subject, digest in Link.objects.filter(chain=AUDIT_CHAIN).values_list(
            "subject", "digest"
        )
    }
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        subject = f"entry:{entry.pk}"
        linked = links.pop(subject, None)
        if linked is None:
            yield Fault(AUDIT_CHAIN, subject, "entry has no link in the chain")
        elif entry_digest(entry) != linked or bytes(entry.digest) != linked:
            yield Fault(AUDIT_CHAIN, subject, "entry was changed")
    for subject in links:
        yield Fault(AUDIT_CHAIN, subject, "entry was deleted")


def verify_links() -> Iterator[Fault]:
    """Yield links that are marked as sealed but have no seal (any more)."""
    lost = Link.objects.filter(sealed=True, seal=None).order_by("id")
    for link in lost.iterator(chunk_size=2000):
        yield Fault(link.chain, link.subject, "was sealed, its seal is missing")


def verify_all() -> Iterator[Fault]:
    """Yield the faults of every chain and of the audit log."""
    for chain in Seal.objects.order_by().values_list("chain", flat=True).distinct():
        yield from verify_chain(chain)
    yield from verify_links()
    yield from verify_entries()
