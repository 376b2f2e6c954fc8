"""Issue, rotate, revoke and check the keys of stations."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from vehicles.models import Station, StationCredential
from vehicles.selectors.credentials import by_prefix

SIGNATURE_WINDOW_S = 300
USED_EVERY = timedelta(minutes=1)


class CredentialError(Exception):
    """The key is unknown, expired, revoked, from a wrong address or badly signed."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential with its secrets, which are shown only once."""

    credential: StationCredential
    key: str
    signing_key: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature covers: method, path with query, time, body."""

    method: str
    path: str
    timestamp: str
    body: bytes
    signature: str

    def text(self) -> bytes:
        """Return the bytes that are signed."""
        digest = hashlib.sha256(self.body).hexdigest()
        return f"{self.method}\n{self.path}\n{self.timestamp}\n{digest}".encode()


def digest_of(secret: str) -> str:
    """Return what is kept of a secret; it has 256 random bits, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def issue_credential(
    *,
    station: Station,
    actor: User | None,
    now: datetime,
    days: int = 365,
    addresses: list[str] | None = None,
    signed: bool = False,
    note: str = "",
) -> Issued:
    """Make a key ``prefix.secret`` for a station; ValueError for a bad address."""
    for address in addresses or []:
        ip_network(address, strict=False)
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    signing_key = secrets.token_hex(32) if signed else ""
    made = StationCredential.objects.create(
        station=station,
        prefix=prefix,
        digest=digest_of(secret),
        signing_key=signing_key,
        addresses=addresses or [],
        made_at=now,
        expires_at=now + timedelta(days=days),
        note=note,
    )
    audit.record(
        actor=actor,
        act="station.credential.issue",
        subject=f"station:{station.code}",
        detail={"prefix": prefix, "days": days, "signed": signed},
        now=now,
    )
    return Issued(made, f"{prefix}.{secret}", signing_key)


@transaction.atomic
def rotate_credential(
    *,
    credential: StationCredential,
    actor: User | None,
    now: datetime,
    overlap_hours: int,
) -> Issued:
    """Issue a successor; the old key lives on for ``overlap_hours`` at most."""
    issued = issue_credential(
        station=credential.station,
        actor=actor,
        now=now,
        addresses=credential.addresses,
        signed=bool(credential.signing_key),
        note=credential.note,
    )
    ends = now + timedelta(hours=overlap_hours)
    credential.expires_at = min(credential.expires_at, ends)
    credential.save(update_fields=["expires_at"])
    return issued


@transaction.atomic
def revoke_credential(
    *, credential: StationCredential, actor: User | None, now: datetime
) -> None:
    """End a key at once."""
    credential.revoked_at = now
    credential.save(update_fields=["revoked_at"])
    audit.record(
        actor=actor,
        act="station.credential.revoke",
        subject=f"station:{credential.station.code}",
        detail={"prefix": credential.prefix},
        now=now,
    )


def check_key(
    *, key: str, address: str, now: datetime, signed: Signed | None
) -> StationCredential:
    """Return the credential of a key; CredentialError says why not, without detail."""
    prefix, _, secret = key.partition(".")
    found = by_prefix(prefix)
    if found is None or not hmac.compare_digest(found.digest, digest_of(secret)):
        raise CredentialError("密钥无效")
    if found.revoked_at is not None or found.expires_at <= now:
        raise CredentialError("密钥已到期或已吊销")
    if not found.station.active:
        raise CredentialError("检验机构已停用")
    _check_address(found, address)
    if found.signing_key:
        _check_signature(found, signed, now)
    if found.last_used_at is None or now - found.last_used_at > USED_EVERY:
        StationCredential.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def _check_address(found: StationCredential, address: str) -> None:
    if not found.addresses:
        return
    try:
        own = ip_address(address)
    except ValueError:
        raise CredentialError("来源地址不在允许范围") from None
    if not any(own in ip_network(item, strict=False) for item in found.addresses):
        raise CredentialError("来源地址不在允许范围")


def _check_signature(
    found: StationCredential, signed: Signed | None, now: datetime
) -> None:
    if signed is None or not signed.timestamp.isascii():
        raise CredentialError("缺少请求签名")
    try:
        at = int(signed.timestamp)
    except ValueError:
        raise CredentialError("签名时间无效") from None
    if abs(now.timestamp() - at) > SIGNATURE_WINDOW_S:
        raise CredentialError("签名时间相差超过 5 分钟")
    key = bytes.fromhex(found.signing_key)
    wanted = hmac.new(key, signed.text(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, signed.signature.lower()):
        raise CredentialError("请求签名不符")
