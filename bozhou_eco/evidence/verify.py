"""Verify an evidence bundle: every byte, the chain, and the Ed25519 signature.

Needs Python 3.9 or later and nothing else. Usage:

    python verify.py BUNDLE.zip --fingerprint HEX [--tsa HEX]

``HEX`` is the SHA-256 of the platform's public key, published by the bureau outside the
bundle. Without it the bundle is only checked against the key it carries, which proves
nothing about who signed it; that is reported, and the exit code is 1.

A bundle may hold an RFC 3161 time-stamp of its manifest (``manifest.tsr``). Its signature
is checked too (RSA and ECDSA); ``--tsa`` is the SHA-256 of the authority's signing
certificate. To check the authority's certificate up to its root:

    openssl ts -verify -data manifest.json -in manifest.tsr -CAfile ROOTS.pem
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
STAMP = ("manifest.tsr", "manifest.tsr.sig")


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
    control = {*CONTROL, *(STAMP if manifest.get("timestamp") else ())}
    for name in sorted(control - set(entries)):
        yield name, "missing"
    for name in sorted(set(entries) - set(wanted) - control):
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


# --- RFC 3161 -----------------------------------------------------------------------
OID_SIGNED, OID_TST = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
OID_DIGEST, OID_TYPE = "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.3"
HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
OID_P256 = "1.2.840.10045.3.1.7"
P256 = (  # field, b, order, base point; a is -3
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


class Der:
    """One DER value: its tag, its content, its whole bytes, and its parts."""

    def __init__(self, data, start=0):
        self.tag, size, at = data[start], data[start + 1], start + 2
        if size & 0x80:
            width = size & 0x7F
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        if at + size > len(data):
            raise ValueError("DER value is cut short")
        self.body, self.raw = data[at : at + size], data[start : at + size]

    def __iter__(self):
        at = 0
        while at < len(self.body):
            part = Der(self.body, at)
            yield part
            at += len(part.raw)

    def __getitem__(self, place):
        return list(self)[place]

    def number(self):
        return int.from_bytes(self.body, "big")

    def oid(self):
        numbers, value = [], 0
        for byte in self.body:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def rsa_verify(key, name, message, signature):
    """Return whether a PKCS #1 v1.5 signature is good (RFC 8017 section 8.2.2)."""
    modulus, exponent = (part.number() for part in key)
    size = (modulus.bit_length() + 7) // 8
    oid = {"sha256": 1, "sha384": 2, "sha512": 3}[name]
    digest = hashlib.new(name, message).digest()
    info = bytes.fromhex("0609608648016503040200")[:-1] + bytes([oid, 5, 0])
    info = bytes([0x30, len(info)]) + info + bytes([4, len(digest)]) + digest
    info = bytes([0x30, len(info)]) + info
    wanted = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    number = int.from_bytes(signature, "big")
    return number < modulus and pow(number, exponent, modulus) == int.from_bytes(
        wanted, "big"
    )


def _sum(p, q, field):
    """Add two points of a short Weierstrass curve with a = -3; None is infinity."""
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % field == 0:
        return None
    if p == q:
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, field) % field
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, field) % field
    x = (slope * slope - p[0] - q[0]) % field
    return x, (slope * (p[0] - x) - p[1]) % field


def _times(scalar, point, field):
    result = None
    while scalar:
        if scalar & 1:
            result = _sum(result, point, field)
        point, scalar = _sum(point, point, field), scalar >> 1
    return result


def p256_verify(point, name, message, signature):
    """Return whether an ECDSA signature is good (FIPS 186-5 section 6.4.2)."""
    field, b, order, *base = P256
    x, y = (int.from_bytes(point[at : at + 32], "big") for at in (1, 33))
    r, s = (part.number() for part in Der(signature))
    if point[0] != 4 or (y * y - x * x * x + 3 * x - b) % field:
        return False
    if not (0 < r < order and 0 < s < order):
        return False
    digest = hashlib.new(name, message).digest()[:32]
    inverse = pow(s, -1, order)
    left = _times(int.from_bytes(digest, "big") * inverse % order, tuple(base), field)
    total = _sum(left, _times(r * inverse % order, (x, y), field), field)
    return total is not None and total[0] % order == r


