"""People's own settings and duty: subscriptions, views, rosters, swaps, hand-overs."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import QueryDict

from alerts.domain.roster import Days, Level, Plan, Shift, make_shifts, swap
from alerts.models import (
    Alert,
    DutyNote,
    DutyPlan,
    DutyShift,
    SavedView,
    ShiftSwap,
    Subscription,
)
from alerts.services.errors import RefusedError
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import national

MOST_VIEWS = 20


@transaction.atomic
def save_subscription(
    *, user: User, given: Mapping[str, Any], districts: list[Any], now: datetime
) -> Subscription:
    """Store a person's own subscription; there is one that the person edits."""
    row = Subscription.objects.select_for_update().filter(user=user).first()
    row = row or Subscription(user=user)
    for name, value in given.items():
        setattr(row, name, value)
    row.save()
    row.districts.set(districts)
    audit.record(
        actor=user, act="alert.subscribe", subject=f"subscription:{row.pk}", now=now
    )
    return row


@transaction.atomic
def save_view(*, user: User, name: str, query: str, default: bool) -> SavedView:
    """Store a person's filters under a name; the same name is overwritten.

    Raises `RefusedError` without a name or beyond `MOST_VIEWS`.
    """
    name = name.strip()
    if not name:
        raise RefusedError("请填写视图名称")
    known = SavedView.objects.select_for_update().filter(user=user)
    if known.exclude(name=name).count() >= MOST_VIEWS:
        raise RefusedError(f"最多保存 {MOST_VIEWS} 个视图")
    if default:
        known.update(is_default=False)
    row, _ = SavedView.objects.update_or_create(
        user=user,
        name=name[:40],
        defaults={"query": _plain(query), "is_default": default},
    )
    return row


def _plain(query: str) -> str:
    """Return what a query string asks for; one that asks nothing is empty.

    The list goes to the default view when its own address asks for nothing.
    """
    asked = QueryDict(query.lstrip("?").partition("#")[0])
    return asked.urlencode()[:500]


@transaction.atomic
def delete_view(*, user: User, pk: int) -> bool:
    """Remove one of the person's own views; returns whether there was one."""
    return SavedView.objects.filter(user=user, pk=pk).delete()[0] > 0


@transaction.atomic
def extend_plan(
    *, plan: DutyPlan, until: date, actor: User | None, now: datetime
) -> int:
    """Make the shifts of a plan up to ``until``; returns how many are new.

    Raises `RosterError` for a plan that makes no sense, `UnknownYearError` when the
    holiday table of a year is missing.
    """
    row = DutyPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    first = clock.beijing(now).date()
    if row.planned_to is not None:
        first = max(first, row.planned_to + timedelta(days=1))
    if until < first:
        return 0
    shifts = make_shifts(
        Plan(
            tuple(row.people),
            row.start,
            timedelta(hours=row.hours),
            Level(row.level),
            Days(row.days),
            row.district_id,
        ),
        first,
        until,
        is_working_day=national().is_working_day,
        zone=clock.BEIJING,
        turn=row.turn,
    )
    DutyShift.objects.bulk_create(
        [
            DutyShift(
                user_id=shift.person,
                level=row.level,
                district_id=row.district_id,
                starts_at=shift.starts_at,
                ends_at=shift.ends_at,
                plan=row,
            )
            for shift in shifts
        ],
        ignore_conflicts=True,
    )
    row.turn = (row.turn + len(shifts)) % len(row.people)
    row.planned_to = until
    row.save(update_fields=["turn", "planned_to"])
    audit.record(
        actor=actor,
        act="duty.plan",
        subject=f"dutyplan:{row.pk}",
        detail={"until": until.isoformat(), "shifts": len(shifts)},
        now=now,
    )
    return len(shifts)


def plain_shift(row: DutyShift) -> Shift:
    """Return a stored shift as the roster's rules know it."""
    return Shift(
        row.user_id,
        row.starts_at,
        row.ends_at,
        Level(row.level),
        row.district_id,
        row.pk,
    )


