"""Accounts of the MQTT broker: one a logger, each with its own topics only.

Mosquitto keeps salted digests in a password file; that file is the only memory. A
password is shown once, when it is made: who loses one makes another (``rotate``).
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bozhou_eco.audit import services as audit
from polluters.models import Logger

# As mosquitto_passwd writes them: PBKDF2-HMAC-SHA512. The passwords are random, so the
# number of rounds protects nothing more than its default does.
ROUNDS = 101
SALT_BYTES, DIGEST_BYTES = 12, 64
PASSWORD_BYTES = 20
SAFE_NAME = re.compile(r"[0-9A-Za-z_.-]{1,64}")
ACL = """\
# Written by `manage.py mqtt_accounts`.
# A logger signs in with its MN as the user name and reaches its own topics only.
pattern write hj212/v1/%u/up
pattern write hj212/v1/%u/status
pattern read hj212/v1/%u/down

# Ingest, gateway and web of the platform.
user {platform}
topic readwrite hj212/v1/#
topic read $SYS/#
"""


class UnfitError(ValueError):
    """A name or password that cannot be written to the files."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The lines of the password file by user, and what was issued just now."""

    lines: Mapping[str, str]
    issued: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the password file."""
        return "".join(f"{user}:{line}\n" for user, line in sorted(self.lines.items()))


def digest_line(password: str, salt: bytes | None = None, rounds: int = ROUNDS) -> str:
    """Return what stands after ``user:`` in Mosquitto's password file."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac(
        "sha512", password.encode(), salt, rounds, DIGEST_BYTES
    )
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"$7${rounds}${'$'.join(parts)}"


def fits(password: str, line: str) -> bool:
    """Whether a line of the password file is that of a password."""
    try:
        _, kind, rounds, salt, _ = line.split("$")
        made = digest_line(password, base64.b64decode(salt), int(rounds))
    except ValueError:
        return False
    return kind == "7" and hmac.compare_digest(made, line)


def read_lines(text: str) -> dict[str, str]:
    """Read a password file; lines that are none are left out."""
    pairs = (line.strip().partition(":") for line in text.splitlines())
    return {user: rest for user, mark, rest in pairs if mark and rest.startswith("$")}


def acl_text(platform: str) -> str:
    """Return the ACL file."""
    if not SAFE_NAME.fullmatch(platform):
        raise UnfitError(
            f"平台账号名 {platform!r} 含不允许的字符，请改 MQTT_URL 中的用户名"
        )
    return ACL.format(platform=platform)


def renew(
    text: str,
    *,
    platform: tuple[str, str] | None,
    rotate: Collection[str] = (),
    rotate_all: bool = False,
    now: datetime,
) -> Accounts:
    """Bring a password file up to the active loggers; returns the new file.

    ``platform`` is the account of the platform itself, name and password as in
    MQTT_URL. A logger without a line gets one and a password, one that is named in
    ``rotate`` another; lines of loggers that are gone or inactive are dropped.
    """
    known = read_lines(text)
    names = list(Logger.objects.filter(active=True).values_list("mn", flat=True))
    _refuse_unfit(names, platform, rotate)
    lines: dict[str, str] = {}
    issued: dict[str, str] = {}
    for name in names:
        if name in known and not rotate_all and name not in rotate:
            lines[name] = known[name]
            continue
        issued[name] = secrets.token_urlsafe(PASSWORD_BYTES)
        lines[name] = digest_line(issued[name])
    if platform is not None:
        user, password = platform
        kept = known.get(user, "")
        lines[user] = kept if fits(password, kept) else digest_line(password)
    removed = tuple(sorted(set(known) - set(lines)))
    audit.record(
        actor=None,
        act="mqtt.accounts",
        subject="mqtt",
        detail={"issued": sorted(issued), "removed": list(removed)},
        now=now,
    )
    return Accounts(lines, issued, removed)


def _refuse_unfit(
    names: Iterable[str], platform: tuple[str, str] | None, rotate: Collection[str]
) -> None:
    unknown = sorted(set(rotate) - set(names))
    if unknown:
        raise UnfitError(f"没有在用的数采仪 {'、'.join(unknown)}，请核对 MN")
    if platform is None:
        return
    user, password = platform
    if not SAFE_NAME.fullmatch(user) or not password:
        raise UnfitError("MQTT_URL 中的平台用户名或密码缺失，或用户名含不允许的字符")
    if user in set(names):
        raise UnfitError(f"平台用户名 {user} 与一台数采仪的 MN 相同，请改 MQTT_URL")
