"""Carriers against local servers: signatures checked, answers read, errors told apart."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from alerts.clients import apprise, sms_aliyun, sms_tencent, webhook, webpush
from alerts.clients.base import Parcel, failed
from alerts.domain.backoff import Failure
from tests.alerts.servers import Seen, Server, server


@pytest.fixture
def remote() -> Iterator[Server]:
    with server() as running:
        yield running


def parcel(**given: Any) -> Parcel:
    base: dict[str, Any] = {
        "address": "13800138000",
        "title": "严重预警",
        "body": "精河县 超标预警",
        "link": "http://localhost/a",
        "extra": {"kind": "超标预警", "district": "精河县"},
    }
    return Parcel(**(base | given))


# --- Alibaba Cloud --------------------------------------------------------------------

ALIYUN = {
    "settings": {"sign_name": "博州生态", "template_code": "SMS_1"},
    "secret": {"access_key_id": "testId", "access_key_secret": "testSecret"},
}


def aliyun(remote: Server) -> Parcel:
    settings = ALIYUN["settings"] | {"endpoint": remote.url + "/"}
    return parcel(settings=settings, secret=ALIYUN["secret"])


def independent_aliyun_signature(query: dict[str, str], secret: str) -> str:
    """The documented form written down a second time, without our helpers."""

    def enc(text: str) -> str:
        return (
            quote(text, safe="")
            .replace("+", "%20")
            .replace("*", "%2A")
            .replace("%7E", "~")
        )

    pairs = "&".join(f"{enc(k)}={enc(v)}" for k, v in sorted(query.items()))
    text = "POST&%2F&" + enc(pairs)
    mac = hmac.new((secret + "&").encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


def test_aliyun_signs_as_documented(remote: Server) -> None:
    remote.body = json.dumps({"Code": "OK", "BizId": "9001^0"}).encode()
    outcome = sms_aliyun.send(aliyun(remote))
    assert (outcome.ok, outcome.provider_id) == (True, "9001^0")
    query = {k: v[0] for k, v in parse_qs(remote.seen[0].body.decode()).items()}
    signature = query.pop("Signature")
    assert signature == independent_aliyun_signature(query, "testSecret")
    assert query["PhoneNumbers"] == "13800138000"
    assert json.loads(query["TemplateParam"])["district"] == "精河县"
    assert (query["Action"], query["Version"]) == ("SendSms", "2017-05-25")
    assert query["SignatureMethod"] == "HMAC-SHA1"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", Failure.GONE),
        ("SignatureDoesNotMatch", Failure.KEY),
        ("isv.AMOUNT_NOT_ENOUGH", Failure.KEY),
        ("isv.BUSINESS_LIMIT_CONTROL", Failure.PASSING),
        ("isv.INVALID_PARAMETERS", Failure.PERMANENT),
    ],
)
def test_aliyun_errors(remote: Server, code: str, failure: Failure) -> None:
    remote.body = json.dumps({"Code": code, "Message": "m"}).encode()
    outcome = sms_aliyun.send(aliyun(remote))
    assert (outcome.failure, outcome.error) == (failure, f"{code} m")


# --- Tencent Cloud --------------------------------------------------------------------


def tencent(remote: Server) -> Parcel:
    return parcel(
        settings={
            "endpoint": remote.url + "/",
            "app_id": "1400006666",
            "sign_name": "博州生态",
            "template_id": "1110",
        },
        secret={"secret_id": "AKIDtest", "secret_key": "key"},
    )


def independent_tencent_signature(seen: Seen, key: str) -> str:
    def mac(secret: bytes, text: str) -> bytes:
        return hmac.new(secret, text.encode("utf-8"), hashlib.sha256).digest()

    stamp = seen.headers["X-TC-Timestamp"]
    date = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    request = (
        "POST\n/\n\n"
        f"content-type:{seen.headers['Content-Type']}\n"
        f"host:{seen.headers['Host']}\n\n"
        "content-type;host\n" + hashlib.sha256(seen.body).hexdigest()
    )
    text = (
        f"TC3-HMAC-SHA256\n{stamp}\n{date}/sms/tc3_request\n"
        + hashlib.sha256(request.encode()).hexdigest()
    )
    signing = mac(mac(mac(b"TC3" + key.encode(), date), "sms"), "tc3_request")
    return hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()


def tencent_answer(code: str) -> bytes:
    status = {"Code": code, "Message": "m", "SerialNo": "s1"}
    return json.dumps({"Response": {"SendStatusSet": [status]}}).encode()


def test_tencent_signs_as_documented(remote: Server) -> None:
    remote.body = tencent_answer("Ok")
    outcome = sms_tencent.send(tencent(remote))
    assert (outcome.ok, outcome.provider_id) == (True, "s1")
    seen = remote.seen[0]
    signature = independent_tencent_signature(seen, "key")
    assert seen.headers["Authorization"].endswith(f"Signature={signature}")
    body = json.loads(seen.body)
    assert body["PhoneNumberSet"] == ["+8613800138000"]
    assert body["TemplateParamSet"] == ["超标预警", "精河县"]
    assert seen.headers["X-TC-Action"] == "SendSms"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("InvalidParameterValue.IncorrectPhoneNumber", Failure.GONE),
        ("LimitExceeded.PhoneNumberDailyLimit", Failure.PASSING),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Failure.KEY),
        ("FailedOperation.ContainSensitiveWord", Failure.PERMANENT),
    ],
)
def test_tencent_errors(remote: Server, code: str, failure: Failure) -> None:
    remote.body = tencent_answer(code)
    assert sms_tencent.send(tencent(remote)).failure is failure


def test_tencent_refuses_the_whole_call(remote: Server) -> None:
    error = {"Code": "AuthFailure.SignatureFailure", "Message": "m"}
    remote.body = json.dumps({"Response": {"Error": error}}).encode()
    assert sms_tencent.send(tencent(remote)).failure is Failure.KEY


@pytest.mark.parametrize("send", [aliyun, tencent])
def test_sms_answers_that_are_no_json_pass(remote: Server, send: Any) -> None:
    carrier = sms_aliyun.send if send is aliyun else sms_tencent.send
    remote.body = b"<html>gateway</html>"
    assert carrier(send(remote)).failure is Failure.PASSING
    remote.status = 503
    assert carrier(send(remote)).failure is Failure.PASSING


def test_sms_without_keys_is_a_matter_of_configuration() -> None:
    for carrier in (sms_aliyun, sms_tencent):
        outcome = carrier.send(parcel())
        assert outcome.failure is Failure.KEY
        assert "未配置" in outcome.error


# --- apprise --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "failure"),
    [(404, Failure.GONE), (403, Failure.KEY), (500, Failure.PASSING)],
)
def test_apprise_errors_are_told_apart(
    remote: Server, status: int, failure: Failure
) -> None:
    secret = {"url": f"json://127.0.0.1:{remote.port}/x"}
    assert apprise.send(parcel(secret=secret)).ok
    remote.status = status
    assert apprise.send(parcel(secret=secret)).failure is failure


def test_apprise_to_nobody_and_nonsense() -> None:
    gone = apprise.send(parcel(secret={"url": "json://127.0.0.1:9/x"}))
    assert gone.failure is Failure.PASSING
    assert apprise.send(parcel(secret={"url": "nope"})).failure is Failure.KEY
    assert apprise.send(parcel()).failure is Failure.KEY


@pytest.mark.parametrize(
    "url",
    [
        "wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
        "dingtalk://secret@token/{address}",
        "feishu://token123456789012345",
        "ntfy://127.0.0.1/topic",
        "bark://127.0.0.1/{address}",
        "mailto://user:pass@example.com/?to={address}",
    ],
)
def test_every_promised_service_is_known(url: str) -> None:
    from apprise import Apprise  # noqa: PLC0415

    assert Apprise().add(url.replace("{address}", "13800138000"))


# --- Web Push -------------------------------------------------------------------------


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """The receiving end of RFC 8291: a key pair, a secret, and decryption."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        message: dict[str, Any] = json.loads(plain)
        return message