@transaction.atomic
def ask_swap(
    *, shift: DutyShift, to: User, reason: str, actor: User, now: datetime
) -> ShiftSwap:
    """Ask somebody to take one's shift.

    Raises `RefusedError` for another person's shift, `RosterError` where the swap
    makes no sense.
    """
    row = DutyShift.objects.select_for_update(of=("self",)).get(pk=shift.pk)
    if row.user_id != actor.pk:
        raise RefusedError("只能换出本人的班次")
    if row.swaps.filter(state=ShiftSwap.State.ASKED).exists():
        raise RefusedError("此班次已有待同意的换班")
    _check_swap(row, to, now)
    return ShiftSwap.objects.create(
        shift=row, from_user=actor, to_user=to, reason=reason[:200], asked_at=now
    )


def _check_swap(row: DutyShift, to: User, now: datetime) -> None:
    others = DutyShift.objects.filter(user=to, ends_at__gt=now)
    swap(plain_shift(row), to.pk, [plain_shift(other) for other in others], now)


@transaction.atomic
def decide_swap(
    *, request: ShiftSwap, agree: bool, actor: User, now: datetime
) -> ShiftSwap:
    """Agree to or refuse a swap; from agreement on the shift is the other's.

    Raises `RefusedError` for anybody but the one who was asked.
    """
    row = ShiftSwap.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if row.to_user_id != actor.pk:
        raise RefusedError("只有被邀请人可以答复")
    if row.state != ShiftSwap.State.ASKED:
        raise RefusedError("此换班已答复")
    shift = DutyShift.objects.select_for_update(of=("self",)).get(pk=row.shift_id)
    if agree:
        if shift.user_id != row.from_user_id:
            raise RefusedError("班次已换给他人")
        _check_swap(shift, actor, now)
        shift.user = actor
        shift.save(update_fields=["user"])
    row.state = ShiftSwap.State.AGREED if agree else ShiftSwap.State.REFUSED
    row.decided_at = now
    row.save(update_fields=["state", "decided_at"])
    audit.record(
        actor=actor,
        act="duty.swap",
        subject=f"dutyshift:{shift.pk}",
        detail={"agreed": agree, "from": row.from_user_id},
        now=now,
    )
    return row


@transaction.atomic
def write_note(
    *, shift: DutyShift, kind: str, text: str, actor: User, now: datetime
) -> DutyNote:
    """Add to the duty log; a hand-over keeps what was still open at that moment.

    Only the person on the shift writes notes and hands over; taking over is for whoever
    comes next. Raises `RefusedError` otherwise, or for an empty text.
    """
    if not text.strip():
        raise RefusedError("请填写内容")
    row = DutyShift.objects.select_for_update(of=("self",)).get(pk=shift.pk)
    own = row.user_id == actor.pk
    if own is (kind == DutyNote.Kind.TAKEOVER):
        raise RefusedError("接班由接班人填写，值班记录与交班由本班人员填写")
    if kind == DutyNote.Kind.HANDOVER:
        if row.handed_over_at is not None:
            raise RefusedError("本班已交班")
        row.handed_over_at = now
        row.save(update_fields=["handed_over_at"])
    left = [] if kind == DutyNote.Kind.NOTE else _open_for(row)
    note = DutyNote.objects.create(
        shift=row, kind=kind, author=actor, at=now, text=text.strip(), open_alerts=left
    )
    audit.record(
        actor=actor,
        act=f"duty.{kind}",
        subject=f"dutyshift:{row.pk}",
        detail={"open": len(left)},
        now=now,
    )
    return note


def _open_for(shift: DutyShift) -> list[dict[str, object]]:
    rows = Alert.objects.open().filter(severity_rank__gte=1)
    if shift.district_id is not None:
        rows = rows.filter(district_id=shift.district_id)
    return [
        {"id": pk, "severity": severity, "state": state, "subject": name}
        for pk, severity, state, name in rows.order_by("-priority", "-last_at")[
            :200
        ].values_list("pk", "severity", "state", "subject_name")
    ]
