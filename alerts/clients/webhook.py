"""POST a JSON payload with an HMAC-SHA256 signature over time and body.

``X-Bozhou-Signature: t=<unix seconds>,v1=<hex>`` where the signed bytes are
``<t>.<body>``; the receiver refuses old times, so a recorded call cannot be replayed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import requests

from alerts.clients.base import TIMEOUT
from bozhou_eco.common import outbound

HEADER = "X-Bozhou-Signature"
FRESH_S = 300


def sign(body: bytes, *, secret: str, at: int) -> str:
    """Return the signature header of ``body`` at Unix time ``at``."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def verify(body: bytes, header: str, *, secret: str, now: int) -> bool:
    """Return whether ``header`` signs ``body`` and is fresh; for receivers and tests."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    if not parts.get("t", "").isdigit() or abs(now - int(parts["t"])) > FRESH_S:
        return False
    return hmac.compare_digest(sign(body, secret=secret, at=int(parts["t"])), header)


def post(
    url: str, payload: Mapping[str, Any], *, secret: str, call_id: str, at: int
) -> tuple[int, str]:
    """Send a payload; return the HTTP status (0: no answer) and the answer's beginning."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "bozhou-eco",
        "X-Bozhou-Delivery": call_id,
        HEADER: sign(body, secret=secret, at=at),
    }
    try:
        answer = outbound.session().post(
            url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
    except outbound.OutboundRefusedError as error:
        return 0, str(error)
    except requests.RequestException as error:
        return 0, type(error).__name__
    return answer.status_code, answer.text[:500]
