"""A stream encrypted to a public key, so that the host that writes it cannot read it.

Layout: ``BZBK1\\n`` · ephemeral X25519 public key (32 bytes) · chunks. Each chunk is its length
(4 bytes, big-endian) and ChaCha20-Poly1305 of up to 1 MiB. The nonce is the chunk's number
(11 bytes) and a last byte that is 1 for the final chunk only, so reordering, dropping and
cutting off are all found. The key is HKDF-SHA-256 of the shared secret, salted with both
public keys.
"""

import io
import struct
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"BZBK1\n"
CHUNK = 1 << 20
TAG = 16
RAW = serialization.Encoding.Raw, serialization.PublicFormat.Raw


class BadArchiveError(ValueError):
    """The archive is not ours, was changed, cut off, or needs another key."""


def make_key_pair(folder: Path, passphrase: bytes = b"") -> tuple[Path, Path]:
    """Write ``backup.pub`` and ``backup.key`` (0600); return their paths."""
    private, public = folder / "backup.key", folder / "backup.pub"
    key = X25519PrivateKey.generate()
    protection: serialization.KeySerializationEncryption
    protection = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    folder.mkdir(parents=True, exist_ok=True)
    private.touch(mode=0o600, exist_ok=False)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
    )
    return private, public


def load_public(path: Path) -> X25519PublicKey:
    """Return the public key in a PEM file."""
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, X25519PublicKey):
        raise BadArchiveError(f"{path} does not hold an X25519 public key")
    return key


def load_private(path: Path, passphrase: bytes = b"") -> X25519PrivateKey:
    """Return the private key in a PEM file."""
    key = serialization.load_pem_private_key(path.read_bytes(), passphrase or None)
    if not isinstance(key, X25519PrivateKey):
        raise BadArchiveError(f"{path} does not hold an X25519 private key")
    return key


def _derive(secret: bytes, ephemeral: bytes, recipient: bytes) -> ChaCha20Poly1305:
    key = HKDF(
        algorithm=hashes.SHA256(),
        length=32,
        salt=ephemeral + recipient,
        info=b"bozhou backup",
    ).derive(secret)
    return ChaCha20Poly1305(key)


def _nonce(number: int, *, final: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([final])


class EncryptingWriter(io.RawIOBase):
    """A file to write plain bytes to; ``close`` writes the final chunk."""

    def __init__(self, target: IO[bytes], recipient: X25519PublicKey) -> None:
        ephemeral = X25519PrivateKey.generate()
        own = ephemeral.public_key().public_bytes(*RAW)
        self._cipher = _derive(
            ephemeral.exchange(recipient), own, recipient.public_bytes(*RAW)
        )
        self._target = target
        self._waiting = bytearray()
        self._number = 0
        target.write(MAGIC + own)

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        """Take plain bytes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._emit(bytes(self._waiting[:CHUNK]), final=False)
            del self._waiting[:CHUNK]
        return len(data)

    def _emit(self, plain: bytes, *, final: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, final=final), plain, None)
        self._target.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1

    def close(self) -> None:
        """Write the final chunk; the target stays open."""
        if not self.closed:
            self._emit(bytes(self._waiting), final=True)
            self._waiting.clear()
        super().close()


class DecryptingReader(io.RawIOBase):
    """A file to read plain bytes from; BadArchiveError at the first wrong bit."""

    def __init__(self, source: IO[bytes], key: X25519PrivateKey) -> None:
        head = source.read(len(MAGIC) + 32)
        if len(head) < len(MAGIC) + 32 or not head.startswith(MAGIC):
            raise BadArchiveError("this is not a backup of the platform")
        ephemeral = head[len(MAGIC) :]
        secret = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        recipient = key.public_key().public_bytes(*RAW)
        self._cipher = _derive(secret, ephemeral, recipient)
        self._source = source
        self._plain = b""
        self._place = 0
        self._number = 0
        self._final = False

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, target: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill the buffer with plain bytes; 0 only after the final chunk."""
        while self._place == len(self._plain):
            if self._final:
                return 0
            self._next_chunk()
        size = min(len(target), len(self._plain) - self._place)
        target[:size] = self._plain[self._place : self._place + size]
        self._place += size
        return size

    def _next_chunk(self) -> None:
        prefix = self._source.read(4)
        if len(prefix) < 4:
            raise BadArchiveError("the archive is cut off")
        (length,) = struct.unpack(">I", prefix)
        if not TAG <= length <= CHUNK + TAG:
            raise BadArchiveError(f"chunk {self._number} has an impossible length")
        sealed = self._source.read(length)
        for final in (False, True):
            try:
                plain = self._cipher.decrypt(
                    _nonce(self._number, final=final), sealed, None
                )
            except InvalidTag:
                continue
            break
        else:
            raise BadArchiveError(
                f"chunk {self._number} was changed, or the key is another one"
            )
        if final and self._source.read(1):
            raise BadArchiveError("bytes follow the end of the archive")
        self._plain, self._place, self._final = plain, 0, final
        self._number += 1
