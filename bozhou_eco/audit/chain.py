"""The arithmetic of a chain; no database."""

import hashlib
import json
from collections.abc import Mapping

ZERO = bytes(32)


def canonical(value: object) -> bytes:
    """Return ``value`` as canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    ).encode()


def digest_of(fields: Mapping[str, object]) -> bytes:
    """Return the SHA-256 of a record's canonical form (32 bytes)."""
    return hashlib.sha256(canonical(dict(fields))).digest()


def next_hash(prev: bytes, seq: int, digest: bytes) -> bytes:
    """Return the hash of link ``seq`` (1-based) after ``prev``."""
    return hashlib.sha256(prev + seq.to_bytes(8, "big") + digest).digest()


def merkle_root(leaves: list[bytes]) -> bytes:
    """Return the Merkle root of 32-byte leaves; an odd leaf rises unchanged.

    Leaves are hashed with prefix 0x00 and nodes with 0x01 (RFC 6962 §2.1), so that a
    node cannot be passed off as a leaf.
    """
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]
