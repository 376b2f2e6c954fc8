"""Verify an evidence bundle: every byte, the chain, and the Ed25519 signature.

Needs Python 3.9 or later and nothing else. Usage:

    python verify.py BUNDLE.zip --fingerprint HEX [--tsa HEX]

``HEX`` is the SHA-256 of the platform's public key, published by the bureau outside the
bundle. Without it the bundle is only checked against the key it carries, which proves
nothing about who signed it; that is reported, and the exit code is 1.

Every line says what was looked at and how it stands. The exit code is 0 only if the last
one is ``RESULT: intact``. What may be wrong is named: a file that is changed, missing, cut
short or a stranger; the container, the chain, the signature, the signer, the time-stamp.

A bundle may hold an RFC 3161 time-stamp of its manifest (``manifest.tsr``). Its signature
is checked too (RSA and ECDSA); ``--tsa`` is the SHA-256 of the authority's signing
certificate. To check the authority's certificate up to its root:

    openssl ts -verify -data manifest.json -in manifest.tsr -CAfile ROOTS.pem
"""

import argparse
import base64
import hashlib
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

from bozhou_eco.evidence.verify_stamp import check_stamp

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


def check_chain(rows, begin=1):
    """Yield a fault for every row that does not follow from the row before it.

    A chain that is long begins at a later place, which the signed manifest names.
    """
    prev, expected = bytes(32), begin
    if begin > 1 and rows:
        prev = bytes.fromhex(rows[0]["prev"])
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


def check_without(manifest):
    """Yield ``(line, ok)`` for every original that the bundle names but does not hold."""
    for row in manifest.get("without", ()):
        if row["erased_at"]:
            yield f"{row['path']}: not included, erased {row['erased_at']}", True
        else:
            yield f"{row['path']}: not included, the platform has lost it", False


def check_links(rows, manifest):
    """Yield a fault for every file whose digest is not sealed in the chain."""
    sealed = {(row["subject"], row["digest"]) for row in rows}
    for row in [*manifest["files"], *manifest.get("without", ())]:
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


