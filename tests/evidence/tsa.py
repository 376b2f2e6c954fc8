"""A time-stamping authority on loopback with a throw-away root, written from RFC 3161."""

import functools
import hashlib
import http.server
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bozhou_eco.common import clock
from bozhou_eco.evidence.verify_stamp import Der

HASHES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "sha256": ("2.16.840.1.101.3.4.2.1", hashes.SHA256()),
    "sha384": ("2.16.840.1.101.3.4.2.2", hashes.SHA384()),
    "sha512": ("2.16.840.1.101.3.4.2.3", hashes.SHA512()),
}
CURVES = {"ecdsa": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
WITH = {  # digest of the signer, and the signature's own name
    "rsa": ("sha256", "1.2.840.113549.1.1.1"),
    "ecdsa": ("sha256", "1.2.840.10045.4.3.2"),
    "p384": ("sha384", "1.2.840.10045.4.3.3"),
    "p521": ("sha512", "1.2.840.10045.4.3.4"),
}
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
TYPE, DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + body


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def number(value: int) -> bytes:
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for value in (40 * first + second, *rest):
        piece = [value & 0x7F]
        while value := value >> 7:
            piece.append(0x80 | value & 0x7F)
        body += bytes(reversed(piece))
    return tlv(6, body)


@functools.cache
def key_of(kind: str, owner: str, number: int) -> Key:
    """Return a key, made once: an RSA key takes its time."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(CURVES[kind])


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(
    subject: str, key: Key, issuer: str, signer: Key, *, purpose: x509.ObjectIdentifier
) -> x509.Certificate:
    now = clock.now().astimezone(UTC)
    leaf = subject != issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(not leaf, None), critical=True)
    )
    if leaf:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return builder.sign(signer, hashes.SHA256())


@dataclass
class Authority:
    """Answers one request after another; ``spoil`` may change an answer."""

    kind: str = "rsa"
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    spoil: Callable[[bytes], bytes] = bytes
    status: int = 200
    wrong_imprint: bool = False
    wrong_nonce: bool = False
    number: int = 1
    asked: int = 0
    server: http.server.HTTPServer = field(init=False)

    def __post_init__(self) -> None:
        root = key_of(self.kind, "root", self.number)
        self.key = key_of(self.kind, "leaf", self.number)
        purpose = self.purpose
        self.root = certificate("test root", root, "test root", root, purpose=purpose)
        self.leaf = certificate(
            "test tsa", self.key, "test root", root, purpose=purpose
        )
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                body = outer.spoil(outer.answer(query))
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/tsr"

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        return self.leaf.fingerprint(hashes.SHA256()).hex()

    def answer(self, query: bytes) -> bytes:
        self.asked += 1
        parts = list(Der(query))
        imprint, nonce = parts[1].raw, parts[2].raw
        if self.wrong_imprint:
            imprint = imprint[:-1] + bytes([imprint[-1] ^ 1])
        if self.wrong_nonce:
            nonce = nonce[:-1] + bytes([nonce[-1] ^ 1])
        moment = clock.now().astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
        info = sequence(
            number(1), oid("1.2.3.4.1"), imprint, number(self.asked),
            tlv(0x18, moment), nonce,
        )  # fmt: skip
        token = sequence(oid(SIGNED_DATA), tlv(0xA0, self._signed(info)))
        return sequence(sequence(number(0)), token)

    def _signed(self, info: bytes) -> bytes:
        name, signature_name = WITH[self.kind]
        hash_name, kind_of_hash = HASHES[name]
        algorithm = sequence(oid(hash_name), tlv(5))
        digest = hashlib.new(name, info).digest()
        attributes = b"".join(
            sorted(
                (
                    sequence(oid(TYPE), tlv(0x31, oid(TST_INFO))),
                    sequence(oid(DIGEST), tlv(0x31, tlv(4, digest))),
                )
            )
        )
        message = tlv(0x31, attributes)
        parameters = [tlv(5)]
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            signature = self.key.sign(message, ec.ECDSA(kind_of_hash))
            parameters = []
        else:
            signature = self.key.sign(message, padding.PKCS1v15(), kind_of_hash)
        kind = sequence(oid(signature_name), *parameters)
        leaf = self.leaf.public_bytes(serialization.Encoding.DER)
        signer = sequence(
            number(1),
            sequence(self.leaf.issuer.public_bytes(), number(self.leaf.serial_number)),
            algorithm,
            tlv(0xA0, attributes),
            kind,
            tlv(4, signature),
        )
        return sequence(
            number(3),
            tlv(0x31, algorithm),
            sequence(oid(TST_INFO), tlv(0xA0, tlv(4, info))),
            tlv(0xA0, leaf),
            tlv(0x31, signer),
        )

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
