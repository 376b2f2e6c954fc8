"""Signs of life of processes and devices; silence becomes an alert."""

import logging
import time
from datetime import datetime, timedelta

from django.db import Error, connection, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value

from alerts.models import Heartbeat
from alerts.services.clearing import clear_alert
from alerts.services.raising import raise_alert
from bozhou_eco.common import clock

logger = logging.getLogger(__name__)


def beat(
    *,
    key: str,
    now: datetime,
    name: str = "",
    kind: str = "process",
    timeout_s: int = 120,
) -> None:
    """Say that ``key`` lives. The first beat registers it; one statement, no lock held.

    The time never goes back, so late beats do no harm.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alerts_heartbeat "
            "(key, kind, name, timeout_s, severity, last_at, active) "
            "VALUES (%s, %s, %s, %s, 'major', %s, true) "
            "ON CONFLICT (key) DO UPDATE SET "
            "last_at = GREATEST(alerts_heartbeat.last_at, EXCLUDED.last_at)",
            [key[:120], kind, name or key, timeout_s, now],
        )


class Pulse:
    """The beat of a process, given from its loop: at most every ``EVERY_S`` seconds.

    A database that is away is no reason for the loop to end.
    """

    EVERY_S = 30.0

    def __init__(self, key: str, name: str, *, timeout_s: int = 120) -> None:
        self.key, self.name, self.timeout_s = key, name, timeout_s
        self._next = 0.0

    def give(self) -> bool:
        """Beat if it is time; return whether a beat was written."""
        moment = time.monotonic()
        if moment < self._next:
            return False
        self._next = moment + self.EVERY_S
        try:
            beat(
                key=self.key,
                now=clock.now(),
                name=self.name,
                timeout_s=self.timeout_s,
            )
        except Error as error:  # a connection that was cut says InterfaceError
            logger.warning("heartbeat of %s not written: %s", self.key, error)
            if not connection.in_atomic_block:
                connection.close()  # the next beat opens another
            return False
        return True


def heartbeat_key(key: str) -> str:
    """Return the key of the alert about a lost heartbeat."""
    return f"heartbeat:{key}"


@transaction.atomic
def sweep_heartbeats(*, now: datetime) -> tuple[int, int]:
    """Raise for what fell silent, clear what came back; returns both counts.

    Judged and written under the row's lock, so a beat at the very moment of the
    time-out is seen by this sweep or by the next.
    """
    age = ExpressionWrapper(
        F("timeout_s") * Value(timedelta(seconds=1)), output_field=DurationField()
    )
    rows = Heartbeat.objects.select_for_update(of=("self",), skip_locked=True).filter(
        active=True
    )
    silent = list(
        rows.filter(lost_at__isnull=True, last_at__lt=now - age).select_related(
            "district", "organisation"
        )
    )
    for row in silent:
        row.lost_at = now
        row.save(update_fields=["lost_at"])
        _raise(row, now)
    back = list(rows.filter(lost_at__isnull=False, last_at__gte=now - age))
    for row in back:
        row.lost_at = None
        row.save(update_fields=["lost_at"])
        clear_alert(key=heartbeat_key(row.key), now=now, reason=f"{row.name} 恢复")
    return len(silent), len(back)


def _raise(row: Heartbeat, now: datetime) -> None:
    raise_alert(
        key=heartbeat_key(row.key),
        kind=row.kind,
        severity=row.severity,
        summary=f"{row.name} 超过 {row.timeout_s} 秒没有心跳",
        explanation={
            "规则": "超过时限未收到心跳",
            "最近心跳": f"{clock.beijing(row.last_at):%Y-%m-%d %H:%M:%S}",
            "时限（s）": row.timeout_s,
        },
        subject_key=f"heartbeat:{row.key}",
        subject_name=row.name,
        district=row.district,
        organisation=row.organisation,
        evidence_url="",
        occurred_at=row.last_at,
        now=now,
    )
