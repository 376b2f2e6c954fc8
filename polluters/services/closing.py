"""Close hours and days: means, judgement, exceedances, and their settlement.

An hour is closed some minutes after its end, so that the last values have come. Until
the enterprise's deadline for marks has passed an exceedance is called 超标预警; then it
is judged once more with the marks, and becomes 超标 or falls away with its reason.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from alerts.services import clear_alert, raise_alert
from bozhou_eco.common import clock
from polluters.domain.judge import Exemption, Judgement, Subject, Word, judge_mean
from polluters.domain.limits import Averaging, Condition, Kind, LimitRule
from polluters.models import (
    ClosedPeriod,
    DirtyHour,
    Exceedance,
    Limit,
    Period,
    Point,
)
from polluters.selectors import marks, rulebook
from polluters.services import means
from polluters.services.live import exceedance_key
from polluters.services.means import DAY, HOUR, Computed
from polluters.services.shortfalls import note_shortfalls

AVERAGING = {
    Period.HOUR.value: (Averaging.HOUR,),
    Period.DAY.value: (Averaging.DAY, Averaging.H24),
}
LOOK_BACK = timedelta(hours=48)
DAY_GRACE = timedelta(hours=1)


def settle_time(moment: datetime, hour: float | None = None) -> datetime:
    """Return when the marks of the day of ``moment`` count as settled.

    ``hour`` is the deadline on the next day, as the rule book has it if none is given.
    """
    if hour is None:
        hour = rulebook.number("mark_deadline_hour")
    day = clock.beijing(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + DAY + timedelta(hours=hour)


def close_due(*, now: datetime) -> int:
    """Close every hour and day that is due, mend late hours, settle; return how many."""
    closed = 0
    for hour in due_hours(now):
        close_hour(hour=hour, now=now)
        closed += 1
    closed += mend_hours(now=now)
    for day in due_days(now):
        close_day(day=day, now=now)
        closed += 1
    closed += settle(now=now)
    return closed


def due_hours(now: datetime) -> list[datetime]:
    """Return the hours of the last two days that are over and not closed.

    Closing begins with the first hour after installation; what lies before is not due.
    """
    last = now - timedelta(minutes=settings.HOUR_GRACE_MINUTES)
    last = last.replace(minute=0, second=0, microsecond=0) - HOUR
    return _not_closed(Period.HOUR.value, last, HOUR, now - LOOK_BACK)


def due_days(now: datetime) -> list[datetime]:
    """Return the Beijing days of the last week that are over and not closed."""
    local = clock.beijing(now - DAY_GRACE)
    last = local.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    return _not_closed(Period.DAY.value, last, DAY, now - 7 * DAY)


def _not_closed(
    period: int, last: datetime, step: timedelta, first: datetime
) -> list[datetime]:
    oldest = (
        ClosedPeriod.objects.filter(period=period)
        .order_by("time")
        .values_list("time", flat=True)
        .first()
    )
    first = max(first, oldest) if oldest else last
    wanted = []
    while last >= first:
        wanted.append(last)
        last -= step
    known = set(
        ClosedPeriod.objects.filter(period=period, time__in=wanted).values_list(
            "time", flat=True
        )
    )
    return sorted(moment for moment in wanted if moment not in known)


@transaction.atomic
def close_hour(*, hour: datetime, now: datetime) -> int:
    """Compute and judge one hour for all points; return how many there were."""
    mark, created = ClosedPeriod.objects.get_or_create(
        period=Period.HOUR, time=hour, defaults={"points": 0, "closed_at": now}
    )
    if not created:
        return 0
    points = means.points_of()
    made = _hours(points, hour, now)
    note_shortfalls(made, now=now)
    ClosedPeriod.objects.filter(pk=mark.pk).update(points=len(points))
    DirtyHour.objects.filter(hour=hour).delete()
    timely = now - hour <= LOOK_BACK / 8
    _judge(made, timely=timely, now=now)
    return len(points)


@transaction.atomic
def close_day(*, day: datetime, now: datetime) -> int:
    """Compute and judge one day for all points; return how many there were."""
    mark, created = ClosedPeriod.objects.get_or_create(
        period=Period.DAY, time=day, defaults={"points": 0, "closed_at": now}
    )
    if not created:
        return 0
    points = means.points_of()
    made = _days(points, day, now)
    ClosedPeriod.objects.filter(pk=mark.pk).update(points=len(points))
    _judge(made, timely=True, now=now)
    return len(points)


@transaction.atomic
def mend_hours(*, now: datetime, limit: int = 5000) -> int:
    """Compute hours again that data reached late, only for their own points.

    Hours not closed yet are left to their closing. The days of mended hours follow.
    """
    rows = list(
        DirtyHour.objects.select_for_update(skip_locked=True).order_by("hour")[:limit]
    )
    by_hour: dict[datetime, list[DirtyHour]] = {}
    for row in rows:
        by_hour.setdefault(row.hour, []).append(row)
    closed = set(
        ClosedPeriod.objects.filter(period=Period.HOUR, time__in=by_hour).values_list(
            "time", flat=True
        )
    )
    old = now - LOOK_BACK
    mended: dict[datetime, set[int]] = {}
    done: list[int] = []
    for hour, dirty in by_hour.items():
        if hour not in closed and hour >= old:
            continue
        ids = {row.point_id for row in dirty}
        made = _hours(means.points_of(ids), hour, now)
        _judge(made, timely=False, now=now)
        day = clock.beijing(hour).replace(hour=0)
        mended.setdefault(day, set()).update(ids)
        done += [row.pk for row in dirty]
    DirtyHour.objects.filter(pk__in=done).delete()
    for day, ids in mended.items():
        if ClosedPeriod.objects.filter(period=Period.DAY, time=day).exists():
            made = _days(means.points_of(ids), day, now)
            _judge(made, timely=False, now=now)
    return len(done)


def _hours(points: Sequence[Point], hour: datetime, now: datetime) -> list[Computed]:
    rules = rulebook.load().validity
    return means.compute_hours(points, hour=hour, now=now, rules=rules)


def _days(points: Sequence[Point], day: datetime, now: datetime) -> list[Computed]:
    marked = marks.effective_marks(
        {point.outlet_id for point in points}, begin=day, end=day + DAY
    )
    rules = rulebook.load().validity
    return means.compute_days(points, day=day, now=now, rules=rules, marked=marked)


def rules_of(limits: Iterable[Limit]) -> list[LimitRule]:
    """Return stored limits as the domain's rules."""
    return [
        LimitRule(
            kind=Kind(limit.kind),
            averaging=Averaging(limit.averaging),
            low=limit.low,
            high=limit.high,
            condition=Condition.read(limit.condition),
            standard=limit.standard,
            source=limit.source,
            article=limit.article,
            valid_from=limit.valid_from,
            valid_to=limit.valid_to,
            key=limit.pk,
        )
        for limit in limits
    ]


