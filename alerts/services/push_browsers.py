"""Browsers that take Web Push: registered by their owner, keys of the platform itself."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from alerts.models import Channel, PushSubscription
from alerts.services.errors import RefusedError
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit

CODE = "webpush"
# Push services of the browsers; the platform posts to no other host.
HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    ".notify.windows.com",
)
MOST = 10


def b64(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Read unpadded base64url; empty for what is none."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def public_key(channel: Channel) -> str:
    """Return the VAPID public key that browsers need; empty while there is no key."""
    try:
        private = json.loads(channel.secret or "{}").get("private_key", "")
    except ValueError:
        return ""
    raw = unb64(str(private))
    if len(raw) != 32:
        return ""
    key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    return b64(
        key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )


@transaction.atomic
def make_keys(*, subject: str, actor: User | None, now: datetime) -> str:
    """Give the Web Push channel new keys; returns the public one.

    Browsers registered under the old key cannot be reached any more: their rows go.
    """
    if not subject.startswith(("mailto:", "https://")):
        raise RefusedError("联系方式应以 mailto: 或 https:// 开头")
    channel = Channel.objects.select_for_update().get(code=CODE)
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_numbers().private_value.to_bytes(32, "big")
    channel.secret = json.dumps({"private_key": b64(raw)})
    channel.settings = channel.settings | {"subject": subject}
    channel.enabled = True
    channel.save(update_fields=["secret", "settings", "enabled"])
    PushSubscription.objects.filter(gone_at=None).update(gone_at=now)
    audit.record(actor=actor, act="webpush.keys", subject=f"channel:{CODE}", now=now)
    return public_key(channel)


def hosts_of(channel: Channel) -> Sequence[str]:
    """Return the hosts that count as push services; a setting may replace them."""
    given = channel.settings.get("hosts")
    return given if isinstance(given, list) else HOSTS


def check_browser(channel: Channel, given: Mapping[str, Any]) -> None:
    """Raise `RefusedError` unless this is a registration of a known push service."""
    address = urlsplit(str(given["endpoint"]))
    known = any(
        address.hostname == host
        or (host.startswith(".") and str(address.hostname).endswith(host))
        for host in hosts_of(channel)
    )
    if address.scheme != "https" or not known:
        raise RefusedError("endpoint：不是已知推送服务的 https 地址")
    public, auth = unb64(str(given["p256dh"])), unb64(str(given["auth"]))
    if len(public) != 65 or public[0] != 4:
        raise RefusedError("p256dh：应为 65 字节的未压缩公钥（base64url）")
    if len(auth) != 16:
        raise RefusedError("auth：应为 16 字节（base64url）")


@transaction.atomic
def register_browser(
    *,
    user: User,
    endpoint: str,
    p256dh: str,
    auth: str,
    browser: str,
    now: datetime,
) -> PushSubscription:
    """Register one's browser; the same browser of another person changes hands.

    Raises `RefusedError` while the channel is off, and for a bad registration.
    """
    channel = Channel.objects.filter(code=CODE, enabled=True).first()
    if channel is None or not public_key(channel):
        raise RefusedError("Web Push 未启用")
    given = {"endpoint": endpoint, "p256dh": p256dh, "auth": auth}
    check_browser(channel, given)
    row, _ = PushSubscription.objects.update_or_create(
        endpoint=endpoint,
        defaults={
            "user": user,
            "p256dh": p256dh,
            "auth": auth,
            "browser": browser[:200],
            "created_at": now,
            "gone_at": None,
        },
    )
    own = PushSubscription.objects.filter(user=user, gone_at=None)
    old = list(own.order_by("-created_at").values_list("pk", flat=True)[MOST:])
    PushSubscription.objects.filter(pk__in=old).update(gone_at=now)
    audit.record(
        actor=user,
        act="webpush.register",
        subject=f"pushsubscription:{row.pk}",
        now=now,
    )
    return row


@transaction.atomic
def forget_browser(*, user: User, endpoint: str, now: datetime) -> bool:
    """Stop pushing to one's browser; returns whether it was registered."""
    gone = PushSubscription.objects.filter(user=user, endpoint=endpoint, gone_at=None)
    count: int = gone.update(gone_at=now)
    if count:
        audit.record(actor=user, act="webpush.forget", subject="webpush", now=now)
    return count > 0
