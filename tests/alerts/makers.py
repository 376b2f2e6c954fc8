"""Makers of alerts for tests; everything that matters is an argument."""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from alerts.models import (
    Alert,
    Channel,
    ContactAddress,
    EscalationLadder,
    EscalationRung,
    Subscription,
)
from alerts.services import RaisedAlert, raise_alert
from bozhou_eco.accounts.models import User
from tests import factories
from tests.alerts.servers import Server

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""2026-11-23 12:00 in Beijing, a Monday."""

numbers = count(1)


def occurrence(**changes: Any) -> dict[str, Any]:
    """Return the arguments of `raise_alert` for an over-limit outlet."""
    number = next(numbers)
    now = changes.pop("now", NOON)
    given: dict[str, Any] = {
        "key": f"exceedance-warning:{number}",
        "kind": "exceedance",
        "severity": "major",
        "summary": "NOx 132 mg/m3，许可限值 100",
        "explanation": {"限值": "100 mg/m3"},
        "subject_key": f"outlet:{number}",
        "subject_name": "虚构水泥 DA001",
        "district": None,
        "organisation": None,
        "evidence_url": "",
        "occurred_at": now,
        "now": now,
    }
    return given | changes


def raised(**changes: Any) -> RaisedAlert:
    return raise_alert(**occurrence(**changes))


def alert(**changes: Any) -> Alert:
    """Raise an alert and return its row as stored."""
    return Alert.objects.get(pk=raised(**changes).alert.pk)


def channel(code: str, kind: str, position: int = 50, **changes: Any) -> Channel:
    """Return an enabled channel, made or changed as given."""
    given = {"name": code, "kind": kind, "enabled": True, "position": position}
    return Channel.objects.update_or_create(code=code, defaults=given | changes)[0]


def only_channels(*codes: str) -> None:
    """Switch every other channel off."""
    Channel.objects.exclude(code__in=codes).update(enabled=False)


def json_channel(code: str, server: Server, position: int = 50) -> Channel:
    """Return a channel of apprise's JSON form to a local server."""
    url = f"json://127.0.0.1:{server.port}/{code}/{{address}}"
    return channel(code, "apprise", position, secret=json.dumps({"url": url}))


def ladder(severity: str, *rungs: tuple[int, list[str]], repeats: int = 0) -> None:
    """Set the escalation of a severity: minutes after the step before, targets."""
    row, _ = EscalationLadder.objects.update_or_create(
        severity=severity, defaults={"repeat_minutes": 30, "repeats": repeats}
    )
    row.rungs.all().delete()
    for step, (after, targets) in enumerate(rungs):
        EscalationRung.objects.create(
            ladder=row, step=step, after_minutes=after, targets=targets
        )


def subscriber(
    *codes: str, address: str = "", roles: tuple[str, ...] = ("officer",), **wish: Any
) -> User:
    """Return a person who wants to hear everything by these channels."""
    organisation = wish.pop("organisation", None)
    user = factories.user(*roles, organisation=organisation)
    Subscription.objects.create(
        user=user, channels=list(codes), **({"min_severity": "info"} | wish)
    )
    for row in Channel.objects.filter(code__in=codes, kind="apprise"):
        ContactAddress.objects.create(
            user=user, channel=row, address=address or user.username
        )
    return user