def vapid_keys() -> tuple[str, ec.EllipticCurvePublicKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_numbers().private_value.to_bytes(32, "big")
    return b64(raw), key.public_key()


def pushed(remote: Server, browser: Browser, private: str) -> Parcel:
    return parcel(
        address=remote.url + "/push/1",
        settings={"subject": "mailto:ops@example.invalid"},
        secret={"private_key": private},
        extra={
            "endpoint": remote.url + "/push/1",
            "p256dh": b64(browser.public),
            "auth": b64(browser.auth),
        },
    )


def test_web_push_is_encrypted_for_the_browser_and_signed_for_the_service(
    remote: Server,
) -> None:
    browser, (private, public) = Browser(), vapid_keys()
    remote.status = 201
    assert webpush.send(pushed(remote, browser, private)).ok
    seen = remote.seen[0]
    assert seen.headers["Content-Encoding"].lower() == "aes128gcm"
    assert "精河县" not in seen.body.decode("latin-1")
    assert browser.read(seen.body) == {
        "title": "严重预警",
        "body": "精河县 超标预警",
        "url": "http://localhost/a",
    }
    assert int(seen.headers["TTL"]) == 3600
    scheme, _, rest = seen.headers["Authorization"].partition(" ")
    parts = dict(p.strip().split("=", 1) for p in rest.split(","))
    assert scheme == "vapid"
    head, claims, signature = parts["t"].split(".")
    raw = unb64(signature)
    der = utils.encode_dss_signature(
        int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    )
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    told = json.loads(unb64(claims))
    assert told["sub"] == "mailto:ops@example.invalid"
    assert told["aud"] == remote.url


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (404, Failure.GONE),
        (410, Failure.GONE),
        (403, Failure.KEY),
        (429, Failure.PASSING),
        (500, Failure.PASSING),
        (413, Failure.PERMANENT),
    ],
)
def test_web_push_errors(remote: Server, status: int, failure: Failure) -> None:
    remote.status, remote.headers = status, {"Retry-After": "7"}
    outcome = webpush.send(pushed(remote, Browser(), vapid_keys()[0]))
    assert (outcome.failure, outcome.wait_s) == (failure, 7.0)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [("²", 0.0), ("-5", 0.0), ("9" * 14, 3600.0), ("9" * 400, 0.0)],
    ids=["superscript", "negative", "ages", "endless"],
)
def test_a_server_cannot_ask_for_a_wait_without_end(asked: str, waits: float) -> None:
    """A moment past the end of the calendar would keep every message of the batch."""
    assert failed(429, "", asked).wait_s == waits


def test_web_push_needs_a_contact() -> None:
    assert webpush.send(parcel(secret={"private_key": "x"})).failure is Failure.KEY


# --- webhook --------------------------------------------------------------------------


def test_webhooks_are_signed_and_go_stale(remote: Server) -> None:
    assert webhook.post(
        remote.url, {"事": 1}, secret="s3cret", call_id="7", at=1_800_000_000
    ) == (200, "{}")
    seen = remote.seen[0]
    header = seen.headers["X-Bozhou-Signature"]
    assert seen.headers["X-Bozhou-Delivery"] == "7"
    now = 1_800_000_010
    assert webhook.verify(seen.body, header, secret="s3cret", now=now)
    assert not webhook.verify(seen.body + b" ", header, secret="s3cret", now=now)
    assert not webhook.verify(seen.body, header, secret="other", now=now)
    assert not webhook.verify(seen.body, header, secret="s3cret", now=now + 900)
    assert not webhook.verify(seen.body, "t=x,v1=", secret="s3cret", now=now)


def test_a_webhook_that_answers_nothing() -> None:
    status, _ = webhook.post("http://127.0.0.1:9/", {}, secret="s", call_id="1", at=1)
    assert status == 0
