"""Seal files and records, and build bundles that anyone can verify."""

import hashlib
import io
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes
from django.db import transaction
from django.db.models import Min

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.chain import canonical
from bozhou_eco.audit.models import Link, Seal
from bozhou_eco.common import metrics
from bozhou_eco.evidence import timestamps, verify, verify_stamp
from bozhou_eco.evidence.custody import custody_of
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.signing import Signer, load_signer
from bozhou_eco.evidence.store import store
from bozhou_eco.evidence.verify import pack

logger = logging.getLogger(__name__)
MANIFEST_VERSION = 1
LONGEST_CHAIN = 20_000
JOINT = "from bozhou_eco.evidence.verify_stamp import check_stamp\n"


def seal_bytes(
    *,
    content: bytes,
    name: str,
    media_type: str,
    chain: str,
    actor: User | None,
    now: datetime,
    meta: dict[str, object] | None = None,
) -> SealedFile:
    """Store ``content`` under its SHA-256 and queue the digest for ``chain``."""
    return seal_stream(
        source=io.BytesIO(content),
        name=name,
        media_type=media_type,
        chain=chain,
        actor=actor,
        now=now,
        meta=meta,
    )


def seal_stream(
    *,
    source: BinaryIO,
    name: str,
    media_type: str,
    chain: str,
    actor: User | None,
    now: datetime,
    meta: dict[str, object] | None = None,
) -> SealedFile:
    """Store a seekable stream; bytes are durable before the row is written."""
    sha, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
    source.seek(0)
    while chunk := source.read(1 << 20):
        sha.update(chunk)
        sm3.update(chunk)
        size += len(chunk)
    source.seek(0)
    store().put(sha.hexdigest(), source)
    with transaction.atomic():
        sealed = SealedFile.objects.create(
            name=Path(name).name[:200] or "file",
            media_type=media_type[:100],
            size=size,
            sha256=sha.hexdigest(),
            sm3=sm3.finalize().hex(),
            chain=chain,
            meta=meta or {},
            at=now,
            actor=actor,
        )
        audit.add_link(
            chain=chain, subject=f"file:{sealed.pk}", digest=sha.digest(), now=now
        )
        audit.record(
            actor=actor,
            act="evidence.seal",
            subject=f"file:{sealed.pk}",
            detail={"sha256": sealed.sha256, "name": sealed.name, "chain": chain},
            now=now,
        )
    return sealed


def seal_digest(*, chain: str, subject: str, digest: bytes, now: datetime) -> Link:
    """Queue the digest of a record (not a file) for sealing into ``chain``."""
    return audit.add_link(chain=chain, subject=subject, digest=digest, now=now)


def read_file(sealed: SealedFile) -> bytes:
    """Return an original's bytes; FileNotFoundError if it was erased or lost."""
    with store().open(sealed.sha256) as source:
        return source.read()


@dataclass(frozen=True, slots=True)
class Proof:
    """A record that its chain holds by digest alone, with the bytes that give it.

    ``kind`` is how (``verify.proven``); ``parts`` are files whose SHA-256 the content
    names.
    """

    path: str
    content: bytes
    kind: str
    subject: str
    parts: Mapping[str, bytes] = field(default_factory=dict)


def verifier_source() -> bytes:
    """Return the stand-alone verifier: both modules in one file."""
    stamp = Path(verify_stamp.__file__).read_text(encoding="utf-8")
    whole = Path(verify.__file__).read_text(encoding="utf-8")
    return whole.replace(JOINT, stamp).encode()


def build_bundle(
    *,
    subject: str,
    files: Iterable[SealedFile],
    records: dict[str, object],
    chain: str,
    actor: User | None,
    now: datetime,
    signer: Signer | None = None,
    proofs: Iterable[Proof] = (),
) -> bytes:
    """Return a zip with originals, records, chain, manifest, signature and verifier.

    Every other file of the zip is named with its digest in ``manifest.json``; the
    signature covers the manifest's exact bytes. ``verify.py`` inside needs Python alone.
    ``proofs`` are records of the same chain that are no sealed files.
    """
    signer = signer or load_signer()
    while audit.seal_pending(now=now, wait=True):
        pass
    entries, listed, without = _originals(files)
    proofs = list(proofs)
    named = [*listed, *without]
    owners = [subject.partition(" ")[0], *(str(row["subject"]) for row in named)]
    entries["custody.json"] = canonical(custody_of(owners))
    entries["records.json"] = canonical(records)
    needed = [*(str(row["subject"]) for row in named), *(p.subject for p in proofs)]
    begin = _chain_begin(chain, needed)
    entries["chain.json"] = canonical(_chain_rows(chain, begin))
    entries["verify.py"] = verifier_source()
    parts = {"records.json", "custody.json", "chain.json", "verify.py"}
    for proof in proofs:
        entries |= {proof.path: proof.content, **proof.parts}
        parts |= {proof.path, *proof.parts}
    manifest: dict[str, object] = {
        "version": MANIFEST_VERSION,
        "subject": subject,
        "chain": chain,
        "chain_from": begin,
        "made_at": now.isoformat(),
        "made_by": actor.pk if actor else None,
        "algorithm": signer.algorithm,
        "files": listed,
        "without": without,
        "proofs": [_listed(proof) for proof in proofs],
        "parts": {name: _sha256(entries[name]) for name in sorted(parts)},
    }
    entries |= _signed(manifest, signer)
    body = entries["manifest.json"]
    audit.record(
        actor=actor,
        act="evidence.bundle",
        subject=subject,
        detail={
            "files": len(listed),
            "manifest": hashlib.sha256(body).hexdigest(),
            "timestamp": manifest["timestamp"],
        },
        kind="export",
        now=now,
    )
    return bytes(pack(entries))  # type: ignore[no-untyped-call]


