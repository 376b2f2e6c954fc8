"""Check an RFC 3161 time-stamp with Python alone.

Signatures: RSA (PKCS #1 v1.5) and ECDSA over P-256, P-384 and P-521, each with
SHA-256, SHA-384 or SHA-512. `verifier_source` joins this module into the ``verify.py``
that every bundle carries, so it imports the standard library alone.
"""

import hashlib

OID_SIGNED, OID_TST = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
OID_RSA = "1.2.840.113549.1.1.1"
OID_DIGEST, OID_TYPE = "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.3"
HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
CURVES = {  # by OID: field, b, order, base point; a is -3
    "1.2.840.10045.3.1.7": (  # P-256
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    "1.3.132.0.34": (  # P-384
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        int(
            "B3312FA7E23EE7E4988E056BE3F82D19"
            "181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF",
            16,
        ),
        int(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "FFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
            16,
        ),
        int(
            "AA87CA22BE8B05378EB1C71EF320AD74"
            "6E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7",
            16,
        ),
        int(
            "3617DE4A96262C6F5D9E98BF9292DC29"
            "F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
            16,
        ),
    ),
    "1.3.132.0.35": (  # P-521
        2**521 - 1,
        int(
            "51"
            "953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E1"
            "56193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
            16,
        ),
        int(
            "1FF"
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
            "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
            16,
        ),
        int(
            "C6"
            "858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBA"
            "A14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66",
            16,
        ),
        int(
            "118"
            "39296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C"
            "97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650",
            16,
        ),
    ),
}


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


def ecdsa_verify(curve, point, name, message, signature):
    """Return whether an ECDSA signature is good (FIPS 186-5 section 6.4.2)."""
    field, b, order, *base = curve
    size = (field.bit_length() + 7) // 8
    x, y = (int.from_bytes(point[at : at + size], "big") for at in (1, 1 + size))
    r, s = (part.number() for part in Der(signature))
    if len(point) != 1 + 2 * size or point[0] != 4:
        raise ValueError(
            "the time-stamp's key is no uncompressed point; use openssl ts"
        )
    if (y * y - x * x * x + 3 * x - b) % field or not (0 < r < order and 0 < s < order):
        return False
    digest = hashlib.new(name, message).digest()[:size]
    inverse = pow(s, -1, order)
    left = _times(int.from_bytes(digest, "big") * inverse % order, tuple(base), field)
    total = _sum(left, _times(r * inverse % order, (x, y), field), field)
    return total is not None and total[0] % order == r


def signed_by(certificate, name, message, signature):
    """Return whether the certificate's key made the signature."""
    tbs = list(certificate[0])
    key = tbs[6 if tbs[0].tag == 0xA0 else 5]
    kind, bits = key[0][0].oid(), key[1].body[1:]
    if kind == OID_RSA:
        return rsa_verify(Der(bits), name, message, signature)
    if kind == "1.2.840.10045.2.1" and key[0][1].oid() in CURVES:
        curve = CURVES[key[0][1].oid()]
        return ecdsa_verify(curve, bits, name, message, signature)
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
