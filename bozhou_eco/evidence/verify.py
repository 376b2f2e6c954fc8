"""Verify an evidence bundle: every byte, the chain, and the Ed25519 signature.

Needs Python 3.9 or later and nothing else. Usage:

    python verify.py BUNDLE.zip --fingerprint HEX

``HEX`` is the SHA-256 of the platform's public key, published by the bureau outside the
bundle. Without it the bundle is only checked against the key it carries, which proves
nothing about who signed it; that is reported, and the exit code is 1.
"""

import argparse
import hashlib
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
CONTROL = ("manifest.json", "manifest.sig", "public_key.hex")


def _recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P:
        return None
    return P - x if (x & 1) != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def _add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _same(p, q):
    return not ((p[0] * q[2] - q[0] * p[2]) % P or (p[1] * q[2] - q[1] * p[2]) % P)


def _point(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def ed25519_verify(public, message, signature):
    """Return whether ``signature`` is good (RFC 8032 section 5.1.7)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % L
    return _same(_multiply(s, BASE), _add(r, _multiply(h, a)))


def check_chain(rows):
    """Yield a fault for every row that does not follow from the row before it."""
    prev, expected = bytes(32), 1
    for row in rows:
        place = f"chain #{row['seq']}"
        digest = bytes.fromhex(row["digest"])
        seq = row["seq"]
        if seq != expected:
            yield f"{place}: expected #{expected}"
        if bytes.fromhex(row["prev"]) != prev:
            yield f"{place}: does not follow the row before it"
        actual = hashlib.sha256(
            bytes.fromhex(row["prev"]) + seq.to_bytes(8, "big") + digest
        ).digest()
        if actual.hex() != row["hash"]:
            yield f"{place}: hash is wrong"
        prev, expected = bytes.fromhex(row["hash"]), seq + 1


def check_files(entries, manifest):
    """Yield ``(name, state)`` for every file the manifest names, and any other."""
    wanted = {row["path"]: row["sha256"] for row in manifest["files"]}
    wanted.update(manifest["parts"])
    for name, sha256 in sorted(wanted.items()):
        if name not in entries:
            yield name, "missing"
            continue
        same = hashlib.sha256(entries[name]).hexdigest() == sha256
        yield name, "ok" if same else "changed"
    for name in sorted(set(entries) - set(wanted) - set(CONTROL)):
        yield name, "not in the manifest"


def check_links(rows, manifest):
    """Yield a fault for every file whose digest is not sealed in the chain."""
    sealed = {(row["subject"], row["digest"]) for row in rows}
    for row in manifest["files"]:
        if (row["subject"], row["sha256"]) not in sealed:
            yield f"{row['path']}: its digest is not in the chain"


def pack(entries):
    """Return the one zip that these entries make: stored, sorted, without dates.

    The form is fixed to the byte, so that a bundle can be compared with what its own
    entries would make and no bit of the container itself can be changed unseen.
    """
    body, central = bytearray(), bytearray()
    for name in sorted(entries):
        data, label = entries[name], name.encode()
        common = struct.pack(
            "<HHHHHIIIHH",
            20,
            0x800,
            0,
            0,
            0x21,
            zlib.crc32(data),
            len(data),
            len(data),
            len(label),
            0,
        )
        central += b"PK\x01\x02\x14\x00" + common
        central += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + label
        body += b"PK\x03\x04" + common + label + data
    count = len(entries)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(body), 0)
    return bytes(body + central + b"PK\x05\x06" + end)


def check_signature(entries, fingerprint):
    """Yield what is wrong with the signature or the key."""
    body, public = (
        entries["manifest.json"],
        bytes.fromhex(entries["public_key.hex"].decode()),
    )
    signature = bytes.fromhex(entries["manifest.sig"].decode())
    if not ed25519_verify(public, body, signature):
        yield "manifest.json: signature is wrong"
    key = hashlib.sha256(public).hexdigest()
    if not fingerprint:
        yield f"signer not checked: compare {key} with the published one"
    elif key != fingerprint.strip().lower().replace(":", ""):
        yield f"signed by another key: {key}"


def check_bundle(path, fingerprint):
    """Yield ``(line, ok)`` for everything there is to check."""
    raw = pathlib.Path(path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = archive.namelist()
        entries = {name: archive.read(name) for name in names}
    if len(entries) != len(names):
        yield "two files of one name in the bundle", False
    if pack(entries) != raw:
        yield "the container was changed", False
    for line in check_signature(entries, fingerprint):
        yield line, False
    manifest = json.loads(entries["manifest.json"])
    for name, state in check_files(entries, manifest):
        yield f"{name}: {state}", state == "ok"
    rows = json.loads(entries["chain.json"])
    for line in check_chain(rows):
        yield line, False
    for line in check_links(rows, manifest):
        yield line, False


def verify(path, fingerprint, say):
    """Check the bundle at ``path``; call ``say`` with each line; return True if good."""
    good = True
    try:
        for line, ok in check_bundle(path, fingerprint):
            good = good and ok
            say(line)
    except Exception as error:  # noqa: BLE001 - whatever damaged bytes provoke
        good = False
        say(f"not a readable bundle: {type(error).__name__}: {error}")
    say("RESULT: " + ("intact" if good else "NOT INTACT"))
    return good


def main(arguments=None):
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle")
    parser.add_argument("--fingerprint", default="")
    options = parser.parse_args(arguments)
    good = verify(options.bundle, options.fingerprint, lambda line: print(line))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
