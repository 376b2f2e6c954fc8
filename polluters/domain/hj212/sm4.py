"""SM4 as HJ 212-2025 uses it: ECB, no padding, on the CP of a frame.

Groups of 16 bytes between ``CP=&&`` and ``&&`` are encrypted, a shorter tail stays
plain; the CRC and the length are those of the plain segment. The wire may carry the
raw cipher bytes or the printed form ``{0xE4,0x3E,…}`` with the plain tail after it.
"""

import re
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

GROUP = 16
PRINTED = re.compile(rb"\{(0x[0-9A-Fa-f]{2}(?:,0x[0-9A-Fa-f]{2})*)\}")


@lru_cache(maxsize=1024)
def _cipher(key: bytes) -> "Cipher[modes.ECB]":
    return Cipher(algorithms.SM4(key), modes.ECB())  # noqa: S305 - fixed by the standard


def valid_key(key: bytes) -> bool:
    """Whether a key has the 16 bytes SM4 needs."""
    return len(key) == GROUP


def encrypt(plain: bytes, key: bytes) -> bytes:
    """Encrypt the whole groups of a CP and leave its tail as it is."""
    whole = len(plain) - len(plain) % GROUP
    encryptor = _cipher(key).encryptor()
    return encryptor.update(plain[:whole]) + encryptor.finalize() + plain[whole:]


def decrypt(cipher: bytes, key: bytes) -> bytes:
    """Undo :func:`encrypt`."""
    whole = len(cipher) - len(cipher) % GROUP
    decryptor = _cipher(key).decryptor()
    return decryptor.update(cipher[:whole]) + decryptor.finalize() + cipher[whole:]


def print_form(cipher: bytes) -> bytes:
    """Write cipher bytes as the standard prints them, the plain tail after the brace."""
    whole = len(cipher) - len(cipher) % GROUP
    if not whole:
        return cipher
    listed = ",".join(f"0x{byte:02X}" for byte in cipher[:whole])
    return b"{" + listed.encode() + b"}" + cipher[whole:]


def read_print_form(text: bytes) -> bytes | None:
    """Return the cipher bytes of a printed CP, or None if it is not one."""
    match = PRINTED.match(text)
    if match is None:
        return None
    listed = bytes.fromhex(match[1].replace(b"0x", b"").replace(b",", b"").decode())
    return listed + text[match.end() :]
