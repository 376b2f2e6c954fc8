"""Judging while data flow: the word here is 超标预警, never 超标."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import connection
from django.urls import reverse
from psycopg2.extras import execute_values

from alerts.services import clear_alert, open_keys, raise_alert
from bozhou_eco.common import clock
from bozhou_eco.common.push import push_after_commit
from polluters.domain.limits import (
    AVERAGING_WORDS,
    KIND_WORDS,
    Averaging,
    LimitRule,
    bounds_text,
    choose,
)
from polluters.domain.notice import Bounds, Level, Notice, Sample, look
from polluters.models import Latest, Period, Point, Quality, Reading
from polluters.selectors.limits import rules_of

SEVERITY = {Level.VALUE: "minor", Level.MEAN: "major", Level.CERTAIN: "critical"}
WORDS = {
    Level.VALUE: "当前值高于限值",
    Level.MEAN: "时段内均值已高于限值",
    Level.CERTAIN: "余下时段即使为零，均值也将超过限值",
}
LENGTHS = {
    Averaging.HOUR: timedelta(hours=1),
    Averaging.DAY: timedelta(days=1),
    Averaging.H24: timedelta(days=1),
    Averaging.MIN5: timedelta(minutes=5),
}
PUSH_OUTLETS = 100


@dataclass(frozen=True, slots=True)
class Look:
    """What a limit makes of the open period: its bounds as they stand, and why so."""

    rule: LimitRule
    bounds: Bounds
    note: str
    notice: Notice

    @property
    def rank(self) -> int:
        """How far it has gone."""
        return list(Level).index(self.notice.level)


class Judged(Protocol):
    """What this module needs of intake's picture of a point."""

    id: int
    limit_low: float | None
    limit_high: float | None
    converted: bool


class Value(Protocol):
    """What this module needs of a reading."""

    point_id: int
    period: int
    time: datetime
    value: float | None
    converted: float | None
    flag: str
    quality: int


def exceedance_key(point_id: int) -> str:
    """Return the key of the one open alert about exceedances of a point.

    It begins as 超标预警 of the open hour and goes on as that of the closed one.
    """
    return f"exceedance:{point_id}"


def beyond(value: float | None, converted: float | None, point: Judged) -> bool:
    """Return whether a reading lies outside the enforceable limits of its point."""
    judged = converted if point.converted and converted is not None else value
    if judged is None:
        return False
    return Bounds(point.limit_low, point.limit_high).beyond(judged)


def judge(latest: Mapping[int, Value], *, over: set[int], now: datetime) -> None:
    """Look at the open period of points that are over now or have an open warning.

    ``latest`` holds the newest live reading just stored of each judged point, ``over``
    the points of which one lies outside its limits. Everything else costs one look-up
    of open keys.
    """
    keys = {exceedance_key(point_id): point_id for point_id in latest}
    watched = {keys[key] for key in open_keys(list(keys))}
    wanted = sorted(over | watched)
    if not wanted:
        return
    points = (
        Point.objects.filter(pk__in=wanted)
        .select_related(
            "outlet__enterprise__district",
            "outlet__enterprise__organisation",
            "pollutant",
            "logger",
        )
        .prefetch_related("limits")
    )
    for point in points:
        _judge_point(point, latest[point.pk], point.pk in watched, now)


def _judge_point(point: Point, row: Value, watched: bool, now: datetime) -> None:
    today = clock.beijing(row.time).date()
    rules = rules_of(point.limits.all())
    valid = [
        rule
        for averaging in Averaging
        for rule in choose(rules, on=today, averaging=averaging).limits
    ]
    context = _context(point, valid)
    looks = [_look(point, rule, context, row) for rule in valid]
    worst = max(looks, key=lambda one: one.rank, default=None)
    if worst is not None and worst.notice.level != Level.NONE:
        _raise(point, worst, row, now)
    elif watched:
        clear_alert(
            key=exceedance_key(point.pk),
            now=now,
            reason="当前值与时段均值均回到限值以内" if looks else "已没有现行限值",
        )


def _context(point: Point, rules: Iterable[LimitRule]) -> dict[str, float]:
    """Return the newest normal values of the factors that conditional limits ask for.

    The mean of the open period is not known yet; closing judges by the mean.
    """
    codes = {rule.condition.code for rule in rules if rule.condition is not None}
    if not codes:
        return {}
    rows = Latest.objects.filter(
        point__outlet_id=point.outlet_id,
        point__pollutant__code__in=codes,
        flag="N",
        value__isnull=False,
    ).values_list("point__pollutant__code", "value")
    return {code: value for code, value in rows if value is not None}


def period_start(moment: datetime, averaging: Averaging) -> datetime:
    """Return the start of the averaging period, in Beijing time."""
    local = clock.beijing(moment).replace(second=0, microsecond=0)
    if averaging == Averaging.MIN5:
        return local.replace(minute=local.minute - local.minute % 5)
    if averaging == Averaging.HOUR:
        return local.replace(minute=0)
    return local.replace(hour=0, minute=0)


