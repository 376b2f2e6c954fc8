"""RFC 3161 time-stamps of manifests, where ``TSA_URL`` names an authority.

The token is asked for over the manifest's exact bytes and checked at once against the
authority's roots (``TSA_ROOTS_FILE``); what does not hold is not kept. An authority that
is away delays no bundle: the bundle then says why it has no stamp.
"""

from pathlib import Path
from urllib.parse import urlsplit

import requests
from cryptography import x509
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from bozhou_eco.common import outbound

TIMEOUT = (5.0, 15.0)
MOST_BYTES = 256 * 1024
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


class StampError(Exception):
    """No valid time-stamp could be had; the text says why."""


def authority() -> str:
    """Return the host of the authority that is to stamp bundles, or an empty string."""
    return urlsplit(settings.TSA_URL).hostname or ""


def stamp(message: bytes) -> bytes:
    """Return the authority's response over ``message``, checked; else `StampError`."""
    asked = (
        TimestampRequestBuilder()
        .data(message)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    content = _post(asked.as_bytes())
    check(content, message, asked)
    return content


def check(
    content: bytes, message: bytes, asked: TimeStampRequest | None = None
) -> None:
    """Raise `StampError` unless a response is a good stamp of ``message``.

    Checked are the imprint, the signature, the chain up to a root of
    ``TSA_ROOTS_FILE``, the certificate's purpose, and with ``asked`` the nonce.
    """
    builder = VerifierBuilder.from_request(asked) if asked else VerifierBuilder()
    for root in _roots():
        builder = builder.add_root_certificate(root)
    try:
        response = decode_timestamp_response(content)
        builder.build().verify_message(response, message)
    except (VerificationError, ValueError) as error:
        raise StampError(f"time-stamp refused: {error}") from error


def _post(query: bytes) -> bytes:
    try:
        answer = outbound.session().post(
            settings.TSA_URL,
            data=query,
            headers={"Content-Type": QUERY, "Accept": REPLY},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except outbound.OutboundRefusedError as error:
        raise StampError(str(error)) from error
    except requests.RequestException as error:
        raise StampError(f"no answer from the TSA: {type(error).__name__}") from error
    if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
        raise StampError(f"HTTP {answer.status_code}, {len(answer.content)} bytes")
    return answer.content


def _roots() -> list[x509.Certificate]:
    try:
        content = Path(settings.TSA_ROOTS_FILE).read_bytes()
        return x509.load_pem_x509_certificates(content)
    except (OSError, ValueError) as error:
        raise StampError(f"TSA_ROOTS_FILE cannot be read: {error}") from error