def pieces(raw):
    """Return ``(name, bytes)`` of every file in the zip, and what is wrong with the zip.

    Bytes are cut out by the zip's directory; without a readable one, file after file from
    the front, as far as they are whole. What somebody packed again is unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = archive.infolist()
            return [(info.filename, _cut(raw, archive, info)) for info in infos], []
    except Exception:  # noqa: BLE001 - whatever damaged bytes provoke
        return _from_the_front(raw)


def _cut(raw, archive, info):
    try:
        return archive.read(info)
    except Exception:  # noqa: BLE001 - a wrong CRC or header: the bytes as they lie
        start = info.header_offset + 30 + len(info.filename.encode())
        return raw[start : start + info.file_size]


def _from_the_front(raw):
    found, at = [], 0
    while raw[at : at + 4] == b"PK\x03\x04" and len(raw) >= at + 30:
        size, length = struct.unpack("<IH", raw[at + 22 : at + 28])
        name = raw[at + 30 : at + 30 + length].decode("utf-8", "replace")
        start, at = at + 30 + length, at + 30 + length + size
        if at > len(raw):
            return found, [f"{name}: cut short, {len(raw) - start} of {size} bytes"]
        found.append((name, raw[start:at]))
    if not found:
        return found, ["not a bundle: no zip file"]
    return found, ["the zip's directory at its end is missing or damaged"]


def _place(entries, offset):
    """Return which file of the zip holds a byte, or follows it."""
    end = 0
    for name in sorted(entries):
        end += 30 + len(name.encode()) + len(entries[name])
        if offset < end:
            return f"in {name} or its header"
    return "in the directory at the end"


def check_container(raw, found, entries):
    """Yield what makes the zip another one than its files would make."""
    if len(entries) != len(found):
        yield "two files of one name in the bundle"
    made = pack(entries)
    if made != raw:
        least = min(len(made), len(raw))
        at = next((n for n in range(least) if made[n] != raw[n]), least)
        yield f"the container was changed: byte {at}, {_place(entries, at)}"


def check_signature(entries, fingerprint):
    """Yield what is wrong with the signature or the key."""
    try:
        public = bytes.fromhex(entries["public_key.hex"].decode())
        signature = bytes.fromhex(entries["manifest.sig"].decode())
    except ValueError:
        yield "public_key.hex or manifest.sig: is no hexadecimal number"
        return
    if not ed25519_verify(public, entries["manifest.json"], signature):
        yield "manifest.json: signature is wrong"
    key = hashlib.sha256(public).hexdigest()
    if not fingerprint:
        yield f"signer not checked: compare {key} with the published one"
    elif key != fingerprint.strip().lower().replace(":", ""):
        yield f"signed by another key: {key}"


def merkle_root(leaves):
    """Return the root of RFC 6962 section 2.1, an odd leaf rising unchanged."""
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = range(0, len(level) - 1, 2)
        odd = level[-1:] if len(level) % 2 else []
        level = [hashlib.sha256(b"\1" + level[n] + level[n + 1]) for n in pairs]
        level = [pair.digest() for pair in level] + odd
    return level[0] if level else hashlib.sha256(b"").digest()


def proven(content, kind):
    """Return the digest that must be sealed for a file that is no sealed original.

    ``digest``: the file's own SHA-256. ``frames``: the Merkle root over the frames of an
    hour, each the SHA-256 of its bytes (``body``, base64), in the order of the file.
    """
    if kind == "digest":
        return hashlib.sha256(content).hexdigest()
    bodies = [base64.b64decode(row["body"]) for row in json.loads(content)]
    return merkle_root([hashlib.sha256(body).digest() for body in bodies]).hex()


def check_proofs(entries, rows, manifest):
    """Yield ``(line, ok)`` for every record that the chain holds by its digest."""
    sealed = {(row["subject"], row["digest"]) for row in rows}
    for proof in manifest.get("proofs", ()):
        path, subject = proof["path"], proof["subject"]
        if path in entries:
            ok = (subject, proven(entries[path], proof["kind"])) in sealed
            yield f"{path}: {'sealed' if ok else 'not as sealed'} as {subject}", ok
        for part, digest in sorted(proof.get("parts", {}).items()):
            same = hashlib.sha256(entries.get(part, b"")).hexdigest() == digest
            told = json.loads(entries[path]).values() if path in entries else ()
            ok = same and digest in told
            yield f"{part}: {'sealed' if ok else 'not as sealed'} in {path}", ok


def _stamp(entries, tsa):
    stamp = entries["manifest.tsr"]
    public = bytes.fromhex(entries["public_key.hex"].decode())
    signature = bytes.fromhex(entries["manifest.tsr.sig"].decode())
    if not ed25519_verify(public, stamp, signature):
        yield "manifest.tsr: was changed", False
    yield from check_stamp(stamp, entries["manifest.json"], tsa)


def _faults(lines):
    return ((line, False) for line in lines)


def guarded(name, lines):
    """Pass lines on; whatever damaged bytes provoke becomes a line of that name."""
    try:
        yield from lines
    except Exception as error:  # noqa: BLE001
        yield f"{name}: cannot be read ({type(error).__name__}: {error})", False


def check_bundle(path, fingerprint, tsa=""):
    """Yield ``(line, ok)`` for everything there is to check."""
    raw = pathlib.Path(path).read_bytes()
    found, faults = pieces(raw)
    entries = dict(found)
    yield from _faults(faults)
    if not faults:
        yield from guarded("container", _faults(check_container(raw, found, entries)))
    if {*CONTROL} <= {*entries}:
        yield from _faults(check_signature(entries, fingerprint))
    try:
        manifest = json.loads(entries["manifest.json"])
    except (KeyError, ValueError):
        for name in sorted({*CONTROL} - {*entries}):
            yield f"{name}: missing", False
        yield "manifest.json: cannot be read, so no file can be compared with it", False
        return
    if manifest.get("timestamp") and {*STAMP} <= {*entries}:
        yield from guarded("manifest.tsr", _stamp(entries, tsa))
    states = check_files(entries, manifest)
    lines = ((f"{name}: {state}", state == "ok") for name, state in states)
    yield from guarded("manifest.json", lines)
    yield from guarded("manifest.json", check_without(manifest))
    try:
        rows = json.loads(entries["chain.json"])
    except (KeyError, ValueError):
        yield "chain.json: cannot be read, so the chain is not checked", False
        return
    begin = manifest.get("chain_from", 1)
    yield from guarded("chain.json", _faults(check_chain(rows, begin)))
    yield from guarded("chain.json", _faults(check_links(rows, manifest)))
    yield from guarded("proofs", check_proofs(entries, rows, manifest))


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
