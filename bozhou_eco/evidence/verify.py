"""Verify an evidence bundle: every byte, the chain, and the Ed25519 signature.

Needs Python 3.9 or later and nothing else. Usage:

    python verify.py BUNDLE.zip --fingerprint HEX

``HEX`` is the SHA-256 of the platform's public key, published by the bureau outside the
bundle. Without it the bundle is only checked against the key it carries, which proves
nothing about who signed it; that is reported, and the exit code is 1.
"""

import argparse
import hashlib
import json
import sys
import zipfile

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


def check_files(archive, manifest):
    """Yield ``(name, ok)`` for every file the manifest names."""
    names = set(archive.namelist())
    wanted = {row["path"]: row["sha256"] for row in manifest["files"]}
    wanted.update(manifest["parts"])
    for name, sha256 in sorted(wanted.items()):
        if name not in names:
            yield name, "missing"
            continue
        same = hashlib.sha256(archive.read(name)).hexdigest() == sha256
        yield name, "ok" if same else "changed"
    for name in sorted(names - set(wanted) - set(CONTROL)):
        yield name, "not in the manifest"


def check_links(rows, manifest):
    """Yield a fault for every file whose digest is not sealed in the chain."""
    sealed = {(row["subject"], row["digest"]) for row in rows}
    for row in manifest["files"]:
        if (row["subject"], row["sha256"]) not in sealed:
            yield f"{row['path']}: its digest is not in the chain"


def verify(path, fingerprint, say):
    """Check the bundle at ``path``; call ``say`` with each line; return True if good."""
    good = True

    def fault(line):
        nonlocal good
        good = False
        say(line)

    try:
        with zipfile.ZipFile(path) as archive:
            if len(set(archive.namelist())) != len(archive.namelist()):
                fault("two files of one name in the bundle")
            if archive.testzip():
                fault(f"{archive.testzip()}: damaged")
                return False
            body = archive.read("manifest.json")
            signature = bytes.fromhex(archive.read("manifest.sig").decode())
            public = bytes.fromhex(archive.read("public_key.hex").decode())
            if not ed25519_verify(public, body, signature):
                fault("manifest.json: signature is wrong")
            key = hashlib.sha256(public).hexdigest()
            if not fingerprint:
                fault(f"signer not checked: compare {key} with the published one")
            elif key != fingerprint.strip().lower().replace(":", ""):
                fault(f"signed by another key: {key}")
            manifest = json.loads(body)
            for name, state in check_files(archive, manifest):
                (say if state == "ok" else fault)(f"{name}: {state}")
            rows = json.loads(archive.read("chain.json"))
            for line in check_chain(rows):
                fault(line)
            for line in check_links(rows, manifest):
                fault(line)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError) as error:
        fault(f"not a readable bundle: {error}")
    except (EOFError, NotImplementedError, RuntimeError) as error:
        fault(f"not a readable bundle: {error}")
    except Exception as error:  # noqa: BLE001 - zlib.error and whatever bytes provoke
        fault(f"not a readable bundle: {type(error).__name__}: {error}")
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