def _look(
    point: Point, rule: LimitRule, context: Mapping[str, float], row: Value
) -> Look:
    bounds, note = rule.under(context)
    start = period_start(row.time, rule.averaging)
    length = LENGTHS[rule.averaging]
    rows = Reading.objects.filter(
        point_id=point.pk, period=row.period, time__gte=start, time__lt=start + length
    ).values_list("time", "value", "converted", "flag", "quality")
    samples = [
        Sample(
            time,
            converted if point.converted and converted is not None else value,
            flag,
            not quality & Quality.OUT_OF_RANGE,
        )
        for time, value, converted, flag, quality in rows
    ]
    interval = (
        timedelta(seconds=point.logger.rtd_interval_s)
        if row.period == Period.REAL_TIME
        else timedelta(minutes=point.logger.minute_interval)
    )
    notice = look(samples, bounds=bounds, start=start, length=length, interval=interval)
    return Look(rule, bounds, note, notice)


def _raise(point: Point, worst: Look, row: Value, now: datetime) -> None:
    outlet, pollutant = point.outlet, point.pollutant
    limit, notice = worst.rule, worst.notice
    bounds, words = bounds_text(worst.bounds), KIND_WORDS[limit.kind]
    name = pollutant.short or pollutant.name
    kind = "折算值" if point.converted else "实测值"
    shown = notice.latest if notice.level == Level.VALUE else notice.mean
    what = "" if notice.level == Level.VALUE else "时段均值 "
    summary = (
        f"{name} {what}{shown:.4g} {point.unit}，"
        f"{words} {bounds}，{WORDS[notice.level]}"
    )
    left_out = "、".join(f"{flag} {n} 个" for flag, n in notice.left_out.items())
    raise_alert(
        key=exceedance_key(point.pk),
        kind="exceedance",
        severity=SEVERITY[notice.level],
        summary=f"超标预警：{summary}",
        explanation={
            "lines": [
                ["用词", "时段未结束，称超标预警；时段结束且标记确认后方称超标"],
                ["判定对象", f"{name} {AVERAGING_WORDS[limit.averaging]}（{kind}）"],
                ["最新值", f"{notice.latest:g} {point.unit}"],
                ["时段均值", f"{notice.mean:.4g} {point.unit}"],
                [
                    "时段起点",
                    f"{period_start(row.time, limit.averaging):%Y-%m-%d %H:%M}",
                ],
                [
                    "采用数据",
                    f"{notice.used} 个（应有 {notice.due} 个），标记为 N 且未超量程",
                ],
                ["未采用", left_out or "无"],
                [
                    "公式",
                    "时段均值 = 有效值之和 ÷ 有效值个数；"
                    f"余下为零时的均值 = {notice.lowest_end:.4g} {point.unit}",
                ],
                ["限值", f"{bounds} {point.unit}（{words}）"],
                *([["条件限值", worst.note]] if worst.note else []),
                ["标准", limit.standard],
                ["限值来源", limit.source],
            ]
        },
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=outlet.enterprise.district,
        organisation=outlet.enterprise.organisation,
        evidence_url=reverse("polluters:outlet", args=[outlet.pk]),
        occurred_at=row.time,
        now=now,
        legal_article=limit.article,
    )


def note_late(late: Iterable[tuple[datetime, Sequence[int]]]) -> None:
    """Queue the hours that late readings belong to, so that their means are made anew.

    ``late`` gives the time and the points of each late frame.
    """
    hours = {
        (point_id, hour)
        for time, points in late
        for hour in (period_start(time, Averaging.HOUR),)
        for point_id in points
    }
    if not hours:
        return
    now = clock.now()
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            "INSERT INTO polluters_dirtyhour (point_id, hour, noted_at) VALUES %s "
            "ON CONFLICT DO NOTHING",
            [(point_id, hour, now) for point_id, hour in sorted(hours)],
            page_size=5000,
        )


def worth_pushing(outlets: int) -> bool:
    """Whether anybody could follow the values of so many outlets at once."""
    return 0 < outlets <= PUSH_OUTLETS


def push(outlets: Mapping[int, Sequence[Value]], *, now: datetime) -> None:
    """Send live values by outlet to open pages; ask ``worth_pushing`` first."""
    shown = {
        str(outlet_id): [
            {
                "point": row.point_id,
                "period": row.period,
                "time": row.time.isoformat(),
                "value": row.value,
                "converted": row.converted,
                "flag": row.flag,
            }
            for row in rows
        ]
        for outlet_id, rows in outlets.items()
    }
    for outlet_id, values in shown.items():
        push_after_commit(
            f"outlet.{outlet_id}",
            {"type": "live.values", "outlet": int(outlet_id), "values": values},
        )
    push_after_commit(
        "live", {"type": "live.values", "outlets": shown, "at": now.isoformat()}
    )
