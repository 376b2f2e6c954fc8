"""SMS by Alibaba Cloud: RPC call SendSms, version 2017-05-25, signed with HMAC-SHA1.

String to sign: ``METHOD & percent("/") & percent(sorted query)``, key is the access key's
secret with ``&`` appended (Alibaba Cloud, "RPC 签名机制"; form from memory of the
documented example, checked by `signature` against the example's own parts).
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import requests

from alerts.clients.base import TIMEOUT, Outcome, Parcel, failed, misconfigured
from alerts.domain.backoff import Failure
from bozhou_eco.common import clock, outbound

ENDPOINT = "https://dysmsapi.aliyuncs.com/"
PASSING_CODES = frozenset(
    {"isp.RAM_PERMISSION_DENY_TEMP", "isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR",
     "isv.BUSINESS_LIMIT_CONTROL", "Throttling.User", "ServiceUnavailable"}
)  # fmt: skip
KEY_CODES = frozenset(
    {"InvalidAccessKeyId.NotFound", "SignatureDoesNotMatch", "isv.ACCOUNT_NOT_EXISTS",
     "isv.ACCOUNT_ABNORMAL", "isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE",
     "isp.RAM_PERMISSION_DENY"}
)  # fmt: skip
GONE_CODES = frozenset({"isv.MOBILE_NUMBER_ILLEGAL", "isv.BLACK_KEY_CONTROL_LIMIT"})


def percent(text: str) -> str:
    """Return RFC 3986 percent-encoding with ``-_.~`` left plain."""
    return quote(text, safe="-_.~")


def signature(method: str, query: Mapping[str, str], secret: str) -> str:
    """Return the Base64 HMAC-SHA1 signature of a query without ``Signature``."""
    canonical = "&".join(
        f"{percent(name)}={percent(query[name])}" for name in sorted(query)
    )
    to_sign = f"{method}&{percent('/')}&{percent(canonical)}"
    digest = hmac.new(f"{secret}&".encode(), to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def query_of(parcel: Parcel, *, nonce: str, at: datetime) -> dict[str, str]:
    """Return the signed query of a message."""
    query = {
        "AccessKeyId": str(parcel.secret["access_key_id"]),
        "Action": "SendSms",
        "Format": "JSON",
        "PhoneNumbers": parcel.address,
        "RegionId": str(parcel.settings.get("region", "cn-hangzhou")),
        "SignName": str(parcel.settings["sign_name"]),
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": nonce,
        "SignatureVersion": "1.0",
        "TemplateCode": str(parcel.settings["template_code"]),
        "TemplateParam": json.dumps(dict(parcel.extra), ensure_ascii=False),
        "Timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Version": "2017-05-25",
    }
    query["Signature"] = signature(
        "POST", query, str(parcel.secret["access_key_secret"])
    )
    return query


def send(parcel: Parcel) -> Outcome:
    """Send a parcel as an SMS of the registered template."""
    for name in ("access_key_id", "access_key_secret"):
        if not parcel.secret.get(name):
            return misconfigured(name)
    for name in ("sign_name", "template_code"):
        if not parcel.settings.get(name):
            return misconfigured(name)
    query = query_of(parcel, nonce=uuid.uuid4().hex, at=clock.now())
    endpoint = str(parcel.settings.get("endpoint", ENDPOINT))
    try:
        answer = outbound.session().post(endpoint, data=query, timeout=TIMEOUT)
    except outbound.OutboundRefusedError as error:
        return misconfigured(str(error))
    except requests.RequestException as error:
        return failed(0, type(error).__name__)
    return _read(answer)


def _read(answer: requests.Response) -> Outcome:
    try:
        body = answer.json()
        code = str(body["Code"])
    except (ValueError, KeyError, TypeError):
        return failed(answer.status_code if not answer.ok else 502, answer.text[:100])
    if code == "OK":
        return Outcome(provider_id=str(body.get("BizId", "")))
    error = f"{code} {body.get('Message', '')}"[:300]
    if code in KEY_CODES:
        return Outcome(Failure.KEY, error)
    if code in GONE_CODES:
        return Outcome(Failure.GONE, error)
    if code in PASSING_CODES or answer.status_code >= 500:
        return Outcome(Failure.PASSING, error)
    return Outcome(Failure.PERMANENT, error)
