"""SMS by Tencent Cloud: SendSms, version 2021-01-11, signed with TC3-HMAC-SHA256.

Canonical request, string to sign and the chain of keys date → service → tc3_request are
those of Tencent Cloud's "签名方法 v3" (form from memory of the documentation).
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests

from alerts.clients.base import TIMEOUT, Outcome, Parcel, failed, misconfigured
from alerts.domain.backoff import Failure
from bozhou_eco.common import clock, outbound

ENDPOINT = "https://sms.tencentcloudapi.com/"
SERVICE, VERSION, ACTION = "sms", "2021-01-11", "SendSms"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNED = "content-type;host"
KEY_CODES = ("AuthFailure", "UnauthorizedOperation", "FailedOperation.Insufficient")
GONE_CODES = (
    "InvalidParameterValue.IncorrectPhoneNumber",
    "FailedOperation.PhoneNumberInBlacklist",
)
PASSING_CODES = ("InternalError", "RequestLimitExceeded", "LimitExceeded")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def authorization(
    *, secret_id: str, secret_key: str, host: str, body: bytes, at: datetime
) -> str:
    """Return the ``Authorization`` header of a POST to ``/``."""
    utc = at.astimezone(UTC)
    date = f"{utc:%Y-%m-%d}"
    canonical = "\n".join(
        [
            "POST",
            "/",
            "",
            f"content-type:{CONTENT_TYPE}\nhost:{host}\n",
            SIGNED,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{date}/{SERVICE}/tc3_request"
    to_sign = "\n".join(
        [
            "TC3-HMAC-SHA256",
            str(int(utc.timestamp())),
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = _hmac(_hmac(_hmac(f"TC3{secret_key}".encode(), date), SERVICE), "tc3_request")
    signed = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return (
        f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, "
        f"SignedHeaders={SIGNED}, Signature={signed}"
    )


def send(parcel: Parcel) -> Outcome:
    """Send a parcel as an SMS of the registered template."""
    for name in ("secret_id", "secret_key"):
        if not parcel.secret.get(name):
            return misconfigured(name)
    for name in ("app_id", "sign_name", "template_id"):
        if not parcel.settings.get(name):
            return misconfigured(name)
    number = (
        parcel.address if parcel.address.startswith("+") else f"+86{parcel.address}"
    )
    body = json.dumps(
        {
            "PhoneNumberSet": [number],
            "SmsSdkAppId": str(parcel.settings["app_id"]),
            "SignName": str(parcel.settings["sign_name"]),
            "TemplateId": str(parcel.settings["template_id"]),
            "TemplateParamSet": [str(value) for value in parcel.extra.values()],
        },
        ensure_ascii=False,
    ).encode()
    endpoint = str(parcel.settings.get("endpoint", ENDPOINT))
    now, host = clock.now(), urlsplit(endpoint).netloc
    headers = {
        "Authorization": authorization(
            secret_id=str(parcel.secret["secret_id"]),
            secret_key=str(parcel.secret["secret_key"]),
            host=host,
            body=body,
            at=now,
        ),
        "Content-Type": CONTENT_TYPE,
        "Host": host,
        "X-TC-Action": ACTION,
        "X-TC-Version": VERSION,
        "X-TC-Timestamp": str(int(now.timestamp())),
        "X-TC-Region": str(parcel.settings.get("region", "ap-guangzhou")),
    }
    try:
        answer = outbound.session().post(
            endpoint, data=body, headers=headers, timeout=TIMEOUT
        )
    except outbound.OutboundRefusedError as error:
        return misconfigured(str(error))
    except requests.RequestException as error:
        return failed(0, type(error).__name__)
    return _read(answer)


def _read(answer: requests.Response) -> Outcome:
    try:
        response = answer.json()["Response"]
        status = response.get("Error") or response["SendStatusSet"][0]
        code = str(status["Code"])
    except (ValueError, KeyError, TypeError, IndexError):
        return failed(answer.status_code if not answer.ok else 502, answer.text[:100])
    if code == "Ok":
        return Outcome(provider_id=str(status.get("SerialNo", "")))
    error = f"{code} {status.get('Message', '')}"[:300]
    for failure, prefixes in (
        (Failure.KEY, KEY_CODES),
        (Failure.GONE, GONE_CODES),
        (Failure.PASSING, PASSING_CODES),
    ):
        if code.startswith(prefixes):
            return Outcome(failure, error)
    return Outcome(Failure.PERMANENT, error)
