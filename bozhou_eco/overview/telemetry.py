"""All figures for Prometheus: counted by the processes, and read from the stores."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Count
from redis.exceptions import RedisError

from alerts.models import Delivery
from bozhou_eco.audit.models import Link, Seal
from bozhou_eco.common import clock, metrics, probes
from bozhou_eco.evidence.models import IntegrityRun
from polluters.models import Logger, QuarantinedFrame

logger = logging.getLogger(__name__)

PREFIX = "bozhou_"
LATELY = timedelta(minutes=15)
NEWEST_PUSHES = 1000
QUEUES = ("default", "push", "analysis", "vision")
HELP = {
    "store_up": "1 if the store answered within 2 s",
    "store_answer_seconds": "Time the store took to answer",
    "queue_depth": "Tasks waiting in a Celery queue",
    "loggers": "Data loggers in use, by state",
    "logger_data_age_seconds": "Time since the last frame of a logger in use",
    "quarantine_waiting": "Quarantined frames waiting for an officer, by reason",
    "chain_unsealed": "Digests that wait for the sealer",
    "chain_last_seal_age_seconds": "Time since the last seal of a chain",
    "chain_verified_age_seconds": "Time since the last re-verification of everything",
    "chain_verified_faults": "Faults that the last re-verification found",
    "push_latency_seconds": "From due to sent, messages of the last 15 minutes",
    "push_overdue_seconds": "Age of the oldest message that is due and not sent",
    "database_bytes": "Size of the database",
    "database_connections": "Open connections by state",
}
Sample = tuple[str, dict[str, str], float]


def render() -> str:
    """Return the exposition text; a store that is down leaves its figures out."""
    now = clock.now()
    lines = [*_counted()]
    described: set[str] = set()
    for name, labels, value in _samples(now):
        if name not in described:
            described.add(name)
            lines.append(f"# HELP {PREFIX}{name} {HELP[name]}")
            lines.append(f"# TYPE {PREFIX}{name} gauge")
        lines.append(f"{PREFIX}{metrics.series(name, **labels)} {value:.10g}")
    return "\n".join(lines) + "\n"


def _counted() -> Iterator[str]:
    try:
        counters, gauges = metrics.read()
    except RedisError as error:
        logger.warning("counters not readable: %s", error)
        return
    for kind, values in (("counter", counters), ("gauge", gauges)):
        described: set[str] = set()
        for series in sorted(values):
            name = series.partition("{")[0]
            if name not in described:
                described.add(name)
                yield f"# TYPE {PREFIX}{name} {kind}"
            yield f"{PREFIX}{series} {values[series]:.10g}"


def _samples(now: datetime) -> Iterator[Sample]:
    answers = probes.stores()
    for answer in answers:
        yield "store_up", {"store": answer.name}, float(answer.ok)
    for answer in answers:
        yield (
            "store_answer_seconds",
            {"store": answer.name},
            answer.milliseconds / 1000,
        )
    try:
        yield from _queues()
    except RedisError as error:
        logger.warning("queues not readable: %s", error)
    try:
        yield from _loggers(now)
        yield from _chains(now)
        yield from _pushes(now)
        yield from _database()
    except DatabaseError as error:
        logger.warning("tables not readable: %s", error)


def _queues() -> Iterator[Sample]:
    with metrics.client() as client:
        for queue in QUEUES:
            yield "queue_depth", {"queue": queue}, float(client.llen(queue))


def _loggers(now: datetime) -> Iterator[Sample]:
    rows = list(
        Logger.objects.filter(active=True).values_list("mn", "state", "last_seen")
    )
    for state in Logger.State.values:
        yield "loggers", {"state": state}, sum(1 for row in rows if row[1] == state)
    for mn, _, seen in rows:
        if seen is not None:
            age = (now - seen).total_seconds()
            yield "logger_data_age_seconds", {"mn": mn}, round(age, 1)
    counted = (
        QuarantinedFrame.objects.filter(state="waiting")
        .values_list("reason")
        .annotate(number=Count("pk"))
    )
    waiting = dict.fromkeys(QuarantinedFrame.Reason.values, 0) | dict(counted)
    for reason, number in waiting.items():
        yield "quarantine_waiting", {"reason": reason}, number


def _chains(now: datetime) -> Iterator[Sample]:
    yield "chain_unsealed", {}, Link.objects.filter(sealed=False).count()
    last = Seal.objects.order_by("-pk").first()
    if last is not None:
        age = (now - last.at).total_seconds()
        yield "chain_last_seal_age_seconds", {}, round(age, 1)

    run = IntegrityRun.objects.order_by("-started_at").first()
    if run is not None:
        age = (now - run.started_at).total_seconds()
        yield "chain_verified_age_seconds", {}, round(age, 1)
        yield "chain_verified_faults", {}, run.fault_count


def _pushes(now: datetime) -> Iterator[Sample]:
    newest = Delivery.objects.order_by("-pk").values_list("due_at", "sent_at")
    took = sorted(
        (sent - due).total_seconds()
        for due, sent in newest[:NEWEST_PUSHES]
        if sent is not None and sent > now - LATELY
    )
    for quantile in (0.5, 0.95):
        if took:
            at = min(int(len(took) * quantile), len(took) - 1)
            yield "push_latency_seconds", {"quantile": f"{quantile:g}"}, took[at]
    waits = Delivery.objects.filter(state="waiting", due_at__lt=now)
    oldest = waits.order_by("due_at").values_list("due_at", flat=True).first()
    age = (now - oldest).total_seconds() if oldest else 0.0
    yield "push_overdue_seconds", {}, round(age, 1)


def _database() -> Iterator[Sample]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        yield "database_bytes", {}, float(cursor.fetchone()[0])
        cursor.execute(
            "SELECT coalesce(state, 'background'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        for state, number in cursor.fetchall():
            yield "database_connections", {"state": state}, float(number)
