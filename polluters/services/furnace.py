"""Furnace temperature of waste incineration (焚烧炉温): five-minute means of a day.

A natural day with more five-minute means below 850 ℃ than allowed is an exceedance
(生态环境部令第 10 号). The count is known only when the day is over, so it is judged with
the day; bounds and count are rows and numbers with their source.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bozhou_eco.common import clock
from polluters.domain.judge import FurnaceDay, Word, judge_furnace
from polluters.domain.limits import Averaging, LimitRule, choose
from polluters.domain.means import Value, slot_means
from polluters.domain.validity import ValidityRules
from polluters.models import Exceedance, Limit, Outlet, Period, Point
from polluters.selectors import marks
from polluters.selectors.limits import rules_of
from polluters.services import exceedances
from polluters.services.values import DAY, values_between

FURNACE = "a01901"
FIVE = timedelta(minutes=5)
DUE = int(DAY / FIVE)
AVERAGING = Averaging.MIN5.value
FORMULA = "五分钟均值 = 五分钟内有效值之和 ÷ 有效值个数；计自然日内低于限值的个数"


def furnace_points(ids: Iterable[int] | None = None) -> list[Point]:
    """Return the furnace points of incineration outlets (of ``ids`` only, if given)."""
    rows = Point.objects.filter(
        outlet__judging=Outlet.Judging.INCINERATION, pollutant__code=FURNACE
    ).select_related("pollutant", "logger", "outlet__enterprise")
    if ids is None:
        return list(rows.filter(active=True, outlet__active=True))
    return list(rows.filter(pk__in=list(ids)))


def five_minute_means(
    points: Sequence[Point], *, day: datetime, rules: ValidityRules
) -> dict[int, dict[datetime, float]]:
    """Return the valid five-minute means of a Beijing day by point and start."""
    start = clock.beijing(day)
    values: dict[int, list[Value]] = {}
    missing = {point.pk for point in points}
    for period in (Period.MINUTE, Period.REAL_TIME):
        if missing:
            values |= values_between(
                missing, period=period.value, start=day, end=day + DAY
            )
            missing -= values.keys()
    return {
        point.pk: slot_means(
            values.get(point.pk, ()),
            start=start,
            length=DAY,
            interval=FIVE,
            rules=rules,
        )
        for point in points
    }


def judge_days(
    points: Sequence[Point],
    *,
    day: datetime,
    rules: ValidityRules,
    settled: bool,
    timely: bool,
    now: datetime,
) -> int:
    """Judge a day of furnace temperatures; return how many points are over the count."""
    if not points:
        return 0
    limits = _limits(points, day)
    found = five_minute_means(points, day=day, rules=rules)
    marked = marks.effective_marks(
        {point.outlet_id for point in points}, begin=day, end=day + DAY
    )
    standing = {
        row.point_id: row
        for row in Exceedance.objects.filter(
            point__in=points,
            averaging=AVERAGING,
            time=day,
            state__in=Exceedance.STANDING,
        )
    }
    over = 0
    for point in points:
        limit = limits.get(point.pk)
        if limit is not None and limit.low is not None:
            here = replace(rules, furnace_limit=limit.low)
        else:
            here = rules
        judged = judge_furnace(
            found[point.pk].items(),
            exemptions=marks.exemptions(marked, outlet=point.outlet_id, point=point.pk),
            closed=True,
            settled=settled,
            rules=here,
        )
        told = _explanation(point, judged, limit, here, day)
        if judged.word in (Word.WARNING, Word.EXCEEDED):
            _record(point, judged, limit, here, told, timely, day, now)
            over += 1
        elif point.pk in standing:
            exceedances.fall_away(
                standing[point.pk], word=judged.word, explanation=told, now=now
            )
    return over


def _limits(points: Sequence[Point], day: datetime) -> Mapping[int, LimitRule]:
    rows: dict[int, list[Limit]] = defaultdict(list)
    for row in Limit.objects.filter(
        point__in=points, averaging=AVERAGING, kind__in=Limit.ENFORCEABLE
    ):
        rows[row.point_id].append(row)
    on = clock.beijing(day).date()
    chosen = {
        point: choose(rules_of(held), on=on, averaging=Averaging.MIN5).limits
        for point, held in rows.items()
    }
    return {
        point: max(limits, key=lambda limit: limit.low or 0.0)
        for point, limits in chosen.items()
        if limits
    }


def _record(
    point: Point,
    judged: FurnaceDay,
    limit: LimitRule | None,
    rules: ValidityRules,
    told: dict[str, object],
    timely: bool,
    day: datetime,
    now: datetime,
) -> None:
    exceedances.record(
        point,
        averaging=AVERAGING,
        time=day,
        values={
            "limit_id": limit.key if limit else None,
            "value": min(value for _, value in judged.below),
            "bound": rules.furnace_limit,
            "multiple": None,
            "state": Exceedance.State.EXCEEDED
            if judged.word == Word.EXCEEDED
            else Exceedance.State.WARNING,
            "explanation": told,
        },
        live=timely,
        now=now,
    )


def _explanation(
    point: Point,
    judged: FurnaceDay,
    limit: LimitRule | None,
    rules: ValidityRules,
    day: datetime,
) -> dict[str, object]:
    """Return the judgement in the form every exceedance is explained in."""
    start = clock.beijing(day)
    number = len(judged.below)
    return {
        "word": judged.word.value,
        "point": point.pollutant.short or point.pollutant.name,
        "averaging": f"五分钟均值 {number} 次低于 {rules.furnace_limit:g} ℃，最低",
        "begin": f"{start:%Y-%m-%d %H:%M}",
        "end": f"{start + DAY:%Y-%m-%d %H:%M}",
        "value": min((value for _, value in judged.below), default=None),
        "unit": point.unit,
        "judged": "实测值",
        "limit": f"≥ {rules.furnace_limit:g}，一日低于此值不超过 {judged.allowed} 次",
        "kind": "排放标准",
        "standard": limit.standard if limit else "",
        "limit_source": limit.source if limit else rules.sources["furnace_limit"],
        "article": limit.article if limit else "",
        "multiple": None,
        "formula": FORMULA,
        "used": [[f"{time:%Y-%m-%d %H:%M:%S}", value] for time, value in judged.below],
        "left_out": [],
        "due": DUE,
        "got": judged.valid_count,
        "valid_count": judged.valid_count,
        "notes": [*judged.notes],
    }
