"""Re-verification: every stored original, every chain, every audit entry, every anchor."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import chain as join

from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry, Link, Seal
from bozhou_eco.audit.services import AUDIT_CHAIN, Fault
from bozhou_eco.common import clock, metrics
from bozhou_eco.evidence import anchors
from bozhou_eco.evidence.models import IntegrityRun, SealedFile
from bozhou_eco.evidence.store import store

CHUNK = 1 << 20


@dataclass
class Tally:
    """What a pass over the store has read."""

    files: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify_store(tally: Tally | None = None) -> Iterator[Fault]:
    """Read every original again; yield those changed, lost or never sealed.

    An original erased at the end of its retention (``erased_at``) must be gone; its
    digest stays in the chain.
    """
    tally = tally if tally is not None else Tally()
    linked = set(
        Link.objects.filter(subject__startswith="file:").values_list(
            "chain", "subject", "digest"
        )
    )
    links = {(chain, subject): bytes(digest) for chain, subject, digest in linked}
    for sealed in SealedFile.objects.order_by("pk").iterator(chunk_size=500):
        place = f"file:{sealed.pk}"
        if links.get((sealed.chain, place), b"").hex() != sealed.sha256:
            yield Fault(sealed.chain, place, "the row does not match its link")
        if sealed.erased_at is None:
            reason = _read_again(sealed, tally)
            if reason:
                yield Fault(sealed.chain, place, reason)


def _read_again(sealed: SealedFile, tally: Tally) -> str:
    """Return what is wrong with an original's bytes, or an empty string."""
    digest, size = hashlib.sha256(), 0
    try:
        with store().open(sealed.sha256) as source:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except FileNotFoundError:
        return f"{sealed.name}: the original is missing from the store"
    except OSError as error:
        return f"{sealed.name}: the original cannot be read ({error.strerror})"
    tally.files += 1
    tally.bytes += size
    if digest.hexdigest() != sealed.sha256 or size != sealed.size:
        return f"{sealed.name}: the original was changed"
    return ""


def verify_everything(
    *, now: datetime, anchor: bool = True, records: Iterable[Fault] = ()
) -> IntegrityRun:
    """Verify all, write down what was found, and leave a new anchor.

    ``records`` are the faults of other apps' sealed records, found as they are asked
    for. The anchor is written only when nothing is wrong: a line with false heads would
    hide what the older lines show.
    """
    while audit.seal_pending(now=now):
        pass
    tally = Tally()
    found = list(
        join(audit.verify_all(), verify_store(tally), anchors.verify_anchors(), records)
    )
    written = ""
    if anchor and not found:
        try:
            written = anchors.write_anchor(now=now)
        except OSError as error:
            reason = f"no anchor could be written ({error.strerror})"
            found.append(Fault("anchors", str(anchors.folder()), reason))
    run = IntegrityRun.objects.create(
        started_at=now,
        ended_at=clock.now(),
        seals=Seal.objects.count(),
        entries=AuditEntry.objects.count(),
        files=tally.files,
        bytes=tally.bytes,
        fault_count=len(found),
        faults=[asdict(fault) for fault in found[: IntegrityRun.MOST_FAULTS]],
        anchor=written,
    )
    metrics.count("integrity_runs_total", outcome="faults" if found else "ok")
    audit.record(
        actor=None,
        act="integrity.verify",
        subject=AUDIT_CHAIN,
        detail={"run": run.pk, "faults": run.fault_count, "anchor": run.anchor},
        now=now,
    )
    return run
