"""Web Push (RFC 8030) with payload encryption (RFC 8291) and VAPID (RFC 8292)."""

import json

import requests
from pywebpush import WebPushException, webpush

from alerts.clients.base import (
    CONNECT_S,
    READ_S,
    Outcome,
    Parcel,
    failed,
    misconfigured,
)
from bozhou_eco.common import outbound

KEEP_S = 3600


def send(parcel: Parcel) -> Outcome:
    """Send a parcel to one browser; ``extra`` is its subscription."""
    key, subject = parcel.secret.get("private_key"), parcel.settings.get("subject")
    if not key or not subject:
        return misconfigured("private_key 与 subject")
    data = json.dumps(
        {"title": parcel.title, "body": parcel.body, "url": parcel.link},
        ensure_ascii=False,
    )
    subscription = {
        "endpoint": parcel.extra["endpoint"],
        "keys": {"p256dh": parcel.extra["p256dh"], "auth": parcel.extra["auth"]},
    }
    try:
        answer = webpush(
            subscription_info=subscription,
            data=data,
            vapid_private_key=str(key),
            vapid_claims={"sub": str(subject)},
            ttl=KEEP_S,
            timeout=(CONNECT_S, READ_S),
            headers={"Urgency": "high"},
            requests_session=outbound.session(),
        )
    except outbound.OutboundRefusedError as error:
        return misconfigured(str(error))
    except WebPushException as error:
        return _refused(error)
    except (requests.RequestException, OSError) as error:
        return failed(0, type(error).__name__)
    except ValueError as error:
        return misconfigured(f"私钥或登记不可用（{error}）")
    return Outcome(provider_id=str(answer.headers.get("Location", ""))[:200])


def _refused(error: WebPushException) -> Outcome:
    response = error.response
    if response is None:
        return failed(0, "推送服务无应答")
    return failed(
        response.status_code,
        response.text[:100],
        response.headers.get("Retry-After", ""),
    )
