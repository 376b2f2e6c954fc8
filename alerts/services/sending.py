"""Empty the outbox: claim, send with a hard time limit, note the result, go on.

Claims are made by conditional update with SKIP LOCKED, so any number of senders share
the work; a claim that is not finished in time is taken up again. Network calls run in
threads that never touch the database.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from alerts.clients.base import Outcome, Parcel
from alerts.domain.backoff import ATTEMPT_S, Failure
from alerts.domain.life import WAITING
from alerts.domain.routing import Why
from alerts.models import Alert, Channel, Delivery, DeliveryState, PushSubscription
from alerts.selectors.kinds import kind_label
from alerts.services.composing import CARRIERS, link_of, message_of, parcels_of
from alerts.services.receipts import new_token
from alerts.services.results import fail, skip, succeed
from bozhou_eco.common import clock, metrics
from bozhou_eco.common.push import publisher

CLAIM = timedelta(seconds=45)
THREADS = 8
CLAIM_ROWS = 24
State = DeliveryState


def send_due(*, now: datetime, limit: int = CLAIM_ROWS) -> int:
    """Send what is due, worst first; returns how many messages were dealt with."""
    claimed = claim(now=now, limit=limit)
    if not claimed:
        return 0
    jobs = [job for delivery in claimed if (job := _prepare(delivery, now)) is not None]
    _run(jobs)
    return len(claimed)


@transaction.atomic
def claim(*, now: datetime, limit: int) -> list[Delivery]:
    """Take due messages, and those whose sender died, out of everybody else's reach."""
    due = Q(state=State.WAITING, due_at__lte=now)
    stuck = Q(state=State.SENDING, claimed_until__lte=now)
    rows = list(
        Delivery.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(due | stuck)
        .order_by("due_at")[: limit * 4]
    )
    rows.sort(key=lambda row: (-RANK[row.severity], row.due_at))
    chosen = rows[:limit]
    Delivery.objects.filter(pk__in=[row.pk for row in chosen]).update(
        state=State.SENDING, claimed_until=now + CLAIM
    )
    found = Delivery.objects.filter(pk__in=[row.pk for row in chosen])
    full = found.select_related("alert__district", "channel", "user")
    return sorted(full, key=lambda row: (-RANK[row.severity], row.due_at))


RANK = {"critical": 3, "major": 2, "minor": 1, "info": 0}


@dataclass(slots=True)
class _Job:
    """A message that is going over the network."""

    delivery: Delivery
    parcels: list[Parcel]
    token: str


def _prepare(delivery: Delivery, now: datetime) -> _Job | None:
    """Write the message; the browser channel is dealt with at once."""
    channel = delivery.channel
    alerts = _alerts(delivery)
    if not alerts:
        delivery.state, delivery.reason = State.CANCELLED, "预警均已处置"
        delivery.save(update_fields=["state", "reason"])
        return None
    if not channel.enabled:
        fail(delivery, Outcome(Failure.PERMANENT, "渠道已停用"), now=now)
        return None
    if channel.broken_until is not None and channel.broken_until > now:
        skip(delivery, now)
        return None
    token, delivery.token_digest = new_token()
    message = message_of(delivery, alerts, link_of(token))
    delivery.title, delivery.body = message.title[:200], message.body
    delivery.attempts += 1
    delivery.save(update_fields=["title", "body", "token_digest", "attempts"])
    if channel.inside:
        _to_browser(delivery, alerts, token, now)
        return None
    return _Job(delivery, parcels_of(delivery, message, alerts), token)


def _alerts(delivery: Delivery) -> list[Alert]:
    """Return the alerts a message is still worth sending for."""
    if delivery.summary:
        merged = delivery.children.filter(state=State.MERGED)
        rows = Alert.objects.filter(pk__in=merged.values("alert_id"))
    else:
        rows = Alert.objects.filter(pk__in=[delivery.alert_id or 0])
    if delivery.why not in (Why.PARTY, Why.TEST):
        rows = rows.filter(state__in=WAITING)
    return list(rows.select_related("district"))


def _to_browser(
    delivery: Delivery, alerts: Sequence[Alert], token: str, now: datetime
) -> None:
    """Send a message to the person's open pages; they must confirm that it came."""
    alert = alerts[0]
    title, body = delivery.title, delivery.body
    url = reverse("alerts:list")
    if not delivery.summary:
        title = f"{alert.get_severity_display()} · {kind_label(alert.kind)}"
        body, url = (
            f"{alert.subject_name}：{alert.summary}"[:300],
            alert.get_absolute_url(),
        )
    sent = publisher.publish(
        f"user.{delivery.user_id}",
        {
            "type": "alert.notify",
            "token": token,
            "title": title,
            "body": body,
            "url": url,
            "severity": delivery.severity,
            "alert": None if delivery.summary else alert.pk,
        },
    )
    if not sent:
        fail(delivery, Outcome(Failure.PASSING, "实时通道不可用"), now=now)
        return
    succeed(delivery, Outcome(), now=now)


def _run(jobs: Sequence[_Job]) -> None:
    """Send jobs in threads; one that does not come back in time counts as failed."""
    if not jobs:
        return
    pool = ThreadPoolExecutor(THREADS)
    running: dict[Future[list[Outcome]], _Job] = {
        pool.submit(_carry, job): job for job in jobs
    }
    limit = ATTEMPT_S * (1 + (len(jobs) - 1) // THREADS)
    left = set(running)
    while left and limit > 0:
        begun = clock.now()
        done, left = wait(left, timeout=limit, return_when="FIRST_COMPLETED")
        for future in done:
            _note(running[future], future.result())
        limit -= (clock.now() - begun).total_seconds()
        if not done:
            break
    for future in left:
        _note(running[future], [Outcome(Failure.PASSING, "超时未应答")])
    pool.shutdown(wait=False, cancel_futures=True)


def _carry(job: _Job) -> list[Outcome]:
    carrier = CARRIERS[job.delivery.channel.kind]
    if not job.parcels:
        return [Outcome(Failure.GONE, "没有可用的登记")]
    outcomes = []
    for parcel in job.parcels:
        try:
            outcomes.append(carrier(parcel))
        except Exception as error:  # noqa: BLE001  (a carrier's fault is a failed send)
            outcomes.append(
                Outcome(Failure.PASSING, f"{type(error).__name__}: {error}")
            )
    return outcomes


def _note(job: _Job, outcomes: Sequence[Outcome]) -> None:
    now = clock.now()
    _prune(job, outcomes, now)
    good = next((outcome for outcome in outcomes if outcome.ok), None)
    if good is not None:
        succeed(job.delivery, good, now=now)
    else:
        fail(job.delivery, outcomes[0], now=now)


def _prune(job: _Job, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Take addresses that are gone out of use, once."""
    gone = [
        parcel.address
        for parcel, outcome in zip(job.parcels, outcomes, strict=False)
        if outcome.failure is Failure.GONE
    ]
    if job.delivery.channel.kind == Channel.Kind.WEBPUSH and gone:
        pruned = PushSubscription.objects.filter(endpoint__in=gone, gone_at=None)
        metrics.count("alerts_push_pruned_total", pruned.update(gone_at=now))
