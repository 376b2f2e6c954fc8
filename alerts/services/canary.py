"""The hourly canary: a synthetic signal through the whole chain to a test phone.

The app that owns a chain starts a run, sends its signal and has it raise an alert with
the key `canary_key`; here the run is followed to its delivery. A run that is not through
within `LIMIT` raises an alert of its own.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from alerts.models import Alert, CanaryRun, Delivery
from alerts.services.clearing import clear_alert
from alerts.services.raising import raise_alert
from bozhou_eco.common import metrics

LIMIT = timedelta(minutes=5)
SELF = "alert"


def canary_key(code: str) -> str:
    """Return the key of the alert that a canary raises."""
    return f"canary:{code}"


def start_canary(*, kind: str, now: datetime) -> CanaryRun:
    """Begin a run of a chain (``frame``, ``capture``, ``alert``)."""
    return CanaryRun.objects.create(
        kind=kind,
        code=secrets.token_hex(8),
        started_at=now,
        stages={"sent": now.isoformat()},
    )


@transaction.atomic
def note_stage(*, code: str, stage: str, now: datetime) -> bool:
    """Note that a run has reached a stage; the first time counts."""
    run = CanaryRun.objects.select_for_update().filter(code=code).first()
    if run is None or stage in run.stages or run.finished_at is not None:
        return False
    run.stages[stage] = now.isoformat()
    run.save(update_fields=["stages"])
    return True


def raise_canary(*, run: CanaryRun, now: datetime) -> Alert:
    """Raise the alert of a run; it is told like any other, to the test phone's owner."""
    return raise_alert(
        key=canary_key(run.code),
        kind="canary",
        severity="info",
        summary=f"链路自检 {run.kind} {run.code}",
        explanation={"链路": run.kind, "标识": run.code},
        subject_key=f"canary:{run.kind}",
        subject_name="链路自检",
        district=None,
        organisation=None,
        evidence_url="",
        occurred_at=run.started_at,
        now=now,
    ).alert


def run_self_canary(*, now: datetime) -> CanaryRun:
    """Send a canary through alerting itself: raise, route, deliver."""
    run = start_canary(kind=SELF, now=now)
    raise_canary(run=run, now=now)
    return run


@transaction.atomic
def follow_canaries(*, now: datetime) -> int:
    """Finish runs whose message was sent, fail those that took too long."""
    count = 0
    runs = CanaryRun.objects.select_for_update(skip_locked=True)
    for run in runs.filter(finished_at__isnull=True, failed=False):
        if _reached(run):
            _finish(run, now)
            count += 1
        elif now - run.started_at > LIMIT:
            _fail(run, now)
            count += 1
    return count


def _reached(run: CanaryRun) -> bool:
    alert = Alert.objects.filter(key=canary_key(run.code)).first()
    if alert is None:
        return False
    run.stages.setdefault("raised", alert.created_at.isoformat())
    sent = (
        Delivery.objects.filter(alert=alert, sent_at__isnull=False)
        .order_by("sent_at")
        .first()
    )
    if sent is None or sent.sent_at is None:
        return False
    run.stages.setdefault("routed", sent.created_at.isoformat())
    run.stages["delivered"] = sent.sent_at.isoformat()
    run.finished_at = sent.sent_at
    return True


def _finish(run: CanaryRun, now: datetime) -> None:
    run.save()
    metrics.gauge("alerts_canary_seconds", run.seconds or 0.0, kind=run.kind)
    clear_alert(key=canary_key(run.code), now=now, reason="链路自检完成")
    clear_alert(key=f"canary-lost:{run.kind}", now=now, reason="链路恢复")


def _fail(run: CanaryRun, now: datetime) -> None:
    run.failed = True
    run.save()
    clear_alert(key=canary_key(run.code), now=now, reason="链路自检超时")
    raise_alert(
        key=f"canary-lost:{run.kind}",
        kind="process",
        severity="major",
        summary=f"链路自检 {run.kind} 超过 {LIMIT.total_seconds() / 60:.0f} 分钟未完成",
        explanation={"已到阶段": run.stages, "标识": run.code},
        subject_key=f"canary:{run.kind}",
        subject_name="链路自检",
        district=None,
        organisation=None,
        evidence_url="",
        occurred_at=run.started_at,
        now=now,
    )