def _originals(
    files: Iterable[SealedFile],
) -> tuple[dict[str, bytes], list[dict[str, object]], list[dict[str, object]]]:
    """Return the originals' bytes, how they are listed, and those that cannot be given.

    One whose retention ended, or that the store has lost, is named with its digests all
    the same: the chain goes on holding them.
    """
    entries: dict[str, bytes] = {}
    listed: list[dict[str, object]] = []
    without: list[dict[str, object]] = []
    for sealed in files:
        row: dict[str, object] = {
            "path": f"files/{sealed.pk}-{Path(sealed.name).name}",
            "sha256": sealed.sha256,
            "sm3": sealed.sm3,
            "size": sealed.size,
            "subject": f"file:{sealed.pk}",
            "sealed_at": sealed.at.isoformat(),
            "meta": sealed.meta,
        }
        if sealed.erased_at is not None:
            without.append(row | {"erased_at": sealed.erased_at.isoformat()})
            continue
        try:
            entries[str(row["path"])] = read_file(sealed)
        except FileNotFoundError:
            logger.error("the original of %s is missing from the store", sealed)
            without.append(row | {"erased_at": ""})
            continue
        listed.append(row)
    return entries, listed, without


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _listed(proof: Proof) -> dict[str, object]:
    return {
        "path": proof.path,
        "kind": proof.kind,
        "subject": proof.subject,
        "parts": {name: _sha256(content) for name, content in proof.parts.items()},
    }


def _signed(manifest: dict[str, object], signer: Signer) -> dict[str, bytes]:
    """Return the manifest with its signature, and its time-stamp where one is wanted.

    The manifest tells whether a stamp belongs to it, so that none can be taken out
    unseen; the stamp's own bytes are signed as well, since parts of a token are covered
    by no signature of the authority.
    """
    entries: dict[str, bytes] = {}
    manifest["timestamp"] = timestamps.authority()
    body = _bytes_of(manifest)
    if manifest["timestamp"]:
        try:
            token = timestamps.stamp(body)
            entries["manifest.tsr"] = token
            entries["manifest.tsr.sig"] = signer.sign(token).hex().encode()
        except timestamps.StampError as error:
            logger.warning("the bundle goes without a time-stamp: %s", error)
            metrics.count("timestamps_failed_total")
            manifest |= {"timestamp": "", "timestamp_missing": str(error)}
            body = _bytes_of(manifest)
    return entries | {
        "manifest.json": body,
        "manifest.sig": signer.sign(body).hex().encode(),
        "public_key.hex": signer.public_key().hex().encode(),
    }


def _bytes_of(manifest: dict[str, object]) -> bytes:
    return json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _chain_begin(chain: str, subjects: list[str]) -> int:
    """Return the place a bundle's chain begins at.

    That is the first, unless the chain is long: then what lies before everything that
    the bundle holds is left out, and the signed manifest says so.
    """
    seals = Seal.objects.filter(chain=chain)
    if seals.count() <= LONGEST_CHAIN:
        return 1
    held = seals.filter(link__subject__in=subjects).aggregate(first=Min("seq"))
    return int(held["first"] or 1)


def _chain_rows(chain: str, begin: int) -> list[dict[str, object]]:
    seals = Seal.objects.filter(chain=chain, seq__gte=begin)
    return [
        {
            "seq": seal.seq,
            "subject": seal.link.subject,
            "digest": bytes(seal.link.digest).hex(),
            "prev": bytes(seal.prev).hex(),
            "hash": bytes(seal.hash).hex(),
            "at": seal.at.isoformat(),
        }
        for seal in seals.select_related("link").order_by("seq")
    ]