def _judge(made: Sequence[Computed], *, timely: bool, now: datetime) -> None:
    """Judge means that have an enforceable limit; record what is beyond one."""
    if not made:
        return
    averagings = AVERAGING[made[0].period]
    limits: dict[int, list[Limit]] = {}
    for limit in Limit.objects.filter(
        point__in=[one.point.pk for one in made],
        kind__in=Limit.ENFORCEABLE,
        averaging__in=[averaging.value for averaging in averagings],
    ):
        limits.setdefault(limit.point_id, []).append(limit)
    context = _context(made)
    standing = {
        (row.point_id, row.averaging): row
        for row in Exceedance.objects.filter(
            point__in=limits, time=made[0].result.start, state__in=Exceedance.STANDING
        )
    }
    begin = made[0].result.start
    marked = {}
    if made[0].period == Period.HOUR:  # marked hours are out of a day's mean already
        marked = marks.effective_marks(
            {one.point.outlet_id for one in made if one.point.pk in limits},
            begin=begin,
            end=begin + HOUR,
        )
    settled = now >= settle_time(begin)
    for one in made:
        exempt = marks.exemptions(
            marked, outlet=one.point.outlet_id, point=one.point.pk
        )
        for averaging in averagings:
            rules = [
                rule
                for rule in rules_of(limits.get(one.point.pk, ()))
                if rule.averaging == averaging
            ]
            if rules:
                judged = judge_one(
                    one,
                    rules,
                    averaging,
                    context.get(one.point.outlet_id, {}),
                    timely,
                    settled,
                    exempt,
                )
                _record(
                    one, averaging, judged, standing.get((one.point.pk, averaging)), now
                )


def judge_one(
    one: Computed,
    rules: Sequence[LimitRule],
    averaging: Averaging,
    context: dict[str, float],
    timely: bool,
    settled: bool,
    exempt: Sequence[Exemption] = (),
) -> Judgement:
    """Return the judgement of a mean that matters most: the farthest beyond a limit."""
    point = one.point
    judgements = judge_mean(
        one.result,
        subject=Subject(
            point.pollutant.short or point.pollutant.name, point.unit, point.converted
        ),
        limits=rules,
        averaging=averaging,
        context=context,
        exemptions=exempt,
        closed=True,
        settled=settled,
        timely=timely,
    )
    return max(judgements, key=lambda j: (j.exceeded, j.multiple or 0.0))


def _context(made: Sequence[Computed]) -> dict[int, dict[str, float]]:
    known: dict[int, dict[str, float]] = {}
    for one in made:
        if one.result.mean is not None and one.result.valid:
            outlet = known.setdefault(one.point.outlet_id, {})
            outlet[one.point.pollutant.code] = one.result.mean
    return known


