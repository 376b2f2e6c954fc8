"""Shapes of the REST operations."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from alerts.domain.life import State
from alerts.domain.severity import Severity
from alerts.domain.verdicts import DISMISSALS, Verdict
from alerts.models import Alert
from alerts.selectors.kinds import kind_label

LIST_FIELDS = (
    "id", "key", "kind", "rule", "state", "severity", "peak_severity", "summary",
    "subject_key", "subject_name", "recurrences", "occurred_at", "last_at",
    "returned_at", "magnitude", "peak", "flapping", "acknowledged_at", "wake_at",
    "outcome", "closed_at", "evidence_url", "version",
)  # fmt: skip


class AlertOutput(serializers.Serializer[Alert]):
    """An alert in lists."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    kind = serializers.CharField()
    kind_label = serializers.CharField()
    rule = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices())
    severity = serializers.ChoiceField(choices=Severity.choices())
    peak_severity = serializers.ChoiceField(choices=Severity.choices())
    summary = serializers.CharField()
    subject_key = serializers.CharField()
    subject_name = serializers.CharField()
    district = serializers.CharField(help_text="行政区划代码，空为全州")
    recurrences = serializers.IntegerField()
    occurred_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    returned_at = serializers.DateTimeField(allow_null=True)
    magnitude = serializers.FloatField(allow_null=True)
    peak = serializers.FloatField(allow_null=True)
    flapping = serializers.BooleanField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(allow_blank=True)
    wake_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=Verdict.choices(), allow_blank=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    evidence_url = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()


class EventOutput(serializers.Serializer[Any]):
    """One move of an alert."""

    at = serializers.DateTimeField()
    action = serializers.CharField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    severity = serializers.CharField()
    actor = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    data = serializers.JSONField()  # type: ignore[assignment]


class AlertDetailOutput(AlertOutput):
    """An alert with what it rests on and what happened to it."""

    explanation = serializers.JSONField()
    legal_article = serializers.CharField()
    outcome_note = serializers.CharField()
    events = EventOutput(many=True)


def alert_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the list form of an alert's values (see `LIST_FIELDS`)."""
    row["district"] = row.pop("district__code") or ""
    row["acknowledged_by"] = row.pop("acknowledged_by__name") or ""
    row["kind_label"] = kind_label(row["kind"])
    return row


def alert_values(alert: Alert) -> dict[str, Any]:
    """Return the list form of an alert."""
    row = {name: getattr(alert, name) for name in LIST_FIELDS}
    row["district"] = alert.district.code if alert.district else ""
    row["acknowledged_by"] = str(alert.acknowledged_by or "")
    row["kind_label"] = kind_label(alert.kind)
    return row


class NoteInput(serializers.Serializer[Any]):
    """An optional note."""

    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class BulkInput(NoteInput):
    """Several alerts."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=500
    )


class ShelveInput(serializers.Serializer[Any]):
    """How long and why."""

    minutes = serializers.IntegerField(
        min_value=1, max_value=int(timedelta(days=7).total_seconds() // 60)
    )
    reason = serializers.CharField(max_length=1000)


class DismissInput(NoteInput):
    """Why it is no violation."""

    reason = serializers.ChoiceField(
        choices=[(verdict.value, verdict.label) for verdict in DISMISSALS]
    )


class CommentInput(serializers.Serializer[Any]):
    """A remark."""

    text = serializers.CharField(max_length=1000)
