"""Make and withdraw marks, take those of loggers' flags, and look at how marks are made."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from polluters.domain import marks as rules
from polluters.models import Mark, MarkKind, Outlet, Point
from polluters.selectors import marks as reads
from polluters.selectors import rulebook
from polluters.services.closing import rejudge

AHEAD = timedelta(days=31)
LONGEST = timedelta(days=400)


class RefusedError(Exception):
    """A mark that may not be made; ``field`` names the form field."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person fills in."""

    outlet: Outlet
    kind: MarkKind
    begin: datetime
    end: datetime | None
    reason: str
    point: Point | None = None


@transaction.atomic
def make_mark(*, draft: Draft, actor: User, now: datetime) -> Mark:
    """Keep a mark of the enterprise or an officer; it has no legal force.

    Raises ``RefusedError`` with the field and what to do.
    """
    _check(draft, now)
    Outlet.objects.select_for_update(of=("self",)).get(pk=draft.outlet.pk)
    origin = (
        Mark.Origin.ENTERPRISE
        if actor.has_role(Role.ENTERPRISE)
        else Mark.Origin.OFFICER
    )
    _no_twin(draft, origin)
    hour = rulebook.number("mark_deadline_hour")
    row: Mark = Mark.objects.create(
        outlet=draft.outlet,
        point=draft.point,
        kind=draft.kind,
        begin=draft.begin,
        end=draft.end,
        origin=origin,
        reason=draft.reason.strip(),
        made_by=actor,
        made_at=now,
        received_at=now,
        deadline=rules.deadline_of(clock.beijing(draft.begin), hour=hour),
    )
    audit.record(
        actor=actor,
        act="polluters.make_mark",
        subject=draft.outlet.subject_key,
        detail={
            "mark": row.pk, "kind": draft.kind.code, "begin": draft.begin.isoformat(),
            "end": draft.end.isoformat() if draft.end else None, "late": row.late,
        },
        now=now,
    )  # fmt: skip
    _rejudge(row, now)
    return row


def _rejudge(row: Mark, now: datetime, *, end: datetime | None = None) -> None:
    """Judge again what the mark changes, or changed as long as it had no end."""
    enterprise = row.outlet.enterprise
    day = clock.beijing(row.begin).date()
    bound = rulebook.must_mark(enterprise, rulebook.scopes(), on=day)
    end = min(end or row.end or now, now)
    if row.begin < end and reads.in_effect(row, in_scope=bound):
        rejudge(outlet=row.outlet_id, begin=row.begin, end=end, now=now)


def _check(draft: Draft, now: datetime) -> None:
    if not draft.reason.strip():
        raise RefusedError("请写明原因", "reason")
    if not draft.kind.active:
        raise RefusedError("此标记种类已停用，请另选", "kind")
    if draft.point is not None and draft.point.outlet_id != draft.outlet.pk:
        raise RefusedError("该因子不属于所选排放口", "point")
    if draft.begin > now + AHEAD:
        raise RefusedError("开始时间不能晚于一个月后", "begin")
    if draft.end is not None:
        if draft.end <= draft.begin:
            raise RefusedError("结束时间必须晚于开始时间", "end")
        if draft.end - draft.begin > LONGEST:
            raise RefusedError("一个标记不能超过 400 天，请分开填报", "end")
    elif now - draft.begin > LONGEST:
        raise RefusedError("开始已超过 400 天，请填写结束时间", "end")


def _no_twin(draft: Draft, origin: str) -> None:
    rows = Mark.objects.filter(
        outlet=draft.outlet,
        point=draft.point,
        kind=draft.kind,
        origin=origin,
        withdrawn_at=None,
    )
    if draft.end is not None:
        rows = rows.filter(begin__lt=draft.end)
    twin = rows.exclude(end__lte=draft.begin).first()
    if twin is not None:
        begin = f"{clock.beijing(twin.begin):%m-%d %H:%M}"
        raise RefusedError(
            f"该时段已有同类标记（{begin} 起），请先撤销或改选时段", "begin"
        )


