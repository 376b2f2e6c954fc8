"""Reads of alerts."""

from collections.abc import Sequence

from alerts.domain.life import State
from alerts.models import Alert


def open_keys(keys: Sequence[str]) -> set[str]:
    """Return those of ``keys`` that have a row answering for them.

    That includes an alert judged while its condition lasts: whoever watches the
    condition must report its end.
    """
    rows = Alert.objects.filter(open_key__in=set(keys))
    return set(rows.values_list("key", flat=True))


def active_keys(keys: Sequence[str]) -> set[str]:
    """Return those of ``keys`` whose alert is open and whose condition lasts."""
    rows = Alert.objects.filter(open_key__in=set(keys), returned_at=None)
    return set(rows.exclude(state=State.CLOSED).values_list("key", flat=True))
