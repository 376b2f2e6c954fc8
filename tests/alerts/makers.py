"""Makers of alerts for tests; everything that matters is an argument."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from alerts.models import Alert
from alerts.services import RaisedAlert, raise_alert

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
