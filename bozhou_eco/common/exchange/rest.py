"""Parcels by REST: one POST of a ZIP, answered with a receipt; or one GET of a ZIP.

The body is signed with a shared secret: ``X-Signature: sha256=HMAC-SHA-256(body)``.
``Idempotency-Key`` carries the number, so a repeated POST is the same act.
"""

import hashlib
import hmac
from collections.abc import Mapping

import requests

from bozhou_eco.common import outbound
from bozhou_eco.common.exchange.parcel import (
    MOST_BYTES,
    Parcel,
    Receipt,
    RefusedError,
    pack,
    unpack,
)

SIGNATURE = "X-Signature"
TIMEOUT = (5.0, 60.0)
AGAIN = frozenset({408, 425, 429})
CHUNK = 65536


class NotSentError(Exception):
    """A parcel that did not go through; ``again`` says whether a retry makes sense."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


def sign(body: bytes, secret: str) -> str:
    """Return the value of the signature header."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, header: str, *, secret: str) -> None:
    """Raise ``RefusedError`` unless the header is the body's signature."""
    right = bool(secret) and hmac.compare_digest(
        sign(body, secret).encode(), header.encode()
    )
    if not right:
        raise RefusedError([f"请求头 {SIGNATURE} 缺失或与内容不符"])


def send(
    url: str,
    parcel: Parcel,
    *,
    secret: str = "",
    headers: Mapping[str, str] | None = None,
    timeout: tuple[float, float] = TIMEOUT,
) -> Receipt:
    """Post a parcel and return its receipt, which may say that it was refused.

    Raises ``NotSentError`` if no receipt for this very parcel came back.
    """
    body = pack(parcel)
    sent = {
        "Content-Type": "application/zip",
        "Idempotency-Key": parcel.number,
        **(headers or {}),
    }
    if secret:
        sent[SIGNATURE] = sign(body, secret)
    try:
        reply = outbound.session().post(
            url, data=body, headers=sent, timeout=timeout, allow_redirects=False
        )
    except outbound.OutboundRefusedError as error:
        raise NotSentError(str(error), again=False) from error
    except requests.RequestException as error:
        raise NotSentError(f"对方无应答：{type(error).__name__}", again=True) from error
    return _receipt(reply, parcel)


def _receipt(reply: requests.Response, parcel: Parcel) -> Receipt:
    status = reply.status_code
    try:
        receipt = Receipt.read(reply.json())
    except (requests.JSONDecodeError, RefusedError) as error:
        again = status >= 500 or status in AGAIN
        raise NotSentError(f"HTTP {status}，应答中没有回执", again=again) from error
    if receipt.number != parcel.number:
        raise NotSentError(
            f"回执批次号 {receipt.number[:80]} 不是所发批次", again=False
        )
    if receipt.accepted and receipt.digest and receipt.digest != parcel.digest:
        raise NotSentError("回执摘要与所发内容不符", again=True)
    return receipt


def fetch(
    url: str,
    *,
    secret: str = "",
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: tuple[float, float] = TIMEOUT,
) -> Parcel | None:
    """Get a parcel, None if the other side has none (204 or 404).

    Raises ``NotSentError`` if it could not be had, ``RefusedError`` if it is not whole.
    """
    try:
        with outbound.session().get(
            url, params=params, headers=headers, timeout=timeout,
            stream=True, allow_redirects=False,
        ) as reply:  # fmt: skip
            if reply.status_code in (204, 404):
                return None
            if reply.status_code != 200:
                again = reply.status_code >= 500 or reply.status_code in AGAIN
                raise NotSentError(f"HTTP {reply.status_code}", again=again)
            body = _bounded(reply)
            header = reply.headers.get(SIGNATURE, "")
    except outbound.OutboundRefusedError as error:
        raise NotSentError(str(error), again=False) from error
    except requests.RequestException as error:
        raise NotSentError(f"对方无应答：{type(error).__name__}", again=True) from error
    if secret:
        verify(body, header, secret=secret)
    return unpack(body)


def _bounded(reply: requests.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in reply.iter_content(CHUNK):
        size += len(part)
        if size > MOST_BYTES:
            raise NotSentError(f"应答超过 {MOST_BYTES // 1024**2} MB", again=False)
        parts.append(part)
    return b"".join(parts)
