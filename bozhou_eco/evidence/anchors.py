"""Anchors: signed lines with the head of every chain, kept outside the database.

Whoever rules the database can cut the end of a chain and chain it anew; the heads that
were written down elsewhere tell. One JSON object a line in ``ANCHOR_DIR/YYYY-MM.jsonl``:
``{"at", "heads": {chain: [seq, hash]}, "prev", "key", "signature"}``. ``prev`` is the
SHA-256 of the line before it, so that no line can be taken out either; the signature
(Ed25519, RFC 8032) covers the canonical JSON without it.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db.models import OuterRef, Subquery

from bozhou_eco.audit.chain import canonical
from bozhou_eco.audit.models import Seal
from bozhou_eco.audit.services import Fault
from bozhou_eco.common import clock
from bozhou_eco.evidence.models import IntegrityRun
from bozhou_eco.evidence.signing import Signer, load_signer


def folder() -> Path:
    """Return the folder of the anchor files."""
    return Path(settings.ANCHOR_DIR)


def heads() -> dict[str, list[object]]:
    """Return place and hash of the last seal of every chain."""
    last = (
        Seal.objects.filter(chain=OuterRef("chain")).order_by("-seq").values("pk")[:1]
    )
    chains = Seal.objects.order_by().values("chain").distinct()
    rows = Seal.objects.filter(
        pk__in=[row["last"] for row in chains.annotate(last=Subquery(last))]
    )
    return {row.chain: [row.seq, bytes(row.hash).hex()] for row in rows}


def write_anchor(*, now: datetime, signer: Signer | None = None) -> str:
    """Append one signed line, synced to disk; return ``FILE:LINE`` of it."""
    signer = signer or load_signer()
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open(
        "w"
    ) as lock:  # two runs at once write one after the other
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _append(
            place / f"{now.astimezone(clock.BEIJING):%Y-%m}.jsonl", now, signer
        )


def _append(path: Path, now: datetime, signer: Signer) -> str:
    body: dict[str, object] = {
        "at": now.astimezone(clock.BEIJING).isoformat(),
        "heads": heads(),
        "prev": _last_digest(),
        "key": signer.public_key().hex(),
    }
    body["signature"] = signer.sign(canonical(body)).hex()
    number = len(path.read_bytes().splitlines()) + 1 if path.exists() else 1
    with path.open("ab") as out:
        out.write(canonical(body) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    return f"{path.name}:{number}"


def _lines() -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder().glob("????-??.jsonl")):
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            yield f"{path.name}:{number}", line


def _last_digest() -> str:
    digest = ""
    for _, line in _lines():
        digest = hashlib.sha256(line).hexdigest()
    return digest


def verify_anchors() -> Iterator[Fault]:
    """Yield every anchor that is forged, missing, or that the chains no longer match."""
    prev, seen = "", set[str]()
    keys = {load_signer().public_key().hex(), *settings.EVIDENCE_OLD_KEYS}
    for place, line in _lines():
        seen.add(place)
        fault = _fault_of(line, prev=prev, keys=keys)
        if fault:
            yield Fault("anchors", place, fault)
        else:
            yield from _against_chains(place, json.loads(line))
        prev = hashlib.sha256(line).hexdigest()
    yield from _gone(seen)


def _gone(seen: set[str]) -> Iterator[Fault]:
    """Yield the lines that runs wrote and no file holds: a file deleted or cut short."""
    for run in IntegrityRun.objects.exclude(anchor="").order_by("pk"):
        if run.anchor not in seen:
            reason = f"written by the run of {run.started_at:%Y-%m-%d}, now gone"
            yield Fault("anchors", run.anchor, reason)


def _fault_of(line: bytes, *, prev: str, keys: set[str]) -> str:
    """Return what is wrong with a line by itself, or an empty string."""
    try:
        body: dict[str, Any] = json.loads(line)
        signature = bytes.fromhex(body.pop("signature"))
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(body["key"]))
        key.verify(signature, canonical(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "the line cannot be read"
    except InvalidSignature:
        return "the signature does not fit the line"
    if body["key"] not in keys:
        return "signed with another key than the platform's"
    if body["prev"] != prev:
        return "does not follow the line before it: a line is missing"
    return ""


def _against_chains(place: str, body: dict[str, Any]) -> Iterator[Fault]:
    for chain, (seq, wanted) in body["heads"].items():
        held = Seal.objects.filter(chain=chain, seq=seq).values_list("hash", flat=True)
        found = bytes(held[0]).hex() if held else ""
        if not found:
            yield Fault(chain, f"{chain}#{seq}", f"anchored at {place}, now missing")
        elif found != wanted:
            yield Fault(chain, f"{chain}#{seq}", f"not the seal anchored at {place}")
