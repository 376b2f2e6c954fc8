"""Tell open pages that an alert changed: a rendered row and its data, after the commit.

The row is drawn once by the sender and is the same for every viewer; what a viewer may
do is decided by the page it lands in. Groups: ``alerts.all`` (whole prefecture),
``alerts.district.<code>``, ``org.<id>`` (unless confidential).
"""

import logging
from collections.abc import Sequence

from django.db import DatabaseError
from django.template.loader import render_to_string

from alerts.models import Alert
from alerts.selectors.kinds import kind_label
from bozhou_eco.common import clock
from bozhou_eco.common.push import publisher, safely_after_commit

logger = logging.getLogger(__name__)
MOST = 200


def announce_after_commit(ids: Sequence[int], fresh: Sequence[Alert] = ()) -> None:
    """Push the present form of these alerts once the transaction commits.

    ``ids`` are read again then; ``fresh`` rows are sent as they are.
    """
    if ids or fresh:
        safely_after_commit(announce, list(ids), list(fresh))


def announce(ids: Sequence[int], fresh: Sequence[Alert] = ()) -> None:
    """Push the present form of these alerts; more than `MOST` become one reload."""
    if len(ids) + len(fresh) > MOST:
        publisher.publish("alerts.all", {"type": "alert.reload"})
        return
    rows = list(fresh)
    try:
        rows += (
            Alert.objects.filter(pk__in=ids)
            .select_related("district", "acknowledged_by")
            .order_by("pk")
            if ids
            else ()
        )
    except DatabaseError as error:
        logger.warning("alerts %s not announced: %s", ids, error)
        return
    for alert in rows:
        message = message_of(alert)
        for group in groups_of(alert):
            publisher.publish(group, message)


def groups_of(alert: Alert) -> list[str]:
    """Return the Channels groups whose members may see the alert."""
    groups = ["alerts.all"]
    if alert.district is not None:
        groups.append(f"alerts.district.{alert.district.code}")
    if alert.organisation_id is not None and not alert.confidential:
        groups.append(f"org.{alert.organisation_id}")
    return groups


def message_of(alert: Alert) -> dict[str, object]:
    """Return what a page is sent: identity, state, and the row as HTML."""
    return {
        "type": "alert.changed",
        "id": alert.pk,
        "version": alert.version,
        "state": alert.state,
        "open": alert.is_open,
        "severity": alert.severity,
        "rank": alert.severity_rank,
        "kind": alert.kind,
        "district": alert.district.code if alert.district else "",
        "last_at": alert.last_at.isoformat(),
        "sent": int(clock.now().timestamp() * 1000),
        "title": f"{kind_label(alert.kind)} · {alert.subject_name}",
        "html": render_row(alert),
    }


def render_row(alert: Alert) -> str:
    """Return the list row of an alert."""
    return render_to_string("alerts/_row.html", {"alert": alert})