def signed_by(certificate, name, message, signature):
    """Return whether the certificate's key made the signature."""
    tbs = list(certificate[0])
    key = tbs[6 if tbs[0].tag == 0xA0 else 5]
    kind, bits = key[0][0].oid(), key[1].body[1:]
    if kind == "1.2.840.113549.1.1.1":
        return rsa_verify(Der(bits), name, message, signature)
    if kind == "1.2.840.10045.2.1" and key[0][1].oid() == OID_P256:
        return p256_verify(bits, name, message, signature)
    raise ValueError("the time-stamp's kind of key is not supported; use openssl ts")


def check_stamp(response, manifest, fingerprint):
    """Yield ``(line, ok)`` for a time-stamp response over the manifest's bytes."""
    answer = Der(response)
    signed = answer[1][1][0]
    if answer[0][0].number() > 1 or answer[1][0].oid() != OID_SIGNED:
        raise ValueError("the authority granted nothing")
    wrapped, signer = signed[2], signed[-1][0]
    info = wrapped[1][0].body
    parts = list(Der(info))
    imprint = parts[2]
    if hashlib.new(HASHES[imprint[0][0].oid()], manifest).digest() != imprint[1].body:
        yield "manifest.tsr: is of another manifest", False
    name = HASHES[signer[2][0].oid()]
    attributes = {row[0].oid(): row[1][0] for row in signer[3]}
    if (
        wrapped[0].oid() != OID_TST
        or attributes[OID_TYPE].oid() != OID_TST
        or attributes[OID_DIGEST].body != hashlib.new(name, info).digest()
    ):
        yield "manifest.tsr: its content was changed", False
    message, signature = b"\x31" + signer[3].raw[1:], signer[5].body
    issuer, serial = signer[1][0].raw, signer[1][1].raw
    for certificate in next(part for part in signed if part.tag == 0xA0):
        tbs = [part.raw for part in certificate[0] if part.tag != 0xA0]
        if (tbs[2], tbs[0]) == (issuer, serial):
            break
    else:
        raise ValueError("the time-stamp holds no certificate of its signer")
    if not signed_by(certificate, name, message, signature):
        yield "manifest.tsr: signature is wrong", False
    known = hashlib.sha256(certificate.raw).hexdigest()
    yield f"time-stamp: {parts[4].body.decode()} by certificate {known}", True
    if fingerprint and known != fingerprint.strip().lower().replace(":", ""):
        yield "time-stamp: by another authority", False


def check_bundle(path, fingerprint, tsa=""):
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
    if manifest.get("timestamp") and set(STAMP) <= set(entries):
        stamp = entries["manifest.tsr"]
        public = bytes.fromhex(entries["public_key.hex"].decode())
        signature = bytes.fromhex(entries["manifest.tsr.sig"].decode())
        if not ed25519_verify(public, stamp, signature):
            yield "manifest.tsr: was changed", False
        yield from check_stamp(stamp, entries["manifest.json"], tsa)
    for name, state in check_files(entries, manifest):
        yield f"{name}: {state}", state == "ok"
    rows = json.loads(entries["chain.json"])
    for line in check_chain(rows):
        yield line, False
    for line in check_links(rows, manifest):
        yield line, False


def verify(path, fingerprint, say, tsa=""):
    """Check the bundle at ``path``; call ``say`` with each line; return True if good."""
    good = True
    try:
        for line, ok in check_bundle(path, fingerprint, tsa):
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
    parser.add_argument("--tsa", default="", help="SHA-256 of the TSA's certificate")
    options = parser.parse_args(arguments)
    good = verify(options.bundle, options.fingerprint, print, options.tsa)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
