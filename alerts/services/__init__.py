"""Writes of alerting; the names other apps call."""

from alerts.selectors.alerts import open_keys
from alerts.services.acting import (
    acknowledge,
    acknowledge_many,
    comment,
    dismiss,
    record_outcome,
    shelve,
    undo_acknowledge,
    unshelve,
)
from alerts.services.clearing import clear_alert, clear_alerts
from alerts.services.errors import RefusedError
from alerts.services.raising import RaisedAlert, Signal, raise_alert, raise_alerts

__all__ = [
    "RaisedAlert",
    "RefusedError",
    "Signal",
    "acknowledge",
    "acknowledge_many",
    "clear_alert",
    "clear_alerts",
    "comment",
    "dismiss",
    "open_keys",
    "raise_alert",
    "raise_alerts",
    "record_outcome",
    "shelve",
    "undo_acknowledge",
    "unshelve",
]