@transaction.atomic
def end_mark(*, mark: Mark, end: datetime, actor: User, now: datetime) -> Mark:
    """Give an open mark its end."""
    row: Mark = Mark.objects.select_for_update(of=("self",)).get(pk=mark.pk)
    if row.end is not None or row.withdrawn_at is not None:
        raise RefusedError("该标记已结束或已撤销")
    if row.origin in (Mark.Origin.NATIONAL, Mark.Origin.LOGGER):
        raise RefusedError("国家平台和数采仪的标记不能在此修改")
    if not row.begin < end <= now + AHEAD:
        raise RefusedError("结束时间必须晚于开始时间，且不晚于一个月后", "end")
    row.end = end
    row.save(update_fields=["end"])
    audit.record(
        actor=actor,
        act="polluters.end_mark",
        subject=f"mark:{row.pk}",
        detail={"end": end.isoformat()},
        now=now,
    )
    _rejudge(row, now, end=now)
    return row


@transaction.atomic
def withdraw_mark(*, mark: Mark, reason: str, actor: User, now: datetime) -> Mark:
    """Withdraw a mark with a reason; it stays on record."""
    row: Mark = Mark.objects.select_for_update(of=("self",)).get(pk=mark.pk)
    if not reason.strip():
        raise RefusedError("请写明撤销理由", "reason")
    if row.withdrawn_at is not None:
        raise RefusedError("该标记已撤销")
    if row.origin in (Mark.Origin.NATIONAL, Mark.Origin.LOGGER):
        raise RefusedError("国家平台和数采仪的标记不能在此撤销")
    if row.origin == Mark.Origin.OFFICER and actor.has_role(Role.ENTERPRISE):
        raise RefusedError("执法人员登记的标记由执法人员撤销")
    row.withdrawn_at, row.withdrawn_by = now, actor
    row.withdrawn_reason = reason.strip()[:300]
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    audit.record(
        actor=actor,
        act="polluters.withdraw_mark",
        subject=f"mark:{row.pk}",
        detail={"reason": row.withdrawn_reason},
        now=now,
    )
    _rejudge(row, now)
    return row


@transaction.atomic
def take_flags(*, begin: datetime, end: datetime, now: datetime) -> int:
    """Make marks of the hours that loggers flagged as not normal; return how many.

    Runs of hours; the same hours give the same marks, and a run that goes on makes its
    mark longer. The flags themselves are kept with the readings.
    """
    kinds = {kind.flag: kind for kind in MarkKind.objects.exclude(flag="")}
    hour = rulebook.number("mark_deadline_hour")
    made = 0
    points = {point.pk: point for point in Point.objects.select_related("outlet")}
    for run in reads.flagged_runs(begin=begin, end=end):
        kind, point = kinds.get(run.flag), points.get(run.point)
        if kind is not None and point is not None:
            made += _from_run(run, kind, point, hour, now)
    return made


def _from_run(
    run: rules.Flagged, kind: MarkKind, point: Point, hour: float, now: datetime
) -> int:
    known = (
        Mark.objects.select_for_update(of=("self",))
        .filter(
            outlet=point.outlet,
            point=point,
            kind=kind,
            origin=Mark.Origin.LOGGER,
            begin__lte=run.end,
            end__gte=run.begin,
        )
        .order_by("begin")
        .first()
    )
    if known is not None:
        if known.end is not None and (run.end > known.end or run.begin < known.begin):
            known.begin = min(known.begin, run.begin)
            known.end = max(known.end, run.end)
            known.save(update_fields=["begin", "end"])
        return 0
    Mark.objects.create(
        outlet=point.outlet,
        point=point,
        kind=kind,
        begin=run.begin,
        end=run.end,
        origin=Mark.Origin.LOGGER,
        reason="由数采仪数据标记得出",
        made_at=run.begin,
        received_at=now,
        deadline=rules.deadline_of(clock.beijing(run.begin), hour=hour),
    )
    return 1
