"""Personal data at rest: AES-256-GCM with named keys, so that keys can be changed.

A stored value reads ``enc1$KEY$BASE64(nonce ‖ ciphertext ‖ tag)``. The place of the value
(table and column) is authenticated with it, so that a value copied to another column does
not open. Text without the prefix is plain text from before and is given back as it is
until ``manage.py rotate_field_keys`` has been run.
"""

import base64
import binascii
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "enc1$"
NONCE = 12
KEY_BYTES = 32


class SealedTextError(ValueError):
    """A value or key that cannot be used; says which and what to do."""


def read_keys(text: str) -> dict[str, bytes]:
    """Return ``{name: key}`` of ``name:base64,name:base64``; the first is for writing.

    Raises `SealedTextError` naming the entry that is wrong.
    """
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(filter(None, text.split(",")), 1):
        name, found, encoded = entry.strip().partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            key = b""
        if not found or not name.isalnum() or len(key) != KEY_BYTES:
            raise SealedTextError(
                f"entry {number} of FIELD_KEYS must be NAME:BASE64 of {KEY_BYTES} bytes"
            )
        keys[name] = key
    return keys


def derived_key(secret: str) -> bytes:
    """Return a key derived from another secret, for stages that hold no real people."""
    return HKDF(SHA256(), KEY_BYTES, None, b"bozhou field key").derive(secret.encode())


def key_name(stored: str) -> str:
    """Return the name of the key a stored value was written with; empty for plain text."""
    return stored.split("$", 2)[1] if stored.startswith(PREFIX) else ""


def seal(text: str, keys: Mapping[str, bytes], place: str) -> str:
    """Encrypt ``text`` for ``place`` with the first key; an empty text stays empty."""
    if not text:
        return ""
    name = next(iter(keys))
    nonce = os.urandom(NONCE)
    sealed = AESGCM(keys[name]).encrypt(nonce, text.encode(), place.encode())
    return f"{PREFIX}{name}${base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(stored: str, keys: Mapping[str, bytes], place: str) -> str:
    """Return the text of a stored value; `SealedTextError` if it does not open."""
    if not stored.startswith(PREFIX):
        return stored
    name, _, encoded = stored.removeprefix(PREFIX).partition("$")
    if name not in keys:
        raise SealedTextError(f"{place}: key {name!r} is not in FIELD_KEYS")
    try:
        raw = base64.urlsafe_b64decode(encoded)
        return (
            AESGCM(keys[name])
            .decrypt(raw[:NONCE], raw[NONCE:], place.encode())
            .decode()
        )
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise SealedTextError(f"{place}: the stored value was changed") from error
