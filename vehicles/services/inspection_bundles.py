"""An inspection as a bundle that holds up without the platform."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bozhou_eco.accounts.models import User
from bozhou_eco.audit.models import Link
from bozhou_eco.audit.services import Fault
from bozhou_eco.evidence.services import Proof, build_bundle
from vehicles.domain.inspection.process import Curve as ProcessData
from vehicles.domain.inspection.read import as_json
from vehicles.models import Curve, Finding, Inspection
from vehicles.services.tests_open import (
    SESSION_FIELDS,
    canonical_digest,
    canonical_text,
)
from vehicles.services.tests_parts import process_of, whole_test

RESULTS = ("results", "environment", "instruments")


def chain_of(inspection: Inspection) -> str:
    """Return the name of the chain that holds a station's tests."""
    return f"station:{inspection.station.code}"


def parts_of(inspection: Inspection) -> dict[str, bytes]:
    """Return the received parts as the bytes that their digests were taken of.

    A part whose stored content no longer gives its digest is returned all the same: it
    is for the reader to compare.
    """
    document = inspection.document
    session = {key: document[key] for key in SESSION_FIELDS if key in document}
    made = {"session": canonical_text(session)}
    for part in ("appearance", "obd"):
        if part in document:
            made[part] = canonical_text(document[part])
    if "results" in inspection.received:
        made["results"] = _results(inspection)
    curve = Curve.objects.filter(pk=inspection.pk).first()
    if curve is not None:
        made["process"] = bytes(curve.data)
    return {part: made[part] for part in inspection.digests if part in made}


def _results(inspection: Inspection) -> bytes:
    """Return the results; their end may have been set by the platform afterwards."""
    plain = {name: inspection.document.get(name) for name in RESULTS}
    given = canonical_text({**plain, "ended_at": as_json(inspection.ended_at)})
    bare = {**plain, "ended_at": None}
    if canonical_digest(bare) == inspection.digests["results"]:
        return canonical_text(bare)
    return given


def proof_of(inspection: Inspection) -> Proof | None:
    """Return what proves the parts of a finished test; None if it was never sealed."""
    subject = f"inspection:{inspection.report}"
    sealed = Link.objects.filter(chain=chain_of(inspection), subject=subject)
    if not inspection.report or not sealed.exists():
        return None
    return Proof(
        path="digests.json",
        content=canonical_text(inspection.digests),
        kind="digest",
        subject=subject,
        parts={
            f"parts/{part}.{'bin' if part == 'process' else 'json'}": content
            for part, content in parts_of(inspection).items()
        },
    )


def _process(inspection: Inspection) -> ProcessData:
    """Return the process data; none if they were spoilt, which their proof tells."""
    try:
        return process_of(inspection)
    except (zlib.error, struct.error, ValueError, KeyError, IndexError):
        return ProcessData()


def inspection_record(inspection: Inspection) -> dict[str, Any]:
    """Return a test with its judgement, clock and findings as plain data."""
    return {
        "report": inspection.report,
        "state": inspection.state,
        "sealed": proof_of(inspection) is not None,
        "station": {
            "code": inspection.station.code,
            "name": inspection.station.name,
            "line": inspection.line.number,
        },
        "test": as_json(whole_test(inspection, process=_process(inspection))),
        "outcome": inspection.outcome,
        "reasons": inspection.reasons,
        "limits": inspection.variant,
        "clock_offset_s": inspection.clock_offset,
        "software_version": inspection.document.get("software_version", ""),
        "times": {
            name: moment.isoformat() if moment else None
            for name, moment in (
                ("opened_at", inspection.opened_at),
                ("started_at", inspection.started_at),
                ("ended_at", inspection.ended_at),
                ("finished_at", inspection.finished_at),
                ("analysed_at", inspection.analysed_at),
            )
        },
        "objections": inspection.objections,
        "refused": [
            {"part": row.part, "sha256": row.sha256, "at": row.at.isoformat()}
            for row in inspection.refused.all()
        ],
        "findings": [
            {
                "rule": row.rule,
                "rule_version": row.rule_version,
                "score": row.score,
                "why": row.why,
                "at": row.at.isoformat(),
            }
            for row in Finding.objects.filter(inspection=inspection).order_by("pk")
        ],
    }


def inspection_bundle(
    *, inspection: Inspection, actor: User | None, now: datetime
) -> bytes:
    """Return photos, parts, process data, judgement, chain, signature and verifier."""
    kept = inspection.files.exclude(sealed=None)
    proof = proof_of(inspection)
    return build_bundle(
        subject=f"inspection:{inspection.pk}",
        files=[row.sealed for row in kept.select_related("sealed") if row.sealed],
        records=inspection_record(inspection),
        chain=chain_of(inspection),
        actor=actor,
        now=now,
        proofs=[proof] if proof else [],
    )


def verify_inspections(*, since: datetime) -> Iterator[Fault]:
    """Yield each finished test whose parts or digests are not those that were sealed.

    Imported history came without digests and was never sealed; where the link of a test
    is gone, the chain tells.
    """
    links = {
        (link.chain, link.subject): bytes(link.digest).hex()
        for link in Link.objects.filter(
            chain__startswith="station:", subject__startswith="inspection:",
            at__gte=since,
        ).iterator()
    }  # fmt: skip
    done = Inspection.objects.filter(state="done", finished_at__gte=since)
    for inspection in done.select_related("station").order_by("pk").iterator(500):
        chain, place = chain_of(inspection), f"inspection:{inspection.report}"
        sealed = links.get((chain, place))
        if sealed is None:
            if inspection.digests:
                yield Fault(chain, place, "was never sealed")
        elif sealed != canonical_digest(inspection.digests):
            yield Fault(chain, place, "its digests are not those that were sealed")
        else:
            for part in changed_parts(inspection):
                yield Fault(chain, place, f"{part} was changed")


def changed_parts(inspection: Inspection) -> list[str]:
    """Return the parts that are gone or do not give the digest they came with."""
    held = parts_of(inspection)
    return [
        part
        for part, digest in sorted(inspection.digests.items())
        if hashlib.sha256(held.get(part, b"")).hexdigest() != digest
    ]
