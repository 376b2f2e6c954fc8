"""Sweeps over alerts that are held back: shelves, declared breaks, parents."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from alerts.domain.life import Action, State
from alerts.models import Alert, ServiceBreak
from alerts.services import moves
from alerts.services.clearing import release
from alerts.services.errors import RefusedError
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit

MOST = 200


@transaction.atomic
def wake_shelved(*, now: datetime) -> int:
    """Wake alerts whose time on the shelf is over; returns how many."""
    rows = list(
        Alert.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(wake_at__lte=now, state=State.SHELVED)
        .order_by("open_key")[:MOST]
    )
    for alert in rows:
        release(alert, now=now, reason="搁置到期")
    return len(rows)


def _breaks_now(now: datetime) -> Q:
    return Q(starts_at__lte=now, ends_at__gt=now)


@transaction.atomic
def follow_breaks(*, now: datetime) -> int:
    """Take alerts in and out of service as declared breaks begin and end."""
    running = ServiceBreak.objects.filter(
        Q(kind="") | Q(kind=OuterRef("kind")),
        _breaks_now(now),
        subject_key=OuterRef("subject_key"),
    )
    rows = Alert.objects.select_for_update(of=("self",), skip_locked=True)
    begun = rows.filter(
        Exists(running), state__in=(State.UNACK, State.RTN_UNACK, State.ACKED)
    ).order_by("open_key")[:MOST]
    count = 0
    for alert in begun:
        event = moves.move(alert, Action.DISABLE, now=now, reason="登记的停用窗口开始")
        moves.write(alert, [event], now=now)
        count += 1
    over = rows.filter(~Exists(running), state=State.OUT_OF_SERVICE)
    for alert in over.order_by("open_key")[:MOST]:
        release(alert, now=now, reason="停用窗口结束")
        count += 1
    return count


@transaction.atomic
def follow_parents(*, now: datetime) -> int:
    """Mend what two transactions could not see of each other: parent against child."""
    parents = Alert.objects.filter(
        open_key=OuterRef("parent_key"), returned_at__isnull=True
    ).exclude(state=State.CLOSED)
    rows = Alert.objects.select_for_update(of=("self",), skip_locked=True).exclude(
        parent_key=""
    )
    count = 0
    missed = rows.filter(Exists(parents), state__in=(State.UNACK, State.RTN_UNACK))
    for alert in missed.order_by("open_key")[:MOST]:
        reason = f"上级预警：{alert.parent_key}"
        event = moves.move(alert, Action.SUPPRESS, now=now, reason=reason)
        moves.write(alert, [event], now=now)
        count += 1
    orphans = rows.filter(~Exists(parents), state=State.SUPPRESSED)
    for alert in orphans.order_by("open_key")[:MOST]:
        release(alert, now=now, reason="上级预警已恢复")
        count += 1
    return count


@transaction.atomic
def declare_break(
    *,
    subject_key: str,
    subject_name: str,
    kind: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: User,
    now: datetime,
) -> ServiceBreak:
    """Declare a subject out of service for a time; its alerts are kept, not told.

    Raises `RefusedError` without a reason or for a span that is over or turned around.
    """
    if not reason.strip():
        raise RefusedError("停用须写明原因")
    if not starts_at < ends_at or ends_at <= now:
        raise RefusedError("停用时段不成立")
    row = ServiceBreak.objects.create(
        subject_key=subject_key,
        subject_name=subject_name,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason.strip(),
        declared_by=actor,
    )
    audit.record(
        actor=actor,
        act="alert.break",
        subject=subject_key,
        detail={"until": ends_at.isoformat(), "reason": reason},
        now=now,
    )
    follow_breaks(now=now)
    return row
