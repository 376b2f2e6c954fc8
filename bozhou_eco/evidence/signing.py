"""The platform's signing key (Ed25519, RFC 8032), kept outside the database.

``Signer`` is the interface that an SM2 device would implement as well.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings


class Signer(Protocol):
    """Signs bytes under a named algorithm."""

    algorithm: str

    def sign(self, message: bytes) -> bytes:
        """Return the signature of ``message``."""

    def public_key(self) -> bytes:
        """Return the raw public key."""


class Ed25519Signer:
    """Signs with the key in ``EVIDENCE_KEY_FILE``."""

    algorithm = "Ed25519"

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature."""
        return self._key.sign(message)

    def public_key(self) -> bytes:
        """Return the 32-byte public key."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )


def load_signer() -> Signer:
    """Return the signer; the key is made once, readable by the owner alone."""
    path = Path(settings.EVIDENCE_KEY_FILE)
    if not path.exists():
        _make_key(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} does not hold an Ed25519 key")
    return Ed25519Signer(key)


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def fingerprint(public_key: bytes) -> str:
    """Return the fingerprint to publish: SHA-256 of the raw key, hex."""
    return hashlib.sha256(public_key).hexdigest()


def sm3(content: bytes) -> str:
    """Return the SM3 digest (GB/T 32905) of ``content``, hex."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()