def _record(
    one: Computed,
    averaging: Averaging,
    judged: Judgement,
    standing: Exceedance | None,
    now: datetime,
) -> None:
    if not judged.exceeded or judged.value is None:
        if standing is not None:
            _fall_away(standing, judged, now)
        return
    state = (
        Exceedance.State.EXCEEDED
        if judged.word == Word.EXCEEDED
        else Exceedance.State.WARNING
    )
    values = {
        "limit_id": judged.limit.key if judged.limit else None,
        "value": judged.value,
        "bound": judged.limit.high if judged.limit else None,
        "multiple": judged.multiple,
        "state": state,
        "explanation": judged.explanation.as_json(),
        "settled_at": now if state == Exceedance.State.EXCEEDED else None,
    }
    row, created = Exceedance.objects.update_or_create(
        point=one.point,
        averaging=averaging.value,
        time=one.result.start,
        defaults=values,
        create_defaults=values | {"live": judged.live, "found_at": now},
    )
    if created and judged.live:
        announce(row, now=now)


def announce(row: Exceedance, *, now: datetime) -> None:
    """Raise the alert of an exceedance with its whole explanation."""
    point = row.point
    outlet, enterprise = point.outlet, point.outlet.enterprise
    told = row.explanation
    word = row.get_state_display()
    name = point.pollutant.short or point.pollutant.name
    over = f"，超标 {row.multiple:.2f} 倍" if row.multiple else ""
    raise_alert(
        key=exceedance_key(point.pk),
        kind="exceedance",
        severity="critical" if (row.multiple or 0) >= 1 else "major",
        summary=(
            f"{word}：{name} {told.get('averaging', '')} {row.value:.4g} {point.unit}，"
            f"{told.get('kind', '')} {told.get('limit', '')}{over}"
        ),
        explanation={"lines": lines_of(told), "judgement": told},
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=enterprise.district,
        organisation=enterprise.organisation,
        evidence_url=reverse("polluters:outlet", args=[outlet.pk]),
        occurred_at=row.time,
        now=now,
        legal_article=str(told.get("article", "")),
    )


def lines_of(told: dict[str, Any]) -> list[list[str]]:
    """Return a stored judgement as labelled lines, in the order they are read."""
    unit = told["unit"]
    left_out = Counter(row["reason"] for row in told["left_out"])
    lines = [
        ["用词", told["word"]],
        ["判定对象", f"{told['point']} {told['averaging']}（{told['judged']}）"],
        ["时段", f"{told['begin']} 至 {told['end']}"],
        ["判定值", "无" if told["value"] is None else f"{told['value']:.4g} {unit}"],
        ["限值", f"{told['limit']} {unit}（{told['kind']}）"],
        ["超标倍数", "" if told["multiple"] is None else f"{told['multiple']:.2f}"],
        [
            "采用数据",
            f"有效 {told['valid_count']} 个，实收 {told['got']} 个，应收 {told['due']} 个",
        ],
        ["未采用", "、".join(f"{why} {n} 个" for why, n in left_out.items()) or "无"],
        ["公式", told["formula"]],
        ["标准", told["standard"]],
        ["限值来源", told["limit_source"]],
        ["说明", "；".join(told["notes"])],
    ]
    return [line for line in lines if line[1]]


def _fall_away(row: Exceedance, judged: Judgement, now: datetime) -> None:
    row.state = (
        Exceedance.State.EXEMPT
        if judged.word == Word.EXEMPT
        else Exceedance.State.WITHDRAWN
    )
    row.explanation = judged.explanation.as_json()
    row.settled_at = now
    row.save(update_fields=["state", "explanation", "settled_at"])
    others = Exceedance.objects.filter(
        point=row.point_id, state__in=Exceedance.STANDING
    )
    if not others.exists():
        clear_alert(
            key=exceedance_key(row.point_id),
            now=now,
            reason=row.get_state_display(),
        )


@transaction.atomic
def settle(*, now: datetime, limit: int = 500) -> int:
    """Judge warnings again whose marks are settled; return how many were decided."""
    rows = (
        Exceedance.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=Exceedance.State.WARNING, time__lt=now - timedelta(hours=12))
        .select_related(
            "point__pollutant",
            "point__logger",
            "point__outlet__enterprise__district",
            "point__outlet__enterprise__organisation",
        )
        .order_by("time")[:limit]
    )
    decided = 0
    hour = rulebook.number("mark_deadline_hour")
    for row in rows:
        if now < settle_time(row.time, hour):
            continue
        _recompute(row.point, row, now)
        row.refresh_from_db()
        decided += row.state != Exceedance.State.WARNING
        if row.state == Exceedance.State.EXCEEDED and row.live:
            announce(row, now=now)
    return decided


def _recompute(point: Point, row: Exceedance, now: datetime) -> None:
    if row.averaging == Averaging.HOUR:
        made = _hours([point], row.time, now)
    else:
        made = _days([point], row.time, now)
    _judge(made, timely=row.live, now=now)
